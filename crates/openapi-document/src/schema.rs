//! Schemas as intersections.
//!
//! `allOf`, references and keywords beside them all say the same: a value is valid against several schema objects at once.
//! [`Schema`] is that set of objects. A property of an intersection is the intersection of the schemas that the objects have for
//! it, so compositions need no merging: each question is put to all objects, and the answers are combined.

mod branches;
mod members;

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::value::Index;

use crate::keywords::{self, Role};
use crate::pointer;
use crate::view::{self, MAX_HOPS, SCHEMAS};

pub use branches::{Branch, mapping, maps_to};

/// Keywords that decide the representation of values, and constrain none.
const REPRESENTATION: [&str; 4] = ["discriminator", "nullable", "readOnly", "writeOnly"];

/// The keywords of unions.
const UNIONS: [&str; 2] = ["oneOf", "anyOf"];

/// The keywords of unions that an object is taken without: a branch of a union is constrained by the other keywords alone.
type Resolved = BTreeSet<&'static str>;

/// The schema objects of an intersection, in order. Schemas with the same key have the same type.
pub type Key = Vec<(String, Resolved)>;

/// A schema object, and its location.
#[derive(Clone, Debug)]
struct SchemaObject<'d> {
    /// The object, or a boolean.
    value: &'d Value,
    /// Its JSON pointer.
    pointer: String,
    resolved: Resolved,
    /// Whether it stands for a reference to it.
    is_target: bool,
    /// The number of references that lead to it.
    distance: usize,
}

impl<'d> SchemaObject<'d> {
    fn at(value: &'d Value, pointer: impl Into<String>, distance: usize) -> Self {
        Self {
            value,
            pointer: pointer.into(),
            resolved: Resolved::new(),
            is_target: false,
            distance,
        }
    }

    fn keyword(&self, name: &str) -> Option<&'d Value> {
        let value = self.value.get(name)?;
        (!self.resolved.contains(name)).then_some(value)
    }

    fn is(&self, keyword: &str) -> bool {
        self.keyword(keyword) == Some(&Value::Bool(true))
    }

    /// The subschema that is the value of a keyword.
    fn child(&self, keyword: &str) -> Option<Self> {
        let pointer = pointer::join(&self.pointer, keyword);
        Some(Self::at(self.keyword(keyword)?, pointer, self.distance))
    }

    /// A subschema in the object or the list that is the value of a keyword.
    fn member(&self, keyword: &str, token: impl Index + ToString) -> Option<Self> {
        let members = self.child(keyword)?;
        let pointer = pointer::join(&members.pointer, &token.to_string());
        Some(Self::at(members.value.get(token)?, pointer, self.distance))
    }

    fn items(&self, keyword: &str) -> impl Iterator<Item = Self> {
        let items = self.keyword(keyword).and_then(Value::as_array);
        (0..items.map_or(0, Vec::len)).filter_map(move |index| self.member(keyword, index))
    }

    /// Whether it constrains values, other than by a reference or by `allOf`.
    fn constrains(&self) -> bool {
        match self.value {
            Value::Object(keywords) => keywords.keys().any(|keyword| {
                let is_composition = matches!(&**keyword, "$ref" | "allOf");
                !is_composition && !is_annotation(keyword) && self.keyword(keyword).is_some()
            }),
            value => *value == Value::Bool(false),
        }
    }
}

/// Whether a keyword constrains no value.
fn is_annotation(keyword: &str) -> bool {
    let role = keywords::role(keyword);
    REPRESENTATION.contains(&keyword) || role.is_none_or(|role| role == Role::Annotation)
}

/// The schema objects that apply to a value, the outermost first. References and `allOf` are followed.
#[derive(Clone, Debug)]
pub struct Schema<'d> {
    root: &'d Value,
    objects: Vec<SchemaObject<'d>>,
    /// The JSON pointers of the references with nothing but annotations and `allOf` around them.
    references: Vec<String>,
    /// Whether there are constraints beside the references.
    constrains: bool,
    /// Whether it is a branch of one of several unions, whose branches may contradict each other.
    is_combined: bool,
    /// Whether more than [`MAX_HOPS`] references and `allOf`s lead to another object.
    is_too_deep: bool,
}

impl<'d> Schema<'d> {
    /// The schema at a JSON pointer.
    pub fn at(root: &'d Value, pointer: &str) -> Option<Self> {
        let value = pointer::get(root, pointer)?;
        Some(Self::of(root, value, pointer))
    }

