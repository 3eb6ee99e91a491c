//! The table: the fields of each kind of object, and the shape of each field.

use serde_json::Value;

use crate::view::METHODS;

/// The kind of an object, as the OpenAPI specification has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An OpenAPI document.
    Document,
    /// An info object.
    Info,
    /// A contact object.
    Contact,
    /// A license object.
    License,
    /// A server object.
    Server,
    /// A server variable object.
    ServerVariable,
    /// A tag object.
    Tag,
    /// An external documentation object.
    ExternalDocs,
    /// A paths object.
    Paths,
    /// A path item.
    PathItem,
    /// An operation.
    Operation,
    /// A parameter.
    Parameter,
    /// A request body.
    RequestBody,
    /// A media type object.
    MediaType,
    /// An encoding object.
    Encoding,
    /// A responses object.
    Responses,
    /// A response.
    Response,
    /// A header.
    Header,
    /// A link.
    Link,
    /// An example.
    Example,
    /// A callback.
    Callback,
    /// A components object.
    Components,
    /// A schema.
    Schema,
    /// A discriminator object.
    Discriminator,
    /// A security scheme.
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
        let mut sections = fields_in(Kind::Components, Version::V31);
        sections.find_map(|(name, shape, _)| match shape {
            Map(NodeOrRef(kind)) if *kind == self => Some(name),
            _ => None,
        })
    }
}

/// The value of a field.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A text.
    Text,
    /// A boolean.
    Flag,
    /// A number without a fraction.
    Integer,
    /// A number.
    Number,
    /// Any value.
    Anything,
    /// A list of texts.
    Texts,
    /// An object of a kind.
    Node(Kind),
    /// An object of a kind, or a reference to one.
    NodeOrRef(Kind),
    /// Text, or a list of texts.
    TextOrTexts,
    /// A list of values of one shape.
    List(&'static Shape),
    /// A map from names to values of one shape.
    Map(&'static Shape),
    /// A boolean or a schema: `additionalProperties`.
    FlagOrSchema,
}

use Shape::{
    Anything, Flag, FlagOrSchema, Integer, List, Map, Node, NodeOrRef, Number, Text, TextOrTexts,
    Texts,
};

/// Fields of one shape: whether an object must have them, and their names.
type Fields = (Shape, bool, &'static [&'static str]);

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

const CONTENT: Shape = Map(&Node(Kind::MediaType));
const EXAMPLES: Shape = Map(&NodeOrRef(Kind::Example));
const HEADERS: Shape = Map(&NodeOrRef(Kind::Header));
const PARAMETERS: Shape = List(&NodeOrRef(Kind::Parameter));
const REQUEST_BODIES: Shape = Map(&NodeOrRef(Kind::RequestBody));
const SCHEMA: Shape = NodeOrRef(Kind::Schema);
const SECURITY: Shape = List(&Map(&Texts));
const SECURITY_SCHEMES: Shape = Map(&NodeOrRef(Kind::SecurityScheme));
const SERVERS: Shape = List(&Node(Kind::Server));

/// The shape of objects whose names the document chooses.
pub fn map_of(kind: Kind, version: Version) -> Option<Shape> {
    match (kind, version) {
        (Kind::Paths, _) => Some(NodeOrRef(Kind::PathItem)),
        (Kind::Responses, _) => Some(NodeOrRef(Kind::Response)),
        // Callbacks are requests that the server makes: a client has no use for them. In 3.1, they share its schemas.
        (Kind::Callback, Version::V30) => Some(Anything),
        (Kind::Callback, Version::V31) => Some(NodeOrRef(Kind::PathItem)),
        _ => None,
    }
}

