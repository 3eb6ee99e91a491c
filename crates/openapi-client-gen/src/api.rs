//! The model of the client to generate.
//!
//! [`construct`](crate::construct) makes it from a checked document; [`render`](crate::render) prints code from it and needs
//! nothing else. Every fact is decided once, by the constructor, and is a field here: names, optionality, nullability,
//! privacy, evidence, representation.
//!
//! Fields of one name mean the same throughout: `key` is a name on the wire, and `name` the one in Rust; `origin` is the JSON
//! pointer of a schema or an operation; `value` is a type, and `constraints` are those of its values beside those of the type;
//! `default` is the JSON that the server assumes for an absent value; `required` concerns requests; `docs` is documentation. Texts
//! of the document are untouched.

mod operations;
mod print;
mod types;

pub use operations::{
    Answer, Body, Content, Location, Operation, Parameter, Part, PartContent, Segment, Style,
    Success,
};
pub use types::{
    Accessors, Bound, Constraints, Decimal, DefaultValue, Discriminator, Docs, EnumType, Field,
    Integer, Newtype, Primitive, Shape, StructType, TypeDef, TypeId, TypeRef, UnionBranch,
    UnionType, Variant, reached,
};

/// The client of an API.
#[derive(Clone, Debug, Default)]
pub struct Api {
    /// The title of the API.
    pub title: String,
    /// The version of the API description.
    pub version: String,
    /// The description of the API, untouched.
    pub description: Option<String>,
    /// The types, in the order of their names.
    pub types: Vec<TypeDef>,
    /// The operations, in the order of their names.
    pub operations: Vec<Operation>,
}

impl Api {
    /// The definition of a type.
    ///
    /// # Panics
    ///
    /// If the id is of another model.
    pub fn definition(&self, id: TypeId) -> &TypeDef {
        &self.types[id.0]
    }
}
