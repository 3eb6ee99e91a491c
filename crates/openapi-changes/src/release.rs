//! The next release: its version from the changes, checked against the version that was asked for.

use crate::changelog;
use crate::diff::Diff;
use crate::semver::{Step, Version};

/// The version of the release after `released`, with the least step that the changes ask for. `None` if nothing changed and nothing is
/// written in the changelog. A version that was asked for may be larger than needed.
///
/// # Errors
///
/// If the version that was asked for is smaller than the changes need.
pub fn next(
    released: Version,
    changes: &Diff,
    changelog: &str,
    asked: Option<Version>,
) -> Result<Option<(Version, Step)>, String> {
    let step = match released.step(changes.class()) {
        Step::None if asked.is_none() && !changelog::is_written(changelog) => return Ok(None),
        // A version is never released twice, whatever changed.
        step => step.max(Step::Patch),
    };
    let needed = released.after(step);
    match asked {
        Some(version) if version < needed => Err(format!(
            "error: {version} would hide what changed since {released}: it takes {needed} at least"
        )),
        asked => Ok(Some((asked.unwrap_or(needed), step))),
    }
}

/// The version of the first release: `current`, unless another was asked for. `None` if nothing is written in the changelog.
///
/// # Errors
///
/// If the changelog lists a release already.
pub fn first(
    changelog: &str,
    current: Version,
    asked: Option<Version>,
) -> Result<Option<Version>, String> {
    match changelog::latest(changelog) {
        Some(released) => Err(format!(
            "error: {released} was released, and no tag of a release is here\n    hint: `git fetch --tags`, or say where to start with --since REV"
        )),
        None if changelog::is_written(changelog) => Ok(Some(asked.unwrap_or(current))),
        None => Ok(None),
    }
}
