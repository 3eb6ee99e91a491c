//! Parts of a schema, put together keyword by keyword.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::MAX_DEPTH;
use super::failure::{Failure, spend};
use crate::check;
use crate::lower::keywords::{
    COMPOSITIONS, allows_all, is_about, is_composed, only_parts, says_nothing,
};
use crate::pointer;
use crate::view;

/// Where parts come from.
pub struct Source<'a> {
    pub root: &'a Value,
    /// The components that components are made of, all of them by pointer, of those that are put together by now.
    pub bases: &'a BTreeMap<String, BTreeSet<String>>,
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
    pub included: BTreeSet<String>,
    /// Where, in the schema, there is an `allOf` of what several parts say of one field, or of the items.
    shared: Vec<String>,
}

impl Whole {
    /// Puts parts together that have no unions. What a later one says goes before what an earlier one says.
    pub fn of(source: &mut Source<'_>, parts: &[Value]) -> Result<Self, Failure> {
        let mut whole = Self::default();
        for part in parts {
            whole.absorb(source, part, MAX_DEPTH)?;
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
        let both = if one == other
            || says_nothing(other) && !allows_all(one)
            || source.builds_on(one, other)
        {
            one.clone()
        } else if says_nothing(one) || source.builds_on(other, one) {
            other.clone()
        } else if contradict(source.root, one, other) {
            return Ok(later.clone());
        } else if self.shared.iter().any(|shared| shared == field) {
            let mut both = one.clone();
            let parts = both.get_mut("allOf").and_then(Value::as_array_mut);
            if let Some(parts) = parts.filter(|parts| !parts.contains(other)) {
                parts.push(other.clone());
            }
            both
        } else if [one, other].into_iter().all(is_simple) {
            match Self::of(source, &[one.clone(), other.clone()]) {
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
            self.shared.push(field.to_owned());
            json!({ "allOf": [one, other] })
        };
        Ok(with_annotations(both, [&known, later]))
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
        let forbids = |others: &Value| *others == Value::Bool(false);
        let others = match self.others.iter().rev().find(|others| !forbids(others)) {
            Some(others) => Some(others.clone()),
            None if !self.others.is_empty() && self.others.len() == self.objects => {
                Some(Value::Bool(false))
            }
            None => None,
        };
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

/// The schema that another one only describes: `allOf` around a single one is how something is put beside a reference.
fn described(schema: &Value) -> &Value {
    match only_parts(schema) {
        Some([only]) if schema.get("default").is_none() => only,
        _ => schema,
    }
}

/// A schema with what its parts say about it, the later ones first.
fn with_annotations(schema: Value, parts: [&Value; 2]) -> Value {
    let said = parts.into_iter().filter_map(Value::as_object).flatten();
    let said: Map<String, Value> = said
        .filter(|(keyword, _)| {
            is_about(keyword) && !["default", "discriminator"].contains(&keyword.as_str())
        })
        .map(|(keyword, value)| (keyword.clone(), value.clone()))
        .collect();
    beside(schema, said)
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

/// Whether a schema is neither another one nor made of others.
fn is_simple(schema: &Value) -> bool {
    view::reference(schema).is_none() && !is_composed(schema)
}

/// Whether two schemas are of different types. Then the later one replaces the earlier one, as in a class that overrides
/// a field.
fn contradict(root: &Value, one: &Value, other: &Value) -> bool {
    let declared = |schema| {
        let schema = view::single(root, schema);
        let declared = schema.get("type").and_then(Value::as_str);
        let fields = schema.get("properties").map(|_| "object");
        match declared.or(fields) {
            Some("integer") => Some("number"),
            declared => declared,
        }
    };
    matches!((declared(one), declared(other)), (Some(one), Some(other)) if one != other)
}

impl Source<'_> {
    /// Whether a schema says all that another one says, because it is made of it.
    fn builds_on(&self, schema: &Value, base: &Value) -> bool {
        let Some(base) = view::target(base) else {
            return false;
        };
        let mut seen = BTreeSet::new();
        let mut pending = vec![schema];
        while let Some(schema) = pending.pop() {
            if let Some(target) = view::target(schema) {
                let known = self.bases.get(target);
                if target == base || known.is_some_and(|bases| bases.contains(base)) {
                    return true;
                }
                if !seen.insert(target) {
                    continue;
                }
            }
            let parts =
                view::resolve(self.root, schema).and_then(|(_, schema)| schema.get("allOf"));
            pending.extend(parts.and_then(Value::as_array).into_iter().flatten());
        }
        false
    }
}

/// How many values there are in a value, itself included.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Object(members) => members.values().map(size).sum(),
        Value::Array(items) => items.iter().map(size).sum(),
        _ => 0,
    }
}
