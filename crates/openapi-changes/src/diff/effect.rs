//! The effects of changes on callers, and the classes that follow.

use serde::Serialize;

/// The class of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Something that worked stops working.
    Breaking,
    /// Something is new.
    Additive,
    /// Callers see no difference.
    Neutral,
}

impl Class {
    /// The class as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Additive => "additive",
            Self::Neutral => "neutral",
        }
    }
}

/// The effect of a change on callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Code no longer compiles.
    Build,
    /// Code compiles, and fails or does something else when it runs.
    Run,
    /// Requests are sent as before, and the server may reject them.
    Server,
    /// Something is new.
    More,
    /// There is none.
    None,
}

impl Effect {
    /// The class that follows.
    pub fn class(self) -> Class {
        match self {
            Self::Build | Self::Run | Self::Server => Class::Breaking,
            Self::More => Class::Additive,
            Self::None => Class::Neutral,
        }
    }
}
