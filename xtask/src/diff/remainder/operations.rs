//! Operations side by side: parameters, bodies and responses, each by its own name.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Sides;
use super::documents;
use super::site::{At, Site};
use super::walk::{Walk, followed, keys};
use crate::diff::operations::in_position;
use crate::diff::{Change, Owner};
use crate::model::Location;
use crate::names;
use crate::view::{OperationView, essence};

/// The methods of either side, each with the one that stands for all that are made of one operation of the document.
pub fn one_name(sides: &Sides<'_>) -> BTreeMap<String, String> {
    let mut by_origin: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for (name, operation) in &sides.new.operations {
        by_origin
            .entry(&operation.wire.origin)
            .or_default()
            .push(name);
    }
    let mut one = BTreeMap::new();
    for names in by_origin.values() {
        // Those that were split off have something added to their names.
        if let Some(shortest) = names.iter().min_by_key(|name| name.len()) {
            one.extend(
                names
                    .iter()
                    .map(|name| ((*name).clone(), (*shortest).clone())),
            );
        }
    }
    let mut of_old: BTreeMap<&str, String> = BTreeMap::new();
    for (old, new) in sides.pairs {
        if let (Some(operation), Some(name)) = (sides.old.operations.get(old), one.get(new)) {
            of_old.insert(&operation.wire.origin, name.clone());
        }
    }
    for (name, operation) in &sides.old.operations {
        if let Some(known) = of_old.get(operation.wire.origin.as_str()) {
            one.entry(name.clone()).or_insert_with(|| known.clone());
        }
    }
    one
}

/// Compares the operations that both sides have.
pub fn compare<'a>(
    walk: &mut Walk<'a>,
    sides: &Sides<'a>,
    one_name: &BTreeMap<String, String>,
    changes: &mut Vec<Change>,
) {
    let mut pairs = BTreeMap::new();
    for (old, new) in sides.pairs {
        let (Some(before), Some(after)) =
            (sides.old.operations.get(old), sides.new.operations.get(new))
        else {
            continue;
        };
        let origins = (before.wire.origin.as_str(), after.wire.origin.as_str());
        pairs.insert(origins, one_name.get(new).unwrap_or(new));
    }
    let (old_views, new_views) = (views(walk.old_root), views(walk.new_root));
    for ((old, new), name) in pairs {
        if let (Some(old), Some(new)) = (old_views.get(old), new_views.get(new)) {
            let owner = Owner::Operation(name.clone());
            documents::of_operation(walk, &owner, *old, *new, changes);
            walk.operation(&owner, *old, *new);
        }
    }
}

fn views(root: &Value) -> BTreeMap<String, OperationView<'_>> {
    let all = OperationView::all(root).into_iter();
    all.map(|operation| (operation.pointer(), operation))
        .collect()
}

impl<'a> Walk<'a> {
    fn operation(&mut self, owner: &Owner, old: OperationView<'a>, new: OperationView<'a>) {
        let at = At::new(Site::of(owner.clone()));
        // What the method is called, and where its request goes, is told of the method.
        let told = [
            "operationId",
            "parameters",
            "requestBody",
            "responses",
            "security",
            "servers",
        ];
        self.members(&at, Some(old.value), Some(new.value), &told);
        for word in ["summary", "description"] {
            self.values(&at.word(word), old.item.get(word), new.item.get(word));
        }
        self.parameters(owner, old, new);
        self.body(
            owner,
            old.value.get("requestBody"),
            new.value.get("requestBody"),
        );
        let responses = |operation: OperationView<'a>| operation.value.get("responses");
        self.responses(owner, responses(old), responses(new));
    }

    fn parameters(&mut self, owner: &Owner, old: OperationView<'a>, new: OperationView<'a>) {
        let (old_path, new_path) = (old.path, new.path);
        let (old, mut new) = (
            parameters(self.old_root, old),
            parameters(self.new_root, new),
        );
        let in_position = in_position(old_path, new_path);
        let setter = |(_, name): &(&str, &str)| names::operation_value_name(name);
        for (key, before) in old {
            let positioned = in_position.get(key.1).filter(|_| key.0 == "path");
            // One that goes elsewhere, or is written otherwise, is set as before.
            let found = match positioned {
                Some(name) => Some(("path", *name)),
                None if new.contains_key(&key) => Some(key),
                None => {
                    let mut candidates = new.keys();
                    candidates
                        .find(|candidate| setter(candidate) == setter(&key))
                        .copied()
                }
            };
            match found.and_then(|found| new.remove_entry(&found)) {
                Some((found, after)) => {
                    // In a path, its name is not sent.
                    let told: &[&str] = match (key.0, found.0) {
                        ("path", "path") => &["name"],
                        _ => &[],
                    };
                    let at = of_parameter(owner, found);
                    self.members(&at, Some(before), Some(after), told);
                }
                None => self.differ(&of_parameter(owner, key), Some(String::new()), None),
            }
        }
        for key in new.into_keys() {
            self.differ(&of_parameter(owner, key), None, Some(String::new()));
        }
    }

