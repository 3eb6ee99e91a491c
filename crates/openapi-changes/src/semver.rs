//! The step that a version has to take, from the class of the changes.
//!
//! As Cargo reads versions: before 1.0 the second number says that something breaks, and additions have no number of their own.

use std::fmt;
use std::str::FromStr;

use crate::diff::Class;

/// How far a version moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// No release is needed.
    None,
    /// `1.2.3` becomes `1.2.4`.
    Patch,
    /// `1.2.3` becomes `1.3.0`.
    Minor,
    /// `1.2.3` becomes `2.0.0`.
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
pub struct Version([u64; 3]);

impl Version {
    /// The step that a change of this class needs.
    pub fn step(self, class: Option<Class>) -> Step {
        let (early, late) = Step::both(class);
        if self.0[0] == 0 { early } else { late }
    }

    /// The version that far on.
    #[must_use]
    pub fn after(self, step: Step) -> Self {
        let [major, minor, patch] = self.0;
        Self(match step {
            Step::None => self.0,
            Step::Patch => [major, minor, patch.saturating_add(1)],
            Step::Minor => [major, minor.saturating_add(1), 0],
            Step::Major => [major.saturating_add(1), 0, 0],
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

impl FromStr for Version {
    type Err = String;

    /// Reads `1.2.3` and the tag `v1.2.3`.
    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.strip_prefix('v').unwrap_or(text).split('.');
        let numbers: Option<Vec<u64>> = numbers.map(|number| number.parse().ok()).collect();
        let numbers = numbers.and_then(|numbers| numbers.try_into().ok());
        let version = numbers.map(Self);
        version.ok_or_else(|| "a version is three numbers: 1.2.3".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, Version};

    const CLASSES: [Option<Class>; 4] = [
        Some(Class::Breaking),
        Some(Class::Additive),
        Some(Class::Neutral),
        None,
    ];

    /// The versions after `major.minor.patch`, by the class of the changes.
    fn after(numbers: [u64; 3]) -> [String; 4] {
        let version = Version(numbers);
        CLASSES.map(|class| version.after(version.step(class)).to_string())
    }

    #[test]
    fn before_1_0_the_second_number_says_that_something_breaks() {
        assert_eq!(after([0, 1, 4]), ["0.2.0", "0.1.5", "0.1.5", "0.1.4"]);
    }

    #[test]
    fn from_1_0_on_each_class_has_a_number() {
        assert_eq!(after([1, 2, 3]), ["2.0.0", "1.3.0", "1.2.4", "1.2.3"]);
    }

    #[test]
    fn a_tag_is_a_version() {
        assert_eq!("v0.1.0".parse(), Ok(Version([0, 1, 0])));
        assert!("v0.1".parse::<Version>().is_err());
        assert!("0.1.0-rc.1".parse::<Version>().is_err());
    }
}
