//! Parts of a schema, put together keyword by keyword.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::MAX_DEPTH;
use super::failure::{Failure, spend};
use crate::check;
use crate::keywords::{
    COMPOSITIONS, allows_all, described, is_about, is_composed, only_composition, says_nothing,
};
use crate::pointer;
use crate::view;

/// Where parts come from.
pub struct Source<'a> {
    pub root: &'a Value,
    /// What components were that are put together by now, by pointer: what they are made of, several may share.
    pub originals: &'a BTreeMap<String, Value>,
    /// How many more values parts may have.
    pub left: &'a mut usize,
}

/// A schema in the making.
#[derive(Default)]
pub struct Whole {
    /// What is no list of things that is added to.
    keywords: Map<String, Value>,
    properties: Map<String, Value>,
    required: Vec<Value>,
    /// What the parts say of other fields, if they say anything.
    others: Vec<Value>,
    /// How many parts say something of fields.
    objects: usize,
    /// The schemas that were put in by reference. What several parts are made of is put in once: a second time it would
    /// undo what a part that builds on it says more.
    included: BTreeSet<String>,
    /// Where, in the schema, there is an `allOf` of what several parts say of one field, or of the items.
    shared: Vec<String>,
    /// The fields that parts hold to different values.
    torn: Vec<String>,
    /// Whether the parts are one of several combinations of branches.
    is_chosen: bool,
}

/// What several combinations of branches may have that one may not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// There is one combination.
    No,
    /// There are several, and those without values are left out.
    Possible,
    /// There are several, none of which has values, unless a part overrides what another one says.
    Any,
}

