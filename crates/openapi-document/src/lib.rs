//! OpenAPI documents: read from YAML or JSON with the position of every node, and queried.
//!
//! Start with [`read::Document`]: it reads a file, follows references into other files, and reports problems as
//! [`diagnostic::Located`], with file, line and column. Nothing that a document contains makes this crate panic.
//!
//! | Modules | Purpose |
//! |---|---|
//! | [`read`] | a document as JSON: syntax, encodings, 3.0 and 3.1, several files |
//! | [`mod@pointer`], [`source_map`], [`diagnostic`] | locations in a document, their positions, and problems at them |
//! | [`view`] | operations, parameters, and the targets of references |
//! | [`keywords`], [`shape`] | the keywords of OpenAPI and JSON Schema, and where each may stand |
//! | [`mod@schema`] | a schema as the intersection of all schema objects that apply to a value |

#![deny(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod diagnostic;
pub mod keywords;
pub mod pointer;
pub mod read;
pub mod schema;
pub mod shape;
pub mod source_map;
pub mod view;
