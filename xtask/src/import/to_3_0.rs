//! A document of OpenAPI 3.1 in the words of 3.0, for a description that is kept in 3.0.
//!
//! The two versions differ in few places, most of them in schemas: 3.1 takes all of JSON Schema 2020-12. A list of small passes
//! does the work, each of which removes one of these differences and records every rewrite; `spec import --explain` prints
//! them. A keyword that 3.0 lacks is removed and noted, if all values stay valid; otherwise it is rejected by name and position.
//!
//! The pointers of the result are traced back to the file, so that a later message names a line that is there.

mod combining;
mod content;
mod hoisting;
mod metadata;
mod objects;
mod operations;
mod references;
mod types;

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::diagnostic::Diagnostic;
use crate::pointer::{self, before as origin};
use crate::shape::{Found, Kind, Version, Walk};

/// The version that every document has afterwards.
pub const VERSION: &str = "3.0.3";

/// How many values may be copied, all in all, where a reference has to give way to what it stands for. An honest
/// document copies some dozens; one that refers to a large path item a thousand times would never end.
const MAX_COPIED: usize = 200_000;

/// One change that a pass made.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// The pass.
    pub pass: &'static str,
    /// The pointer in the file.
    pub pointer: String,
    /// The change.
    pub message: String,
}

/// What was done to a document.
#[derive(Clone, Debug, Default)]
pub struct Restated {
    /// The changes, in the order of the passes. Their places are those of the file.
    pub rewrites: Vec<Rewrite>,
    /// Where values that a pass moved stood before: new pointer to the one in the file.
    pub origins: BTreeMap<String, String>,
    /// What can't be taken over, at its place in what became of the document: who leaves that out has no such problem.
    pub errors: Vec<Diagnostic>,
    /// What was made less strict, at its place in the file.
    pub notes: Vec<Diagnostic>,
}

/// A document on its way, and what the passes share.
struct Restating<'a> {
    root: &'a mut Value,
    done: Restated,
    loosened: BTreeMap<&'static str, Loosened>,
    copied: usize,
    /// What [`Restating::found`] found, until something changes.
    walked: Option<Rc<[Found]>>,
}

/// A keyword that was left out, wherever it stood.
struct Loosened {
    effect: &'static str,
    first: String,
    places: usize,
}