    /// The schema that is a value of the document.
    pub fn of(root: &'d Value, value: &'d Value, pointer: &str) -> Self {
        Self::intersection(root, vec![SchemaObject::at(value, pointer, 0)])
    }

    fn intersection(root: &'d Value, objects: Vec<SchemaObject<'d>>) -> Self {
        let mut schema = Self {
            root,
            objects: Vec::new(),
            references: Vec::new(),
            constrains: false,
            is_combined: false,
            is_too_deep: false,
        };
        for object in &objects {
            schema.add(object.clone(), &objects, 0, true);
        }
        schema.resolve_unions();
        schema
    }

    /// Adds an object, and those that its references and its `allOf` lead to. Unions are resolved as in the `listed` objects,
    /// wherever these are reached from. `is_own` is false behind a reference.
    fn add(
        &mut self,
        mut object: SchemaObject<'d>,
        listed: &[SchemaObject<'d>],
        depth: usize,
        is_own: bool,
    ) {
        let is_same = |known: &&SchemaObject<'d>| known.pointer == object.pointer;
        if self.objects.iter().any(|known| is_same(&known)) {
            return;
        }
        if depth > MAX_HOPS {
            self.is_too_deep = true;
            return;
        }
        let resolved: Resolved = match self.is_branch_of(&object) {
            true => UNIONS.into(),
            false => {
                let listed = listed.iter().filter(is_same);
                listed.flat_map(|listed| listed.resolved.clone()).collect()
            }
        };
        object.resolved.extend(resolved);
        let is_own = is_own && !object.is_target;
        if object.is_target {
            self.references.push(object.pointer.clone());
        }
        self.constrains |= is_own && object.constrains();
        self.objects.push(object.clone());
        if let Some(target) = view::target(object.value)
            && let Some(value) = pointer::get(self.root, target)
        {
            if is_own && !self.references.iter().any(|known| known == target) {
                self.references.push(target.to_owned());
            }
            let target = SchemaObject::at(value, target, object.distance + 1);
            self.add(target, listed, depth + 1, false);
        }
        for object in object.items("allOf") {
            self.add(object, listed, depth + 1, is_own);
        }
    }

    fn constraining(&self) -> impl Iterator<Item = &SchemaObject<'d>> {
        self.objects.iter().filter(|object| object.constrains())
    }

