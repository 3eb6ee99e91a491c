//! The generated client over real sockets: what it sends, and what it makes of what comes back.
//!
//! One binary, so that it links once; each module has one reason to fail.

mod answers;
mod bodies;
mod broken;
mod calls;
mod enums;
mod errors;
mod file_names;
mod headers;
mod hooks;
mod ids;
mod queries;
mod redirects;
mod refusals;
mod requests;
mod secrets;
mod unknown_fields;
mod uploads;
