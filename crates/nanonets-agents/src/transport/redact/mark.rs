//! The parts of a message that are not shown.

/// As many characters in a row are no coincidence, blanks not counted. A shorter private text counts as a whole word.
pub(super) const RUN: usize = 12;
/// A private text with fewer characters is in every message.
pub(super) const SHORTEST: usize = 4;

/// Why a byte of a message is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Private,
    Secret,
}

impl Mark {
    pub(super) fn placeholder(self) -> &'static str {
        match self {
            Self::Private => "(redacted)",
            Self::Secret => "(secret)",
        }
    }
}
