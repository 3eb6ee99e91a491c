//! Passes over paths, operations and security.

use serde_json::{Map, Value, json};

use super::Restating;
use crate::diagnostic::Diagnostic;
use crate::pointer;
use crate::shape::Kind;
use crate::view::{self, METHODS};

/// Puts path items in the place of references to them, and removes `components.pathItems`: in 3.0 a path item stands
/// under its path. What stands beside the reference replaces what it refers to.
pub fn path_items(restating: &mut Restating<'_>) {
    let paths = restating.root.get("paths").and_then(Value::as_object);
    let referring: Vec<String> = paths
        .into_iter()
        .flatten()
        .filter(|(_, item)| view::reference(item).is_some_and(|to| to.starts_with('#')))
        .map(|(path, _)| path.clone())
        .collect();
    for path in referring {
        let place = pointer::join("/paths", &path);
        let Some(item) = pointer::get(restating.root, &place) else {
            continue;
        };
        // One that leads nowhere is left to be reported with the other references.
        let Some((Some(target), Value::Object(_))) = view::resolve(restating.root, item) else {
            continue;
        };
        let beside = item.as_object().cloned().unwrap_or_default();
        let Some(Value::Object(mut copy)) = restating.copy(&target) else {
            let problem = Diagnostic::error(
                "limit-exceeded",
                "/paths",
                "the path items that are referred to are too large to be written out in each place",
            )
            .hint("refer to a path item from one path, or write out what differs");
            restating.refuse(problem);
            // That is all there is to say about them.
            drop_references(restating.root);
            break;
        };
        for key in copy.keys() {
            restating.moved(&pointer::join(&target, key), &pointer::join(&place, key));
        }
        for (key, value) in beside.into_iter().filter(|(key, _)| key != "$ref") {
            restating.take_origins(&pointer::join(&place, &key));
            copy.insert(key, value);
        }
        if let Some(slot) = pointer::get_mut(restating.root, &place) {
            *slot = Value::Object(copy);
        }
        restating.record("path-item", &place, format!("written out from `#{target}`"));
    }
    let components = restating
        .root
        .get_mut("components")
        .and_then(Value::as_object_mut);
    let removed = components.and_then(|components| components.remove("pathItems"));
    for name in removed
        .iter()
        .filter_map(Value::as_object)
        .flat_map(Map::keys)
    {
        let place = pointer::join("/components/pathItems", name);
        restating.record("path-item", &place, "a path item stands under its path");
    }
}

/// Removes the path items that are references.
fn drop_references(root: &mut Value) {
    if let Some(paths) = root.get_mut("paths").and_then(Value::as_object_mut) {
        paths.retain(|_, item| view::reference(item).is_none());
    }
}

/// Removes `webhooks`: they are requests that the server makes, of which a client writes none.
pub fn webhooks(restating: &mut Restating<'_>) {
    let root = restating.root.as_object_mut();
    if root.and_then(|root| root.remove("webhooks")).is_some() {
        restating.loosen(
            "/webhooks",
            "webhooks",
            "they are requests that the server makes, and are left out",
        );
    }
}

/// Adds the `paths` that 3.0 can't be without.
pub fn paths(restating: &mut Restating<'_>) {
    if restating.root.get("paths").is_none() {
        restating.root["paths"] = json!({});
        restating.record(
            "paths",
            "",
            "there are no `paths`: an empty object is added",
        );
    }
}

/// Gives an operation without `responses` the one that says nothing: any success, with any body. 3.0 asks for one.
pub fn responses(restating: &mut Restating<'_>) {
    for place in restating.nodes(Kind::Operation) {
        let Some(operation) = pointer::get_mut(restating.root, &place) else {
            continue;
        };
        let declared = operation.get("responses");
        let is_empty = declared.is_none_or(|declared| {
            let members = declared.as_object();
            members.is_some_and(|members| members.keys().all(|key| key.starts_with("x-")))
        });
        if is_empty {
            operation["responses"]["2XX"] = json!({
                "description": "Not described.",
                "content": { "*/*": { "schema": {} } },
            });
            let message = "no `responses`: any success, its body whatever it is";
            restating.record("responses", &place, message);
        }
    }
}

/// Removes security schemes of the type `mutualTLS` and what asks for them: 3.0 doesn't know the type. The client's
/// certificate is its HTTP client's business.
pub fn mutual_tls(restating: &mut Restating<'_>) {
    const SCHEMES: &str = "/components/securitySchemes";
    let schemes = pointer::get_mut(restating.root, SCHEMES).and_then(Value::as_object_mut);
    let Some(schemes) = schemes else {
        return;
    };
    let is_mutual =
        |scheme: &Value| scheme.get("type").and_then(Value::as_str) == Some("mutualTLS");
    let names: Vec<String> = schemes
        .iter()
        .filter(|(_, scheme)| is_mutual(scheme))
        .map(|(name, _)| name.clone())
        .collect();
    for name in &names {
        schemes.remove(name);
    }
    for name in &names {
        let place = pointer::join(SCHEMES, name);
        let effect = "give the HTTP client the certificate that the server asks for";
        restating.loosen(&place, "mutualTLS", effect);
    }
    if names.is_empty() {
        return;
    }
    drop_requirements(restating.root, &names);
    let items = restating
        .root
        .get_mut("paths")
        .and_then(Value::as_object_mut);
    for (_, item) in items.into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                drop_requirements(operation, &names);
            }
        }
    }
}

/// Takes schemes out of the list of what is required. One that required nothing else is left empty: of what 3.0 knows,
/// nothing is required.
fn drop_requirements(owner: &mut Value, names: &[String]) {
    let list = owner.get_mut("security").and_then(Value::as_array_mut);
    if let Some(list) = list {
        list.retain_mut(|requirement| {
            let Some(schemes) = requirement.as_object_mut() else {
                return true;
            };
            let before = schemes.len();
            schemes.retain(|name, _| !names.contains(name));
            schemes.len() == before || !schemes.is_empty()
        });
    }
}
