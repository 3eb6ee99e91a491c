//! Operations: what is generated for the paths of a document.

use super::{Constraints, Docs, TypeRef};

/// An operation, which becomes a method of the client and a builder of its request.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The operationId, with a suffix where one operation of the document becomes several.
    pub id: String,
    /// Whether it is a further method for an operation of the document: for another body, or for events.
    pub is_variant: bool,
    /// The name of the method.
    pub name: String,
    /// The name of the builder.
    pub builder: String,
    /// The HTTP method, in upper case.
    pub method: String,
    /// The path, in pieces.
    pub path: Vec<Segment>,
    /// The summary, untouched.
    pub summary: Option<String>,
    /// Its documentation.
    pub docs: Docs,
    /// Whether sending it twice has the effect of sending it once: by its HTTP method, or by `x-idempotent`.
    pub idempotent: bool,
    /// Path parameters in the order of the path, then the others in the order of the document.
    pub parameters: Vec<Parameter>,
    /// The body of its request.
    pub body: Option<Body>,
    /// The name of the setter of parts that the document does not name, if the body has parts.
    pub extra_part: Option<String>,
    /// The body of its success responses.
    pub success: Success,
    /// The media types that its request accepts.
    pub accept: String,
    /// The type of its error responses, if all have the same type.
    pub error: Option<TypeRef>,
    /// The JSON pointer of the operation.
    pub origin: String,
}

/// A piece of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Text, sent as it is.
    Text(String),
    /// The value of the parameter with this index.
    Parameter(usize),
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name on the wire.
    pub key: String,
    /// Its Rust name.
    pub name: String,
    /// The location in the request.
    pub location: Location,
    /// The type of its value.
    pub value: TypeRef,
    /// Whether a request must have it.
    pub required: bool,
    /// How its value is written.
    pub style: Style,
    /// The constraints of its value, other than those of its type.
    pub constraints: Constraints,
    /// Its documentation.
    pub docs: Docs,
    /// The JSON of what the server assumes if it is absent.
    pub default: Option<String>,
}

/// The location of a parameter in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
    /// In a cookie.
    Cookie,
}

/// How a value is written outside of JSON (OpenAPI 3.0.3, "Style Values").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A scalar, as text.
    Text,
    /// A list that repeats the key, and an object whose members are parameters (`form`, exploded).
    Exploded,
    /// The items, or the keys and values, joined by this.
    Joined(&'static str),
    /// The items joined by commas, the keys and values by `=` (`simple`, exploded).
    JoinedPairs,
    /// The path to each scalar in brackets (`deepObject`).
    DeepObject,
    /// JSON (`content`).
    Json,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub struct Body {
    /// Its content.
    pub content: Content,
    /// Whether a request must have it.
    pub required: bool,
    /// The constraints of its value, other than those of its type.
    pub constraints: Constraints,
    /// The media type, as it is sent.
    pub media_type: String,
    /// Its documentation.
    pub docs: Docs,
}

/// The content of a request.
#[derive(Clone, Debug)]
pub enum Content {
    /// JSON.
    Json(TypeRef),
    /// A form, with the styles of its fields that have one.
    Form(TypeRef, Vec<(String, Style)>),
    /// Parts.
    Multipart(Vec<Part>),
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

/// A part of a multipart body.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name on the wire.
    pub key: String,
    /// Its Rust name.
    pub name: String,
    /// Its content.
    pub content: PartContent,
    /// Whether a request must have it.
    pub required: bool,
    /// Whether it may be sent any number of times.
    pub repeated: bool,
    /// The constraints of each value, other than those of its type.
    pub constraints: Constraints,
    /// The constraints of all values as a list, if it is repeated.
    pub list: Constraints,
    /// Its documentation.
    pub docs: Docs,
}

/// The content of a part.
#[derive(Clone, Debug)]
pub enum PartContent {
    /// A file, with the media type that it has unless the caller names another.
    File(Option<String>),
    /// A scalar, as text.
    Text(TypeRef),
    /// JSON, with its media type.
    Json(TypeRef, String),
}

/// The body of a success response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Success {
    /// The same for every status.
    Always(Answer),
    /// Something else for each status.
    ByStatus {
        /// The name of its enum.
        name: String,
        /// In the order of the statuses.
        answers: Vec<(String, Answer)>,
    },
}