impl Whole {
    /// Puts parts together that have no unions. What a later one says goes before what an earlier one says.
    pub fn of<'v>(
        source: &mut Source<'_>,
        parts: impl IntoIterator<Item = &'v Value>,
        choice: Choice,
    ) -> Result<Self, Failure> {
        let mut whole = Self {
            is_chosen: choice != Choice::No,
            ..Self::default()
        };
        for part in parts {
            whole.absorb(source, part, MAX_DEPTH)?;
        }
        let is_torn = |name: &Value| {
            name.as_str()
                .is_some_and(|name| whole.torn.iter().any(|torn| torn == name))
        };
        if choice == Choice::Possible && whole.required.iter().any(is_torn) {
            return Err(Failure::Contradiction);
        }
        Ok(whole)
    }

    /// Adds what a schema says, what its own parts say first.
    fn absorb(
        &mut self,
        source: &mut Source<'_>,
        schema: &Value,
        depth: usize,
    ) -> Result<(), Failure> {
        let depth = depth.checked_sub(1).ok_or(Failure::TooDeep)?;
        let (target, schema) = view::resolve(source.root, schema).ok_or(Failure::TooDeep)?;
        let schema = target
            .as_ref()
            .and_then(|target| source.originals.get(target))
            .unwrap_or(schema);
        if target.is_some_and(|target| !self.included.insert(target)) {
            return Ok(());
        }
        spend(source.left, size(schema))?;
        let members = schema.as_object().ok_or(Failure::TooDeep)?;
        for keyword in COMPOSITIONS {
            // What a union of several is made of is up to who chooses one of them.
            let parts = members.get(keyword).and_then(Value::as_array);
            let parts = parts.filter(|parts| keyword == "allOf" || parts.len() == 1);
            for part in parts.into_iter().flatten() {
                self.absorb(source, part, depth)?;
            }
        }
        for (keyword, value) in members {
            match keyword.as_str() {
                "properties" => {
                    for (name, property) in value.as_object().into_iter().flatten() {
                        let known = self.properties.get(name).cloned();
                        let field = pointer::join("/properties", name);
                        let differs = |known| differ(source.root, known, property);
                        if known.as_ref().is_some_and(differs) {
                            self.torn.push(name.clone());
                        }
                        let property = self.both(source, known, property, &field)?;
                        self.properties.insert(name.clone(), property);
                    }
                }
                "items" => {
                    let known = self.keywords.get(keyword).cloned();
                    let items = self.both(source, known, value, "/items")?;
                    self.keywords.insert(keyword.clone(), items);
                }
                "required" => {
                    for name in value.as_array().into_iter().flatten() {
                        if !self.required.contains(name) {
                            self.required.push(name.clone());
                        }
                    }
                }
                "additionalProperties" => self.others.push(value.clone()),
                "type" => self.narrow(value)?,
                "enum" => self.choose(value)?,
                // typify has no use for the one, and checks the others in no way that could be kept.
                "xml" | "minProperties" | "maxProperties" => {}
                _ if COMPOSITIONS.contains(&keyword.as_str()) => {}
                _ if is_about(keyword) && keyword != "default" => {}
                _ => {
                    self.keywords.insert(keyword.clone(), value.clone());
                }
            }
        }
        let speaks = |keyword: &str| members.contains_key(keyword);
        self.objects += usize::from(speaks("properties") || speaks("additionalProperties"));
        Ok(())
    }

    fn narrow(&mut self, declared: &Value) -> Result<(), Failure> {
        let known = self.keywords.get("type").and_then(Value::as_str);
        let narrower = match (known, declared.as_str()) {
            (None, _) | (Some("number"), Some("integer")) => declared.clone(),
            (Some("integer"), Some("number")) => return Ok(()),
            (Some(known), Some(declared)) if known == declared => return Ok(()),
            _ => return Err(Failure::Contradiction),
        };
        self.keywords.insert("type".to_owned(), narrower);
        Ok(())
    }

    fn choose(&mut self, values: &Value) -> Result<(), Failure> {
        let both = match self.keywords.get("enum").and_then(Value::as_array) {
            None => values.clone(),
            Some(known) => {
                let values = values.as_array().map_or(&[][..], Vec::as_slice);
                known
                    .iter()
                    .filter(|value| values.contains(value))
                    .cloned()
                    .collect()
            }
        };
        if both.as_array().is_some_and(Vec::is_empty) {
            return Err(Failure::Contradiction);
        }
        self.keywords.insert("enum".to_owned(), both);
        Ok(())
    }

    /// What two parts say of one thing, which stands at `field`.
    fn both(
        &mut self,
        source: &mut Source<'_>,
        known: Option<Value>,
        later: &Value,
        field: &str,
    ) -> Result<Value, Failure> {
        let Some(known) = known else {
            return Ok(later.clone());
        };
        let (one, other) = (described(&known), described(later));
        let mut said = annotations(&known);
        said.extend(annotations(later));
        said.remove("nullable");
        let one_is_all =
            one == other || says_nothing(other) && !allows_all(one) || source.builds_on(one, other);
        let other_is_all = says_nothing(one) || source.builds_on(other, one);
        let both = if one_is_all {
            if !other_is_all && !says_nothing(other) {
                // What is the default of more values may not be one of these.
                said.remove("default");
                said.extend(default(&known));
            }
            one.clone()
        } else if other_is_all {
            if !says_nothing(one) {
                said.remove("default");
                said.extend(default(later));
            }
            other.clone()
        } else if contradict(source.root, one, other) {
            return Ok(later.clone());
        } else if self.shared.iter().any(|shared| shared == field) {
            said.remove("default");
            let mut both = one.clone();
            let parts = both.get_mut("allOf").and_then(Value::as_array_mut);
            if let Some(parts) = parts.filter(|parts| !parts.contains(other)) {
                parts.push(other.clone());
            }
            both
        } else if [one, other].into_iter().all(|part| source.is_simple(part)) {
            said.remove("default");
            match Self::of(source, [one, other], Choice::No) {
                Ok(inline) => {
                    let (schema, shared) = inline.into_schema();
                    let shared = shared.into_iter();
                    self.shared
                        .extend(shared.map(|inner| format!("{field}{inner}")));
                    schema
                }
                Err(Failure::Contradiction) => return Ok(later.clone()),
                Err(failure) => return Err(failure),
            }
        } else {
            spend(source.left, size(one) + size(other))?;
            said.remove("default");
            self.shared.push(field.to_owned());
            json!({ "allOf": [one, other] })
        };
        let both = beside(both, said);
        let nullable = source.both_take_null(&known, later);
        if source.takes_null(&both).unwrap_or_default() == nullable {
            return Ok(both);
        }
        let nullable = Map::from_iter([("nullable".to_owned(), Value::from(nullable))]);
        Ok(beside(both, nullable))
    }

    /// The schema, and where in it there is an `allOf` of what several parts say.
    pub fn into_schema(self) -> (Value, Vec<String>) {
        let mut schema = self.keywords;
        let is_object = schema.get("type").is_some_and(|name| name == "object")
            || self.objects > 0
            || !self.required.is_empty();
        if is_object {
            schema
                .entry("type".to_owned())
                .or_insert_with(|| Value::from("object"));
        }
        // Each part that forbids other fields would forbid those of its neighbours, which nobody means.
        // Of several combinations of branches, it tells one from the others.
        let describes =
            |others: &Value| others.as_object().is_some_and(|others| !others.is_empty());
        let forbids = |others: &Value| *others == Value::Bool(false);
        let last = |is_meant: &dyn Fn(&Value) -> bool| {
            let mut others = self.others.iter().rev();
            others.find(|others| is_meant(others)).cloned()
        };
        let is_closed =
            !self.others.is_empty() && (self.is_chosen || self.others.len() == self.objects);
        let others = last(&describes)
            .or_else(|| last(&|others| !forbids(others)))
            .or_else(|| is_closed.then_some(Value::Bool(false)));
        if let Some(others) = others {
            schema.insert("additionalProperties".to_owned(), others);
        }
        if !self.properties.is_empty() {
            schema.insert("properties".to_owned(), Value::Object(self.properties));
        }
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), Value::Array(self.required));
        }
        let mut schema = Value::Object(schema);
        if check::schemas::wrong_default(&schema).is_some()
            && let Some(schema) = schema.as_object_mut()
        {
            schema.remove("default");
        }
        (schema, self.shared)
    }
}

