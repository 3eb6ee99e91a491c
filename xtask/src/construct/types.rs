//! The constructor of types: from schemas to references and definitions.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::api::{
    EnumType, Evidence, Newtype, Primitive, Shape, TypeDef, TypeDocs, TypeId, TypeRef, Variant,
};
use crate::diagnostic::Diagnostic;
use crate::pointer;

use super::directions::{Direction, Directions};
use super::names::{Members, Names};
use super::objects::{Object, object};
use super::schema::{Key, Schema};
use super::{forms, primitives, recursion, unions};

/// The largest number of types. The largest public documents have a third of it.
const MAX_TYPES: usize = 20_000;
/// How deep anonymous schemas may be nested in one another.
const MAX_DEPTH: usize = 100;

/// The types of a document, as far as they were asked for.
#[derive(Debug)]
pub struct Types<'d> {
    /// The document.
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
    names: Names,
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

/// A type before it has a name.
enum Unnamed {
    /// It needs a definition.
    Definition(Shape),
    /// It is made of others.
    Reference(TypeRef),
}

impl<'d> Types<'d> {
    /// No types yet.
    pub fn of(root: &'d Value) -> Self {
        let mut names = Names::default();
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
                name: names.claim(words),
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
            })),
        });
        let mut types: Vec<TypeDef> = types.collect();
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
        }));
        self.know(&schema, id);
        let name = self.types[id.0].name.clone();
        let unnamed = match unions::of_extensions(self, &schema, pointer) {
            Some(union) => Unnamed::Definition(Shape::Union(union)),
            None => match schema.reference().map(str::to_owned) {
                Some(target) => Unnamed::Reference(self.at(&target)),
                None => self.construct(&schema, &name),
            },
        };
        self.types[id.0].shape = Some(match unnamed {
            Unnamed::Definition(shape) => shape,
            Unnamed::Reference(inner) => Shape::Newtype(Newtype { inner }),
        });
        Some(id)
    }

    /// The type of the schema at a pointer, which something refers to.
    fn at(&mut self, pointer: &str) -> TypeRef {
        if let Some(id) = self.component_at(pointer) {
            return TypeRef::Named(id);
        }
        let words = pointer.replace('/', " ");
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
        let is_definition = needs_definition(schema, self.root);
        let id = TypeId(self.types.len());
        if is_definition {
            // Before its members, so that one that contains itself is found.
            self.know(schema, id);
            let words = schema.words();
            self.types.push(Begun {
                name: self.names.claim(words.as_deref().unwrap_or(name)),
                docs: docs(schema),
                origin: schema.pointer().to_owned(),
                shape: None,
            });
        }
        self.depth += 1;
        let name = match is_definition {
            true => self.types[id.0].name.clone(),
            false => name.to_owned(),
        };
        let unnamed = self.construct(schema, &name);
        self.depth -= 1;
        match (unnamed, is_definition) {
            (Unnamed::Definition(shape), true) => {
                self.types[id.0].shape = Some(shape);
                TypeRef::Named(id)
            }
            (Unnamed::Reference(inner), true) => {
                self.types[id.0].shape = Some(Shape::Newtype(Newtype { inner }));
                TypeRef::Named(id)
            }
            (Unnamed::Reference(reference), false) => reference,
            // `needs_definition` said that there is none.
            (Unnamed::Definition(_), false) => TypeRef::JSON,
        }
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

    /// Constructs the type of a schema that is no reference.
    fn construct(&mut self, schema: &Schema<'d>, name: &str) -> Unnamed {
        if let Some(branches) = schema.branches(self.root) {
            return unions::union(self, schema, branches, name)
                .map_or_else(Unnamed::Reference, |union| {
                    Unnamed::Definition(Shape::Union(union))
                });
        }
        if let Some(values) = known_strings(schema) {
            return Unnamed::Definition(Shape::Enum(enumeration(&values)));
        }
        let kinds = kinds(schema);
        let mut kinds = kinds.iter().copied();
        let (Some(kind), None) = (kinds.next(), kinds.next()) else {
            let kinds: Vec<&str> = kinds_of_several(schema);
            return match kinds.is_empty() {
                true => Unnamed::Reference(TypeRef::JSON),
                false => {
                    let union = unions::of_types(self, schema, &kinds, name);
                    Unnamed::Definition(Shape::Union(union))
                }
            };
        };
        match self.of_kind(schema, kind, name) {
            Ok(shape) => Unnamed::Definition(shape),
            Err(reference) => Unnamed::Reference(reference),
        }
    }

    /// The type of the values of one JSON type: a definition, or else a reference.
    pub fn of_kind(
        &mut self,
        schema: &Schema<'d>,
        kind: &str,
        name: &str,
    ) -> Result<Shape, TypeRef> {
        Err(match kind {
            "object" => match object(self, schema, name) {
                Object::Struct(shape) => return Ok(Shape::Struct(shape)),
                Object::Map(value) => TypeRef::Map(Box::new(value)),
            },
            "array" => {
                let items = schema.items(self.root);
                let item = items.map_or(TypeRef::JSON, |items| {
                    self.reference(&items, &format!("{name} item"))
                });
                TypeRef::List(Box::new(item))
            }
            "string" => TypeRef::Primitive(primitives::string(schema)),
            "integer" => TypeRef::Primitive(primitives::integer(schema)),
            "number" => TypeRef::Primitive(primitives::number(schema)),
            "boolean" => TypeRef::Primitive(Primitive::Bool),
            _ => TypeRef::JSON,
        })
    }

    /// Adds a definition for a part of another type.
    pub fn define(&mut self, name: &str, docs: TypeDocs, origin: &str, shape: Shape) -> TypeId {
        let id = TypeId(self.types.len());
        let name = self.names.claim(name);
        self.types.push(Begun {
            name,
            docs,
            origin: origin.to_owned(),
            shape: Some(shape),
        });
        id
    }
}

