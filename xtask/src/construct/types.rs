//! The constructor of types: from schemas to references and definitions.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::api::{
    Constraints, EnumType, Evidence, Newtype, Primitive, Shape, TypeDef, TypeDocs, TypeId, TypeRef,
    Variant,
};
use crate::diagnostic::Diagnostic;
use crate::pointer;
use crate::read::Document;
use crate::view::MAX_HOPS;

use super::constraints::constraints;
use super::directions::{Direction, Directions};
use super::names::{self, Scope};
use super::schema::{Branch, Key, Schema};
use super::{forms, nulls, objects, primitives, recursion, unions};

/// The largest number of types. The largest public documents have a third of it.
const MAX_TYPES: usize = 20_000;
/// How deep anonymous schemas may be nested in one another.
const MAX_DEPTH: usize = 100;

/// The types of a document, as far as they were asked for.
#[derive(Debug)]
pub struct Types<'d> {
    /// The document, which has the positions of what is in it.
    pub document: &'d Document,
    /// The root of the document.
    pub root: &'d Value,
    /// A type whose construction has begun is there without a definition.
    types: Vec<Begun>,
    known: HashMap<(Key, Option<Direction>), TypeId>,
    /// Each component, by the direction in which it is used.
    components: BTreeMap<(String, Direction), TypeId>,
    directions: Directions,
    /// The direction of the values whose types are constructed.
    pub direction: Direction,
    /// The schemas that have the schema at a pointer in their `allOf`.
    pub extensions: BTreeMap<String, Vec<String>>,
    names: Scope,
    problems: Vec<Diagnostic>,
    depth: usize,
}

#[derive(Debug)]
struct Begun {
    name: String,
    docs: TypeDocs,
    origin: String,
    shape: Option<Shape>,
}

/// The type of a schema.
#[derive(Clone, Debug)]
pub struct Typed {
    /// The type of values other than `null`.
    pub reference: TypeRef,
    /// Whether `null` is a value.
    pub is_nullable: bool,
}

/// The kind of type that a schema has.
enum Kind<'d> {
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

