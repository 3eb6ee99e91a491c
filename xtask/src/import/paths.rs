//! Names of path parameters: they stand in the template and in the code, and never go over the wire, where a parameter is
//! known by its position. So the workspace's stay, wherever it is certain that no other part of the upstream document
//! goes by upstream's.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::names::kept;
use crate::diagnostic::Diagnostic;
use crate::pointer;
use crate::read::Document;
use crate::shape::{Kind, Walk};
use crate::view::{OperationView, shape, template_names};

/// A path of upstream's that the workspace has with other names in it.
struct Rename<'a> {
    theirs: &'a str,
    ours: &'a str,
    /// Upstream's name of a parameter, and the workspace's.
    names: BTreeMap<&'a str, &'a str>,
}

/// Gives paths of `upstream` the templates that they have in `current`, and their parameters the names in there; notes
/// each path.
pub fn keep(upstream: &mut Document, current: &Value, notes: &mut Vec<Diagnostic>) {
    let (moves, parameters) = {
        let renames = find(&upstream.root, current);
        let renames = without_conflicts(&upstream.root, renames);
        let parameters: Vec<(String, String)> = parameters(&upstream.root, &renames)
            .into_iter()
            .filter_map(|(place, names)| Some((place, (*names.first()?).to_owned())))
            .collect();
        let moves: Vec<(String, String)> = renames
            .iter()
            .map(|rename| (rename.theirs.to_owned(), rename.ours.to_owned()))
            .collect();
        (moves, parameters)
    };
    for (place, name) in parameters {
        if let Some(parameter) = pointer::get_mut(&mut upstream.root, &place) {
            parameter["name"] = Value::from(name);
        }
    }
    for (theirs, ours) in moves {
        let (from, to) = (
            pointer::join("/paths", &theirs),
            pointer::join("/paths", &ours),
        );
        notes.push(kept(
            from.clone(),
            format!("upstream calls the path `{theirs}`; it stays `{ours}`"),
        ));
        if let Some(Value::Object(paths)) = upstream.root.get_mut("paths")
            && let Some(item) = paths.remove(&theirs)
        {
            paths.insert(ours, item);
            upstream.moved(&from, &to);
        }
    }
}

/// The paths of the same shape, which no other path has on either side.
fn find<'a>(upstream: &'a Value, current: &'a Value) -> Vec<Rename<'a>> {
    let (ours, theirs) = (by_shape(current), by_shape(upstream));
    let pairs = theirs.iter().filter_map(|(shape, theirs)| {
        match (theirs.as_slice(), ours.get(shape)?.as_slice()) {
            ([theirs], [ours]) if theirs != ours => Some((*theirs, *ours)),
            _ => None,
        }
    });
    let mut renames: Vec<Rename<'a>> = pairs
        .filter_map(|(theirs, ours)| {
            let (from, to) = (template_names(theirs)?, template_names(ours)?);
            let names: BTreeMap<&str, &str> =
                from.iter().copied().zip(to.iter().copied()).collect();
            // A name that is there twice would have to become two.
            let is_one_to_one = names.len() == from.len()
                && names.values().collect::<BTreeSet<_>>().len() == to.len();
            is_one_to_one.then_some(Rename {
                theirs,
                ours,
                names,
            })
        })
        .collect();
    renames.sort_by_key(|rename| rename.theirs);
    renames
}

fn by_shape(root: &Value) -> HashMap<String, Vec<&str>> {
    let mut found: HashMap<String, Vec<&str>> = HashMap::new();
    let paths = root.get("paths").and_then(Value::as_object);
    for path in paths.into_iter().flatten().map(|(path, _)| path) {
        found.entry(shape(path)).or_default().push(path);
    }
    found
}

/// The path parameters of the document that stand in a template, by their places, and what each would be called. One
/// that several paths share may be wanted by several names.
fn parameters<'a>(root: &'a Value, renames: &[Rename<'a>]) -> BTreeMap<String, BTreeSet<&'a str>> {
    let by_path: HashMap<&str, &Rename<'a>> = renames
        .iter()
        .map(|rename| (rename.theirs, rename))
        .collect();
    let mut wanted: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for operation in OperationView::all(root) {
        let rename = by_path.get(operation.path);
        for (place, parameter) in operation.parameters(root) {
            if let Some(name) = parameter["name"].as_str().filter(|_| is_in_path(parameter)) {
                let new = rename.and_then(|rename| rename.names.get(name));
                let new = new.copied().unwrap_or(name);
                wanted.entry(place).or_default().insert(new);
            }
        }
    }
    wanted
}

fn is_in_path(parameter: &Value) -> bool {
    parameter["in"] == "path"
}

/// The renames that leave nothing behind which goes by upstream's names.
fn without_conflicts<'a>(root: &'a Value, mut renames: Vec<Rename<'a>>) -> Vec<Rename<'a>> {
    let found = Walk::document(root).found;
    let targets: BTreeSet<String> = found
        .iter()
        .filter_map(|found| found.reference.as_deref()?.strip_prefix("#/paths/"))
        .filter_map(|target| pointer::tokens(&format!("/{target}")).next())
        .collect();
    let links: Vec<&Value> = found
        .iter()
        .filter(|found| found.kind == Kind::Link)
        .filter_map(|found| pointer::get(root, &found.pointer))
        .collect();
    let is_linked = |name: &str| {
        let parameters = links
            .iter()
            .filter_map(|link| link["parameters"].as_object());
        let mut named = parameters.flatten().map(|(name, _)| name.as_str());
        named.any(|named| named.strip_prefix("path.").unwrap_or(named) == name)
    };
    let refers_to_any = links.iter().any(|link| link.get("operationRef").is_some());
    let operations = OperationView::all(root);
    renames.retain(|rename| {
        let item = pointer::get(root, &pointer::join("/paths", rename.theirs));
        let speaks_of_it = item.is_some_and(|item| item.to_string().contains("$request.path."));
        let mut own = operations
            .iter()
            .filter(|operation| operation.path == rename.theirs);
        let is_taken = own.any(|operation| {
            let parameters = operation.parameters(root);
            parameters.iter().any(|(_, parameter)| {
                let name = parameter["name"].as_str().unwrap_or_default();
                let is_of_template = is_in_path(parameter) && rename.names.contains_key(name);
                !is_of_template && rename.names.values().any(|ours| *ours == name)
            })
        });
        let is_linked = refers_to_any || rename.names.keys().any(|name| is_linked(name));
        !(is_linked || speaks_of_it || is_taken || targets.contains(rename.theirs))
    });
    // What is given up for one path may be what another one shares.
    loop {
        let wanted = parameters(root, &renames);
        let before = renames.len();
        renames.retain(|rename| {
            let own = operations
                .iter()
                .filter(|operation| operation.path == rename.theirs);
            let mut places = own.flat_map(|operation| operation.parameters(root));
            !places.any(|(place, _)| wanted.get(&place).is_some_and(|names| names.len() > 1))
        });
        if renames.len() == before {
            return renames;
        }
    }
}
