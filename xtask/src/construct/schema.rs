//! Schemas as intersections.
//!
//! `allOf`, references and keywords beside them all say the same: a value is valid against several schema objects at once.
//! [`Schema`] is that set of objects. A property of an intersection is the intersection of what each object says of that
//! property, so compositions need no merging: each question is put to all objects, and the answers are combined.

mod branches;
mod members;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::names;
use crate::keywords;
use crate::pointer;
use crate::view::MAX_HOPS;

pub use branches::Branch;
use branches::UnionKeyword;

/// Keywords that describe a schema and constrain no value.
const ANNOTATIONS: &[&str] = &[
    "$comment",
    "default",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "examples",
    "externalDocs",
    "nullable",
    "readOnly",
    "title",
    "writeOnly",
    "xml",
];

/// A schema object, and where it is.
#[derive(Clone, Debug)]
pub struct Part<'d> {
    /// The object, or `true`.
    pub value: &'d Value,
    /// Its JSON pointer.
    pub pointer: String,
    /// Its unions that were dealt with.
    resolved: Resolved,
    /// Whether it stands for a reference to it.
    is_target: bool,
    /// The number of references that lead to it.
    distance: usize,
}

/// Unions of an object that were dealt with: a branch of a union is constrained by the other keywords alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resolved {
    one_of: bool,
    any_of: bool,
}

impl Resolved {
    const NONE: Self = Self {
        one_of: false,
        any_of: false,
    };
    const BOTH: Self = Self {
        one_of: true,
        any_of: true,
    };

    fn of(keyword: UnionKeyword) -> Self {
        Self {
            one_of: keyword == UnionKeyword::OneOf,
            any_of: keyword == UnionKeyword::AnyOf,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            one_of: self.one_of || other.one_of,
            any_of: self.any_of || other.any_of,
        }
    }
}

impl<'d> Part<'d> {
    /// The object at a pointer.
    pub fn of(value: &'d Value, pointer: impl Into<String>) -> Self {
        Self {
            value,
            pointer: pointer.into(),
            distance: 0,
            resolved: Resolved::NONE,
            is_target: false,
        }
    }

    /// An object in it.
    fn inner(&self, value: &'d Value, pointer: String) -> Self {
        Self {
            distance: self.distance,
            ..Self::of(value, pointer)
        }
    }

    fn keyword(&self, name: &str) -> Option<&'d Value> {
        let is_hidden = match name {
            "oneOf" => self.resolved.one_of,
            "anyOf" => self.resolved.any_of,
            _ => false,
        };
        self.value.get(name).filter(|_| !is_hidden)
    }

    fn member(&self, keyword: &str, name: &str) -> Option<Self> {
        let value = self.keyword(keyword)?.get(name)?;
        let pointer = pointer::join(&pointer::join(&self.pointer, keyword), name);
        Some(self.inner(value, pointer))
    }

    fn child(&self, keyword: &str) -> Option<Self> {
        let value = self.keyword(keyword)?;
        let pointer = pointer::join(&self.pointer, keyword);
        Some(self.inner(value, pointer))
    }

    fn items(&self, keyword: &str) -> Vec<Self> {
        let items = self.keyword(keyword).and_then(Value::as_array);
        let pointer = pointer::join(&self.pointer, keyword);
        let items = items.into_iter().flatten().enumerate();
        items
            .map(|(index, value)| self.inner(value, pointer::join(&pointer, &index.to_string())))
            .collect()
    }

    /// Whether it constrains values, other than by a reference or by `allOf`.
    fn constrains(&self) -> bool {
        match self.value {
            Value::Object(keywords) => keywords.keys().any(|keyword| {
                let is_composition = matches!(&**keyword, "$ref" | "allOf");
                let is_annotation =
                    ANNOTATIONS.contains(&&**keyword) || !keywords::is_assertion(keyword);
                !is_composition && !is_annotation && self.keyword(keyword).is_some()
            }),
            value => *value == Value::Bool(false),
        }
    }
}

/// The schema objects of an intersection, in order. Schemas with the same key have the same type.
pub type Key = Vec<(String, Resolved)>;

/// The schema objects that apply to a value, the outermost first. References and `allOf` are followed.
#[derive(Clone, Debug)]
pub struct Schema<'d> {
    parts: Vec<Part<'d>>,
    /// The reference that it is, with nothing but annotations beside it.
    reference: Option<Part<'d>>,
    /// Whether it is a branch of one of several unions, whose branches may contradict each other.
    is_combined: bool,
    /// Whether more than [`MAX_HOPS`] references and `allOf`s lead to another object.
    is_too_deep: bool,
}

