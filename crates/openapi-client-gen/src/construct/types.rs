//! The types of a document, and the schemas that they have.
//!
//! A schema becomes one type wherever it is met, and a component is named before any schema inside it. So [`Types`] remembers
//! each type by its schema. The constructors add methods to it that construct a type (`references`, `objects`, `unions`), and
//! ask it for the types that they need.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::api::{Constraints, Docs, Newtype, Shape, TypeDef, TypeId, TypeRef};
use openapi_document::diagnostic::Diagnostic;
use openapi_document::pointer;
use openapi_document::read::Document;
use openapi_document::schema::{self, Key, Schema};
use openapi_document::shape::{Kind, Walk};
use openapi_document::view::MAX_HOPS;

use super::directions::{Direction, Directions};
use super::extensions::Extensions;
use super::names::Scope;
use super::{forms, nulls, recursion};

/// The largest number of types. The largest public documents have a third of it.
const MAX_TYPES: usize = 20_000;

/// The depth to which anonymous schemas may be nested in one another.
const MAX_DEPTH: usize = 100;

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
    /// The directions in which schemas are used.
    pub directions: Directions,
    /// The direction of the values whose types are constructed.
    pub direction: Direction,
    /// The component schemas that extend others.
    pub extensions: Extensions,
    names: Scope,
    problems: Vec<Diagnostic>,
    depth: usize,
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
            extensions: Extensions::of(root, &components),
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
    pub fn begin(&mut self, schema: &Schema<'d>, words: &str) -> TypeId {
        self.types.push(TypeDef {
            name: self.names.type_name(words),
            docs: docs(schema),
            origin: schema.pointer().to_owned(),
            shape: alias(TypeRef::JSON),
        });
        TypeId(self.types.len() - 1)
    }

    /// The id of the next type that is begun.
    pub fn next_id(&self) -> TypeId {
        TypeId(self.types.len())
    }

    /// The name of a type.
    pub fn name(&self, id: TypeId) -> &str {
        &self.types[id.0].name
    }

    /// Gives a type that was begun its shape.
    pub fn define(&mut self, id: TypeId, shape: Shape) {
        self.types[id.0].shape = shape;
    }

    /// The type of the component at a pointer in the current direction, and whether its construction was begun before.
    pub fn component_of(&mut self, at: &str) -> Option<(TypeId, bool)> {
        let id = *self.components.get(&(at.to_owned(), self.direction))?;
        Some((id, !self.begun.insert(id)))
    }

    /// Constructs a type inside of another one.
    pub fn nested<T>(&mut self, construct: impl FnOnce(&mut Self) -> T) -> T {
        self.depth += 1;
        let value = construct(self);
        self.depth -= 1;
        value
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

    /// Remembers which type a schema has, unless it is unconstrained, as many are that have nothing in common.
    pub fn know(&mut self, schema: &Schema<'d>, id: TypeId) {
        if !schema.is_unconstrained() {
            self.known.entry(self.key(schema)).or_insert(id);
        }
    }

    /// The type that a schema has, if that was constructed or begun.
    pub fn known(&self, schema: &Schema<'d>) -> Option<TypeId> {
        self.known.get(&self.key(schema)).copied()
    }

    /// The key of the type of a schema.
    fn key(&self, schema: &Schema<'d>) -> (Key, Option<Direction>) {
        let differs = schema.pointers().any(|at| self.directions.differs(at));
        (schema.key(), differs.then_some(self.direction))
    }

    /// Reports a schema that is nested too deep, or one type too many.
    pub fn is_beyond_limits(&mut self, schema: &Schema<'d>) -> bool {
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
    pub fn limit_levels(&mut self, schema: &Schema<'d>) {
        if schema.is_too_deep() {
            let message = format!(
                "the schema refers to others, or has others in `allOf`, more than {MAX_HOPS} levels deep"
            );
            let hint = "describe the value as any JSON by leaving its type out";
            self.report("too-intricate", schema, message, hint);
        }
    }

    /// Reports a problem, the first one of each location.
    pub fn report(&mut self, code: &'static str, schema: &Schema<'d>, message: String, hint: &str) {
        let problem = Diagnostic::error(code, schema.pointer(), message).hint(hint);
        let mut known = self.problems.iter();
        if known.all(|known| known.place != problem.place) {
            self.problems.push(problem);
        }
    }
}

/// A newtype without constraints of its own.
pub fn alias(inner: TypeRef) -> Shape {
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
