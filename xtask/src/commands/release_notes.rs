//! `cargo xtask release-notes`: what changed in the API description since the last release, as an entry of the changelog.

use std::fs;

use clap::Args;
use xtask::diff::{self, Diff};
use xtask::semver::{Step, Version};
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
    let path = workspace().join("CHANGELOG.md");
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        format!("error: {} can't be {what}: {error}", path.display())
    };
    let text = fs::read_to_string(&path).map_err(|error| failed("read", &error))?;
    let found = compare(&since)?;
    source::not_compared(&found);
    let released = released(&since)?;
    eprintln!("since {since}: {}", diff::summary(&found));
    let step = match released.step(found.class()) {
        Step::None if args.version.is_none() && !changelog::is_written(&text) => {
            eprintln!("nothing to release: nothing is written under `Unreleased` either");
            return Ok(());
        }
        // A version is never released twice, whatever it is that changed.
        step => step.max(Step::Patch),
    };
    let needed = released.after(step);
    let next = match args.version {
        Some(version) if version < needed => {
            return Err(format!(
                "error: {version} would hide what changed since {released}: it takes {needed} at least"
            ));
        }
        Some(version) => version,
        None => needed,
    };
    eprintln!("{released} -> {next}: {step} at least; changes of the code may ask for more");

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

/// The version that was released at a revision: what the tag says, or else the changelog as it was.
fn released(since: &str) -> Result<Version, String> {
    let written = || {
        let text = git(&["show", &format!("{since}:CHANGELOG.md")]).ok()?;
        changelog::latest(&String::from_utf8_lossy(&text))
    };
    let tagged = since.parse().ok();
    let released = tagged.or_else(written).or_else(|| CURRENT.parse().ok());
    released.ok_or_else(|| format!("error: `{CURRENT}` is no version of three numbers"))
}

/// The tag of the last release before what is checked out; tags of candidates (`v1.0.0-rc.1`) are none.
fn last_tag() -> Result<String, String> {
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
    let tag = git(&arguments).map_err(|_| {
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
    let numbers: Option<Vec<u32>> = text.split('-').map(|part| part.parse().ok()).collect();
    let is_shaped = text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    match numbers.as_deref() {
        Some(&[year, month, day])
            if text.len() == 10 && is_shaped && (1..=days(year, month)).contains(&day) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("a date is a year, a month and a day: 2026-01-31".to_owned()),
    }
}

/// How many days a month has; one that there is not has none.
fn days(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}
