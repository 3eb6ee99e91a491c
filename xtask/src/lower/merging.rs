//! Puts together what schemas are made of, so that typify has nothing to merge.
//!
//! typify merges an `allOf`, or what stands beside a union, in place and follows every reference on its way. Types lose
//! their names, unions are multiplied by the branches that they don't take, and two schemas that both contain themselves
//! are merged until the stack is used up. Here each schema that is made of parts becomes one plain schema, or one union of
//! plain schemas: one for each combination of the branches of its unions. A field that several parts describe becomes a
//! schema of its own, which is put together in turn. It has a name, so that what contains itself comes to an end.

mod expansion;
mod failure;
mod source;
mod union;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value, json};

pub(super) use self::expansion::all_at_once;
use self::expansion::{Combination, Unions};
use self::failure::Failure;
use self::source::Source;
use self::whole::{Choice, Whole, beside, size};
use super::compositions::{place_name, words};
use super::{Lowering, origin};
use crate::keywords::{is_about, is_made_of_parts, only_parts, says_nothing};
use crate::names::type_name;
use crate::pointer;
use crate::shape::{Kind, Walk};
use crate::view;

/// How many compositions may stand inside each other: several times what any honest document has.
const MAX_DEPTH: usize = 64;

/// How many schemas may come of one that is made of parts, in its place and of the fields of its parts.
const MAX_SCHEMAS: usize = 2_000;

/// How many values the parts may have that all schemas of a document are put together from, unless the document itself has
/// half as many.
const MAX_VALUES: usize = 100_000;

/// Makes one schema of each that is made of parts.
pub fn put_together(lowering: &mut Lowering) {
    let left = MAX_VALUES.max(2 * size(&lowering.root));
    let mut merging = Merging {
        lowering,
        left,
        plain: BTreeSet::new(),
        known: BTreeMap::new(),
        originals: BTreeMap::new(),
        made: BTreeMap::new(),
        pending: Vec::new(),
        depth: 0,
    };
    // The outer ones first: what stands inside them is part of them, or is put together where it comes to stand.
    for place in merging.lowering.nodes(Kind::Schema).into_iter().rev() {
        if let Err(failure) = merging.all_from(&place) {
            merging.pending.clear();
            let place = origin(&merging.lowering.origins, &place);
            let problem = failure.diagnostic(&place);
            merging.lowering.problems.push(problem);
        }
        if merging.left == 0 {
            // What follows would fail as well, for no fault of its own.
            return;
        }
    }
}

struct Merging<'a> {
    lowering: &'a mut Lowering,
    /// How many more values parts may have.
    left: usize,
    /// Components in which there are no unions, by pointer.
    plain: BTreeSet<String>,
    /// References to what was put together of several parts, by these parts.
    known: BTreeMap<String, Value>,
    /// What was put together as it was before, by pointer.
    originals: BTreeMap<String, Value>,
    /// What was put together for several parts that say something of one field: these parts, by the reference.
    made: BTreeMap<String, Vec<Value>>,
    pending: Vec<Pending>,
    /// How many schemas that came of each other what is put together came of.
    depth: usize,
}

/// A schema that is to be put together.
struct Pending {
    place: String,
    /// What it is if its parts contradict each other: of the descriptions of a field the last one.
    instead: Option<Value>,
    depth: usize,
}

