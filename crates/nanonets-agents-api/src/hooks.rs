//! What every request goes through.

/// State.
#[derive(Clone, Debug, Default)]
pub struct Context {}
