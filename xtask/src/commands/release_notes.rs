//! `cargo xtask release-notes`: the changes of the API description since the last release, as an entry of the
//! changelog.

use std::fs;

use clap::Args;
use openapi_changes::diff::{self, Diff};
use openapi_changes::semver::Version;
use openapi_changes::{changelog, date, release};
use openapi_client_gen::output;

use super::source::{self, git};
use super::{Outcome, print, workspace};

#[derive(Args)]
pub struct ReleaseNotesArgs {
    /// Compare with this revision instead of the last release's tag.
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// The version to release, if it is to say more than the API description asks for.
    #[arg(long, value_name = "X.Y.Z")]
    version: Option<Version>,
    /// The date to write beside the version [default: today, in UTC].
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date::parse)]
    date: Option<String>,
    /// Put the entry into CHANGELOG.md instead of printing it.
    #[arg(long)]
    write: bool,
}

/// The version to release, and the changes for callers since the release before.
type Release = (Version, Diff);

pub fn run(args: &ReleaseNotesArgs) -> Outcome {
    let since = match &args.since {
        Some(revision) => Some(revision.clone()),
        None => last_tag()?,
    };
    let path = workspace().join("CHANGELOG.md");
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        format!("error: {} can't be {what}: {error}", path.display())
    };
    let text = fs::read_to_string(&path).map_err(|error| failed("read", &error))?;
    let release = match since {
        Some(since) => next(args, &since, &text)?,
        None => first(args, &text)?,
    };
    let Some((version, found)) = release else {
        eprintln!("nothing to release: nothing is written under `Unreleased` either");
        return Ok(0);
    };
    let date = args.date.clone().unwrap_or_else(date::today);
    let entry = changelog::entry(&text, &format!("{version} - {date}"), &found);
    if !args.write {
        print(&entry);
        return Ok(0);
    }
    let text = changelog::insert(&text, &entry).map_err(|reason| failed("written", &reason))?;
    output::replace(&path, &text).map_err(|error| failed("written", &error))?;
    eprintln!("wrote {}", path.display());
    Ok(0)
}

/// The release after the one at a revision; `None` if nothing changed.
fn next(args: &ReleaseNotesArgs, since: &str, changelog: &str) -> Result<Option<Release>, String> {
    let own = source::own().display().to_string();
    let found = source::compare(&format!("git:{since}"), &own)?;
    let released = released(since)?;
    eprintln!("since {since}: {}", diff::summary(&found));
    let next = release::next(released, &found, changelog, args.version)?;
    Ok(next.map(|(version, step)| {
        eprintln!("{released} -> {version}: {step} at least; changes of the code may ask for more");
        (version, found)
    }))
}

/// The first release: the written part of the changelog, under the version of the crates.
fn first(args: &ReleaseNotesArgs, changelog: &str) -> Result<Option<Release>, String> {
    let first = release::first(changelog, current()?, args.version)?;
    match first {
        Some(version) => eprintln!(
            "{version} is the first release: there is no tag of another, so that nothing was compared"
        ),
        None => eprintln!("there is no tag of a release yet"),
    }
    Ok(first.map(|version| (version, Diff::default())))
}

/// The version that was released at a revision, by its tag, or else by the changelog of that revision.
fn released(since: &str) -> Result<Version, String> {
    if let Ok(tagged) = since.parse() {
        return Ok(tagged);
    }
    let text = git(&["show", &format!("{since}:CHANGELOG.md")]).unwrap_or_default();
    changelog::latest(&String::from_utf8_lossy(&text)).map_or_else(current, Ok)
}

/// The version that the crates of the workspace have now.
fn current() -> Result<Version, String> {
    let version = env!("CARGO_PKG_VERSION");
    let invalid = |reason| format!("error: `{version}`: {reason}");
    version.parse().map_err(invalid)
}

/// The tag of the last release before what is checked out, if there is one; tags of candidates (`v1.0.0-rc.1`) are
/// none.
fn last_tag() -> Result<Option<String>, String> {
    git(&["rev-parse", "--git-dir"]).map_err(|reason| {
        format!("error: the last release can't be found: {reason}\n    hint: run this in a clone of the repository")
    })?;
    let arguments = [
        "describe",
        "--tags",
        "--abbrev=0",
        "--match",
        "v[0-9]*",
        "--exclude",
        "*-*",
    ];
    let tag = git(&arguments).ok();
    Ok(tag.map(|tag| String::from_utf8_lossy(&tag).trim().to_owned()))
}
