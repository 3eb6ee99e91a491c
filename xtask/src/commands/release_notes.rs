//! `cargo xtask release-notes`: what changed in the API description since the last release, as an entry of the changelog.

use std::fs;

use clap::Args;
use xtask::diff::{self, Diff};
use xtask::semver::Version;
use xtask::{changelog, output};

use super::source::{self, git};
use super::{UNUSABLE, print, workspace};

#[derive(Args)]
pub struct ReleaseNotesArgs {
    /// Compare with this revision instead of the last release's tag.
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// The version to release, if it is to say more than the API description asks for.
    #[arg(long, value_name = "X.Y.Z", value_parser = version)]
    version: Option<Version>,
    /// The date to write beside the version.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<String>,
    /// Put the entry into CHANGELOG.md instead of printing it.
    #[arg(long)]
    write: bool,
}

/// The version that the crates of the workspace have now.
const CURRENT: &str = env!("CARGO_PKG_VERSION");

pub fn run(args: &ReleaseNotesArgs) -> u8 {
    match notes(args) {
        Ok(()) => 0,
        Err(message) => {
            eprintln!("{message}");
            UNUSABLE
        }
    }
}

fn notes(args: &ReleaseNotesArgs) -> Result<(), String> {
    let since = match &args.since {
        Some(revision) => revision.clone(),
        None => last_tag()?,
    };
    let found = compare(&since)?;
    let released: Version = since
        .parse()
        .or_else(|()| CURRENT.parse())
        .map_err(|()| format!("error: `{CURRENT}` is no version of three numbers"))?;
    let step = released.step(found.class());
    let needed = released.after(step);
    eprintln!("since {since}: {}", diff::summary(&found));
    let next = match args.version {
        Some(version) if version < needed => {
            return Err(format!(
                "error: {version} would hide what changed since {released}: it takes {needed} at least"
            ));
        }
        Some(version) => version,
        None => needed,
    };
    eprintln!("{released} -> {next}: {step} for the API description; code may ask for more");

    let path = workspace().join("CHANGELOG.md");
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        format!("error: {} can't be {what}: {error}", path.display())
    };
    let text = fs::read_to_string(&path).map_err(|error| failed("read", &error))?;
    let title = match &args.date {
        Some(date) => format!("{next} - {date}"),
        None => next.to_string(),
    };
    let entry = changelog::entry(&text, &title, &found);
    if !args.write {
        print(&entry);
        return Ok(());
    }
    let text = changelog::insert(&text, &entry).map_err(|reason| failed("written", &reason))?;
    output::replace(&path, &text).map_err(|error| failed("written", &error))?;
    eprintln!("wrote {}", path.display());
    Ok(())
}

/// The tag of the last release before what is checked out.
fn last_tag() -> Result<String, String> {
    let tag = git(&["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"]).map_err(|_| {
        format!(
            "error: there is no tag of a release yet\n    hint: tag the first release `v{CURRENT}`, or say where to start with --since REV"
        )
    })?;
    Ok(String::from_utf8_lossy(&tag).trim().to_owned())
}

fn compare(since: &str) -> Result<Diff, String> {
    let old = source::open(&format!("git:{since}"))?;
    let new = source::open_own().map_err(|problem| problem.to_string())?;
    diff::documents(&old, &new).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        problems.join("\n")
    })
}

fn version(text: &str) -> Result<Version, String> {
    text.parse()
        .map_err(|()| "a version is three numbers: 1.2.3".to_owned())
}

fn date(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('-').collect();
    let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    if lengths == [4, 2, 2] && parts.iter().all(is_number) {
        Ok(text.to_owned())
    } else {
        Err("a date is a year, a month and a day: 2026-01-31".to_owned())
    }
}