    fn body(&mut self, owner: &Owner, old: Option<&'a Value>, new: Option<&'a Value>) {
        let at = At::new(Site::part(owner.clone(), "body", ""));
        let Some((at, Some(old), Some(new))) = self.followed(&at, old, new) else {
            if old.is_some() != new.is_some() {
                let said = |body: Option<&Value>| body.map(|_| String::new());
                self.differ(&at, said(old), said(new));
            }
            return;
        };
        self.members(&at, Some(old), Some(new), &["content"]);
        let content = at.word("content");
        for (name, old, new) in
            self.paired_contents(&content, old.get("content"), new.get("content"))
        {
            if essence(name) == "multipart/form-data" {
                self.parts(owner, old, new);
                self.encodings(owner, "part", old, new);
            } else {
                self.members(&content.name(name), Some(old), Some(new), &["encoding"]);
                self.encodings(owner, "field of the form", old, new);
            }
        }
    }

    /// Compares multipart bodies, of which each part has a setter.
    fn parts(&mut self, owner: &Owner, old: &'a Value, new: &'a Value) {
        let body = At::new(Site::part(owner.clone(), "body", ""));
        self.members(&body, Some(old), Some(new), &["schema", "encoding"]);
        let part = |name: &str| At::new(Site::part(owner.clone(), "part", name));
        let from = self.found.len();
        if let (Some(old), Some(new)) = (old.get("schema"), new.get("schema")) {
            // One that has a name is no type by itself.
            let (old, new) = (followed(self.old_root, old), followed(self.new_root, new));
            self.schema(&body, old, new);
        }
        // A field of the body is a part, and that has its fields.
        for found in &mut self.found[from..] {
            let site = &mut found.at.site;
            if !site.fields.is_empty() {
                let name = site.fields.remove(0);
                site.part = part(&name).site.part;
            }
        }
    }

    /// Compares what is said of how the parts of a body are written.
    fn encodings(&mut self, owner: &Owner, what: &'static str, old: &'a Value, new: &'a Value) {
        let (old, new) = (old.get("encoding"), new.get("encoding"));
        for name in keys(old, new) {
            let of = |encoding: Option<&'a Value>| encoding.and_then(|map| map.get(name));
            let part = At::new(Site::part(owner.clone(), what, name));
            self.values(&part.name("encoding"), of(old), of(new));
        }
    }

    fn responses(&mut self, owner: &Owner, old: Option<&'a Value>, new: Option<&'a Value>) {
        for status in keys(old, new) {
            let at = At::new(Site::part(owner.clone(), "status", status));
            let of = |responses: Option<&'a Value>| responses.and_then(|map| map.get(status));
            if status.starts_with("x-") {
                let at = At::new(Site::of(owner.clone())).word(status);
                self.values(&at, of(old), of(new));
            } else if let (Some(old), Some(new)) = (of(old), of(new)) {
                // Those that one side alone describes are told.
                self.values(&at, Some(old), Some(new));
            }
        }
    }
}

/// Where a parameter goes, and its name.
type ParameterKey<'a> = (&'a str, &'a str);

/// The parameters of an operation; its own before those of its path.
fn parameters<'a>(
    root: &'a Value,
    operation: OperationView<'a>,
) -> BTreeMap<ParameterKey<'a>, &'a Value> {
    let text = |value: &'a Value, word| value.get(word).and_then(Value::as_str);
    let all = operation.parameters(root).into_iter();
    all.filter_map(|(_, value)| Some(((text(value, "in")?, text(value, "name")?), value)))
        .collect()
}

fn of_parameter(owner: &Owner, (place, name): ParameterKey<'_>) -> At {
    let location = match place {
        "path" => Location::Path,
        "header" => Location::Header,
        "cookie" => Location::Cookie,
        _ => Location::Query,
    };
    At::new(Site::part(owner.clone(), location.describe(), name))
}