/// Follows references and `allOf`.
struct Expansion<'d> {
    root: &'d Value,
    /// The unions that are dealt with, by their objects, wherever these are reached from.
    resolved: BTreeMap<String, Resolved>,
    parts: Vec<Part<'d>>,
    /// The references with nothing but annotations and `allOf` around them.
    references: Vec<Part<'d>>,
    /// Whether there are constraints beside the references.
    constrains: bool,
    /// Whether there are more objects behind these.
    is_too_deep: bool,
}

impl<'d> Expansion<'d> {
    fn add(&mut self, mut part: Part<'d>, depth: usize, is_own: bool) {
        if self.parts.iter().any(|known| known.pointer == part.pointer) {
            return;
        }
        if depth > MAX_HOPS {
            self.is_too_deep = true;
            return;
        }
        let is_own = is_own && !part.is_target;
        if part.is_target {
            self.references.push(part.clone());
        }
        let resolved = match self.is_branch_of(&part) {
            true => Resolved::BOTH,
            false => self
                .resolved
                .get(&part.pointer)
                .copied()
                .unwrap_or_default(),
        };
        part.resolved = part.resolved.and(resolved);
        self.constrains |= is_own && part.constrains();
        let target = part.keyword("$ref").and_then(Value::as_str);
        let target = target.and_then(|target| target.strip_prefix('#'));
        let all_of = part.items("allOf");
        let distance = part.distance + 1;
        self.parts.push(part);
        if let Some(target) = target
            && let Some(value) = pointer::get(self.root, target)
        {
            let target = Part {
                value,
                pointer: target.to_owned(),
                resolved: Resolved::NONE,
                is_target: false,
                distance,
            };
            if is_own
                && !self
                    .references
                    .iter()
                    .any(|known| known.pointer == target.pointer)
            {
                self.references.push(target.clone());
            }
            self.add(target, depth + 1, false);
        }
        for part in all_of {
            self.add(part, depth + 1, is_own);
        }
    }

    /// Whether the union of an object has a branch that is being expanded: a base that lists the schemas that extend it, and
    /// is reached from one of these.
    fn is_branch_of(&self, base: &Part<'d>) -> bool {
        let is_expanded = |target: &str| {
            let is =
                |part: &Part<'_>| part.pointer == target || pointer::last(&part.pointer) == target;
            self.parts.iter().any(is)
        };
        let branches = ["oneOf", "anyOf"]
            .into_iter()
            .flat_map(|keyword| base.items(keyword));
        let mut targets = branches.filter_map(|branch| branch.keyword("$ref")?.as_str());
        let discriminator = base.keyword("discriminator");
        let mapping =
            discriminator.and_then(|discriminator| discriminator.get("mapping")?.as_object());
        let mut mapped = mapping
            .into_iter()
            .flatten()
            .filter_map(|(_, target)| target.as_str());
        let is_reached = |target: &str| is_expanded(target.strip_prefix('#').unwrap_or(target));
        targets.any(is_reached) || mapped.any(is_reached)
    }
}

impl<'d> Schema<'d> {
    /// The schema at a JSON pointer.
    pub fn at(root: &'d Value, pointer: &str) -> Option<Self> {
        let value = pointer::get(root, pointer)?;
        Some(Self::of(root, vec![Part::of(value, pointer)]))
    }

    /// The intersection of some schema objects.
    pub fn of(root: &'d Value, parts: Vec<Part<'d>>) -> Self {
        let resolved = parts.iter().filter(|part| part.resolved != Resolved::NONE);
        let mut expansion = Expansion {
            root,
            resolved: resolved
                .map(|part| (part.pointer.clone(), part.resolved))
                .collect(),
            parts: Vec::new(),
            references: Vec::new(),
            constrains: false,
            is_too_deep: false,
        };
        for part in parts {
            expansion.add(part, 0, true);
        }
        let reference = match (&*expansion.references, expansion.constrains) {
            ([_], false) => expansion.references.pop(),
            _ => None,
        };
        let mut schema = Self {
            parts: expansion.parts,
            reference,
            is_combined: false,
            is_too_deep: expansion.is_too_deep,
        };
        schema.resolve_unions(root);
        schema
    }

