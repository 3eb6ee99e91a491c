//! The constructor of types: from schemas to references and definitions.
//!
//! A schema becomes one type wherever it is met, and a component is named before any schema inside it. So [`Types`] remembers
//! each type by its schema, and the other constructors ask it for the types that they need.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::api::{
    Constraints, Docs, EnumType, Newtype, Primitive, Shape, TypeDef, TypeId, TypeRef, Variant,
};
use openapi_document::diagnostic::Diagnostic;
use openapi_document::pointer;
use openapi_document::read::Document;
use openapi_document::schema::{self, Branch, Key, Schema};
use openapi_document::shape::{Kind, Walk};
use openapi_document::view::MAX_HOPS;

use super::constraints::constraints;
use super::directions::{Direction, Directions};
use super::names::Scope;
use super::{MAX_DEPTH, MAX_TYPES, forms, nulls, objects, primitives, recursion, unions};

/// The types of a document, as far as they were asked for.
#[derive(Debug)]
pub struct Types<'d> {
    /// The document, which has the positions of what is in it.
    pub document: &'d Document,
    /// The root of the document.
    pub root: &'d Value,
    types: Vec<TypeDef>,
    /// The types of schemas that were met.
    known: HashMap<(Key, Option<Direction>), TypeId>,
    /// The type of each component, by the direction in which it is used.
    components: BTreeMap<(String, Direction), TypeId>,
    /// The types of components whose construction has begun.
    begun: BTreeSet<TypeId>,
    directions: Directions,
    /// The direction of the values whose types are constructed.
    pub direction: Direction,
    /// The schemas that have the schema at a pointer in their `allOf`.
    pub extensions: BTreeMap<String, Vec<String>>,
    names: Scope,
    problems: Vec<Diagnostic>,
    depth: usize,
}

