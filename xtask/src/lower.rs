//! Third stage: a checked document becomes one that progenitor accepts, and a list of operations with all that it
//! can't express.
//!
//! The work is done by a list of small passes. Each removes one limitation of progenitor 0.15 or typify, says so where
//! it is defined, and records every rewrite it makes; `--explain` prints them.

pub(crate) mod bases;
mod components;
pub(crate) mod compositions;
mod default_values;
pub(crate) mod discriminators;
mod inline_types;
pub(crate) mod merging;
pub(crate) mod parameters;
mod parts;
pub(crate) mod references;
pub(crate) mod request_bodies;
pub(crate) mod responses;
pub mod schemas;
pub(crate) mod setters;
mod slips;
pub(crate) mod type_names;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use openapiv3::OpenAPI;
use serde::Deserialize;
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::import::to_3_0;
use crate::model::{Discriminator, Operation};
use crate::pointer;
use crate::read::Document;
use crate::shape::{Kind, Walk};

/// One change that a pass made.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// The pass.
    pub pass: &'static str,
    /// Where in the document as it was read.
    pub pointer: String,
    /// What became of what.
    pub message: String,
}

/// What lowering hands on.
#[derive(Debug)]
pub struct Lowered {
    /// The document for progenitor.
    pub openapi: OpenAPI,
    /// Every operation to generate, in the order of their names.
    pub operations: Vec<Operation>,
    /// What tells the members of unions apart, by the Rust name of the union.
    pub discriminators: BTreeMap<String, Discriminator>,
    /// What was changed, in the order of the passes.
    pub rewrites: Vec<Rewrite>,
    /// Where values that a pass moved stood before: new pointer to old one.
    pub origins: BTreeMap<String, String>,
}

/// The state that the passes share.
#[derive(Debug)]
pub struct Lowering {
    root: Value,
    operations: Vec<Operation>,
    rewrites: Vec<Rewrite>,
    /// What a pass can't do; none after it is run then.
    problems: Vec<Diagnostic>,
    /// Where values that a pass moved stood before: new pointer to old one.
    origins: BTreeMap<String, String>,
    /// What [`Lowering::nodes`] found, until a pass moves something.
    walked: Option<Vec<(Kind, String)>>,
    /// The types that components become, once one was added.
    taken: Option<BTreeSet<String>>,
    /// The order of schemas in the document, of those whose names collide.
    order: BTreeMap<String, usize>,
}

type Pass = fn(&mut Lowering);

/// The passes in order. Those further down rely on the ones before: operations are self-contained after the first.
const PASSES: &[Pass] = &[
    references::name_targets,
    type_names::settle,
    slips::path_parameters,
    components::inline,
    components::drop_unused_by_clients,
    bases::split,
    slips::enum_values,
    slips::defaults,
    slips::enums_without_names,
    slips::rules,
    slips::fields_beside_unions,
    discriminators::choose_one,
    compositions::drop_rules_about_fields,
    compositions::drop_negations,
    compositions::name_recursive,
    merging::put_together,
    compositions::join_objects,
    compositions::choose_one,
    compositions::name_nullable,
    schemas::note_evidence,
    schemas::note_deprecation,
    schemas::mark_private,
    schemas::drop_titles,
    schemas::drop_empty_bounds,
    schemas::drop_rules_of_enums,
    schemas::drop_uniqueness,
    schemas::describe_required,
    schemas::keep_unknown_fields,
    default_values::drop_of_unions,
    default_values::refuse,
    parameters::require_path_parameters,
    parameters::text_in_paths,
    parameters::own,
    parameters::delimited_lists,
    parameters::integer_ranges,
    responses::split_events,
    responses::one_success,
    responses::one_error,
    request_bodies::split_bodies,
    components::drop_multipart_bodies,
    inline_types::unique_names,
];