/// The body of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing.
    Empty,
    /// JSON.
    Json(TypeRef),
    /// A stream of events with this data.
    Events(TypeRef),
    /// Bytes, as a stream.
    Bytes,
}

impl Content {
    /// The type of its value, if it is JSON or a form.
    pub fn value(&self) -> Option<&TypeRef> {
        match self {
            Self::Json(value) | Self::Form(value, _) => Some(value),
            Self::Multipart(_) | Self::Text | Self::Bytes => None,
        }
    }

    /// Its parts, if it has some.
    pub fn parts(&self) -> &[Part] {
        match self {
            Self::Multipart(parts) => parts,
            _ => &[],
        }
    }
}

impl Style {
    /// The style in words that follow a type, empty if it is the usual one.
    pub fn in_words(self) -> String {
        match self {
            Self::Text | Self::Exploded => String::new(),
            Self::Joined(between) => format!(" joined by `{between}`"),
            Self::JoinedPairs => " joined in pairs".to_owned(),
            Self::DeepObject => " as a deep object".to_owned(),
            Self::Json => " as JSON".to_owned(),
        }
    }
}

impl Location {
    /// The sort of its parameters.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Path => "path parameter",
            Self::Query => "query parameter",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }

    /// The word for it in a document.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }

    /// The location by its word in a document.
    pub fn of(keyword: &str) -> Option<Self> {
        [Self::Path, Self::Query, Self::Header, Self::Cookie]
            .into_iter()
            .find(|location| location.keyword() == keyword)
    }
}

impl Operation {
    /// The path with the keys of its parameters in braces: `/tasks/{task_id}`.
    pub fn path_template(&self) -> String {
        let pieces = self.path.iter().map(|segment| match segment {
            Segment::Text(text) => text.clone(),
            Segment::Parameter(index) => format!("{{{}}}", self.parameters[*index].key),
        });
        pieces.collect()
    }

    /// The types of its parameters and its body.
    pub fn request_types(&self) -> impl Iterator<Item = &TypeRef> {
        let parameters = self.parameters.iter().map(|parameter| &parameter.value);
        let content = || self.body.iter().map(|body| &body.content);
        let bodies = content().filter_map(Content::value);
        let parts = content().flat_map(Content::parts);
        let parts = parts.filter_map(|part| part.content.value());
        parameters.chain(bodies).chain(parts)
    }

    /// The types of its responses.
    pub fn response_types(&self) -> impl Iterator<Item = &TypeRef> {
        let answers = self.success.answers().into_iter();
        answers
            .filter_map(|(_, answer)| answer.value())
            .chain(&self.error)
    }
}

impl Success {
    /// The bodies, each with its status if it has one of its own.
    #[must_use]
    pub fn answers(&self) -> Vec<(Option<&str>, &Answer)> {
        match self {
            Self::Always(answer) => vec![(None, answer)],
            Self::ByStatus { answers, .. } => {
                let answers = answers.iter();
                answers
                    .map(|(status, answer)| (Some(&**status), answer))
                    .collect()
            }
        }
    }
}

impl PartContent {
    /// The type of its value, unless it is a file.
    pub fn value(&self) -> Option<&TypeRef> {
        match self {
            Self::Text(value) | Self::Json(value, _) => Some(value),
            Self::File(_) => None,
        }
    }
}

impl Answer {
    /// The type of its value, or of the data of its events.
    pub fn value(&self) -> Option<&TypeRef> {
        match self {
            Self::Json(value) | Self::Events(value) => Some(value),
            Self::Empty | Self::Bytes => None,
        }
    }
}
