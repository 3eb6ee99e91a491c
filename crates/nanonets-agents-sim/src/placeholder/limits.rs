//! Bounds of the work for one answer.

/// The deepest nesting of an answer.
pub(super) const MAX_DEPTH: usize = 32;
/// From this depth on, only required parts are made.
pub(super) const TERSE_DEPTH: usize = 16;
/// The largest cost of an answer: about one unit for each value and one for each 64 bytes.
pub(super) const BUDGET: usize = 10_000;
/// The largest number of schemas that describe one value, by `$ref`, `allOf` and other keywords.
pub(super) const MAX_LAYERS: usize = 64;
/// How often a definition may be open inside itself.
pub(super) const MAX_REENTRY: usize = 2;
pub(super) const MAX_ITEMS: usize = 1_000;
pub(super) const DEFAULT_ITEMS: usize = 2;
/// The longest generated text, in characters.
pub(super) const MAX_TEXT: usize = 10_000;
/// The number of members of a list in a schema (`enum`, `anyOf`) that are read.
pub(super) const MAX_CHOICES: usize = 256;
