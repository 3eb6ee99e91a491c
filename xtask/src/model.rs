//! The small form between document and code: what is known of an operation beside what progenitor makes of it.

use serde_json::Value;

use crate::names;

/// An operation to generate.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The operationId, with a suffix where one operation of the document became two.
    pub id: String,
    /// The name of the client's method.
    pub name: String,
    /// The name of the builder.
    pub builder: String,
    /// Where it stands in the lowered document.
    pub pointer: String,
    /// Where it stands in the document as it was read.
    pub origin: String,
    /// The method, in upper case.
    pub method: String,
    /// The path template as it goes over the wire.
    pub path: String,
    /// The summary, untouched.
    pub summary: Option<String>,
    /// The description, untouched.
    pub description: Option<String>,
    /// Whether callers should stop using it.
    pub deprecated: bool,
    /// Path, query and header parameters, by name.
    pub parameters: Vec<Parameter>,
    /// Parameters that progenitor can't express, by name.
    pub own_parameters: Vec<OwnParameter>,
    /// What its success is, where progenitor can't express it.
    pub success: Option<Success>,
    /// What its JSON is called, where that is not `application/json`: what the request says that it accepts.
    pub accept: Option<String>,
    /// The body that progenitor writes: its media type and description.
    pub body: Option<Body>,
    /// The parts of a multipart body, in the order in which they are sent.
    pub parts: Option<Vec<Part>>,
    /// The component that describes the multipart body, if it is one.
    pub multipart_schema: Option<String>,
    /// The schema that error bodies have, by component name.
    pub error: Option<String>,
}

impl Operation {
    /// An operation named by its id; the rest is for the passes to fill in.
    pub fn new(id: &str, method: &str, path: &str, pointer: String) -> Self {
        Self {
            id: id.to_owned(),
            name: names::operation_value_name(id),
            builder: names::operation_type_name(id),
            origin: pointer.clone(),
            pointer,
            method: method.to_ascii_uppercase(),
            // What follows a `#` tells operations apart and is not sent.
            path: path.split('#').next().unwrap_or_default().to_owned(),
            summary: None,
            description: None,
            deprecated: false,
            parameters: Vec::new(),
            own_parameters: Vec::new(),
            success: None,
            accept: None,
            body: None,
            parts: None,
            multipart_schema: None,
            error: None,
        }
    }

    /// What the generated builder writes itself, each with a field and a setter: parameters, then parts.
    pub fn own_values(&self) -> impl Iterator<Item = &Part> {
        let parameters = self.own_parameters.iter().map(|own| &own.value);
        parameters.chain(self.parts.iter().flatten())
    }

    /// The name of the setter of parts that the document doesn't list: `extra_part`, with as many `_` as tell it from
    /// the other setters.
    pub fn extra_part(&self) -> String {
        let parameters = self.parameters.iter().map(Parameter::ident);
        let own = self.own_values().map(Part::ident);
        let taken: Vec<String> = parameters.chain(own).collect();
        let mut name = "extra_part".to_owned();
        while taken.contains(&name) {
            name.push('_');
        }
        name
    }
}

/// A body that is not multipart.
#[derive(Clone, Debug)]
pub struct Body {
    /// Its media type.
    pub media_type: String,
    /// The media type that progenitor writes it as.
    pub written: &'static str,
    /// Its description, untouched.
    pub description: Option<String>,
    /// Whether a request must have it.
    pub required: bool,
    /// How fields of a form are written that have a style of their own, by name.
    pub styles: Vec<(String, Style)>,
}

/// Where a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// Into the path.
    Path,
    /// Into the query string.
    Query,
    /// Into a header.
    Header,
    /// Into a cookie.
    Cookie,
}

impl Location {
    /// The word for it in a document.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }

    /// What is sent there, in words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Path => "path parameter",
            Self::Query => "query parameter",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// A parameter of an operation.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name on the wire.
    pub name: String,
    /// Where it goes.
    pub location: Location,
    /// Whether it must be given.
    pub required: bool,
    /// Its description, untouched.
    pub description: Option<String>,
    /// What joins the values of a list that is sent as one value.
    pub delimiter: Option<&'static str>,
    /// The inclusive range of a whole number.
    pub range: Option<(Option<i64>, Option<i64>)>,
    /// What the server takes if it isn't given.
    pub default: Option<Value>,
    /// Whether callers should stop using it.
    pub deprecated: bool,
    /// How its value becomes text, outside the query.
    pub text: TextForm,
    /// What its setter is called, if not by its name.
    pub setter: Option<String>,
}

impl Parameter {
    /// The name of its setter.
    pub fn ident(&self) -> String {
        let setter = self.setter.clone();
        setter.unwrap_or_else(|| names::operation_value_name(&self.name))
    }
}

/// A parameter that is written by generated code of its own.
#[derive(Clone, Debug)]
pub struct OwnParameter {
    /// Its name, type and description, as of a part of a body.
    pub value: Part,
    /// Where it goes.
    pub location: Location,
    /// How it is written there.
    pub style: Style,
}

/// How a value that is more than a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Its fields are parameters of their own.
    Fields,
    /// Its items, or keys and values, joined by this.
    Joined(&'static str),
    /// The same by commas, a key and its value by `=`.
    JoinedPairs,
    /// The path to each scalar in brackets.
    DeepObject,
    /// As JSON.
    Json,
}

/// What a success is that progenitor has no type for.
#[derive(Clone, Debug)]
pub enum Success {
    /// A stream of events with this data.
    Events(PartType),
    /// Another one for each status: an enum of this name.
    ByStatus(String, Vec<(String, Answer)>),
}

/// What an answer of some status holds.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Nothing.
    Empty,
    /// JSON.
    Json(PartType),
    /// A stream of events with this data.
    Events(PartType),
    /// Bytes.
    Raw,
}

/// How a value becomes the text that goes over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextForm {
    /// It is a string.
    Itself,
    /// It is an open enum, which knows the string that it stands for.
    AsStr,
    /// As Rust formats it.
    Display,
    /// As in JSON: Rust formats a point in time in another way, and some values not at all.
    Json,
}

/// A part of a multipart body.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name on the wire.
    pub name: String,
    /// What it holds.
    pub kind: PartKind,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it may be sent any number of times.
    pub repeated: bool,
    /// Whether callers should stop using it.
    pub deprecated: bool,
    /// Its description, untouched.
    pub description: Option<String>,
    /// What its setter is called, if not by its name.
    pub setter: Option<String>,
}

impl Part {
    /// The name of its setter.
    pub fn ident(&self) -> String {
        let setter = self.setter.clone();
        setter.unwrap_or_else(|| names::operation_value_name(&self.name))
    }
}

/// What a part holds.
#[derive(Clone, Debug)]
pub enum PartKind {
    /// A file, streamed, with the media type that it has unless the caller knows better.
    File(Option<String>),
    /// A scalar, sent as text.
    Text(PartType),
    /// Anything, sent as JSON of the given media type.
    Json(PartType, String),
}

/// The Rust type of a part's value.
#[derive(Clone, Debug)]
pub enum PartType {
    /// A generated type.
    Named(String),
    /// A type from elsewhere, as a path.
    Plain(&'static str),
}

impl PartType {
    /// Whether it is text and nothing else.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Plain("::std::string::String"))
    }
}

/// A property that tells the members of a union apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discriminator {
    /// Its name on the wire.
    pub property: String,
    /// Its values in each member, in the order of the members.
    pub values: Vec<Vec<String>>,
    /// Values that more than one member claims.
    pub ambiguous: Vec<String>,
}
