//! The locations of changes, in the words of the API.

use serde::Serialize;

use openapi_client_gen::api::Operation;

/// The location of a change, in the words of the API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The operation, the schema or the whole document.
    #[serde(flatten)]
    pub owner: Owner,
    /// The part that changed, such as a field; `None` for the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// An operation, a schema or a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// An aspect of the document as a whole, such as `servers`.
    Document(&'static str),
    /// By its method in Rust, which is its operationId for most.
    Operation(String),
    /// By its name in the document.
    Schema(String),
    /// A schema that has no name, by that of its type in Rust.
    Type(String),
}

impl Place {
    /// An operation.
    pub fn of_operation(operation: &Operation) -> Self {
        Self::of(Owner::Operation(operation.name.clone()))
    }

    /// The whole of something.
    pub fn of(owner: Owner) -> Self {
        Self { owner, part: None }
    }

    /// A part of the same owner.
    #[must_use]
    pub fn part(&self, what: &'static str, name: &str) -> Self {
        Self {
            owner: self.owner.clone(),
            part: Some(Part::of(what, name)),
        }
    }

    /// The place in words; `quoted` quotes the names of the API.
    pub fn in_words(&self, quoted: fn(&str) -> String) -> String {
        let (what, name) = match &self.owner {
            Owner::Document(part) => return format!("the document's {part}"),
            Owner::Operation(name) => ("operation", name),
            Owner::Schema(name) => ("schema", name),
            Owner::Type(name) => ("type", name),
        };
        let owner = format!("{what} {}", quoted(name));
        match &self.part {
            Some(part) => format!("{owner}, {}", part.in_words(quoted)),
            None => owner,
        }
    }
}

/// A part of an operation or a schema.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Part {
    /// Its sort, such as `query parameter`.
    pub what: &'static str,
    /// Its name on the wire; empty if there can be only one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
}

impl Part {
    /// A part by its sort and its name.
    pub(super) fn of(what: &'static str, name: &str) -> Self {
        let name = name.to_owned();
        Self { what, name }
    }

    /// The part in words; `quoted` quotes its name.
    pub fn in_words(&self, quoted: fn(&str) -> String) -> String {
        let Self { what, name } = self;
        match name.is_empty() {
            true => (*what).to_owned(),
            false => format!("{what} {}", quoted(name)),
        }
    }
}