    fn only_constraining(&self) -> Option<&SchemaObject<'d>> {
        let mut constraining = self.constraining();
        constraining
            .next()
            .filter(|_| constraining.next().is_none())
    }

    /// The schema objects.
    pub fn objects(&self) -> impl Iterator<Item = &'d Value> {
        self.objects.iter().map(|object| object.value)
    }

    /// The JSON pointers of the schema objects.
    pub fn pointers(&self) -> impl Iterator<Item = &str> {
        self.objects.iter().map(|object| &*object.pointer)
    }

    /// The key of the schema: schemas with the same key have the same type.
    pub fn key(&self) -> Key {
        let key = |object: &SchemaObject<'d>| (object.pointer.clone(), object.resolved.clone());
        self.constraining().map(key).collect()
    }

    /// Whether every value is valid against it.
    pub fn is_unconstrained(&self) -> bool {
        self.constraining().next().is_none()
    }

    /// The words of its location in a component, such as `Task owner` for `/components/schemas/Task/properties/owner`. A name made
    /// of them does not depend on where the schema is met first.
    pub fn words(&self) -> Option<String> {
        let pointer = &self.only_constraining()?.pointer;
        let is_named = pointer.starts_with("/components/schemas/") || pointer.contains("/$defs/");
        // The position of a branch is no name.
        let lists = ["/oneOf/", "/anyOf/", "/prefixItems/"];
        let is_branch = lists.iter().any(|list| pointer.contains(list));
        (is_named && !is_branch).then(|| words(pointer))
    }

    /// The JSON pointer of the schema that it refers to, if it is a reference with nothing but annotations beside it.
    pub fn reference(&self) -> Option<&str> {
        match &*self.references {
            [only] if !self.constrains => Some(only),
            _ => None,
        }
    }

    /// The JSON pointer of the only object that constrains values, if its unions are not resolved.
    pub fn component(&self) -> Option<&str> {
        let only = self.only_constraining()?;
        only.resolved.is_empty().then_some(&only.pointer)
    }

    /// The JSON pointer of the outermost object.
    pub fn pointer(&self) -> &str {
        self.objects.first().map_or("", |object| &object.pointer)
    }

    /// The values that the objects have for a keyword.
    pub fn keywords(&self, name: &'static str) -> impl Iterator<Item = &'d Value> {
        let objects = self.objects.iter();
        objects.filter_map(move |object| object.keyword(name))
    }

    /// The value that the fewest references lead to: that of an extension, and not of its base.
    fn nearest<T>(&self, value: impl Fn(&SchemaObject<'d>) -> Option<T>) -> Option<T> {
        let objects = self.objects.iter();
        let values = objects.filter_map(|object| Some((object.distance, value(object)?)));
        let nearest = values.min_by_key(|(distance, _)| *distance);
        nearest.map(|(_, value)| value)
    }

    /// The nearest value of a keyword.
    pub fn annotation(&self, name: &str) -> Option<&'d Value> {
        self.nearest(|object| object.keyword(name))
    }

    /// The nearest value of a keyword that is text.
    pub fn text(&self, name: &str) -> Option<&'d str> {
        self.nearest(|object| object.keyword(name)?.as_str())
    }

    /// Whether a keyword is `true` in any of the objects.
    pub fn is(&self, name: &str) -> bool {
        self.objects.iter().any(|object| object.is(name))
    }

    /// The types that all objects allow, without `null`, or `None` if no object has a type.
    pub fn types(&self) -> Option<BTreeSet<&'d str>> {
        let mut types = self.types_and_null()?;
        types.remove("null");
        Some(types)
    }

    fn types_and_null(&self) -> Option<BTreeSet<&'d str>> {
        let types = self.keywords("type").map(type_names);
        types.reduce(|left, right| common_types(&left, &right))
    }

    /// Whether `null` is allowed.
    pub fn is_nullable(&self) -> bool {
        self.allows_null(&mut BTreeSet::new())
    }

    /// Whether `null` is allowed; `seen` are the unions that were searched.
    fn allows_null(&self, seen: &mut BTreeSet<String>) -> bool {
        // OpenAPI 3.0 has `nullable` beside a `type`; beside a reference it is common, and means the same.
        let has_type = |object: &&SchemaObject<'_>| object.keyword("type").is_some();
        let (typed, untyped): (Vec<_>, Vec<_>) = self.objects.iter().partition(has_type);
        let all_typed = |allow: fn(&SchemaObject<'_>) -> bool| {
            !typed.is_empty() && typed.iter().all(|object| allow(object))
        };
        untyped.iter().any(|object| object.is("nullable"))
            || all_typed(|object| object.is("nullable"))
            || all_typed(|object| {
                let types = object.keyword("type").map(type_names);
                types.is_some_and(|types| types.contains("null"))
            })
            || self.is_null()
            || self.has_null_in(seen)
    }

    /// Whether a union has `null` for a branch, or an enum for a value.
    fn has_null_in(&self, seen: &mut BTreeSet<String>) -> bool {
        let mut enums = self.keywords("enum").filter_map(Value::as_array);
        if enums.any(|values| values.contains(&Value::Null)) {
            return true;
        }
        self.unions().any(|(object, keyword)| {
            let is_new = seen.insert(pointer::join(&object.pointer, keyword));
            let allows_null =
                |branch| Self::intersection(self.root, vec![branch]).allows_null(seen);
            is_new && object.items(keyword).any(allows_null)
        })
    }

    /// Whether `null` is the only value.
    pub fn is_null(&self) -> bool {
        let mut types = self.keywords("type").map(type_names).peekable();
        let only = serde_json::json!([null]);
        (types.peek().is_some() && types.all(|names| names.into_iter().eq(["null"])))
            || self.keywords("enum").any(|values| *values == only)
            || self.keywords("const").any(Value::is_null)
    }

    /// Whether no value is valid against it, whatever its members and unions are: because it is `false`, or because of types or
    /// lists of values that exclude each other.
    pub fn is_empty(&self) -> bool {
        let types = self.types_and_null();
        self.is_false() || self.has_no_value() || types.is_some_and(|types| types.is_empty())
    }

    /// Whether references and `allOf`s lead to more objects than are followed.
    pub fn is_too_deep(&self) -> bool {
        self.is_too_deep
    }

    /// Whether lists of values exclude each other.
    fn has_no_value(&self) -> bool {
        self.values().is_some_and(|values| values.is_empty()) && !self.is_null()
    }

    /// Whether it is `false`.
    pub fn is_false(&self) -> bool {
        self.objects().any(|object| *object == Value::Bool(false))
    }

    /// The values that all objects allow, without `null`, or `None` if no object lists values.
    pub fn values(&self) -> Option<Vec<&'d Value>> {
        let enums = self.keywords("enum").filter_map(Value::as_array);
        let enums = enums.map(|values| values.iter().collect());
        let constants = self.keywords("const").map(|value| vec![value]);
        let lists = enums.chain(constants);
        let mut values: Vec<&Value> = lists.reduce(|mut values, others| {
            values.retain(|value| others.contains(value));
            values
        })?;
        values.retain(|value| !value.is_null());
        Some(values)
    }

    /// The values, if they are listed and all of them are strings.
    pub fn strings(&self) -> Option<Vec<&'d str>> {
        let values = self.values()?;
        let strings: Option<Vec<&str>> = values.iter().map(|value| value.as_str()).collect();
        strings.filter(|strings| !strings.is_empty())
    }

    /// The discriminator that an object declares, with the pointer of that object.
    pub fn discriminator(&self) -> Option<(&'d Value, &str)> {
        let mut objects = self.objects.iter();
        objects.find_map(|object| Some((object.keyword("discriminator")?, &*object.pointer)))
    }

    /// The bounds that the objects have, each with whether it is exclusive. `exclusive` is the keyword that makes the bound
    /// exclusive (`true`, in OpenAPI 3.0) or is an exclusive bound itself.
    pub fn bounds(&self, name: &str, exclusive: &str) -> Vec<(&'d Value, bool)> {
        let mut bounds = Vec::new();
        for object in &self.objects {
            let inclusive = object.keyword(name);
            bounds.extend(inclusive.map(|bound| (bound, object.is(exclusive))));
            let exclusive = object.keyword(exclusive).filter(|own| own.is_number());
            bounds.extend(exclusive.map(|bound| (bound, true)));
        }
        bounds
    }

    /// The values of a keyword that is a count.
    pub fn counts(&self, name: &'static str) -> impl Iterator<Item = u64> {
        self.keywords(name).filter_map(Value::as_u64)
    }

    /// Whether any object has a keyword.
    pub fn has(&self, name: &'static str) -> bool {
        self.keywords(name).next().is_some()
    }
}