/// What a schema says about itself, but for what only a union has.
fn annotations(schema: &Value) -> Map<String, Value> {
    let keywords = schema.as_object().into_iter().flatten();
    keywords
        .filter(|(keyword, _)| is_about(keyword) && *keyword != "discriminator")
        .map(|(keyword, value)| (keyword.clone(), value.clone()))
        .collect()
}

fn default(schema: &Value) -> Option<(String, Value)> {
    let default = schema.get("default")?;
    Some(("default".to_owned(), default.clone()))
}

/// A schema with keywords that say something about it.
pub(super) fn beside(schema: Value, said: Map<String, Value>) -> Value {
    if said.is_empty() {
        return schema;
    }
    let mut schema = match schema {
        Value::Object(schema) if !schema.contains_key("$ref") => schema,
        reference => Map::from_iter([("allOf".to_owned(), json!([reference]))]),
    };
    schema.extend(said);
    Value::Object(schema)
}

/// Whether two schemas hold a value to one value each, and not to the same.
fn differ(root: &Value, one: &Value, other: &Value) -> bool {
    let only = |schema| match view::single(root, schema)
        .get("enum")?
        .as_array()?
        .as_slice()
    {
        [only] => Some(only),
        _ => None,
    };
    matches!((only(one), only(other)), (Some(one), Some(other)) if one != other)
}

/// Whether two schemas are of different types. Then the later one replaces the earlier one, as in a class that overrides
/// a field.
fn contradict(root: &Value, one: &Value, other: &Value) -> bool {
    let declared = |schema| declared(root, schema, MAX_NESTING);
    matches!((declared(one), declared(other)), (Some(one), Some(other)) if one != other)
}

/// How many unions within each other are looked through for what their branches have in common.
const MAX_NESTING: usize = 2;

/// The type of a schema, or the one that all branches of a union have.
fn declared<'v>(root: &'v Value, schema: &'v Value, nesting: usize) -> Option<&'v str> {
    let schema = view::single(root, schema);
    if let Some((_, branches)) = only_composition(schema) {
        let nesting = nesting.checked_sub(1)?;
        let mut types = branches
            .iter()
            .map(|branch| declared(root, branch, nesting));
        let first = types.next()??;
        return types.all(|other| other == Some(first)).then_some(first);
    }
    let declared = schema.get("type").and_then(Value::as_str);
    match declared.or_else(|| schema.get("properties").map(|_| "object")) {
        Some("integer") => Some("number"),
        declared => declared,
    }
}

/// How many schemas are compared to find that one says all that another one says.
const MAX_COMPARISONS: usize = 1_000;

