//! Authentication: the security requirements of requests.
//!
//! The generated code does not depend on them. The server may reject requests that it accepted if a requirement that they met
//! is gone, or has more schemes or scopes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::changes::Changes;
use super::context::Context;
use super::details::{differs, members};
use super::effect::Effect;
use super::kind::Kind;
use super::place::{Owner, Place};
use openapi_document::view::OperationView;

const AUTHENTICATION: &str = "authentication";

/// The requirement of no scheme, in words.
const NOTHING: &str = "nothing";

/// The security requirements of a request, of which one is enough: each in words, and with its schemes and scopes.
type Requirements<'a> = BTreeMap<String, BTreeSet<(&'a str, Option<&'a str>)>>;

fn alternatives(security: Option<&Value>) -> Requirements<'_> {
    let listed = security.and_then(Value::as_array).into_iter().flatten();
    let mut alternatives = Requirements::new();
    for schemes in listed.filter_map(Value::as_object) {
        let (mut words, mut required) = (Vec::new(), BTreeSet::new());
        for (scheme, scopes) in schemes {
            let scopes = scopes.as_array().into_iter().flatten();
            let scopes: Vec<&str> = scopes.filter_map(Value::as_str).collect();
            words.push(match &*scopes {
                [] => format!("`{scheme}`"),
                scopes => format!("`{scheme}` ({})", scopes.join(", ")),
            });
            required.insert((&**scheme, None));
            required.extend(scopes.into_iter().map(|scope| (&**scheme, Some(scope))));
        }
        if words.is_empty() {
            words.push(NOTHING.to_owned());
        }
        alternatives.insert(words.join(" and "), required);
    }
    if alternatives.is_empty() {
        alternatives.insert(NOTHING.to_owned(), BTreeSet::new());
    }
    alternatives
}

/// Adds a change, which breaks if the server may reject requests that it took.
fn add(place: &Place, what: String, is_rejected: bool, changes: &mut Changes<'_>) {
    let effect = match is_rejected {
        true => Kind::AuthenticationChanged.effect(),
        false => (Effect::None, "what was accepted is accepted"),
    };
    changes.with(Kind::AuthenticationChanged, place, what, effect);
}

fn requirements(
    place: &Place,
    old: &Requirements<'_>,
    new: &Requirements<'_>,
    is_used: bool,
    changes: &mut Changes<'_>,
) {
    if old != new {
        // Credentials that meet a requirement meet one with fewer schemes and scopes.
        let is_met = |old| new.values().any(|new| new.is_subset(old));
        let [was, is] = [old, new].map(|requirements| {
            let requirements: Vec<&str> = requirements.keys().map(|words| &**words).collect();
            requirements.join(" or ")
        });
        let what = format!("was by {was} and is by {is}");
        add(place, what, is_used && !old.values().all(is_met), changes);
    }
}

fn declared(view: OperationView<'_>) -> Option<&Value> {
    view.value.get("security")
}

/// Compares the requirements of the documents, and the schemes.
pub fn compare(changes: &mut Changes<'_>) {
    let context = changes.context;
    let place = Place::of(Owner::Document(AUTHENTICATION));
    let Context { old, new, .. } = context;
    let [before, after] = [old, new].map(|side| alternatives(side.root.get("security")));
    let schemes = before.values().flatten();
    let mut required: BTreeSet<&str> = schemes.map(|(scheme, _)| *scheme).collect();
    let mut is_used = false;
    for (before, after, _) in &context.operations.pairs {
        if let (Some(before), Some(after)) = (old.view(before), new.view(after)) {
            is_used |= declared(before).is_none() && declared(after).is_none();
            let alternatives = alternatives(declared(before));
            required.extend(alternatives.values().flatten().map(|(scheme, _)| *scheme));
        }
    }
    requirements(&place, &before, &after, is_used, changes);
    const SCHEMES: &str = "/components/securitySchemes";
    let (old, new) = (old.root.pointer(SCHEMES), new.root.pointer(SCHEMES));
    for (name, old, new) in members(old, new) {
        // One that is added or removed is part of the requirements that differ.
        if old.is_none() || new.is_none() {
            continue;
        }
        for (key, was, is) in members(old, new) {
            if was != is && (key == "description" || key.starts_with("x-")) {
                changes.prose(&place, &format!("{name}/{key}"));
            } else if was != is {
                // By these, callers get a token; it is sent as before.
                let is_sent = !matches!(key, "bearerFormat" | "flows" | "openIdConnectUrl");
                let what = differs(&format!("`{name}/{key}`"), was, is);
                add(&place, what, is_sent && required.contains(name), changes);
            }
        }
    }
}

/// Compares the requirements of an operation, if it has any of its own.
pub fn of_operation(
    place: &Place,
    (old, new): (OperationView<'_>, OperationView<'_>),
    changes: &mut Changes<'_>,
) {
    let context = changes.context;
    if declared(old).is_some() || declared(new).is_some() {
        let before = alternatives(declared(old).or(context.old.root.get("security")));
        let after = alternatives(declared(new).or(context.new.root.get("security")));
        let place = place.part(AUTHENTICATION, "");
        requirements(&place, &before, &after, true, changes);
    }
}