/// The component schemas, each with its JSON pointer.
pub fn components(root: &Value) -> impl Iterator<Item = (String, &Value)> {
    let schemas = pointer::get(root, SCHEMAS).and_then(Value::as_object);
    let schemas = schemas.into_iter().flatten();
    schemas.map(|(name, schema)| (pointer::join(SCHEMAS, name), schema))
}

/// The pointer of the component schema that a reference leads to, or into.
pub fn component(target: &str) -> Option<&str> {
    let name = target.strip_prefix(SCHEMAS)?.strip_prefix('/')?;
    let length = name.find('/').unwrap_or(name.len());
    Some(&target[..SCHEMAS.len() + 1 + length])
}

/// The words of the JSON pointer of a schema: the names that the document chose, without the keywords around them. A schema in
/// `$defs` has a name of its own.
pub fn words(pointer: &str) -> String {
    let mut tokens: Vec<String> = pointer::tokens(pointer).collect();
    let is_definitions = |token: &String| matches!(&**token, "$defs" | "definitions");
    if let Some(index) = tokens.iter().rposition(is_definitions) {
        tokens.drain(..=index);
    }
    let mut tokens = tokens.into_iter();
    let mut words = Vec::new();
    while let Some(token) = tokens.next() {
        match &*token {
            "components" | "paths" | "schema" | "schemas" => {}
            "properties" => words.extend(tokens.next()),
            "items" => words.push("item".to_owned()),
            "additionalProperties" => words.push("value".to_owned()),
            "requestBody" => words.push("body".to_owned()),
            "responses" => {
                tokens.next();
                words.push("response".to_owned());
            }
            // The next token is a position, or a media type.
            "allOf" | "anyOf" | "oneOf" | "prefixItems" | "parameters" | "content" => {
                tokens.next();
            }
            _ => words.push(token),
        }
    }
    words.join(" ")
}

fn type_names(value: &Value) -> BTreeSet<&str> {
    match value {
        Value::String(name) => BTreeSet::from([&**name]),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::new(),
    }
}

/// The types that both sets allow. An integer is a number.
fn common_types<'d>(left: &BTreeSet<&'d str>, right: &BTreeSet<&'d str>) -> BTreeSet<&'d str> {
    let mut types: BTreeSet<&str> = left & right;
    for (one, other) in [(left, right), (right, left)] {
        if one.contains("integer") && other.contains("number") && !other.contains("integer") {
            types.insert("integer");
        }
    }
    types
}
