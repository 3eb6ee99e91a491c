//! The shape of an OpenAPI 3.0 document, as one table: which object has which fields, and of what kind each is.
//!
//! The table serves two ends. Checking walks it to report every value of the wrong type by its place, instead of the
//! first one that a deserialiser trips over. The stages after it use the same walk to find every schema, operation or
//! reference, so that none of them has to know where in a document such a thing may stand.

use serde_json::Value;

use crate::pointer;

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
    /// A list of those.
    List(&'static Shape),
    /// A map from names to those.
    Map(&'static Shape),
    /// A boolean or a schema: `additionalProperties`.
    FlagOrSchema,
}

use Shape::{
    Anything, Flag, FlagOrSchema, Integer, List, Map, Node, NodeOrRef, Number, Strings, Text,
};

/// One field: its name, what it holds, and whether it must be there.
type Field = (&'static str, Shape, bool);

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
        Kind::Paths => Names(Node(Kind::PathItem)),
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

/// A typed node that the walk came past.
#[derive(Clone, Debug)]
pub struct Found {
    /// What stands there, or, for a reference, what should stand where it points.
    pub kind: Kind,
    /// Where.
    pub pointer: String,
    /// The target, if it is a reference instead of the thing itself.
    pub reference: Option<String>,
}

/// A value of the wrong type, or a missing field.
#[derive(Clone, Debug)]
pub struct Misfit {
    /// Where.
    pub pointer: String,
    /// What is wrong, in words.
    pub message: String,
    /// What to do, where it isn't plain.
    pub hint: Option<&'static str>,
}

/// All typed nodes of a value and all misfits, in the order of a depth-first walk, parents first.
#[derive(Debug, Default)]
pub struct Walk {
    /// The nodes that have the shape that their kind should have, references among them.
    pub found: Vec<Found>,
    /// What has not.
    pub misfits: Vec<Misfit>,
}

impl Walk {
    /// Walks a whole document.
    pub fn document(root: &Value) -> Self {
        let mut walk = Self::default();
        walk.node(Kind::Document, root, "");
        walk
    }

    /// Walks one node of a known kind.
    pub fn of(kind: Kind, value: &Value, pointer: &str) -> Self {
        let mut walk = Self::default();
        walk.node_or_ref(kind, value, pointer);
        walk
    }

    fn misfit(&mut self, pointer: &str, message: String) {
        self.misfits.push(Misfit {
            pointer: pointer.to_owned(),
            message,
            hint: None,
        });
    }

    fn node(&mut self, kind: Kind, value: &Value, pointer: &str) {
        let Value::Object(object) = value else {
            self.misfit(
                pointer,
                format!(
                    "expected {} {}, found {}",
                    article(kind.describe()),
                    kind.describe(),
                    describe(value)
                ),
            );
            return;
        };
        self.found.push(Found {
            kind,
            pointer: pointer.to_owned(),
            reference: None,
        });
        match layout(kind) {
            Layout::Fields(fields) => {
                for &(name, shape, required) in fields {
                    match object.get(name) {
                        Some(value) => self.shape(shape, value, &pointer::join(pointer, name)),
                        None if required => {
                            self.misfit(
                                pointer,
                                format!("the {} has no `{name}`", kind.describe()),
                            );
                        }
                        None => {}
                    }
                }
            }
            Layout::Names(shape) => {
                for (name, value) in object {
                    if !name.starts_with("x-") {
                        self.shape(shape, value, &pointer::join(pointer, name));
                    }
                }
            }
        }
    }

    fn node_or_ref(&mut self, kind: Kind, value: &Value, pointer: &str) {
        match value.get("$ref") {
            None => self.node(kind, value, pointer),
            Some(Value::String(target)) => {
                self.found.push(Found {
                    kind,
                    pointer: pointer.to_owned(),
                    reference: Some(target.clone()),
                });
            }
            Some(other) => {
                let found = describe(other);
                self.misfit(
                    &pointer::join(pointer, "$ref"),
                    format!("expected a string, found {found}"),
                );
            }
        }
    }

    fn shape(&mut self, shape: Shape, value: &Value, pointer: &str) {
        let expected = match (shape, value) {
            (Anything, _)
            | (Text, Value::String(_))
            | (Flag | FlagOrSchema, Value::Bool(_))
            | (Number, Value::Number(_)) => return,
            (Integer, Value::Number(number)) if number.as_u64().is_some() => return,
            (Strings, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.shape(Text, item, &pointer::join(pointer, &index.to_string()));
                }
                return;
            }
            (Node(kind), _) => return self.node(kind, value, pointer),
            (NodeOrRef(kind), _) => return self.node_or_ref(kind, value, pointer),
            (FlagOrSchema, _) => return self.node_or_ref(Kind::Schema, value, pointer),
            (List(item), Value::Array(items)) => {
                for (index, value) in items.iter().enumerate() {
                    self.shape(*item, value, &pointer::join(pointer, &index.to_string()));
                }
                return;
            }
            (Map(item), Value::Object(members)) => {
                for (name, value) in members {
                    self.shape(*item, value, &pointer::join(pointer, name));
                }
                return;
            }
            (Text, _) => "a string",
            (Flag, _) => "true or false",
            (Integer, _) => "a whole number, not negative",
            (Number, _) => "a number",
            (Strings | List(_), _) => "a list",
            (Map(_), _) => "an object",
        };
        self.misfits.push(Misfit {
            pointer: pointer.to_owned(),
            message: match (shape, value) {
                (Number | Integer, Value::String(text)) if is_too_large(text) => {
                    format!("{text} is not a number that can be represented")
                }
                _ => format!("expected {expected}, found {}", describe(value)),
            },
            hint: hint(shape, value, pointer),
        });
    }
}

/// Whether it is a number beyond what floating point can hold, which YAML readers take for a string.
fn is_too_large(text: &str) -> bool {
    text.trim_start_matches(['+', '-'])
        .starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && text.parse::<f64>().is_ok_and(f64::is_infinite)
}

/// What to do about the mistakes that are made most.
fn hint(shape: Shape, value: &Value, place: &str) -> Option<&'static str> {
    match (shape, value) {
        (Text, Value::Array(_)) if place.ends_with("/type") => {
            Some("a list of types is OpenAPI 3.1; in 3.0, say `nullable: true` beside the one type")
        }
        (Flag, Value::Number(_)) if place.contains("/exclusive") => {
            Some("a number here is OpenAPI 3.1; in 3.0, it is `true` beside `minimum` or `maximum`")
        }
        (Strings, Value::Bool(_)) if place.ends_with("/required") => {
            Some("list the required properties in the object that has them")
        }
        (Text, Value::Number(_) | Value::Bool(_)) => Some("put it in quotes"),
        (Number | Integer, Value::String(text)) if is_too_large(text) => {
            Some("the largest number that can be represented is about 1.8e308")
        }
        (Flag | Number | Integer, Value::String(_)) => Some("write it without quotes"),
        _ => None,
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u', 'O']) {
        "an"
    } else {
        "a"
    }
}

/// A value's type in words, with the value where it is short.
pub fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(value) => format!("the number {value}"),
        Value::String(text) if text.len() <= 40 => format!("the string {text:?}"),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