impl Merging<'_> {
    /// Puts the schema at a place together, and all schemas that come of it.
    fn all_from(&mut self, place: &str) -> Result<(), Failure> {
        self.depth = 0;
        self.one(place)?;
        let mut count = 0;
        while let Some(next) = self.pending.pop() {
            count += 1;
            if count > MAX_SCHEMAS {
                return Err(Failure::TooManySchemas);
            }
            self.depth = next.depth;
            match (self.one(&next.place), next.instead) {
                (Err(Failure::Contradiction), Some(later)) => self.replace(&next.place, later),
                (done, _) => done?,
            }
        }
        Ok(())
    }

    /// Puts one schema together, whatever stands in it.
    fn one(&mut self, place: &str) -> Result<(), Failure> {
        let Some(schema) = pointer::get(&self.lowering.root, place) else {
            return Ok(());
        };
        if self.depth > MAX_DEPTH {
            return Err(Failure::TooDeep);
        }
        if let Some(lean) = without_silent(schema) {
            self.replace(place, lean);
            self.lowering.record(
                "put-together",
                place,
                "parts of `allOf` that say nothing are left out",
            );
            return self.one(place);
        }
        if !is_made_of_parts(schema) {
            return Ok(());
        }
        let schema = schema.clone();
        if pointer::parent(place) == Some("/components/schemas")
            && schema.get("nullable") != Some(&Value::Bool(true))
            && let Some(parts) = only_parts(&schema)
        {
            let reference = json!({ "$ref": format!("#{place}") });
            self.known.entry(key(parts)).or_insert(reference);
        }
        let owner = place_name(self.lowering, place);
        let (mut wholes, all) = self.wholes(&schema, owner.as_deref(), place)?;
        let count = wholes.len();
        let (mut result, message) = if count > 1 {
            let union = self.union(wholes, &schema, owner.as_deref(), place);
            let message = format!("{count} of {all} combinations of branches become one union");
            (union, message)
        } else {
            let (_, whole) = wholes.pop().ok_or(Failure::Contradiction)?;
            let message = if all == 1 {
                "its parts become one schema".to_owned()
            } else {
                format!("one of {all} combinations of branches has values")
            };
            (self.finish(whole, owner.as_deref(), place), message)
        };
        annotate(&mut result, &schema, all > 1);
        if !schema.get("nullable").is_some_and(Value::is_boolean) && self.takes_null(&schema) {
            result.insert("nullable".to_owned(), Value::Bool(true));
        }
        self.replace(place, Value::Object(result));
        self.within(place);
        self.lowering.record("put-together", place, message);
        self.originals.insert(place.to_owned(), schema);
        Ok(())
    }

    fn takes_null(&mut self, schema: &Value) -> bool {
        let source = Source {
            root: &self.lowering.root,
            originals: &self.originals,
            left: &mut self.left,
        };
        source.takes_null(schema) == Some(true)
    }

    /// The combinations of branches that have values, put together, and how many combinations there are.
    fn wholes(
        &mut self,
        schema: &Value,
        owner: Option<&str>,
        place: &str,
    ) -> Result<(Vec<(Combination, Whole)>, usize), Failure> {
        let mut unions = Unions {
            root: &self.lowering.root,
            originals: &self.originals,
            plain: &mut self.plain,
            left: &mut self.left,
        };
        let mut combinations = unions.expand(schema, MAX_DEPTH)?.combinations;
        let all = combinations.len();
        if let Some(owner) = owner.filter(|_| all > 1) {
            self.name_fields_of_all(&mut combinations, owner, place);
        }
        let mut source = Source {
            root: &self.lowering.root,
            originals: &self.originals,
            left: &mut self.left,
        };
        let choices: &[Choice] = match all {
            1 => &[Choice::No],
            _ => &[Choice::Possible, Choice::Any],
        };
        for choice in choices {
            let mut wholes = Vec::new();
            for combination in &combinations {
                let parts = combination.parts.iter().map(Rc::as_ref);
                match Whole::of(&mut source, parts, *choice) {
                    Ok(whole) => wholes.push((combination.clone(), whole)),
                    Err(Failure::Contradiction) => {}
                    Err(failure) => return Err(failure),
                }
            }
            if !wholes.is_empty() {
                return Ok((wholes, all));
            }
        }
        Ok((Vec::new(), all))
    }

    /// Makes a component of a schema, and has what stands in it put together as well.
    fn hoist(&mut self, name: &str, schema: Value, place: &str) -> Value {
        let reference = self.lowering.hoist(name, schema, place);
        if let Some(place) = view::target(&reference) {
            self.within(place);
        }
        reference
    }

    /// Gives the fields that several parts describe a name, and has them put together as well.
    fn finish(&mut self, whole: Whole, owner: Option<&str>, place: &str) -> Map<String, Value> {
        let (mut schema, shared) = whole.into_schema();
        for field in shared {
            let left = pointer::get_mut(&mut schema, &field).and_then(Value::as_object_mut);
            let Some((Value::Array(parts), said)) =
                left.and_then(|left| Some((left.remove("allOf")?, std::mem::take(left))))
            else {
                continue;
            };
            let reference = self.reference_to(self.origins_of(&parts), &field, owner, place);
            if let Some(left) = pointer::get_mut(&mut schema, &field) {
                *left = beside(reference, said);
            }
        }
        match schema {
            Value::Object(schema) => schema,
            _ => Map::new(),
        }
    }

    /// A reference to what several parts say of a field, or of the items, put together. It is made once, so that what
    /// contains itself leads back to it.
    fn reference_to(
        &mut self,
        parts: Vec<Value>,
        field: &str,
        owner: Option<&str>,
        place: &str,
    ) -> Value {
        if let [only] = &parts[..] {
            return only.clone();
        }
        let key = key(&parts);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let owner = owner.map(str::to_owned).or_else(|| {
            let named = parts.iter().find_map(view::reference);
            named.and_then(view::schema_name)
        });
        let tokens: Vec<String> = pointer::tokens(field).collect();
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let words: Vec<String> = owner.into_iter().chain(words(&tokens)).collect();
        let name = type_name(&words.join("-"));
        let instead = parts.last().cloned();
        // Whether it may be null is said where it is used.
        let schema = json!({ "allOf": parts, "nullable": false });
        let reference = self.lowering.hoist(&name, schema, place);
        if let Some(place) = view::target(&reference) {
            self.pending.push(Pending {
                place: place.to_owned(),
                instead,
                depth: self.depth + 1,
            });
        }
        self.known.insert(key, reference.clone());
        self.made.insert(reference.to_string(), parts);
        reference
    }

    /// Parts, with what they were made of in the place of those that were made here.
    fn origins_of(&self, parts: &[Value]) -> Vec<Value> {
        let mut origins: Vec<Value> = Vec::new();
        for part in parts {
            let made = self.made.get(&part.to_string());
            let own = std::slice::from_ref(part);
            for origin in made.map_or(own, Vec::as_slice) {
                if !origins.contains(origin) {
                    origins.push(origin.clone());
                }
            }
        }
        origins
    }

    /// Has the schema at a place, and what stands in it, put together as well: it was copied there from parts.
    fn within(&mut self, place: &str) {
        let Some(schema) = pointer::get(&self.lowering.root, place) else {
            return;
        };
        let found = Walk::of(Kind::Schema, schema, place).found.into_iter();
        let schemas = found.filter(|found| found.kind == Kind::Schema);
        for place in schemas.map(|found| found.pointer) {
            let schema = pointer::get(&self.lowering.root, &place);
            if schema.is_some_and(is_made_of_parts) {
                self.pending.push(Pending {
                    place,
                    instead: None,
                    depth: self.depth + 1,
                });
            }
        }
    }

    fn replace(&mut self, place: &str, schema: Value) {
        if let Some(left) = pointer::get_mut(&mut self.lowering.root, place) {
            *left = schema;
        }
        self.lowering.moved();
    }
}

