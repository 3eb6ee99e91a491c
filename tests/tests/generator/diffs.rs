//! Documents changed at random: every difference is reported, of the generated code and of the documents.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::common;
use crate::mutation::{Choices, corpus, mutate};
use openapi_changes::diff::{self, Change, Diff, Kind, Owner};
use openapi_client_gen::codegen::{self, Generated};
use openapi_document::pointer;
use openapi_document::read::Document;
use serde_json::{Map, Value, json};

/// The number of changed documents, and the least number of them that can still be generated.
const TRIED: u64 = 150;
const GENERATED: usize = 50;

/// A document before and after a change, both of which can be generated.
struct Pair {
    how: String,
    old: (Document, Generated),
    new: (Document, Generated),
}

impl Pair {
    fn diff(&self) -> Diff {
        diff::documents(&self.old.0, &self.new.0).expect("both are generated")
    }
}

fn pairs(seeds: Range<u64>) -> impl Iterator<Item = Pair> {
    let corpus = corpus(&common::workspace());
    seeds.filter_map(move |seed| {
        let mut choices = Choices::seeded(seed);
        let root = choices.pick(&corpus).clone();
        let mut changed = root.clone();
        let how = mutate(&mut changed, &mut choices);
        let generated = |root: Value| {
            let document = Document::parse("a.json", root.to_string()).expect("a document");
            let generated = codegen::generate(&document, None).ok()?;
            Some((document, generated))
        };
        Some(Pair {
            how: format!("{seed}: {how}"),
            old: generated(root)?,
            new: generated(changed)?,
        })
    })
}

/// The lines of the generated code without documentation, in any order: that of setters and optional fields is nothing to
/// callers.
fn code(generated: &Generated) -> Vec<&str> {
    let lines = generated.files.values().flat_map(|text| text.lines());
    let lines = lines.map(str::trim).filter(|line| !line.starts_with("//"));
    let mut lines: Vec<&str> = lines.collect();
    lines.sort_unstable();
    lines
}

/// Whether it is a change of the document that the code doesn't show.
fn is_in_document(change: &Change) -> bool {
    matches!(
        change.kind,
        Kind::AuthenticationChanged
            | Kind::DetailChanged
            | Kind::DocumentDescribed
            | Kind::OperationDescribed
            | Kind::SchemaDeprecated
            | Kind::SchemaDescribed
            | Kind::SchemaRestored
            | Kind::ServersChanged
    )
}

#[test]
fn each_difference_in_the_code_is_reported() {
    let mut generated = 0;
    let mut unreported = Vec::new();
    for pair in pairs(0..TRIED) {
        generated += 1;
        let told = pair.diff().changes;
        if code(&pair.old.1) != code(&pair.new.1) && told.iter().all(is_in_document) {
            unreported.push(pair.how);
        }
    }
    assert!(unreported.is_empty(), "{unreported:#?}");
    assert!(generated >= GENERATED, "{generated} of {TRIED}");
}

/// A part of a document without its meaningless members: the order of a list, an item that it has already, what
/// stands beside a reference, and how an operation is called, for its method is compared. What is shared stands where it
/// is referred to, but for schemas; what is shared by that, as by itself, is left a reference.
fn in_order(root: &Value, value: &Value) -> Value {
    said(value, &|reference| {
        shared(root, reference).map(|target| said(target, &|_| None))
    })
}

/// The same with what is to stand for references.
fn said(value: &Value, referred: &dyn Fn(&Map<String, Value>) -> Option<Value>) -> Value {
    match value {
        Value::Array(items) => {
            let items = items
                .iter()
                .map(|item| (item.to_string(), said(item, referred)));
            Value::Array(items.collect::<BTreeMap<_, _>>().into_values().collect())
        }
        Value::Object(members) => referred(members).unwrap_or_else(|| {
            let is_reference = members.contains_key("$ref");
            let says = |name: &String| match is_reference {
                true => name == "$ref",
                false => name != "operationId",
            };
            let members = members.iter().filter(|(name, _)| says(name));
            let members = members.map(|(name, member)| {
                // The only way in that asks for nothing is no way that asks.
                let asks = name != "security" || *member != json!([{}]);
                let member = if asks {
                    said(member, referred)
                } else {
                    json!([])
                };
                (name.clone(), member)
            });
            Value::Object(members.collect())
        }),
        scalar => scalar.clone(),
    }
}

/// The target of a reference to a parameter, a body or a response.
fn shared<'a>(root: &'a Value, reference: &Map<String, Value>) -> Option<&'a Value> {
    let target = reference.get("$ref")?.as_str()?.strip_prefix('#')?;
    let kinds = ["parameters", "requestBodies", "responses"];
    let is_shared = |kind| target.starts_with(&format!("/components/{kind}/"));
    pointer::get(root, target).filter(|_| kinds.into_iter().any(is_shared))
}

/// The operations and schemas that differ, each with the names that a change of it may have.
fn differing(pair: &Pair) -> Vec<(String, BTreeSet<Owner>)> {
    let (old, new) = (&pair.old.0.root, &pair.new.0.root);
    let mut differing = Vec::new();
    let operations = [&pair.old, &pair.new]
        .into_iter()
        .flat_map(|(_, generated)| &generated.api.operations);
    let origins: BTreeSet<&str> = operations
        .clone()
        .map(|operation| operation.origin.as_str())
        .collect();
    for origin in origins {
        let of = |root| pointer::get(root, origin).map(|value| in_order(root, value));
        if of(old) != of(new) {
            let names = operations
                .clone()
                .filter(|operation| operation.origin == origin);
            let owners = names.map(|operation| Owner::Operation(operation.name.clone()));
            differing.push((origin.to_owned(), owners.collect()));
        }
    }
    let schemas = |root| pointer::get(root, "/components/schemas").and_then(Value::as_object);
    for (name, schema) in schemas(old).into_iter().flatten() {
        if schemas(new)
            .and_then(|new| new.get(name))
            .is_some_and(|after| in_order(new, after) != in_order(old, schema))
        {
            differing.push((name.clone(), BTreeSet::from([Owner::Schema(name.clone())])));
        }
    }
    differing
}

#[test]
fn what_differs_is_told_by_its_name() {
    let mut unreported = Vec::new();
    for pair in pairs(TRIED..2 * TRIED) {
        let differing = differing(&pair);
        let told = pair.diff().changes;
        // A type without a name is called after where it stands, the schema of a form is its parts, and what refers to a
        // renamed schema is as it was.
        let is_told_elsewhere = |schema: bool| {
            told.iter().any(|change| match change.place.owner {
                Owner::Type(_) => true,
                Owner::Operation(_) => schema,
                _ => change.kind == Kind::SchemaRenamed,
            })
        };
        for (place, owners) in differing {
            let is_told = told
                .iter()
                .any(|change| owners.contains(&change.place.owner));
            if !is_told && !is_told_elsewhere(!place.starts_with('/')) {
                unreported.push(format!("{place}: {}", pair.how));
            }
        }
    }
    assert!(unreported.is_empty(), "{unreported:#?}");
}
