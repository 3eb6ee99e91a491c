//! Names of path parameters: the template and the code have them, the wire does not. So the workspace's names stay
//! where no other part of the upstream document uses upstream's.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::notes::kept;
use openapi_document::diagnostic::Diagnostic;
use openapi_document::pointer;
use openapi_document::read::Document;
use openapi_document::shape::{Kind, Walk};
use openapi_document::view::{self, OperationView, shape, template_names};

/// A path that has other parameter names upstream than in the workspace.
struct Rename<'a> {
    theirs: &'a str,
    ours: &'a str,
    /// Upstream's name of a parameter, and the workspace's.
    names: BTreeMap<&'a str, &'a str>,
}

/// Gives paths of `upstream` the templates that they have in `current`, and their parameters the names in there; notes
/// each path.
pub fn keep(upstream: &mut Document, current: &Value, notes: &mut Vec<Diagnostic>) {
    let root = upstream.root.clone();
    let renames = without_conflicts(&root, find(&root, current));
    for (place, names) in parameters(&root, &renames) {
        let parameter = upstream.root.pointer_mut(&place);
        if let Some((parameter, name)) = parameter.zip(names.first()) {
            parameter["name"] = Value::from(*name);
        }
    }
    for Rename { theirs, ours, .. } in renames {
        let (from, to) = (
            pointer::join("/paths", theirs),
            pointer::join("/paths", ours),
        );
        let message = format!("upstream calls the path `{theirs}`; it stays `{ours}`");
        notes.push(kept(from.clone(), message));
        if let Some(Value::Object(paths)) = upstream.root.get_mut("paths")
            && let Some(item) = paths.remove(theirs)
        {
            paths.insert(ours.to_owned(), item);
            upstream.moved(&from, &to);
        }
    }
}

/// The paths of the same shape, which no other path has on either side.
fn find<'a>(upstream: &'a Value, current: &'a Value) -> Vec<Rename<'a>> {
    let ours = by_shape(current);
    let rename = |(shape, theirs): (String, Vec<&'a str>)| {
        let ([theirs], [ours]) = (theirs.as_slice(), ours.get(&shape)?.as_slice()) else {
            return None;
        };
        let (from, to) = (template_names(theirs)?, template_names(ours)?);
        // A name that is there twice would have to become two.
        let is_one_to_one = [&from, &to].iter().all(|names| {
            let distinct: BTreeSet<&&str> = names.iter().collect();
            distinct.len() == names.len()
        });
        (theirs != ours && is_one_to_one).then(|| Rename {
            theirs,
            ours,
            names: from.into_iter().zip(to).collect(),
        })
    };
    let mut renames: Vec<Rename<'a>> = by_shape(upstream).into_iter().filter_map(rename).collect();
    renames.sort_by_key(|rename| rename.theirs);
    renames
}

fn by_shape(root: &Value) -> HashMap<String, Vec<&str>> {
    let mut found: HashMap<String, Vec<&str>> = HashMap::new();
    for (path, _) in view::members(root, "paths") {
        found.entry(shape(path)).or_default().push(path);
    }
    found
}

/// The new names of the path parameters, by location. Paths that share a parameter may want several.
fn parameters<'a>(root: &'a Value, renames: &[Rename<'a>]) -> BTreeMap<String, BTreeSet<&'a str>> {
    let renames = renames.iter().map(|rename| (rename.theirs, rename));
    let by_path: HashMap<&str, &Rename<'a>> = renames.collect();
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

/// The renames after which no other part of the document uses upstream's names.
fn without_conflicts<'a>(root: &'a Value, mut renames: Vec<Rename<'a>>) -> Vec<Rename<'a>> {
    let found = Walk::document(root).found;
    let targets: BTreeSet<String> = found
        .iter()
        .filter_map(|found| found.reference.as_deref()?.strip_prefix("#/paths/"))
        .filter_map(|target| pointer::tokens(&format!("/{target}")).next())
        .collect();
    let links = found.iter().filter(|found| found.kind == Kind::Link);
    let links: Vec<&Value> = links
        .filter_map(|found| pointer::get(root, &found.pointer))
        .collect();
    let refers_to_any = links.iter().any(|link| link.get("operationRef").is_some());
    let parameters_of_links = links
        .iter()
        .filter_map(|link| link["parameters"].as_object());
    let linked: BTreeSet<&str> = parameters_of_links
        .flatten()
        .map(|(name, _)| name.strip_prefix("path.").unwrap_or(name))
        .collect();
    let operations = OperationView::all(root);
    let parameters_of = |path: &str| -> Vec<(String, &Value)> {
        let operations = operations.iter().filter(|operation| operation.path == path);
        operations
            .flat_map(|operation| operation.parameters(root))
            .collect()
    };
    renames.retain(|Rename { theirs, names, .. }| {
        let item = &root["paths"][theirs];
        let is_in_callback = item.to_string().contains("$request.path.");
        let is_taken = parameters_of(theirs).iter().any(|(_, parameter)| {
            let name = parameter["name"].as_str().unwrap_or_default();
            let is_of_template = is_in_path(parameter) && names.contains_key(name);
            !is_of_template && names.values().any(|ours| *ours == name)
        });
        let is_linked = refers_to_any || names.keys().any(|name| linked.contains(name));
        !(is_linked || is_in_callback || is_taken || targets.contains(*theirs))
    });
    // A path that keeps its names may share a parameter with another one.
    loop {
        let wanted = parameters(root, &renames);
        let before = renames.len();
        renames.retain(|rename| {
            let own = parameters_of(rename.theirs);
            own.iter()
                .all(|(place, _)| wanted.get(place).is_none_or(|names| names.len() < 2))
        });
        if renames.len() == before {
            return renames;
        }
    }
}
