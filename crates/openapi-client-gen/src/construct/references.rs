//! The constructor of references to types: a schema becomes a type of the kind that its keywords have.
//!
//! Types contain each other, so structs and unions are methods of [`Types`] as well (`objects`, `unions`).

use std::collections::BTreeSet;

use crate::api::{EnumType, Newtype, Shape, TypeId, TypeRef, Variant};
use openapi_document::schema::{self, Schema};

use super::constraints::constraints;
use super::directions::Direction;
use super::names::Scope;
use super::type_kind::TypeKind;
use super::types::{Types, alias};

impl<'d> Types<'d> {
    /// Constructs the types of a component in each direction.
    pub fn component_both_ways(&mut self, at: &str) {
        let only = self.directions.only(at);
        for direction in [Direction::Response, Direction::Request] {
            if only.is_none_or(|only| only == direction) {
                self.direction = direction;
                self.component(at);
            }
        }
    }

    /// The type of the component at a pointer, in the direction in which it is used.
    pub fn component(&mut self, at: &str) -> Option<TypeId> {
        let (id, is_begun) = self.component_of(at)?;
        if is_begun {
            return Some(id);
        }
        let schema = Schema::at(self.root, at)?;
        self.know(&schema, id);
        self.limit_levels(&schema);
        let shape = match (self.union_of_extensions(&schema, at), schema.reference()) {
            (Some(union), _) => Shape::Union(union),
            (None, Some(target)) => alias(self.at(target)),
            (None, None) => {
                let name = self.name(id).to_owned();
                self.shape(&schema, TypeKind::of(&schema), &name)
            }
        };
        self.define(id, shape);
        Some(id)
    }

    /// The type of the schema at a pointer, which something refers to.
    fn at(&mut self, pointer: &str) -> TypeRef {
        if let Some(id) = self.component(pointer) {
            return TypeRef::Named(id);
        }
        match Schema::at(self.root, pointer) {
            Some(schema) => self.reference(&schema, &schema::words(pointer)),
            None => TypeRef::JSON,
        }
    }

    /// The type of a schema, with `null` if that is a value; `name` is for a definition that has none.
    pub fn reference(&mut self, schema: &Schema<'d>, name: &str) -> TypeRef {
        let value = self.value(schema, name);
        match schema.is_nullable() {
            true => TypeRef::Nullable(Box::new(value)),
            false => value,
        }
    }

    /// The type of the values of a schema other than `null`; `name` is for a definition that has none.
    pub fn value(&mut self, schema: &Schema<'d>, name: &str) -> TypeRef {
        if let Some(target) = schema.reference() {
            return self.at(target);
        }
        if let Some(id) = self.known(schema) {
            return TypeRef::Named(id);
        }
        if let Some(id) = schema.component().and_then(|at| self.component(at)) {
            return TypeRef::Named(id);
        }
        if self.is_beyond_limits(schema) {
            return TypeRef::JSON;
        }
        self.limit_levels(schema);
        let kind = TypeKind::of(schema);
        let mut words = None;
        if kind.is_definition() {
            words = schema.words();
            // Before its members, so that one that contains itself is found.
            self.know(schema, self.next_id());
        }
        let name = words.as_deref().unwrap_or(name);
        self.nested(|types| types.of_kind(schema, kind, name))
    }

    /// The type of those values of a schema that have one JSON type.
    pub fn of_json_type(&mut self, schema: &Schema<'d>, json_type: &str, name: &str) -> TypeRef {
        self.of_kind(schema, TypeKind::of_json_type(schema, json_type), name)
    }

    fn of_kind(&mut self, schema: &Schema<'d>, kind: TypeKind<'d>, name: &str) -> TypeRef {
        if !kind.is_definition() {
            return self.inline(schema, kind, name);
        }
        let id = self.begin(schema, name);
        let name = self.name(id).to_owned();
        let shape = self.shape(schema, kind, &name);
        self.define(id, shape);
        TypeRef::Named(id)
    }

    /// Constructs the definition of a type with this name.
    fn shape(&mut self, schema: &Schema<'d>, kind: TypeKind<'d>, name: &str) -> Shape {
        match kind {
            TypeKind::Union(branches) => Shape::Union(self.union(schema, &branches, name)),
            TypeKind::JsonTypes(types) => {
                Shape::Union(self.union_of_json_types(schema, &types, name))
            }
            TypeKind::Enum(values) => Shape::Enum(enumeration(&values)),
            TypeKind::Struct => Shape::Struct(self.structure(schema, name)),
            kind => {
                let inner = self.inline(schema, kind, name);
                Shape::Newtype(Newtype {
                    constraints: constraints(schema, &inner),
                    inner,
                    lenient: false,
                })
            }
        }
    }

    /// The reference to a type without a definition of its own.
    fn inline(&mut self, schema: &Schema<'d>, kind: TypeKind<'d>, name: &str) -> TypeRef {
        match kind {
            TypeKind::Branch(branch) => self.value(&branch.schema, name),
            TypeKind::Map => TypeRef::Map(Box::new(self.extra(schema, name))),
            TypeKind::List => TypeRef::List(Box::new(match schema.items() {
                Some(items) => self.reference(&items, &format!("{name} item")),
                None => TypeRef::JSON,
            })),
            TypeKind::Primitive(primitive) => TypeRef::Primitive(primitive),
            TypeKind::Never => {
                let message = match schema.is_false() {
                    true => "no value is valid against the schema `false`",
                    false => {
                        "no value is valid against the schema: its parts contradict each other"
                    }
                };
                let hint = "correct one of the parts, or describe what the value really is";
                self.report("contradiction", schema, message.to_owned(), hint);
                TypeRef::JSON
            }
            // The others have a definition.
            _ => TypeRef::JSON,
        }
    }
}

fn enumeration(values: &[&str]) -> EnumType {
    let mut members = Scope::default();
    let mut seen = BTreeSet::new();
    let variants = values
        .iter()
        .filter(|value| seen.insert(**value))
        .map(|value| Variant {
            name: members.type_name(value),
            value: (*value).to_owned(),
        });
    EnumType {
        variants: variants.collect(),
        unknown: members.unknown(),
    }
}