type Pass = fn(&mut Restating<'_>);

/// The passes in order. References are settled first, since they name places that later passes change; lists of types
/// are taken apart last, since by then each keyword left belongs to one type.
const PASSES: &[Pass] = &[
    metadata::version,
    metadata::summary,
    metadata::license,
    metadata::dialect,
    operations::path_items,
    operations::webhooks,
    operations::paths,
    operations::responses,
    operations::mutual_tls,
    hoisting::inner_schemas,
    references::overrides,
    references::dynamic,
    metadata::identifiers,
    metadata::examples,
    combining::conditions,
    objects::rules,
    objects::tuples,
    objects::patterns,
    objects::unevaluated,
    content::bodies,
    content::encodings,
    types::constants,
    combining::null_branches,
    types::bounds,
    types::lists,
    types::null_alone,
    types::parameters,
    objects::items,
    references::siblings,
    combining::booleans,
];

/// Turns a document of OpenAPI 3.1 into one of 3.0. Does nothing to any other value.
pub fn restate(root: &mut Value) -> Restated {
    if Version::of(root) != Version::V31 {
        return Restated::default();
    }
    let mut restating = Restating {
        root,
        done: Restated::default(),
        loosened: BTreeMap::new(),
        copied: 0,
        walked: None,
    };
    for pass in PASSES {
        pass(&mut restating);
    }
    restating.finish()
}

impl Restating<'_> {
    fn finish(self) -> Restated {
        let Self {
            mut done, loosened, ..
        } = self;
        for (
            keyword,
            Loosened {
                effect,
                first,
                places,
            },
        ) in loosened
        {
            let more = match places {
                1 => String::new(),
                2 => ", here and in another place".to_owned(),
                _ => format!(", here and in {} other places", places - 1),
            };
            let message = format!("OpenAPI 3.0 has no `{keyword}`: {effect}{more}");
            let note = Diagnostic::error("loosened", first, message).note();
            done.notes.push(match places {
                1 => note,
                _ => note.hint("`spec import --explain` lists every place"),
            });
        }
        done
    }

    /// Records a change that keeps the meaning. Every change has to be recorded.
    fn record(&mut self, pass: &'static str, pointer: &str, message: impl Into<String>) {
        self.walked = None;
        let pointer = origin(&self.done.origins, pointer);
        self.done.rewrites.push(Rewrite {
            pass,
            pointer,
            message: message.into(),
        });
    }

    /// Records that a keyword was left out, with what that means for values.
    fn loosen(&mut self, pointer: &str, keyword: &'static str, effect: &'static str) {
        let place = origin(&self.done.origins, pointer);
        self.record("loosen", pointer, format!("no `{keyword}`: {effect}"));
        let known = self.loosened.entry(keyword).or_insert(Loosened {
            effect,
            first: String::new(),
            places: 0,
        });
        // Passes go from the end of the document to its start.
        known.first = place;
        known.places += 1;
    }

    /// Reports what can't be taken over.
    fn refuse(&mut self, problem: Diagnostic) {
        self.done.errors.push(problem);
    }

    /// All typed nodes, innermost first, so that the place of each stays valid while those before it change.
    fn found(&mut self) -> Rc<[Found]> {
        let walked = self.walked.get_or_insert_with(|| {
            let found = Walk::document_3_1(self.root).found;
            found.into_iter().rev().collect()
        });
        Rc::clone(walked)
    }

    /// The places of all nodes of a kind that are not references.
    fn nodes(&mut self, kind: Kind) -> Vec<String> {
        let found = self.found();
        let nodes = found.iter().filter(|found| found.kind == kind);
        nodes
            .filter(|found| found.reference.is_none())
            .map(|found| found.pointer.clone())
            .collect()
    }

    /// Lets `change` have every schema that has one of the keywords, with its place. The schema is taken out of the
    /// document meanwhile.
    fn each_schema(
        &mut self,
        keywords: &[&str],
        mut change: impl FnMut(&mut Self, &str, &mut Map<String, Value>),
    ) {
        let found = self.found();
        let schemas = found.iter().filter(|found| found.kind == Kind::Schema);
        for Found { pointer, .. } in schemas {
            let Some(slot) = pointer::get_mut(self.root, pointer) else {
                continue;
            };
            let has = |keyword: &&str| slot.get(*keyword).is_some();
            if !keywords.iter().any(has) {
                continue;
            }
            if let Value::Object(mut schema) = slot.take() {
                change(self, pointer, &mut schema);
                if let Some(slot) = pointer::get_mut(self.root, pointer) {
                    *slot = Value::Object(schema);
                }
            }
        }
    }

    /// Remembers that what stands at `to` came from `from`, with all that is in it.
    fn moved(&mut self, from: &str, to: &str) {
        let old = origin(&self.done.origins, from);
        let inner = self.take_origins(from);
        self.take_origins(to);
        for (place, old) in inner {
            self.done
                .origins
                .insert(format!("{to}{}", &place[from.len()..]), old);
        }
        self.done.origins.insert(to.to_owned(), old);
    }

    /// Remembers that `to` was made of what stood at `from`, and not what became of anything in it.
    fn made(&mut self, from: &str, to: &str) {
        let old = origin(&self.done.origins, from);
        self.done.origins.insert(to.to_owned(), old);
    }

    /// Takes out what is known of the origins of a place and all that is in it.
    fn take_origins(&mut self, place: &str) -> Vec<(String, String)> {
        let inside = format!("{place}/");
        let known = self.done.origins.range(place.to_owned()..);
        let keys: Vec<String> = known
            .map(|(key, _)| key)
            .take_while(|key| key.starts_with(place))
            .filter(|key| *key == place || key.starts_with(&inside))
            .cloned()
            .collect();
        keys.into_iter()
            .filter_map(|key| self.done.origins.remove_entry(&key))
            .collect()
    }

    /// A copy of the value at a place, if not too much was copied before.
    fn copy(&mut self, place: &str) -> Option<Value> {
        let value = pointer::get(self.root, place)?;
        self.copied = self.copied.saturating_add(size(value));
        (self.copied <= MAX_COPIED).then(|| value.clone())
    }
}

/// How many values there are in a value.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

/// Whether a keyword leaves the values of a schema as they are, in the words of OpenAPI 3.0.
fn is_annotation(keyword: &str) -> bool {
    const ANNOTATIONS: [&str; 11] = [
        "title",
        "description",
        "default",
        "nullable",
        "readOnly",
        "writeOnly",
        "example",
        "externalDocs",
        "deprecated",
        "discriminator",
        "xml",
    ];
    keyword.starts_with("x-") || ANNOTATIONS.contains(&keyword)
}