impl Source<'_> {
    /// Whether a schema says all that another one says.
    fn builds_on(&self, schema: &Value, base: &Value) -> bool {
        let mut left = MAX_COMPARISONS;
        self.says_all_of(schema, base, &mut left)
    }

    fn says_all_of(&self, schema: &Value, base: &Value, left: &mut usize) -> bool {
        if *left == 0 {
            return false;
        }
        *left -= 1;
        let (schema, base) = (described(schema), described(base));
        if schema == base || view::target(base).is_some_and(|base| self.is_made_of(schema, base)) {
            return true;
        }
        // It is one of the branches of the other one, or each of its branches is.
        if let Some(branches) = self.branches(base) {
            let mut branches = branches.iter();
            if branches.any(|base| self.says_all_of(schema, base, left)) {
                return true;
            }
        }
        if let Some(branches) = self.branches(schema) {
            let mut branches = branches.iter();
            return branches.all(|schema| self.says_all_of(schema, base, left));
        }
        let resolved = view::resolve(self.root, schema).and_then(|(_, schema)| schema.as_object());
        resolved.is_some_and(|resolved| {
            view::reference(base).is_none()
                && base.as_object().is_some_and(|base| {
                    let mut said = base.iter().filter(|(keyword, _)| !is_about(keyword));
                    said.all(|(keyword, value)| resolved.get(keyword) == Some(value))
                })
        })
    }

    /// The branches of a schema that is nothing but a union.
    fn branches<'v>(&'v self, schema: &'v Value) -> Option<&'v [Value]> {
        let (_, schema) = view::resolve(self.root, schema)?;
        let (keyword, branches) = only_composition(schema)?;
        (keyword != "allOf").then_some(branches)
    }

    /// Whether a component is a schema, or among what it is made of.
    fn is_made_of(&self, schema: &Value, component: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut pending = vec![schema];
        while let Some(schema) = pending.pop() {
            let target = view::target(schema);
            if target == Some(component) {
                return true;
            }
            if target.is_some_and(|target| !seen.insert(target)) {
                continue;
            }
            let original = target.and_then(|target| self.originals.get(target));
            let resolved = || view::resolve(self.root, schema).map(|(_, schema)| schema);
            let parts = original
                .or_else(resolved)
                .and_then(|schema| schema.get("allOf"));
            pending.extend(parts.and_then(Value::as_array).into_iter().flatten());
        }
        false
    }

    /// Whether a schema is neither made of others nor a type that has a name.
    fn is_simple(&self, schema: &Value) -> bool {
        view::resolve(self.root, schema).is_some_and(|(target, schema)| {
            !is_composed(schema) && (target.is_none() || is_scalar(schema))
        })
    }

    /// Whether null is among the values of what two parts describe. One that says no more than that it may be null means
    /// it for the other one.
    fn both_take_null(&self, known: &Value, later: &Value) -> bool {
        match (self.takes_null(known), self.takes_null(later)) {
            (Some(known), Some(later_does)) => later_does && (known || says_nothing(later)),
            (known, later) => known.or(later) == Some(true),
        }
    }

    /// Whether null is among the values of a schema; `None` if it leaves that to others.
    pub fn takes_null(&self, schema: &Value) -> Option<bool> {
        self.null(schema, &mut BTreeSet::new(), MAX_DEPTH)
    }

    fn null(&self, schema: &Value, seen: &mut BTreeSet<String>, depth: usize) -> Option<bool> {
        let depth = depth.checked_sub(1)?;
        let (target, schema) = view::resolve(self.root, schema)?;
        if target.is_some_and(|target| !seen.insert(target)) {
            return None;
        }
        if let Some(nullable) = schema.get("nullable").and_then(Value::as_bool) {
            return Some(nullable);
        }
        let mut said = Vec::new();
        for (keyword, value) in schema.as_object()? {
            match (keyword.as_str(), value.as_array()) {
                ("allOf", Some(parts)) => {
                    said.extend(parts.iter().filter_map(|part| self.null(part, seen, depth)));
                }
                ("oneOf" | "anyOf", Some(branches)) => {
                    let mut branches = branches.iter();
                    said.push(branches.any(|branch| self.null(branch, seen, depth) == Some(true)));
                }
                ("type" | "properties" | "enum", _) => said.push(false),
                _ => {}
            }
        }
        said.into_iter().reduce(|one, other| one && other)
    }
}

/// Whether the values of a schema are texts, numbers, or true and false, of which there is no list.
fn is_scalar(schema: &Value) -> bool {
    const SCALARS: [&str; 4] = ["string", "number", "integer", "boolean"];
    let declared = schema.get("type").and_then(Value::as_str);
    declared.is_some_and(|declared| SCALARS.contains(&declared)) && schema.get("enum").is_none()
}

/// How many values there are in a value, itself included; long texts count more than once.
pub(super) fn size(value: &Value) -> usize {
    1 + match value {
        Value::Object(members) => members.values().map(size).sum(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::String(text) => text.len() / 4_096,
        _ => 0,
    }
}