/// The kind of type that a schema has.
enum TypeKind<'d> {
    /// No value is valid.
    Never,
    /// JSON of any shape.
    Any,
    /// The type of another schema: the only branch of a union, besides `null`.
    Branch(Branch<'d>),
    /// A union of several branches.
    Union(Vec<Branch<'d>>),
    /// An enum of strings.
    Enum(Vec<&'d str>),
    /// A union of several JSON types.
    JsonTypes(Vec<&'d str>),
    /// An object with named members.
    Struct,
    /// An object without named members.
    Map,
    /// An array.
    List,
    /// A scalar.
    Primitive(Primitive),
}

impl<'d> TypeKind<'d> {
    fn of(schema: &Schema<'d>) -> Self {
        if schema.is_empty() {
            return Self::Never;
        }
        if let Some(branches) = schema.branches() {
            return Self::of_branches(branches);
        }
        if has_other_values(schema) {
            return Self::Any;
        }
        let json_types = json_types(schema);
        // Lists of strings are common beside `type: array`, where none of them is a value.
        let has_strings = json_types.is_empty() || json_types.contains(&"string");
        if has_strings && let Some(values) = schema.strings() {
            return Self::Enum(values);
        }
        match &*json_types {
            [] => Self::Any,
            [json_type] => Self::of_json_type(schema, json_type),
            _ => Self::JsonTypes(json_types),
        }
    }

    fn of_branches(mut branches: Vec<Branch<'d>>) -> Self {
        branches.retain(|branch| !branch.own.is_null());
        if branches.iter().any(|branch| !branch.schema.is_empty()) {
            branches.retain(|branch| !branch.schema.is_empty());
        }
        // A branch without constraints allows every value, or every one that the schema allows beside its union.
        let unconstrained = branches
            .iter()
            .position(|branch| branch.own.is_unconstrained());
        if let Some(index) = unconstrained {
            let branch = branches.swap_remove(index);
            return match branch.schema.is_unconstrained() {
                true => Self::Any,
                false => Self::Branch(branch),
            };
        }
        match branches.len() {
            0 | 1 => branches.pop().map_or(Self::Any, Self::Branch),
            _ => Self::Union(branches),
        }
    }

    fn of_json_type(schema: &Schema<'d>, json_type: &str) -> Self {
        match json_type {
            "object" if schema.properties().is_empty() => Self::Map,
            "object" => Self::Struct,
            "array" => Self::List,
            "string" => Self::Primitive(primitives::string(schema)),
            "integer" => Self::Primitive(primitives::integer(schema)),
            "number" => Self::Primitive(primitives::number(schema)),
            "boolean" => Self::Primitive(Primitive::Bool),
            _ => Self::Any,
        }
    }

    /// Whether its type needs a definition.
    fn is_definition(&self) -> bool {
        matches!(
            self,
            Self::Union(_) | Self::Enum(_) | Self::JsonTypes(_) | Self::Struct
        )
    }
}

impl<'d> Types<'d> {
    /// The names of all components, before any type is constructed.
    pub fn of(document: &'d Document) -> Self {
        let root = &document.root;
        // As in OpenAPI 3.1: its keywords count in other documents, too.
        let found = Walk::of(Kind::Document, root).found;
        let only_forms = forms::only_forms(&found);
        let components = schema::components(root).map(|(at, _)| at);
        let components: Vec<String> = components.filter(|at| !only_forms.contains(at)).collect();
        let mut types = Self {
            document,
            root,
            types: Vec::new(),
            known: HashMap::new(),
            components: BTreeMap::new(),
            begun: BTreeSet::new(),
            directions: Directions::of(root, &found),
            direction: Direction::Response,
            extensions: unions::extensions(root, &components),
            names: Scope::default(),
            problems: Vec::new(),
            depth: 0,
        };
        // Components come first, for inline types are named after them.
        for at in &components {
            types.name_component(at, "", &[Direction::Response, Direction::Request]);
        }
        // After all components, whose names are those of the document.
        for at in &components {
            if types.directions.is_two(at) {
                types.name_component(at, " request", &[Direction::Request]);
            }
        }
        types
    }

    fn name_component(&mut self, at: &str, suffix: &str, directions: &[Direction]) {
        if let Some(schema) = Schema::at(self.root, at) {
            let id = self.begin(&schema, &format!("{}{suffix}", pointer::last(at)));
            let keys = directions
                .iter()
                .map(|direction| (at.to_owned(), *direction));
            self.components.extend(keys.map(|key| (key, id)));
        }
    }

    /// Adds a definition with the name that these words make. Its shape is to follow.
    fn begin(&mut self, schema: &Schema<'d>, words: &str) -> TypeId {
        self.types.push(TypeDef {
            name: self.names.type_name(words),
            docs: docs(schema),
            origin: schema.pointer().to_owned(),
            shape: alias(TypeRef::JSON),
        });
        TypeId(self.types.len() - 1)
    }

    /// The types, boxed where one contains itself.
    ///
    /// # Errors
    ///
    /// A diagnostic for each schema that has no type.
    pub fn finish(mut self) -> Result<Vec<TypeDef>, Vec<Diagnostic>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        nulls::merged(&mut self.types);
        recursion::boxed(&mut self.types);
        Ok(self.types)
    }

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
        let id = *self.components.get(&(at.to_owned(), self.direction))?;
        if !self.begun.insert(id) {
            return Some(id);
        }
        let schema = Schema::at(self.root, at)?;
        self.know(&schema, id);
        self.limit_levels(&schema);
        let shape = match (unions::of_extensions(self, &schema, at), schema.reference()) {
            (Some(union), _) => Shape::Union(union),
            (None, Some(target)) => alias(self.at(target)),
            (None, None) => {
                let name = self.types[id.0].name.clone();
                self.shape(&schema, TypeKind::of(&schema), &name)
            }
        };
        self.types[id.0].shape = shape;
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
        if let Some(id) = self.known.get(&self.key(schema)) {
            return TypeRef::Named(*id);
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
            self.know(schema, TypeId(self.types.len()));
        }
        self.depth += 1;
        let value = self.of_kind(schema, kind, words.as_deref().unwrap_or(name));
        self.depth -= 1;
        value
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
        let name = self.types[id.0].name.clone();
        self.types[id.0].shape = self.shape(schema, kind, &name);
        TypeRef::Named(id)
    }

    /// Remembers which type a schema has, unless it is unconstrained, as many are that have nothing in common.
    fn know(&mut self, schema: &Schema<'d>, id: TypeId) {
        if !schema.is_unconstrained() {
            self.known.entry(self.key(schema)).or_insert(id);
        }
    }

    /// The key of the type of a schema.
    fn key(&self, schema: &Schema<'d>) -> (Key, Option<Direction>) {
        let differs = schema.pointers().any(|at| self.directions.differs(at));
        (schema.key(), differs.then_some(self.direction))
    }

    /// Constructs the definition of a type with this name.
    fn shape(&mut self, schema: &Schema<'d>, kind: TypeKind<'d>, name: &str) -> Shape {
        match kind {
            TypeKind::Union(branches) => Shape::Union(unions::union(self, schema, &branches, name)),
            TypeKind::JsonTypes(types) => {
                Shape::Union(unions::of_types(self, schema, &types, name))
            }
            TypeKind::Enum(values) => Shape::Enum(enumeration(&values)),
            TypeKind::Struct => Shape::Struct(objects::structure(self, schema, name)),
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
            TypeKind::Map => TypeRef::Map(Box::new(objects::extra(self, schema, name))),
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

    /// Reports a schema that is nested too deep, or one type too many.
    fn is_beyond_limits(&mut self, schema: &Schema<'d>) -> bool {
        if self.depth > MAX_DEPTH {
            let message = format!("schemas are nested in one another more than {MAX_DEPTH} deep");
            let hint = "name a schema that contains itself as a component";
            self.report("endless-schema", schema, message, hint);
            return true;
        }
        let is_beyond = self.types.len() > MAX_TYPES;
        let mut known = self.problems.iter();
        if is_beyond && known.all(|known| known.code != "too-many-types") {
            let message = format!("compositions multiply out to more than {MAX_TYPES} types");
            let hint = "unions of unions multiply: give one of them fewer branches";
            self.report("too-many-types", schema, message, hint);
        }
        is_beyond
    }

    /// Reports a schema that is made of more levels of others than are followed.
    fn limit_levels(&mut self, schema: &Schema<'d>) {
        if schema.is_too_deep() {
            let message = format!(
                "the schema refers to others, or has others in `allOf`, more than {MAX_HOPS} levels deep"
            );
            let hint = "describe the value as any JSON by leaving its type out";
            self.report("too-intricate", schema, message, hint);
        }
    }

    /// Reports a problem, the first one of each location.
    fn report(&mut self, code: &'static str, schema: &Schema<'d>, message: String, hint: &str) {
        let problem = Diagnostic::error(code, schema.pointer(), message).hint(hint);
        let mut known = self.problems.iter();
        if known.all(|known| known.place != problem.place) {
            self.problems.push(problem);
        }
    }
}

/// A newtype without constraints of its own.
fn alias(inner: TypeRef) -> Shape {
    Shape::Newtype(Newtype {
        inner,
        constraints: Constraints::default(),
        lenient: false,
    })
}

/// The documentation of a schema.
pub fn docs(schema: &Schema<'_>) -> Docs {
    Docs {
        description: schema.text("description").map(str::to_owned),
        deprecated: schema.is("deprecated"),
        private: schema.is("x-private"),
        inferred: schema.text("x-evidence") == Some("inferred"),
    }
}

/// The JSON types that a schema allows, or else those that its keywords constrain. A number may be an integer.
fn json_types<'d>(schema: &Schema<'d>) -> Vec<&'d str> {
    let mut types = schema.types().unwrap_or_else(|| {
        let mut types = BTreeSet::new();
        let names_members = !schema.properties().is_empty() || !schema.required().is_empty();
        if names_members || schema.has("additionalProperties") {
            types.insert("object");
        }
        if schema.has("items") {
            types.insert("array");
        }
        types
    });
    if types.contains("number") {
        types.remove("integer");
    }
    types.into_iter().collect()
}

/// Whether some of the listed values have a type that the schema allows, and some another one: no type but that of any JSON has
/// them all. Where all have another one, the list is of something else, such as the items of an array.
fn has_other_values(schema: &Schema<'_>) -> bool {
    let (Some(types), Some(values)) = (schema.types(), schema.values()) else {
        return false;
    };
    let is_typed = |value: &&&Value| types.iter().any(|name| is_of_type(value, name));
    let typed = values.iter().filter(is_typed).count();
    typed > 0 && typed < values.len()
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::Number(number) => {
            let is_integer = || number.as_f64().is_some_and(|number| number.fract() == 0.0);
            name == "number" || name == "integer" && is_integer()
        }
        Value::String(_) => name == "string",
        Value::Array(_) => name == "array",
        Value::Object(_) => name == "object",
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