/// The fields of other objects, in 3.0. Fields that are not here are let be.
fn fields(kind: Kind) -> &'static [Fields] {
    match kind {
        Kind::Document => &[
            (Text, true, &["openapi"]),
            (Node(Kind::Info), true, &["info"]),
            (SERVERS, false, &["servers"]),
            (Node(Kind::Paths), true, &["paths"]),
            (Node(Kind::Components), false, &["components"]),
            (SECURITY, false, &["security"]),
            (List(&Node(Kind::Tag)), false, &["tags"]),
            (Node(Kind::ExternalDocs), false, &["externalDocs"]),
        ],
        Kind::Info => &[
            (Text, true, &["title", "version"]),
            (Text, false, &["description", "termsOfService"]),
            (Node(Kind::Contact), false, &["contact"]),
            (Node(Kind::License), false, &["license"]),
        ],
        Kind::Contact => &[(Text, false, &["name", "url", "email"])],
        Kind::License => &[(Text, true, &["name"]), (Text, false, &["url"])],
        Kind::Server => &[
            (Text, true, &["url"]),
            (Text, false, &["description"]),
            (Map(&Node(Kind::ServerVariable)), false, &["variables"]),
        ],
        Kind::ServerVariable => &[
            (Texts, false, &["enum"]),
            (Text, true, &["default"]),
            (Text, false, &["description"]),
        ],
        Kind::Tag => &[
            (Text, true, &["name"]),
            (Text, false, &["description"]),
            (Node(Kind::ExternalDocs), false, &["externalDocs"]),
        ],
        Kind::ExternalDocs => &[(Text, true, &["url"]), (Text, false, &["description"])],
        Kind::PathItem => &[
            (Text, false, &["summary", "description"]),
            (PARAMETERS, false, &["parameters"]),
            (SERVERS, false, &["servers"]),
            (Node(Kind::Operation), false, &METHODS),
        ],
        Kind::Operation => &[
            (Texts, false, &["tags"]),
            (Text, false, &["summary", "description", "operationId"]),
            (Node(Kind::ExternalDocs), false, &["externalDocs"]),
            (PARAMETERS, false, &["parameters"]),
            (NodeOrRef(Kind::RequestBody), false, &["requestBody"]),
            (Node(Kind::Responses), true, &["responses"]),
            (Map(&NodeOrRef(Kind::Callback)), false, &["callbacks"]),
            (Flag, false, &["deprecated"]),
            (SECURITY, false, &["security"]),
            (SERVERS, false, &["servers"]),
        ],
        Kind::Parameter => &[
            (Text, true, &["name", "in"]),
            (Text, false, &["description", "style"]),
            (Flag, false, &["required", "deprecated", "allowEmptyValue"]),
            (Flag, false, &["explode", "allowReserved"]),
            (SCHEMA, false, &["schema"]),
            (CONTENT, false, &["content"]),
            (Anything, false, &["example"]),
            (EXAMPLES, false, &["examples"]),
        ],
        Kind::RequestBody => &[
            (Text, false, &["description"]),
            (CONTENT, true, &["content"]),
            (Flag, false, &["required"]),
        ],
        Kind::MediaType => &[
            (SCHEMA, false, &["schema"]),
            (Anything, false, &["example"]),
            (EXAMPLES, false, &["examples"]),
            (Map(&Node(Kind::Encoding)), false, &["encoding"]),
        ],
        Kind::Encoding => &[
            (Text, false, &["contentType", "style"]),
            (HEADERS, false, &["headers"]),
            (Flag, false, &["explode", "allowReserved"]),
        ],
        Kind::Response => &[
            (Text, true, &["description"]),
            (HEADERS, false, &["headers"]),
            (CONTENT, false, &["content"]),
            (Map(&NodeOrRef(Kind::Link)), false, &["links"]),
        ],
        Kind::Header => &[
            (Text, false, &["description", "style"]),
            (Flag, false, &["required", "deprecated", "explode"]),
            (SCHEMA, false, &["schema"]),
            (CONTENT, false, &["content"]),
            (Anything, false, &["example"]),
            (EXAMPLES, false, &["examples"]),
        ],
        Kind::Link => &[
            (Text, false, &["operationRef", "operationId", "description"]),
            (Map(&Anything), false, &["parameters"]),
            (Anything, false, &["requestBody"]),
            (Node(Kind::Server), false, &["server"]),
        ],
        Kind::Example => &[
            (Text, false, &["summary", "description", "externalValue"]),
            (Anything, false, &["value"]),
        ],
        Kind::Components => &[
            (Map(&SCHEMA), false, &["schemas"]),
            (Map(&NodeOrRef(Kind::Response)), false, &["responses"]),
            (Map(&NodeOrRef(Kind::Parameter)), false, &["parameters"]),
            (EXAMPLES, false, &["examples"]),
            (REQUEST_BODIES, false, &["requestBodies"]),
            (HEADERS, false, &["headers"]),
            (SECURITY_SCHEMES, false, &["securitySchemes"]),
            (Map(&NodeOrRef(Kind::Link)), false, &["links"]),
            (Map(&NodeOrRef(Kind::Callback)), false, &["callbacks"]),
        ],
        Kind::Schema => &[
            (Text, false, &["title", "description"]),
            (Text, false, &["format", "pattern", "type"]),
            (Number, false, &["multipleOf", "maximum", "minimum"]),
            (Flag, false, &["exclusiveMaximum", "exclusiveMinimum"]),
            (Integer, false, &["maxLength", "minLength"]),
            (Integer, false, &["maxItems", "minItems"]),
            (Integer, false, &["maxProperties", "minProperties"]),
            (Flag, false, &["uniqueItems", "nullable", "deprecated"]),
            (Flag, false, &["readOnly", "writeOnly"]),
            (Texts, false, &["required"]),
            (List(&Anything), false, &["enum"]),
            (List(&SCHEMA), false, &["allOf", "oneOf", "anyOf"]),
            (SCHEMA, false, &["not", "items"]),
            (Map(&SCHEMA), false, &["properties"]),
            (FlagOrSchema, false, &["additionalProperties"]),
            (Anything, false, &["default", "example"]),
            (Node(Kind::Discriminator), false, &["discriminator"]),
            (Node(Kind::ExternalDocs), false, &["externalDocs"]),
        ],
        Kind::Discriminator => &[
            (Text, true, &["propertyName"]),
            (Map(&Text), false, &["mapping"]),
        ],
        // Its other fields depend on its type, and the generated client does not use them.
        Kind::SecurityScheme => &[(Text, true, &["type"]), (Text, false, &["description"])],
        Kind::Paths | Kind::Responses | Kind::Callback => &[],
    }
}

