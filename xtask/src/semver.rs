//! The step that a version has to take, from what changed for callers.
//!
//! As Cargo reads versions: before 1.0 the second number says that something breaks, and there is no number of its own
//! for what is added.

use std::fmt;
use std::str::FromStr;

use crate::diff::Class;

/// How far a version moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    None,
    Patch,
    Minor,
    Major,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        })
    }
}

impl Step {
    /// The step before 1.0 and from there on. Something neutral still is another client: other documentation, another
    /// path.
    pub fn both(class: Option<Class>) -> (Self, Self) {
        match class {
            None => (Self::None, Self::None),
            Some(Class::Neutral) => (Self::Patch, Self::Patch),
            Some(Class::Additive) => (Self::Patch, Self::Minor),
            Some(Class::Breaking) => (Self::Minor, Self::Major),
        }
    }
}

/// A released version: three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u64,
    minor: u64,
    patch: u64,
}

impl Version {
    /// The step that a change of this class needs.
    pub fn step(self, class: Option<Class>) -> Step {
        let (early, late) = Step::both(class);
        if self.major == 0 { early } else { late }
    }

    /// The version that far on.
    #[must_use]
    pub fn after(self, step: Step) -> Self {
        let Self {
            major,
            minor,
            patch,
        } = self;
        match step {
            Step::None => self,
            Step::Patch => Self {
                patch: patch.saturating_add(1),
                ..self
            },
            Step::Minor => Self {
                major,
                minor: minor.saturating_add(1),
                patch: 0,
            },
            Step::Major => Self {
                major: major.saturating_add(1),
                minor: 0,
                patch: 0,
            },
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl FromStr for Version {
    type Err = ();

    /// Reads `1.2.3` and the tag `v1.2.3`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let numbers: Vec<u64> = text
            .strip_prefix('v')
            .unwrap_or(text)
            .split('.')
            .map(|number| number.parse().map_err(|_| ()))
            .collect::<Result<_, ()>>()?;
        match numbers[..] {
            [major, minor, patch] => Ok(Self {
                major,
                minor,
                patch,
            }),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, Version};

    fn after(version: &str, class: Option<Class>) -> Option<String> {
        let version: Version = version.parse().ok()?;
        Some(version.after(version.step(class)).to_string())
    }

    #[test]
    fn before_1_0_the_second_number_says_that_something_breaks() {
        assert_eq!(
            after("0.1.4", Some(Class::Breaking)).as_deref(),
            Some("0.2.0")
        );
        assert_eq!(
            after("0.1.4", Some(Class::Additive)).as_deref(),
            Some("0.1.5")
        );
        assert_eq!(
            after("0.1.4", Some(Class::Neutral)).as_deref(),
            Some("0.1.5")
        );
        assert_eq!(after("0.1.4", None).as_deref(), Some("0.1.4"));
    }

    #[test]
    fn from_1_0_on_each_class_has_a_number() {
        assert_eq!(
            after("1.2.3", Some(Class::Breaking)).as_deref(),
            Some("2.0.0")
        );
        assert_eq!(
            after("1.2.3", Some(Class::Additive)).as_deref(),
            Some("1.3.0")
        );
        assert_eq!(
            after("1.2.3", Some(Class::Neutral)).as_deref(),
            Some("1.2.4")
        );
    }

    #[test]
    fn a_tag_is_a_version() {
        assert_eq!("v0.1.0".parse(), "0.1.0".parse::<Version>());
        assert!("v0.1".parse::<Version>().is_err());
        assert!("0.1.0-rc.1".parse::<Version>().is_err());
    }
}
