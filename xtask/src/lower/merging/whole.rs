//! Parts of a schema, put together keyword by keyword.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::MAX_DEPTH;
use super::failure::{Failure, spend};
use super::source::Source;
use crate::keywords::{COMPOSITIONS, allows_all, described, is_about, says_nothing};
use crate::pointer;
use crate::view;

/// A schema in the making.
#[derive(Default)]
pub struct Whole {
    /// What is no list of things that is added to.
    keywords: Map<String, Value>,
    properties: Map<String, Value>,
    required: Vec<Value>,
    /// What the parts say of the values of other fields.
    values: Option<Value>,
    /// How many parts say something of other fields.
    speaking_of_others: usize,
    /// Whether one of them says that there may be any.
    allows_others: bool,
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

/// What parts are chosen from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// They are the only ones.
    No,
    /// They are one of several combinations of branches, and may turn out to have no values.
    Possible,
    /// They are one of several combinations, none of which has values if parts can't override each other.
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
                        let differs = |known| source.differ(known, property);
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
                "additionalProperties" if describes(value) => {
                    self.speaking_of_others += 1;
                    let known = self.values.take();
                    let values = self.both(source, known, value, "/additionalProperties")?;
                    self.values = Some(values);
                }
                "required" => {
                    for name in value.as_array().into_iter().flatten() {
                        if !self.required.contains(name) {
                            self.required.push(name.clone());
                        }
                    }
                }
                "additionalProperties" => {
                    self.speaking_of_others += 1;
                    self.allows_others |= *value != Value::Bool(false);
                }
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
        let known = match known {
            Some(known) if known == *later => return Ok(known),
            Some(known) => known,
            None => return Ok(later.clone()),
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
        } else if source.contradict(one, other) {
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
        let is_closed = self.speaking_of_others > 0
            && (self.is_chosen || self.speaking_of_others == self.objects);
        let others = match self.values {
            Some(values) => Some(values),
            None if self.allows_others => Some(Value::Bool(true)),
            None => is_closed.then_some(Value::Bool(false)),
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
        if crate::lower::values::wrong_default(&schema).is_some()
            && let Some(schema) = schema.as_object_mut()
        {
            schema.remove("default");
        }
        (schema, self.shared)
    }
}

/// Whether what is said of other fields is what their values are.
fn describes(others: &Value) -> bool {
    others.as_object().is_some_and(|others| !others.is_empty())
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

/// How many values there are in a value, itself included; long texts count more than once.
pub(super) fn size(value: &Value) -> usize {
    1 + match value {
        Value::Object(members) => members.values().map(size).sum(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::String(text) => text.len() / 4_096,
        _ => 0,
    }
}
