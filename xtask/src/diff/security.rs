//! Authentication: what a request has to prove.
//!
//! The client takes none from the document, so that nothing in the generated code changes. Whether the server rejects
//! requests that it took follows from the requirements: a way to be let in that is gone, or that asks for more.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::changes::Changes;
use super::context::Context;
use super::details::{differs, keys, member};
use super::{Effect, Kind, Owner, Place};
use crate::view::OperationView;

const AUTHENTICATION: &str = "authentication";

/// The ways to be let in, each in words and with the schemes and scopes that it asks for. One that asks for nothing is open to
/// all.
type Ways<'a> = BTreeMap<String, BTreeSet<(&'a str, Option<&'a str>)>>;

fn ways(security: Option<&Value>) -> Ways<'_> {
    let listed = security.and_then(Value::as_array).into_iter().flatten();
    let mut ways = Ways::new();
    for way in listed.filter_map(Value::as_object) {
        let (mut words, mut asked) = (Vec::new(), BTreeSet::new());
        for (scheme, scopes) in way {
            let scopes = scopes.as_array().into_iter().flatten();
            let scopes: Vec<&str> = scopes.filter_map(Value::as_str).collect();
            words.push(match &*scopes {
                [] => format!("`{scheme}`"),
                scopes => format!("`{scheme}` ({})", scopes.join(", ")),
            });
            asked.insert((&**scheme, None));
            asked.extend(scopes.into_iter().map(|scope| (&**scheme, Some(scope))));
        }
        ways.insert(words.join(" and "), asked);
    }
    match ways.remove("") {
        Some(open) => drop(ways.insert("nothing".to_owned(), open)),
        None if ways.is_empty() => drop(ways.insert("nothing".to_owned(), BTreeSet::new())),
        None => {}
    }
    ways
}

/// Adds that something differs, which breaks if requests that were let in may be rejected.
fn add(place: &Place, what: String, is_rejected: bool, changes: &mut Changes<'_>) {
    let effect = match is_rejected {
        true => Kind::AuthenticationChanged.effect(),
        false => (Effect::None, "what was accepted is accepted"),
    };
    changes.with(Kind::AuthenticationChanged, place, what, effect);
}

fn requirements(
    place: &Place,
    old: &Ways<'_>,
    new: &Ways<'_>,
    is_used: bool,
    changes: &mut Changes<'_>,
) {
    if old != new {
        // Each way is still there, or one that asks for less.
        let is_open = |old| new.values().any(|new| new.is_subset(old));
        let text = |ways: &Ways<'_>| ways.keys().cloned().collect::<Vec<_>>().join(" or ");
        let what = format!("was by {} and is by {}", text(old), text(new));
        add(place, what, is_used && !old.values().all(is_open), changes);
    }
}

fn own(view: OperationView<'_>) -> Option<&Value> {
    view.value.get("security")
}

/// Compares what the documents ask for, and the schemes.
pub fn compare(changes: &mut Changes<'_>) {
    let context = changes.context;
    let place = Place::of(Owner::Document(AUTHENTICATION));
    let Context { old, new, .. } = context;
    let (before, after) = (
        ways(old.root.get("security")),
        ways(new.root.get("security")),
    );
    let mut asked: BTreeSet<&str> = before
        .values()
        .flatten()
        .map(|(scheme, _)| *scheme)
        .collect();
    let mut is_used = false;
    for (before, after) in &context.operations {
        if let (Some(before), Some(after)) = (old.view(before), new.view(after)) {
            is_used |= own(before).is_none() && own(after).is_none();
            let ways = ways(own(before));
            asked.extend(ways.values().flatten().map(|(scheme, _)| *scheme));
        }
    }
    requirements(&place, &before, &after, is_used, changes);
    const SCHEMES: &str = "/components/securitySchemes";
    let (old, new) = (old.root.pointer(SCHEMES), new.root.pointer(SCHEMES));
    for name in keys(old, new) {
        // One that comes or goes is told with what asks for it.
        let (Some(old), Some(new)) = (member(old, name), member(new, name)) else {
            continue;
        };
        for key in keys(Some(old), Some(new)) {
            let (was, is) = (old.get(key), new.get(key));
            if was != is && (key == "description" || key.starts_with("x-")) {
                changes.prose(&place, &format!("{name}/{key}"));
            } else if was != is {
                // By these, callers get a token; it is sent as before.
                let is_sent = !matches!(key, "bearerFormat" | "flows" | "openIdConnectUrl");
                let what = differs(&format!("`{name}/{key}`"), was, is);
                add(&place, what, is_sent && asked.contains(name), changes);
            }
        }
    }
}

/// Compares what an operation asks for, if that is not what the document asks for.
pub fn of_operation(
    place: &Place,
    (old, new): (OperationView<'_>, OperationView<'_>),
    changes: &mut Changes<'_>,
) {
    let context = changes.context;
    if own(old).is_some() || own(new).is_some() {
        let before = ways(own(old).or(context.old.root.get("security")));
        let after = ways(own(new).or(context.new.root.get("security")));
        let place = place.part(AUTHENTICATION, "");
        requirements(&place, &before, &after, true, changes);
    }
}
