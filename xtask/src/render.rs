//! Prints code from the model with `quote!`, and needs nothing but the model for it.

mod references;
pub mod types;