/// The documentation of a schema.
pub fn docs(schema: &Schema<'_>) -> TypeDocs {
    TypeDocs {
        description: schema.text("description").map(str::to_owned),
        deprecated: schema.is("deprecated"),
        private: schema.is("x-private"),
        evidence: match schema.text("x-evidence") {
            Some("inferred") => Evidence::Inferred,
            _ => Evidence::Documented,
        },
    }
}

/// The JSON types that a schema is about: those that it allows, or else those that its keywords constrain.
fn kinds<'d>(schema: &Schema<'d>) -> BTreeSet<&'d str> {
    schema.types().unwrap_or_else(|| {
        let mut kinds = BTreeSet::new();
        if ["properties", "additionalProperties", "required"]
            .iter()
            .any(|name| schema.has(name))
        {
            kinds.insert("object");
        }
        if schema.has("items") {
            kinds.insert("array");
        }
        kinds
    })
}

fn kinds_of_several<'d>(schema: &Schema<'d>) -> Vec<&'d str> {
    let kinds = kinds(schema);
    let is_subsumed = |kind: &&str| *kind == "integer" && kinds.contains("number");
    kinds
        .iter()
        .filter(|kind| !is_subsumed(kind))
        .copied()
        .collect()
}

/// The known values of a schema of strings.
fn known_strings<'d>(schema: &Schema<'d>) -> Option<Vec<&'d str>> {
    let values = schema.values()?;
    let texts: Option<Vec<&str>> = values.iter().map(|value| value.as_str()).collect();
    texts.filter(|texts| !texts.is_empty())
}

fn enumeration(values: &[&str]) -> EnumType {
    let mut members = Members::default().reserve("Unrecognized");
    let mut seen = BTreeSet::new();
    let variants = values
        .iter()
        .filter(|value| seen.insert(**value))
        .map(|value| Variant {
            name: members.variant(value),
            value: (*value).to_owned(),
        });
    EnumType {
        variants: variants.collect(),
    }
}

/// Whether the type of a schema needs a definition of its own.
fn needs_definition<'d>(schema: &Schema<'d>, root: &'d Value) -> bool {
    if let Some(branches) = schema.branches(root) {
        return unions::is_union(&branches);
    }
    if known_strings(schema).is_some() {
        return true;
    }
    match &*kinds_of_several(schema) {
        [] => false,
        ["object"] => !schema.properties().is_empty(),
        [_] => false,
        _ => true,
    }
}