/// Lowers a document in which [`crate::check::check`] found no error.
///
/// # Errors
///
/// A diagnostic for what only shows while lowering.
pub fn lower(document: &Document) -> Result<Lowered, Vec<Diagnostic>> {
    let mut root = document.root.clone();
    to_3_0::restate(&mut root);
    let mut lowering = Lowering {
        root,
        operations: Vec::new(),
        rewrites: Vec::new(),
        problems: Vec::new(),
        origins: BTreeMap::new(),
        walked: None,
        taken: None,
        order: type_names::order(document),
    };
    // Progenitor knows versions by three numbers; `3.0` is common, and accepted.
    lowering.root["openapi"] = Value::from(to_3_0::VERSION);
    for pass in PASSES {
        pass(&mut lowering);
        if !lowering.problems.is_empty() {
            return Err(lowering.problems);
        }
    }
    let Lowering {
        root,
        mut operations,
        rewrites,
        origins,
        ..
    } = lowering;
    // Keeping track of the path costs time, so it is done only if there is an error to give a place to.
    let read = OpenAPI::deserialize(&root);
    let openapi = read
        .or_else(|_| serde_path_to_error::deserialize(&root))
        .map_err(|error| {
            let place = pointer_of(error.path());
            vec![Diagnostic::error(
                "invalid-structure",
                origin(&origins, &place),
                error.into_inner().to_string(),
            )]
        })?;
    for operation in &mut operations {
        operation.origin = origin(&origins, &operation.pointer);
    }
    let discriminators = discriminators::all(&root);
    operations.sort_by(|left, right| left.name.cmp(&right.name));
    responses::name_successes(&mut operations);
    Ok(Lowered {
        openapi,
        operations,
        discriminators,
        rewrites,
        origins,
    })
}

impl Lowering {
    fn record(&mut self, pass: &'static str, pointer: &str, message: impl Into<String>) {
        let pointer = origin(&self.origins, pointer);
        self.rewrites.push(Rewrite {
            pass,
            pointer,
            message: message.into(),
        });
    }

    /// The pointers of all nodes of a kind, innermost first, so that each stays valid while the ones before it change.
    ///
    /// A pass that moves nodes, or makes new ones, must say so with [`moved`](Self::moved).
    fn nodes(&mut self, kind: Kind) -> Vec<String> {
        let walk = || {
            let found = Walk::document(&self.root).found.into_iter().rev();
            let found = found.filter(|found| found.reference.is_none());
            found.map(|found| (found.kind, found.pointer)).collect()
        };
        let walked = self.walked.get_or_insert_with(walk);
        let of_kind = walked.iter().filter(|(found, _)| *found == kind);
        of_kind.map(|(_, pointer)| pointer.clone()).collect()
    }

    /// Forgets where nodes are.
    fn moved(&mut self) {
        self.walked = None;
    }

    /// Adds a component schema under `name`, or under the next free name, and returns a reference to it.
    fn hoist(&mut self, name: &str, schema: Value, from: &str) -> Value {
        let root = &self.root;
        let taken = self.taken.get_or_insert_with(|| {
            let schemas = pointer::get(root, "/components/schemas").and_then(Value::as_object);
            let names = schemas.into_iter().flat_map(serde_json::Map::keys);
            names.map(|name| crate::names::type_name(name)).collect()
        });
        let name = std::iter::once(name.to_owned())
            .chain((2..).map(|number| format!("{name}{number}")))
            .find(|candidate| taken.insert(crate::names::type_name(candidate)))
            .unwrap_or_else(|| name.to_owned());
        self.moved();
        let place = pointer::join("/components/schemas", &name);
        self.origins.insert(place, origin(&self.origins, from));
        object(object(&mut self.root, "components"), "schemas")[&name] = schema;
        serde_json::json!({ "$ref": format!("#/components/schemas/{}", name.replace('~', "~0").replace('/', "~1")) })
    }
}

/// The object under `key`, made if it isn't there.
fn object<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    if !value[key].is_object() {
        value[key] = Value::Object(serde_json::Map::new());
    }
    &mut value[key]
}

/// Where the value at `pointer` stood in the document as it was read.
pub(crate) fn origin(origins: &BTreeMap<String, String>, pointer: &str) -> String {
    let mut prefix = pointer;
    loop {
        if let Some(old) = origins.get(prefix) {
            return format!("{old}{}", &pointer[prefix.len()..]);
        }
        match pointer::parent(prefix) {
            Some(parent) => prefix = parent,
            None => return pointer.to_owned(),
        }
    }
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .fold(String::new(), |pointer, segment| match segment {
            Segment::Seq { index } => pointer::join(&pointer, &index.to_string()),
            Segment::Map { key } => pointer::join(&pointer, key),
            Segment::Enum { .. } | Segment::Unknown => pointer,
        })
}
