//! Low-level client.

#[rustfmt::skip]
mod generated;
mod hooks;

pub use generated::*;
pub use hooks::Context;