    /// The schema objects.
    pub fn objects(&self) -> impl Iterator<Item = &'d Value> {
        self.parts.iter().map(|part| part.value)
    }

    /// The key of the schema: schemas with the same key have the same type.
    pub fn key(&self) -> Key {
        let parts = self.parts.iter().filter(|part| part.constrains());
        parts
            .map(|part| (part.pointer.clone(), part.resolved))
            .collect()
    }

    /// Whether every value is valid against it.
    pub fn is_unconstrained(&self) -> bool {
        !self.parts.iter().any(Part::constrains)
    }

    /// The words of its location in a component, such as `Task owner` for `/components/schemas/Task/properties/owner`. A name made
    /// of them does not depend on where the schema is met first.
    pub fn words(&self) -> Option<String> {
        let mut constraining = self.parts.iter().filter(|part| part.constrains());
        let (Some(part), None) = (constraining.next(), constraining.next()) else {
            return None;
        };
        let is_named =
            part.pointer.starts_with("/components/schemas/") || part.pointer.contains("/$defs/");
        // The position of a branch is no name.
        let is_branch = ["/oneOf/", "/anyOf/", "/prefixItems/"]
            .iter()
            .any(|list| part.pointer.contains(list));
        (is_named && !is_branch).then(|| names::words(&part.pointer))
    }

    /// The JSON pointer of the schema that it refers to, if it is a reference with nothing but annotations beside it.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_ref().map(|part| &*part.pointer)
    }

    /// The JSON pointer of the only object that constrains values, if its unions are not dealt with.
    pub fn component(&self) -> Option<&str> {
        let mut constraining = self.parts.iter().filter(|part| part.constrains());
        match (constraining.next(), constraining.next()) {
            (Some(part), None) if part.resolved == Resolved::NONE => Some(&part.pointer),
            _ => None,
        }
    }

    /// The JSON pointer of the outermost object.
    pub fn pointer(&self) -> &str {
        self.parts.first().map_or("", |part| &part.pointer)
    }

    fn keywords(&self, name: &'static str) -> impl Iterator<Item = &'d Value> {
        self.parts.iter().filter_map(move |part| part.keyword(name))
    }

    /// The value of a keyword that the fewest references lead to: that of an extension, and not of its base.
    pub fn annotation(&self, name: &'static str) -> Option<&'d Value> {
        let parts = self.parts.iter();
        let values = parts.filter_map(|part| Some((part.distance, part.keyword(name)?)));
        let nearest = values.min_by_key(|(distance, _)| *distance);
        nearest.map(|(_, value)| value)
    }

    /// The same, if it is text.
    pub fn text(&self, name: &'static str) -> Option<&'d str> {
        let parts = self.parts.iter();
        let texts = parts.filter_map(|part| Some((part.distance, part.keyword(name)?.as_str()?)));
        let nearest = texts.min_by_key(|(distance, _)| *distance);
        nearest.map(|(_, text)| text)
    }

    /// Whether a keyword is `true` in any of the objects.
    pub fn is(&self, name: &'static str) -> bool {
        self.keywords(name).any(|value| *value == Value::Bool(true))
    }

    /// The types that all objects allow, without `null`, or `None` if no object says.
    pub fn types(&self) -> Option<BTreeSet<&'d str>> {
        let mut allowed: Option<BTreeSet<&str>> = None;
        for value in self.keywords("type") {
            let types = type_names(value);
            allowed = Some(match allowed {
                None => types,
                Some(allowed) => both(&allowed, &types),
            });
        }
        let mut allowed = allowed?;
        allowed.remove("null");
        Some(allowed)
    }

    /// Whether `null` is allowed.
    pub fn is_nullable(&self, root: &'d Value) -> bool {
        self.allows_null(root, &mut BTreeSet::new())
    }

    /// The same; `seen` are the unions that were looked into.
    fn allows_null(&self, root: &'d Value, seen: &mut BTreeSet<String>) -> bool {
        // OpenAPI 3.0 has `nullable` beside a `type`; beside a reference it is common, and means the same.
        let is_declared = self.parts.iter().any(|part| {
            let is_nullable = part.keyword("nullable") == Some(&Value::Bool(true));
            is_nullable && (part.keyword("type").is_none() || self.types_are_of(part))
        });
        if is_declared || self.is_null() || self.has_null_in(root, seen) {
            return true;
        }
        let mut types = self.keywords("type").peekable();
        let is_typed = types.peek().is_some();
        is_typed && types.all(|value| type_names(value).contains("null"))
    }

    /// Whether a part is the only one with a type.
    fn types_are_of(&self, part: &Part<'d>) -> bool {
        let typed = self
            .parts
            .iter()
            .filter(|other| other.keyword("type").is_some());
        typed.into_iter().all(|other| {
            other.pointer == part.pointer || other.keyword("nullable") == Some(&Value::Bool(true))
        })
    }

    /// Whether a union has `null` for a branch, or an enum for a value.
    fn has_null_in(&self, root: &'d Value, seen: &mut BTreeSet<String>) -> bool {
        let mut enums = self.keywords("enum").filter_map(Value::as_array);
        if enums.any(|values| values.contains(&Value::Null)) {
            return true;
        }
        self.unions().any(|(part, keyword)| {
            let is_new = seen.insert(pointer::join(&part.pointer, keyword.name()));
            let mut branches = part.items(keyword.name()).into_iter();
            is_new && branches.any(|branch| Self::of(root, vec![branch]).allows_null(root, seen))
        })
    }

    /// Whether `null` is the only value.
    pub fn is_null(&self) -> bool {
        let types: Vec<_> = self.keywords("type").collect();
        let only_null = |value: &&Value| type_names(value).into_iter().eq(["null"]);
        let by_type = !types.is_empty() && types.iter().all(only_null);
        let only = serde_json::json!([null]);
        by_type
            || self.keywords("enum").any(|values| *values == only)
            || self.keywords("const").any(Value::is_null)
    }

    /// Whether no value is valid against it, whatever its members and unions are: because it is `false`, or because of types or
    /// lists of values that exclude each other.
    pub fn is_empty(&self) -> bool {
        let mut allowed: Option<BTreeSet<&str>> = None;
        for types in self.keywords("type").map(type_names) {
            let common = allowed.map_or(types.clone(), |allowed| both(&allowed, &types));
            if common.is_empty() {
                return true;
            }
            allowed = Some(common);
        }
        self.is_false() || self.has_no_value()
    }

    /// Whether references and `allOf`s lead to more objects than are followed.
    pub fn is_too_deep(&self) -> bool {
        self.is_too_deep
    }

    /// Whether lists of values exclude each other.
    fn has_no_value(&self) -> bool {
        let is_listed = self.has("enum") || self.has("const");
        let values: Vec<&Value> = self.values().unwrap_or_default();
        is_listed && values.is_empty() && !self.is_null()
    }

    /// Whether it is `false`.
    pub fn is_false(&self) -> bool {
        self.objects().any(|object| *object == Value::Bool(false))
    }

    /// The values that all objects allow, without `null`, or `None` if no object lists values.
    pub fn values(&self) -> Option<Vec<&'d Value>> {
        let enums = self
            .keywords("enum")
            .filter_map(|values| Some(values.as_array()?.iter().collect()));
        let constants = self.keywords("const").map(|value| vec![value]);
        let lists: Vec<Vec<&Value>> = enums.chain(constants).collect();
        let (first, others) = lists.split_first()?;
        let is_allowed = |value: &&&Value| others.iter().all(|values| values.contains(value));
        Some(
            first
                .iter()
                .filter(is_allowed)
                .filter(|value| !value.is_null())
                .copied()
                .collect(),
        )
    }

    /// The discriminator that an object declares, with the pointer of that object.
    pub fn discriminator(&self) -> Option<(&'d Value, &str)> {
        self.parts
            .iter()
            .find_map(|part| Some((part.keyword("discriminator")?, &*part.pointer)))
    }

    /// The bounds that the objects have, each with whether it is exclusive. `exclusive` is the keyword that makes the bound
    /// exclusive (`true`, in OpenAPI 3.0) or is an exclusive bound itself.
    pub fn bounds(&self, name: &'static str, exclusive: &'static str) -> Vec<(&'d Value, bool)> {
        let mut bounds = Vec::new();
        for part in &self.parts {
            let own = part.keyword(exclusive);
            let is_exclusive = own == Some(&Value::Bool(true));
            bounds.extend(part.keyword(name).map(|bound| (bound, is_exclusive)));
            bounds.extend(own.filter(|own| own.is_number()).map(|own| (own, true)));
        }
        bounds
    }

    /// The values of a keyword that is a count.
    pub fn counts(&self, name: &'static str) -> impl Iterator<Item = u64> {
        self.keywords(name).filter_map(Value::as_u64)
    }

    /// The values of a keyword that is a number.
    pub fn numbers(&self, name: &'static str) -> impl Iterator<Item = &'d serde_json::Number> {
        self.keywords(name).filter_map(Value::as_number)
    }

    /// The values of a keyword that is a text.
    pub fn texts(&self, name: &'static str) -> impl Iterator<Item = &'d str> {
        self.keywords(name).filter_map(Value::as_str)
    }

    /// Whether any object has a keyword.
    pub fn has(&self, name: &'static str) -> bool {
        self.keywords(name).next().is_some()
    }
}

fn type_names(value: &Value) -> BTreeSet<&str> {
    match value {
        Value::String(name) => BTreeSet::from([&**name]),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::new(),
    }
}

/// The types that both allow. An integer is a number.
fn both<'d>(left: &BTreeSet<&'d str>, right: &BTreeSet<&'d str>) -> BTreeSet<&'d str> {
    let mut types: BTreeSet<&str> = left & right;
    for (one, other) in [(left, right), (right, left)] {
        if one.contains("integer") && other.contains("number") && !other.contains("integer") {
            types.insert("integer");
        }
    }
    types
}
