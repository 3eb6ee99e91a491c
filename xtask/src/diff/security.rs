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

/// The ways to be let in. Each asks for some schemes, each with some scopes; one that asks for nothing is open to all.
type Ways<'a> = BTreeSet<BTreeMap<&'a str, BTreeSet<&'a str>>>;

fn ways(security: Option<&Value>) -> Ways<'_> {
    let listed = security.and_then(Value::as_array).into_iter().flatten();
    let mut ways: Ways<'_> = listed
        .map(|way| {
            let schemes = way.as_object().into_iter().flatten();
            schemes
                .map(|(scheme, scopes)| {
                    let scopes = scopes.as_array().into_iter().flatten();
                    (scheme.as_str(), scopes.filter_map(Value::as_str).collect())
                })
                .collect()
        })
        .collect();
    if ways.is_empty() {
        ways.insert(BTreeMap::new());
    }
    ways
}

fn in_words(ways: &Ways<'_>) -> String {
    let ways = ways.iter().map(|way| {
        let schemes = way.iter().map(|(scheme, scopes)| {
            let scopes: Vec<&str> = scopes.iter().copied().collect();
            match scopes.as_slice() {
                [] => format!("`{scheme}`"),
                scopes => format!("`{scheme}` ({})", scopes.join(", ")),
            }
        });
        match schemes.collect::<Vec<_>>().as_slice() {
            [] => "nothing".to_owned(),
            schemes => schemes.join(" and "),
        }
    });
    ways.collect::<Vec<_>>().join(" or ")
}

/// Whether a request that was let in still is: each way is there, or one that asks for less.
fn is_let_in(old: &Ways<'_>, new: &Ways<'_>) -> bool {
    let is_enough = |old: &BTreeMap<&str, BTreeSet<&str>>, new: &BTreeMap<&str, BTreeSet<&str>>| {
        new.iter()
            .all(|(scheme, scopes)| old.get(scheme).is_some_and(|known| scopes.is_subset(known)))
    };
    old.iter()
        .all(|old| new.iter().any(|new| is_enough(old, new)))
}

fn effect(is_rejected: bool) -> (Effect, &'static str) {
    match is_rejected {
        true => Kind::AuthenticationChanged.effect(),
        false => (Effect::None, "what was accepted is accepted"),
    }
}

fn requirements(
    place: &Place,
    old: &Ways<'_>,
    new: &Ways<'_>,
    is_used: bool,
    changes: &mut Changes,
) {
    if old != new {
        let effect = effect(is_used && !is_let_in(old, new));
        let what = format!("was by {} and is by {}", in_words(old), in_words(new));
        changes.with(Kind::AuthenticationChanged, place, what, effect);
    }
}

fn own(view: OperationView<'_>) -> Option<&Value> {
    view.value.get("security")
}

/// Compares what the documents ask for, and the schemes.
pub fn compare(context: &Context<'_>, changes: &mut Changes) {
    let place = Place::of(Owner::Document(AUTHENTICATION));
    let (old, new) = (context.old.root, context.new.root);
    let views = context
        .operations
        .iter()
        .filter_map(|(before, after)| Some((context.old.view(before)?, context.new.view(after)?)));
    let views: Vec<(OperationView<'_>, OperationView<'_>)> = views.collect();
    let is_used = views
        .iter()
        .any(|(old, new)| own(*old).is_none() && own(*new).is_none());
    let (before, after) = (ways(old.get("security")), ways(new.get("security")));
    requirements(&place, &before, &after, is_used, changes);

    let mut asked: BTreeSet<&str> = before.iter().flat_map(BTreeMap::keys).copied().collect();
    for (view, _) in &views {
        let ways = ways(own(*view));
        asked.extend(ways.iter().flat_map(BTreeMap::keys).copied());
    }
    const SCHEMES: &str = "/components/securitySchemes";
    let (old, new) = (old.pointer(SCHEMES), new.pointer(SCHEMES));
    for name in keys(old, new) {
        // One that comes or goes is told with what asks for it.
        if let (Some(old), Some(new)) = (member(old, name), member(new, name)) {
            scheme(&place, name, (old, new), asked.contains(name), changes);
        }
    }
}

fn scheme(
    place: &Place,
    name: &str,
    (old, new): (&Value, &Value),
    is_asked: bool,
    changes: &mut Changes,
) {
    for key in keys(Some(old), Some(new)) {
        let label = format!("`{name}/{key}`");
        let what = match (old.get(key), new.get(key)) {
            (old, new) if old == new => continue,
            _ if key == "description" || key.starts_with("x-") => {
                changes.prose(place, &format!("{name}/{key}"));
                continue;
            }
            (old, new) => differs(&label, old, new),
        };
        // By these, callers get a token; it is sent as before.
        let is_sent = !matches!(key, "bearerFormat" | "flows" | "openIdConnectUrl");
        changes.with(
            Kind::AuthenticationChanged,
            place,
            what,
            effect(is_asked && is_sent),
        );
    }
}

/// Compares what an operation asks for, if that is not what the document asks for.
pub fn of_operation(
    context: &Context<'_>,
    place: &Place,
    old: OperationView<'_>,
    new: OperationView<'_>,
    changes: &mut Changes,
) {
    if own(old).is_none() && own(new).is_none() {
        return;
    }
    let before = ways(own(old).or(context.old.root.get("security")));
    let after = ways(own(new).or(context.new.root.get("security")));
    requirements(
        &place.part(AUTHENTICATION, ""),
        &before,
        &after,
        true,
        changes,
    );
}