impl<'d> Kind<'d> {
    fn of(root: &'d Value, schema: &Schema<'d>) -> Self {
        if schema.is_empty() {
            return Self::Never;
        }
        if let Some(branches) = schema.branches(root) {
            return Self::of_branches(branches);
        }
        if has_other_values(schema) {
            return Self::Any;
        }
        let json_types = json_types(schema);
        // Lists of strings are common beside `type: array`, where none of them is a value.
        let has_strings = json_types.is_empty() || json_types.contains(&"string");
        if has_strings && let Some(values) = known_strings(schema) {
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
    /// No types yet.
    pub fn of(document: &'d Document) -> Self {
        let root = &document.root;
        let mut names = Scope::default();
        let schemas = root
            .pointer("/components/schemas")
            .and_then(Value::as_object);
        let only_forms = forms::only_forms(root);
        let schemas: Vec<&String> = schemas
            .into_iter()
            .flat_map(serde_json::Map::keys)
            .filter(|name| !only_forms.contains(*name))
            .collect();
        // Components come first, for inline types are named after them.
        let mut components = BTreeMap::new();
        let mut types = Vec::new();
        let directions = Directions::of(root);
        let mut begin = |words: &str, origin: &str| {
            let docs = Schema::at(root, origin).map(|schema| docs(&schema));
            types.push(Begun {
                name: names.type_name(words),
                docs: docs.unwrap_or_default(),
                origin: origin.to_owned(),
                shape: None,
            });
            TypeId(types.len() - 1)
        };
        for name in &schemas {
            let origin = pointer::join("/components/schemas", name);
            let id = begin(name, &origin);
            components.insert((origin.clone(), Direction::Response), id);
            components.insert((origin, Direction::Request), id);
        }
        // After all components, whose names are those of the document.
        for name in &schemas {
            let origin = pointer::join("/components/schemas", name);
            if directions.is_two(&origin) {
                let id = begin(&format!("{name} request"), &origin);
                components.insert((origin, Direction::Request), id);
            }
        }
        Self {
            document,
            root,
            types,
            known: HashMap::new(),
            components,
            directions,
            direction: Direction::Response,
            extensions: unions::extensions(root, &schemas),
            names,
            problems: Vec::new(),
            depth: 0,
        }
    }

    /// The types, boxed where one contains itself.
    ///
    /// # Errors
    ///
    /// A diagnostic for each schema that has no type.
    pub fn finish(self) -> Result<Vec<TypeDef>, Vec<Diagnostic>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let types = self.types.into_iter().map(|begun| TypeDef {
            name: begun.name,
            docs: begun.docs,
            origin: begun.origin,
            // Each that was begun was finished, for the problems are none.
            shape: begun.shape.unwrap_or(Shape::Newtype(Newtype {
                inner: TypeRef::JSON,
                constraints: Constraints::default(),
            })),
        });
        let mut types: Vec<TypeDef> = types.collect();
        nulls::merged(&mut types);
        recursion::boxed(&mut types);
        Ok(types)
    }

    /// The type of a component, in the direction in which it is used.
    pub fn component(&mut self, name: &str) -> Option<TypeId> {
        self.component_at(&pointer::join("/components/schemas", name))
    }

    /// Constructs the types of a component in each direction.
    pub fn component_both_ways(&mut self, name: &str) {
        let at = pointer::join("/components/schemas", name);
        let only = self.directions.only(&at);
        for direction in [Direction::Response, Direction::Request] {
            if only.is_none_or(|only| only == direction) {
                self.direction = direction;
                self.component_at(&at);
            }
        }
    }

    fn component_at(&mut self, pointer: &str) -> Option<TypeId> {
        let key = (pointer.to_owned(), self.direction);
        let id = *self.components.get(&key)?;
        // Its construction is under way, or done.
        if self.types[id.0].shape.is_some() {
            return Some(id);
        }
        let schema = Schema::at(self.root, pointer)?;
        self.types[id.0].shape = Some(Shape::Newtype(Newtype {
            inner: TypeRef::JSON,
            constraints: Constraints::default(),
        }));
        self.know(&schema, id);
        self.limit_depth(&schema);
        let name = self.types[id.0].name.clone();
        let shape = match unions::of_extensions(self, &schema, pointer) {
            Some(union) => Shape::Union(union),
            None => match schema.reference().map(str::to_owned) {
                Some(target) => Shape::Newtype(Newtype {
                    inner: self.at(&target),
                    constraints: Constraints::default(),
                }),
                None => {
                    let kind = Kind::of(self.root, &schema);
                    self.shape(&schema, kind, &name)
                }
            },
        };
        self.types[id.0].shape = Some(shape);
        Some(id)
    }

    /// The type of the schema at a pointer, which something refers to.
    fn at(&mut self, pointer: &str) -> TypeRef {
        if let Some(id) = self.component_at(pointer) {
            return TypeRef::Named(id);
        }
        let words = names::words(pointer);
        match Schema::at(self.root, pointer) {
            Some(schema) => self.reference(&schema, &words),
            None => TypeRef::JSON,
        }
    }

    /// The type of a schema, with `null` if that is a value; `name` is for a definition that has none.
    pub fn reference(&mut self, schema: &Schema<'d>, name: &str) -> TypeRef {
        let typed = self.typed(schema, name);
        match typed.is_nullable {
            true => TypeRef::Nullable(Box::new(typed.reference)),
            false => typed.reference,
        }
    }

    /// The type of a schema; `name` is for a definition that has none.
    pub fn typed(&mut self, schema: &Schema<'d>, name: &str) -> Typed {
        let is_nullable = schema.is_nullable(self.root);
        let reference = match schema.reference().map(str::to_owned) {
            Some(target) => self.at(&target),
            None => self.anonymous(schema, name),
        };
        Typed {
            reference,
            is_nullable,
        }
    }

    fn anonymous(&mut self, schema: &Schema<'d>, name: &str) -> TypeRef {
        let key = self.key(schema);
        if let Some(id) = self.known.get(&key) {
            return TypeRef::Named(*id);
        }
        if let Some(id) = schema.component().and_then(|at| self.component_at(at)) {
            return TypeRef::Named(id);
        }
        if self.depth > MAX_DEPTH {
            let message = format!("schemas are nested in one another more than {MAX_DEPTH} deep");
            let problem = Diagnostic::error("endless-schema", schema.pointer(), message);
            self.problems
                .push(problem.hint("name a schema that contains itself as a component"));
            return TypeRef::JSON;
        }
        if self.types.len() > MAX_TYPES {
            if !self
                .problems
                .iter()
                .any(|problem| problem.code == "too-many-types")
            {
                let message = format!("compositions multiply out to more than {MAX_TYPES} types");
                let problem = Diagnostic::error("too-many-types", schema.pointer(), message);
                self.problems.push(
                    problem.hint("unions of unions multiply: give one of them fewer branches"),
                );
            }
            return TypeRef::JSON;
        }
        self.limit_depth(schema);
        let kind = Kind::of(self.root, schema);
        self.depth += 1;
        let reference = match kind.is_definition() {
            true => self.define(schema, kind, name),
            false => self.inline(schema, kind, name),
        };
        self.depth -= 1;
        reference
    }

    /// Adds a definition for an anonymous schema.
    fn define(&mut self, schema: &Schema<'d>, kind: Kind<'d>, name: &str) -> TypeRef {
        // Before its members, so that one that contains itself is found.
        self.know(schema, TypeId(self.types.len()));
        let words = schema.words();
        self.add(schema, kind, words.as_deref().unwrap_or(name))
    }

    /// Adds a definition, with the name that these words make.
    fn add(&mut self, schema: &Schema<'d>, kind: Kind<'d>, words: &str) -> TypeRef {
        let id = TypeId(self.types.len());
        let name = self.names.type_name(words);
        self.types.push(Begun {
            name: name.clone(),
            docs: docs(schema),
            origin: schema.pointer().to_owned(),
            shape: None,
        });
        let shape = self.shape(schema, kind, &name);
        self.types[id.0].shape = Some(shape);
        TypeRef::Named(id)
    }

    /// Remembers which type a schema has, unless it is unconstrained, as many are that have nothing in common.
    fn know(&mut self, schema: &Schema<'d>, id: TypeId) {
        if !schema.is_unconstrained() {
            let key = self.key(schema);
            self.known.entry(key).or_insert(id);
        }
    }

    /// The key of the type of a schema.
    fn key(&self, schema: &Schema<'d>) -> (Key, Option<Direction>) {
        let differs = schema
            .objects()
            .any(|object| self.directions.differs(self.root, object));
        (schema.key(), differs.then_some(self.direction))
    }

    /// Constructs the definition of a type with this name.
    fn shape(&mut self, schema: &Schema<'d>, kind: Kind<'d>, name: &str) -> Shape {
        match kind {
            Kind::Union(branches) => Shape::Union(unions::union(self, schema, &branches, name)),
            Kind::JsonTypes(types) => Shape::Union(unions::of_types(self, schema, &types, name)),
            Kind::Enum(values) => Shape::Enum(enumeration(&values)),
            Kind::Struct => Shape::Struct(objects::structure(self, schema, name)),
            kind => {
                let inner = self.inline(schema, kind, name);
                Shape::Newtype(Newtype {
                    constraints: constraints(self.root, schema, &inner),
                    inner,
                })
            }
        }
    }

    /// The reference to a type without a definition of its own.
    fn inline(&mut self, schema: &Schema<'d>, kind: Kind<'d>, name: &str) -> TypeRef {
        match kind {
            Kind::Branch(branch) => self.typed(&branch.schema, name).reference,
            Kind::Map => TypeRef::Map(Box::new(objects::extra(self, schema, name))),
            Kind::List => {
                let item = match schema.items(self.root) {
                    Some(items) => self.reference(&items, &format!("{name} item")),
                    None => TypeRef::JSON,
                };
                TypeRef::List(Box::new(item))
            }
            Kind::Primitive(primitive) => TypeRef::Primitive(primitive),
            Kind::Never => {
                self.contradiction(schema);
                TypeRef::JSON
            }
            // The others have a definition.
            Kind::Any | Kind::Union(_) | Kind::Enum(_) | Kind::JsonTypes(_) | Kind::Struct => {
                TypeRef::JSON
            }
        }
    }

    /// Reports a schema that is made of more levels of others than are followed.
    fn limit_depth(&mut self, schema: &Schema<'d>) {
        if schema.is_too_deep() {
            let message = format!(
                "the schema refers to others, or has others in `allOf`, more than {MAX_HOPS} levels deep"
            );
            let problem = Diagnostic::error("too-intricate", schema.pointer(), message);
            self.report(problem.hint("describe the value as any JSON by leaving its type out"));
        }
    }

    /// Reports that no value is valid against a schema.
    fn contradiction(&mut self, schema: &Schema<'d>) {
        let message = match schema.is_false() {
            true => "no value is valid against the schema `false`",
            false => "no value is valid against the schema: its parts contradict each other",
        };
        let problem = Diagnostic::error("contradiction", schema.pointer(), message);
        self.report(problem.hint("correct one of the parts, or describe what the value really is"));
    }

    /// Reports a problem, the first one of each place.
    fn report(&mut self, problem: Diagnostic) {
        let mut known = self.problems.iter();
        if known.all(|known| known.place != problem.place) {
            self.problems.push(problem);
        }
    }

    /// The type of those values of a schema that have one JSON type.
    pub fn of_json_type(&mut self, schema: &Schema<'d>, json_type: &str, name: &str) -> TypeRef {
        let kind = Kind::of_json_type(schema, json_type);
        match kind.is_definition() {
            true => self.add(schema, kind, name),
            false => self.inline(schema, kind, name),
        }
    }
}

/// The documentation of a schema.
pub fn docs(schema: &Schema<'_>) -> TypeDocs {
    TypeDocs {
        description: schema.text("description").map(str::to_owned),
        deprecated: schema.is("deprecated"),
        private: schema.is("x-private"),
        evidence: Evidence::of(schema.text("x-evidence")),
    }
}

/// The JSON types that a schema allows, or else those that its keywords constrain. A number may be an integer.
fn json_types<'d>(schema: &Schema<'d>) -> Vec<&'d str> {
    let mut types = schema.types().unwrap_or_else(|| {
        let mut types = BTreeSet::new();
        let of_objects = ["properties", "additionalProperties", "required"];
        if of_objects.iter().any(|name| schema.has(name)) {
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

/// The known values of a schema of strings.
fn known_strings<'d>(schema: &Schema<'d>) -> Option<Vec<&'d str>> {
    let values = schema.values()?;
    let texts: Option<Vec<&str>> = values.iter().map(|value| value.as_str()).collect();
    texts.filter(|texts| !texts.is_empty())
}

fn enumeration(values: &[&str]) -> EnumType {
    let mut members = Scope::reserving(&[]);
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
