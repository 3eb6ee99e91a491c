//! What is said for the document as a whole: what it is called, where it is served, and what it asks callers to prove.
//! The last two an operation may say for itself.

use serde_json::Value;

use super::site::{At, Site};
use super::walk::{Walk, keys, short};
use crate::diff::{Change, Effect, Kind, Owner};
use crate::pointer;
use crate::view::OperationView;

const AUTHENTICATION: &str = "authentication";
const SERVERS: &str = "servers";

/// Compares all but operations and components.
pub fn compare<'a>(walk: &mut Walk<'a>, changes: &mut Vec<Change>) {
    let (old, new) = (walk.old_root, walk.new_root);
    let at = At::new(Site::of(Owner::Document("description")));
    // A document of another version of OpenAPI is read as the same.
    let told = [
        "components",
        "info",
        "openapi",
        "paths",
        "security",
        "servers",
    ];
    walk.members(&at, Some(old), Some(new), &told);
    let (old_info, new_info) = (old.get("info"), new.get("info"));
    walk.members(&at.word("info"), old_info, new_info, &["version"]);

    let owner = Owner::Document(AUTHENTICATION);
    let asks = |root: &Value| requirements(root.get("security"));
    authentication(Site::of(owner.clone()), asks(old), asks(new), changes);
    const SCHEMES: &str = "/components/securitySchemes";
    let schemes = |root: &'a Value| pointer::get(root, SCHEMES);
    let at = At::new(Site::of(owner));
    for name in keys(schemes(old), schemes(new)) {
        let of = |schemes: Option<&'a Value>| schemes.and_then(|map| map.get(name));
        walk.values(&at.name(name), of(schemes(old)), of(schemes(new)));
    }

    let addresses = |root: &Value| addresses(root.get("servers"));
    let site = Site::of(Owner::Document(SERVERS));
    servers(site, addresses(old), addresses(new), changes);
}

/// Compares what an operation says for itself of what is said for the document.
pub fn of_operation(
    walk: &Walk<'_>,
    owner: &Owner,
    old: OperationView<'_>,
    new: OperationView<'_>,
    changes: &mut Vec<Change>,
) {
    let own = |operation: OperationView<'_>| operation.value.get("security").is_some();
    if own(old) || own(new) {
        let asks = |root: &Value, operation: OperationView<'_>| {
            let own = operation.value.get("security");
            requirements(own.or_else(|| root.get("security")))
        };
        let site = Site::part(owner.clone(), AUTHENTICATION, "");
        authentication(
            site,
            asks(walk.old_root, old),
            asks(walk.new_root, new),
            changes,
        );
    }
    let own = |operation: OperationView<'_>| {
        let own = operation
            .value
            .get("servers")
            .or_else(|| operation.item.get("servers"));
        own.map(|own| addresses(Some(own)))
    };
    if own(old).is_some() || own(new).is_some() {
        let served = |root: &Value, own: Option<Vec<String>>| {
            own.unwrap_or_else(|| addresses(root.get("servers")))
        };
        let site = Site::part(owner.clone(), SERVERS, "");
        servers(
            site,
            served(walk.old_root, own(old)),
            served(walk.new_root, own(new)),
            changes,
        );
    }
}

/// Each way to be let in: schemes with what they are asked for.
fn requirements(security: Option<&Value>) -> Vec<String> {
    let ways = security.and_then(Value::as_array).into_iter().flatten();
    let mut ways: Vec<String> = ways
        .map(|way| {
            let schemes = way.as_object().into_iter().flatten();
            let schemes: Vec<String> = schemes
                .map(|(scheme, scopes)| {
                    let scopes = scopes.as_array().into_iter().flatten();
                    let scopes: Vec<String> = scopes.map(short).collect();
                    match scopes.as_slice() {
                        [] => format!("`{scheme}`"),
                        scopes => format!("`{scheme}` ({})", scopes.join(", ")),
                    }
                })
                .collect();
            match schemes.as_slice() {
                [] => "nothing".to_owned(),
                schemes => schemes.join(" and "),
            }
        })
        .collect();
    ways.sort();
    if ways.is_empty() {
        ways.push("nothing".to_owned());
    }
    ways
}

fn authentication(site: Site, old: Vec<String>, new: Vec<String>, changes: &mut Vec<Change>) {
    if old != new {
        changes.push(Change {
            kind: Kind::AuthenticationChanged,
            place: site.place(),
            what: format!("was by {} and is by {}", old.join(" or "), new.join(" or ")),
            effect: Effect::None,
            reason: AUTHENTICATION_REASON.to_owned(),
        });
    }
}

/// Why nothing that callers wrote depends on what the document asks them to prove.
pub const AUTHENTICATION_REASON: &str = "the client takes none from the document: callers send what they set themselves, and may be refused";

/// The addresses, with what is filled in.
fn addresses(servers: Option<&Value>) -> Vec<String> {
    let servers = servers.and_then(Value::as_array).into_iter().flatten();
    let addresses = servers.map(|server| {
        let url = server.get("url").map(short).unwrap_or_default();
        let variables = server.get("variables").and_then(Value::as_object);
        let variables = variables.into_iter().flatten().map(|(name, variable)| {
            let default = variable.get("default").map(short).unwrap_or_default();
            format!("`{name}` is `{default}`")
        });
        match variables.collect::<Vec<_>>().as_slice() {
            [] => format!("`{url}`"),
            variables => format!("`{url}` ({})", variables.join(", ")),
        }
    });
    addresses.collect()
}

fn servers(site: Site, old: Vec<String>, new: Vec<String>, changes: &mut Vec<Change>) {
    if old != new {
        let said = |addresses: &[String]| match addresses {
            [] => "none".to_owned(),
            addresses => addresses.join(" and "),
        };
        changes.push(Change {
            kind: Kind::ServersChanged,
            place: site.place(),
            what: format!("were {} and are {}", said(&old), said(&new)),
            effect: Effect::None,
            reason: "the client sends to the one address that callers give it".to_owned(),
        });
    }
}
