//! Media types of requests and responses: of both, the schema decides the type.

use serde_json::Value;

use openapi_document::pointer;
use openapi_document::schema::Schema;
use openapi_document::view;

/// JSON by its usual name.
pub const JSON: &str = "application/json";

/// A member of `content`.
#[derive(Debug)]
pub struct Media<'d> {
    /// The media type, as the document has it.
    pub name: &'d str,
    /// The media type without parameters, in lower case.
    pub essence: String,
    /// The media type object.
    pub value: &'d Value,
    /// The schema of the content.
    pub schema: Option<Schema<'d>>,
}

/// The media types of the body, response or parameter at a pointer.
pub fn content<'d>(root: &'d Value, owner: &'d Value, at: &str) -> Vec<Media<'d>> {
    let at = pointer::join(at, "content");
    let content = view::members(owner, "content");
    let content = content.map(|(name, value)| Media {
        name,
        essence: view::essence(name),
        value,
        schema: schema(root, &pointer::join(&at, name)),
    });
    content.collect()
}

/// The schema of the media type object or the parameter at a pointer.
pub fn schema<'d>(root: &'d Value, at: &str) -> Option<Schema<'d>> {
    Schema::at(root, &pointer::join(at, "schema"))
}
