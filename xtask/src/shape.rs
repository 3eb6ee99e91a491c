//! The shape of an OpenAPI document, as one table: which object has which fields, and of what kind each is. A second table has
//! what 3.1 adds and changes.
//!
//! The table serves two ends. Checking walks it to report every value of the wrong type by its place, instead of the
//! first one that a deserialiser trips over. The stages after it use the same walk to find every schema, operation or
//! reference, so that none of them has to know where in a document such a thing may stand.

mod walk;

use serde_json::Value;

pub use walk::{Found, Misfit, Walk, describe};

/// What a node of the document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Document,
    Info,
    Contact,
    License,
    Server,
    ServerVariable,
    Tag,
    ExternalDocs,
    Paths,
    PathItem,
    Operation,
    Parameter,
    RequestBody,
    MediaType,
    Encoding,
    Responses,
    Response,
    Header,
    Link,
    Example,
    Callback,
    Components,
    Schema,
    Discriminator,
    SecurityScheme,
}

impl Kind {
    /// The name that the OpenAPI specification gives it.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Document => "OpenAPI document",
            Self::Info => "info object",
            Self::Contact => "contact object",
            Self::License => "license object",
            Self::Server => "server object",
            Self::ServerVariable => "server variable object",
            Self::Tag => "tag object",
            Self::ExternalDocs => "external documentation object",
            Self::Paths => "paths object",
            Self::PathItem => "path item",
            Self::Operation => "operation",
            Self::Parameter => "parameter",
            Self::RequestBody => "request body",
            Self::MediaType => "media type object",
            Self::Encoding => "encoding object",
            Self::Responses => "responses object",
            Self::Response => "response",
            Self::Header => "header",
            Self::Link => "link",
            Self::Example => "example",
            Self::Callback => "callback",
            Self::Components => "components object",
            Self::Schema => "schema",
            Self::Discriminator => "discriminator object",
            Self::SecurityScheme => "security scheme",
        }
    }

    /// The section of `components` that a reference to it must point into.
    pub fn section(self) -> Option<&'static str> {
        Some(match self {
            Self::Schema => "schemas",
            Self::Response => "responses",
            Self::Parameter => "parameters",
            Self::Example => "examples",
            Self::RequestBody => "requestBodies",
            Self::Header => "headers",
            Self::SecurityScheme => "securitySchemes",
            Self::Link => "links",
            Self::Callback => "callbacks",
            Self::PathItem => "pathItems",
            _ => return None,
        })
    }
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    Text,
    Flag,
    Integer,
    Number,
    Anything,
    Strings,
    /// An object of a kind.
    Node(Kind),
    /// An object of a kind, or a reference to one.
    NodeOrRef(Kind),
    /// Text, or a list of texts.
    TextOrTexts,
    /// A list of those.
    List(&'static Shape),
    /// A map from names to those.
    Map(&'static Shape),
    /// A boolean or a schema: `additionalProperties`.
    FlagOrSchema,
}

use Shape::{
    Anything, Flag, FlagOrSchema, Integer, List, Map, Node, NodeOrRef, Number, Strings, Text,
    TextOrTexts,
};

/// One field: its name, what it holds, and whether it must be there.
type Field = (&'static str, Shape, bool);

/// The version of OpenAPI that a document is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// 3.0, which the table describes.
    #[default]
    V30,
    /// 3.1: the table, and what it adds.
    V31,
}

impl Version {
    /// The version that a document says it is written in.
    pub fn of(root: &Value) -> Self {
        let is_3_1 = match root.get("openapi") {
            Some(Value::String(version)) => version == "3.1" || version.starts_with("3.1."),
            Some(Value::Number(version)) => version.as_f64() == Some(3.1),
            _ => false,
        };
        if is_3_1 { Self::V31 } else { Self::V30 }
    }
}

/// What an object of a kind looks like.
enum Layout {
    /// Named fields; others are let be.
    Fields(&'static [Field]),
    /// Names chosen by the document, all of one shape, but for extensions.
    Names(Shape),
}

fn layout(kind: Kind) -> Layout {
    use Layout::{Fields, Names};
    match kind {
        Kind::Document => Fields(&[
            ("openapi", Text, true),
            ("info", Node(Kind::Info), true),
            ("servers", List(&Node(Kind::Server)), false),
            ("paths", Node(Kind::Paths), true),
            ("components", Node(Kind::Components), false),
            ("security", List(&Map(&Strings)), false),
            ("tags", List(&Node(Kind::Tag)), false),
            ("externalDocs", Node(Kind::ExternalDocs), false),
        ]),
        Kind::Info => Fields(&[
            ("title", Text, true),
            ("description", Text, false),
            ("termsOfService", Text, false),
            ("contact", Node(Kind::Contact), false),
            ("license", Node(Kind::License), false),
            ("version", Text, true),
        ]),
        Kind::Contact => Fields(&[
            ("name", Text, false),
            ("url", Text, false),
            ("email", Text, false),
        ]),
        Kind::License => Fields(&[("name", Text, true), ("url", Text, false)]),
        Kind::Server => Fields(&[
            ("url", Text, true),
            ("description", Text, false),
            ("variables", Map(&Node(Kind::ServerVariable)), false),
        ]),
        Kind::ServerVariable => Fields(&[
            ("enum", Strings, false),
            ("default", Text, true),
            ("description", Text, false),
        ]),
        Kind::Tag => Fields(&[
            ("name", Text, true),
            ("description", Text, false),
            ("externalDocs", Node(Kind::ExternalDocs), false),
        ]),
        Kind::ExternalDocs => Fields(&[("url", Text, true), ("description", Text, false)]),
        Kind::Paths => Names(NodeOrRef(Kind::PathItem)),
        Kind::PathItem => Fields(&[
            ("summary", Text, false),
            ("description", Text, false),
            ("parameters", List(&NodeOrRef(Kind::Parameter)), false),
            ("servers", List(&Node(Kind::Server)), false),
            ("get", Node(Kind::Operation), false),
            ("put", Node(Kind::Operation), false),
            ("post", Node(Kind::Operation), false),
            ("delete", Node(Kind::Operation), false),
            ("options", Node(Kind::Operation), false),
            ("head", Node(Kind::Operation), false),
            ("patch", Node(Kind::Operation), false),
            ("trace", Node(Kind::Operation), false),
        ]),
        Kind::Operation => Fields(&[
            ("tags", Strings, false),
            ("summary", Text, false),
            ("description", Text, false),
            ("externalDocs", Node(Kind::ExternalDocs), false),
            ("operationId", Text, false),
            ("parameters", List(&NodeOrRef(Kind::Parameter)), false),
            ("requestBody", NodeOrRef(Kind::RequestBody), false),
            ("responses", Node(Kind::Responses), true),
            ("callbacks", Map(&NodeOrRef(Kind::Callback)), false),
            ("deprecated", Flag, false),
            ("security", List(&Map(&Strings)), false),
            ("servers", List(&Node(Kind::Server)), false),
        ]),
        Kind::Parameter => Fields(&[
            ("name", Text, true),
            ("in", Text, true),
            ("description", Text, false),
            ("required", Flag, false),
            ("deprecated", Flag, false),
            ("allowEmptyValue", Flag, false),
            ("style", Text, false),
            ("explode", Flag, false),
            ("allowReserved", Flag, false),
            ("schema", NodeOrRef(Kind::Schema), false),
            ("content", Map(&Node(Kind::MediaType)), false),
            ("example", Anything, false),
            ("examples", Map(&NodeOrRef(Kind::Example)), false),
        ]),
        Kind::RequestBody => Fields(&[
            ("description", Text, false),
            ("content", Map(&Node(Kind::MediaType)), true),
            ("required", Flag, false),
        ]),
        Kind::MediaType => Fields(&[
            ("schema", NodeOrRef(Kind::Schema), false),
            ("example", Anything, false),
            ("examples", Map(&NodeOrRef(Kind::Example)), false),
            ("encoding", Map(&Node(Kind::Encoding)), false),
        ]),
        Kind::Encoding => Fields(&[
            ("contentType", Text, false),
            ("headers", Map(&NodeOrRef(Kind::Header)), false),
            ("style", Text, false),
            ("explode", Flag, false),
            ("allowReserved", Flag, false),
        ]),
        Kind::Responses => Names(NodeOrRef(Kind::Response)),
        Kind::Response => Fields(&[
            ("description", Text, true),
            ("headers", Map(&NodeOrRef(Kind::Header)), false),
            ("content", Map(&Node(Kind::MediaType)), false),
            ("links", Map(&NodeOrRef(Kind::Link)), false),
        ]),
        Kind::Header => Fields(&[
            ("description", Text, false),
            ("required", Flag, false),
            ("deprecated", Flag, false),
            ("style", Text, false),
            ("explode", Flag, false),
            ("schema", NodeOrRef(Kind::Schema), false),
            ("content", Map(&Node(Kind::MediaType)), false),
            ("example", Anything, false),
            ("examples", Map(&NodeOrRef(Kind::Example)), false),
        ]),
        Kind::Link => Fields(&[
            ("operationRef", Text, false),
            ("operationId", Text, false),
            ("parameters", Map(&Anything), false),
            ("requestBody", Anything, false),
            ("description", Text, false),
            ("server", Node(Kind::Server), false),
        ]),
        Kind::Example => Fields(&[
            ("summary", Text, false),
            ("description", Text, false),
            ("value", Anything, false),
            ("externalValue", Text, false),
        ]),
        // Callbacks describe requests that the server makes; a client has no use for what is in them.
        Kind::Callback => Names(Anything),
        Kind::Components => Fields(&[
            ("schemas", Map(&NodeOrRef(Kind::Schema)), false),
            ("responses", Map(&NodeOrRef(Kind::Response)), false),
            ("parameters", Map(&NodeOrRef(Kind::Parameter)), false),
            ("examples", Map(&NodeOrRef(Kind::Example)), false),
            ("requestBodies", Map(&NodeOrRef(Kind::RequestBody)), false),
            ("headers", Map(&NodeOrRef(Kind::Header)), false),
            (
                "securitySchemes",
                Map(&NodeOrRef(Kind::SecurityScheme)),
                false,
            ),
            ("links", Map(&NodeOrRef(Kind::Link)), false),
            ("callbacks", Map(&NodeOrRef(Kind::Callback)), false),
        ]),
        Kind::Schema => Fields(&[
            ("title", Text, false),
            ("multipleOf", Number, false),
            ("maximum", Number, false),
            ("exclusiveMaximum", Flag, false),
            ("minimum", Number, false),
            ("exclusiveMinimum", Flag, false),
            ("maxLength", Integer, false),
            ("minLength", Integer, false),
            ("pattern", Text, false),
            ("maxItems", Integer, false),
            ("minItems", Integer, false),
            ("uniqueItems", Flag, false),
            ("maxProperties", Integer, false),
            ("minProperties", Integer, false),
            ("required", Strings, false),
            ("enum", List(&Anything), false),
            ("type", Text, false),
            ("allOf", List(&NodeOrRef(Kind::Schema)), false),
            ("oneOf", List(&NodeOrRef(Kind::Schema)), false),
            ("anyOf", List(&NodeOrRef(Kind::Schema)), false),
            ("not", NodeOrRef(Kind::Schema), false),
            ("items", NodeOrRef(Kind::Schema), false),
            ("properties", Map(&NodeOrRef(Kind::Schema)), false),
            ("additionalProperties", FlagOrSchema, false),
            ("description", Text, false),
            ("format", Text, false),
            ("default", Anything, false),
            ("nullable", Flag, false),
            ("discriminator", Node(Kind::Discriminator), false),
            ("readOnly", Flag, false),
            ("writeOnly", Flag, false),
            ("example", Anything, false),
            ("externalDocs", Node(Kind::ExternalDocs), false),
            ("deprecated", Flag, false),
        ]),
        Kind::Discriminator => {
            Fields(&[("propertyName", Text, true), ("mapping", Map(&Text), false)])
        }
        // What it may hold depends on its type, and the generated client does not use it.
        Kind::SecurityScheme => Fields(&[("type", Text, true), ("description", Text, false)]),
    }
}

/// The names of the fields of a kind, in any version.
pub fn fields(kind: Kind) -> impl Iterator<Item = &'static str> {
    let fields: &[Field] = match layout(kind) {
        Layout::Fields(fields) => fields,
        Layout::Names(_) => &[],
    };
    let fields = fields.iter().chain(additions(kind));
    fields.map(|(name, _, _)| *name)
}

/// The fields that OpenAPI 3.1 adds, or gives another shape. Webhooks are requests that the server makes, of which a client
/// has no use.
fn additions(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Document => &[("paths", Node(Kind::Paths), false)],
        Kind::Operation => &[("responses", Node(Kind::Responses), false)],
        Kind::Components => &[("pathItems", Map(&NodeOrRef(Kind::PathItem)), false)],
        Kind::Schema => &[
            ("type", TextOrTexts, false),
            ("exclusiveMaximum", Number, false),
            ("exclusiveMinimum", Number, false),
            ("prefixItems", List(&NodeOrRef(Kind::Schema)), false),
            ("contains", NodeOrRef(Kind::Schema), false),
            ("unevaluatedItems", NodeOrRef(Kind::Schema), false),
            ("patternProperties", Map(&NodeOrRef(Kind::Schema)), false),
            ("propertyNames", NodeOrRef(Kind::Schema), false),
            ("unevaluatedProperties", NodeOrRef(Kind::Schema), false),
            ("dependentSchemas", Map(&NodeOrRef(Kind::Schema)), false),
            ("if", NodeOrRef(Kind::Schema), false),
            ("then", NodeOrRef(Kind::Schema), false),
            ("else", NodeOrRef(Kind::Schema), false),
            ("contentSchema", NodeOrRef(Kind::Schema), false),
            ("$defs", Map(&NodeOrRef(Kind::Schema)), false),
            ("definitions", Map(&NodeOrRef(Kind::Schema)), false),
        ],
        _ => &[],
    }
}