/// What a schema without unions comes to when its parts are put together; `None` if it isn't made of parts, if they
/// contradict each other, or if that takes more values than are `left`.
#[allow(dead_code)]
pub(crate) fn merged(root: &Value, schema: &Value, left: &mut usize) -> Option<Value> {
    if !is_made_of_parts(schema) {
        return None;
    }
    let mut source = Source {
        root,
        originals: &BTreeMap::new(),
        left,
    };
    let whole = Whole::of(&mut source, [schema], Choice::No).ok()?;
    Some(whole.into_schema().0)
}

/// What parts are known by. Their order is part of it: what a later one says goes before what an earlier one says.
fn key(parts: &[Value]) -> String {
    let parts: Vec<String> = parts.iter().map(Value::to_string).collect();
    parts.join("\n")
}

/// What is said about a schema is said about what it becomes: where it has no description of its own, with that of its
/// last part that has one.
fn annotate(result: &mut Map<String, Value>, schema: &Value, is_union: bool) {
    for (keyword, value) in schema.as_object().into_iter().flatten() {
        if is_about(keyword) && !(keyword == "discriminator" && is_union) {
            result.insert(keyword.clone(), value.clone());
        }
    }
    if !result.contains_key("description") {
        let parts = schema.get("allOf").and_then(Value::as_array);
        let mut said = parts.into_iter().flatten().rev();
        let said = said.find_map(|part| part.get("description"));
        result.extend(said.map(|text| ("description".to_owned(), text.clone())));
    }
}

/// A schema whose `allOf` has members that say nothing, without those; what they say beside goes to the schema.
fn without_silent(schema: &Value) -> Option<Value> {
    let members = schema.get("allOf")?.as_array()?;
    let (silent, speaking): (Vec<&Value>, Vec<&Value>) =
        members.iter().partition(|member| says_nothing(member));
    if silent.is_empty() || speaking.is_empty() {
        return None;
    }
    let mut lean = schema.clone();
    let owner = lean.as_object_mut()?;
    owner.insert("allOf".to_owned(), speaking.into_iter().cloned().collect());
    // What is not the case anyway (`deprecated: false`) is not taken for more than that.
    for (keyword, value) in silent
        .into_iter()
        .filter_map(Value::as_object)
        .flatten()
        .filter(|(_, value)| **value != Value::Bool(false))
    {
        owner
            .entry(keyword.clone())
            .or_insert_with(|| value.clone());
    }
    Some(lean)
}
