//! The generator, the comparison and the import on documents of all kinds: hostile, changed at random, and with progenitor and the
//! compiler as judges.

mod changes;
mod common;
mod diffs;
mod hostile;
mod judge;
mod mocks;
mod mutation;
mod mutations;
