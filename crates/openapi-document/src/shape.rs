//! The shape of an OpenAPI document, as one table: the fields of each object, and the kind of each. A second table has the
//! fields that 3.1 adds and changes.
//!
//! The table serves two ends. Checking walks it to report every value of the wrong type by its location, where a deserialiser
//! would stop at the first one. The later stages use the same walk to find every schema, operation or reference, so that none of
//! them has to know the fields that may hold one.

mod table;
mod walk;

pub use table::{Kind, Shape, Version, fields_in};
pub use walk::{Found, Misfit, Walk, describe};