/// The fields that OpenAPI 3.1 adds, gives another shape, or does not require. Webhooks are requests that the server makes, of
/// which a client has no use.
fn additions(kind: Kind) -> &'static [Fields] {
    match kind {
        Kind::Document => &[(Node(Kind::Paths), false, &["paths"])],
        Kind::Operation => &[(Node(Kind::Responses), false, &["responses"])],
        Kind::Components => &[(Map(&NodeOrRef(Kind::PathItem)), false, &["pathItems"])],
        Kind::Schema => &[
            (TextOrTexts, false, &["type"]),
            (Number, false, &["exclusiveMaximum", "exclusiveMinimum"]),
            (List(&SCHEMA), false, &["prefixItems"]),
            (SCHEMA, false, &["contains", "contentSchema"]),
            (SCHEMA, false, &["propertyNames", "unevaluatedItems"]),
            (SCHEMA, false, &["unevaluatedProperties"]),
            (SCHEMA, false, &["if", "then", "else"]),
            (Map(&SCHEMA), false, &["$defs", "definitions"]),
            (Map(&SCHEMA), false, &["dependentSchemas"]),
            (Map(&SCHEMA), false, &["patternProperties"]),
        ],
        _ => &[],
    }
}

/// The fields of a kind in a version, each with its shape and whether it is required.
pub fn fields_in(
    kind: Kind,
    version: Version,
) -> impl Iterator<Item = (&'static str, Shape, bool)> {
    let more = match version {
        Version::V30 => &[],
        Version::V31 => additions(kind),
    };
    let each = |&(shape, required, names): &'static Fields| {
        names.iter().map(move |name| (*name, shape, required))
    };
    let is_kept = |name: &str| !more.iter().any(|(_, _, names)| names.contains(&name));
    let fields = fields(kind).iter().flat_map(each);
    let fields = fields.filter(move |(name, ..)| is_kept(name));
    fields.chain(more.iter().flat_map(each))
}
