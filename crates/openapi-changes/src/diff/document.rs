//! Facts that the documents have and the model does not: servers, documentation, headers of responses, contents that are bytes to
//! the client, and other details. The generated code depends on none of it.

use serde_json::Value;

use super::changes::Changes;
use super::context::Side;
use super::details::{Details, keys, member, members, short};
use super::kind::Kind;
use super::place::{Owner, Place};
use super::schema_place::SchemaPlace;
use super::{inputs, schemas, security};
use openapi_client_gen::api::{Content, Operation};
use openapi_document::view::{self, OperationView, essence, is_json};

/// Keywords of an operation that are in the model, or are compared by themselves.
const COMPARED: &[&str] = &[
    "deprecated",
    "operationId",
    "parameters",
    "requestBody",
    "responses",
    "security",
    "servers",
    "x-idempotent",
];

/// Compares the documents as a whole.
pub fn compare(changes: &mut Changes<'_>) {
    let context = changes.context;
    let (old, new) = (context.old.root, context.new.root);
    let [was, is] =
        [old, new].map(|root| root.pointer("/info/version").map(short).unwrap_or_default());
    if was != is {
        let place = Place::of(Owner::Document("version"));
        let what = format!("was `{was}` and is `{is}`");
        changes.add(Kind::VersionChanged, &place, what);
    }
    let place = Place::of(Owner::Document("description"));
    let compared = [
        "components",
        "info",
        "openapi",
        "paths",
        "security",
        "servers",
    ];
    let (old_info, new_info) = (old.get("info"), new.get("info"));
    for (path, old, new, compared) in [
        ("", Some(old), Some(new), &compared[..]),
        ("info/", old_info, new_info, &["version"]),
    ] {
        for (key, was, is) in members(old, new) {
            if !compared.contains(&key) && was != is {
                changes.prose(&place, &format!("{path}{key}"));
            }
        }
    }
    security::compare(changes);
    let place = Place::of(Owner::Document("servers"));
    servers(&place, [old, new].map(|root| root.get("servers")), changes);
}

/// The addresses, with the values of their variables.
fn addresses(servers: Option<&Value>) -> String {
    let servers = servers.and_then(Value::as_array).into_iter().flatten();
    let addresses = servers.map(|server| {
        let url = server.get("url").map(short).unwrap_or_default();
        let variables = view::members(server, "variables").map(|(name, variable)| {
            let default = variable.get("default").map(short).unwrap_or_default();
            format!("`{name}` is `{default}`")
        });
        match variables.collect::<Vec<_>>().as_slice() {
            [] => format!("`{url}`"),
            variables => format!("`{url}` ({})", variables.join(", ")),
        }
    });
    match addresses.collect::<Vec<_>>().as_slice() {
        [] => "none".to_owned(),
        addresses => addresses.join(" and "),
    }
}

fn servers(place: &Place, sides: [Option<&Value>; 2], changes: &mut Changes<'_>) {
    let [was, is] = sides.map(addresses);
    if was != is {
        let what = format!("were {was} and are {is}");
        changes.add(Kind::ServersChanged, place, what);
    }
}

type Sent<'a> = (&'a Operation, OperationView<'a>);

/// Compares an operation in the documents.
pub fn operation<'d>((before, old): Sent<'d>, (after, new): Sent<'d>, changes: &mut Changes<'d>) {
    let (old_side, new_side) = (&changes.context.old, &changes.context.new);
    let place = Place::of_operation(after);
    security::of_operation(&place, (old, new), changes);
    let declared = [old, new].map(|view| view.value.get("servers").or(view.item.get("servers")));
    if declared.iter().any(Option::is_some) {
        let [old, new] = declared;
        let sides = [
            old.or(old_side.root.get("servers")),
            new.or(new_side.root.get("servers")),
        ];
        servers(&place.part("servers", ""), sides, changes);
    }
    let mut details = Details::of(place.clone(), changes);
    for word in ["summary", "description"] {
        details.compare(word, old.item.get(word), new.item.get(word));
    }
    details.members(COMPARED, Some(old.value), Some(new.value));
    body((before, old), (after, new), changes);
    for (status, was, is) in members(old.value.get("responses"), new.value.get("responses")) {
        let of_status = place.part("status", status);
        match (was, is) {
            (was, is) if status.starts_with("x-") => {
                Details::of(place.clone(), changes).compare(status, was, is);
            }
            (Some(was), Some(is)) => response(&place, status, (was, is), changes),
            _ if changes.has(&place.part("answer", status)) => {}
            (None, _) => changes.add(Kind::StatusAdded, &of_status, "is described now"),
            _ => changes.add(Kind::StatusRemoved, &of_status, "is no longer described"),
        }
    }
}

fn resolved<'d>(side: &Side<'d>, value: Option<&'d Value>) -> Option<&'d Value> {
    Some(view::resolve(side.root, value?)?.1)
}

fn body((before, old): Sent<'_>, (after, new): Sent<'_>, changes: &mut Changes<'_>) {
    let context = changes.context;
    let old = resolved(&context.old, old.value.get("requestBody"));
    let new = resolved(&context.new, new.value.get("requestBody"));
    if old.is_none() || new.is_none() {
        return;
    }
    let place = Place::of_operation(after).part("body", "");
    // The parts of a form are required one by one.
    let is_form = before.extra_part.is_some() && after.extra_part.is_some();
    let compared = if is_form {
        &["content"][..]
    } else {
        &["content", "required"]
    };
    let is_reported = changes.has_any(&place.owner);
    let mut details = Details::of(place, changes);
    details.members(compared, old, new);
    for (name, was, is) in members(member(old, "content"), member(new, "content")) {
        match (was, is) {
            // Another method is a change by itself.
            (Some(_), None) if modelled(&context.old, before, name).is_some() => {}
            (None, Some(_)) if modelled(&context.new, after, name).is_some() => {}
            (Some(_), Some(_)) => {
                let compared: &[&str] = match modelled(&context.new, after, name) {
                    None | Some(Content::Bytes) => &[],
                    // The style of a field and the media type of a part are in the model.
                    Some(Content::Form(..) | Content::Multipart(_)) if is_reported => {
                        &["encoding", "schema"]
                    }
                    Some(_) => &["schema"],
                };
                details.members(compared, was, is);
            }
            (was, is) => details.compare(name, was, is),
        }
    }
}

/// The content in the model that is sent as a media type, by any of the methods that are made of an operation.
fn modelled<'d>(side: &Side<'d>, operation: &Operation, media_type: &str) -> Option<&'d Content> {
    let methods = side.api.operations.iter();
    let methods = methods.filter(|method| method.origin == operation.origin);
    let mut bodies = methods.filter_map(|method| method.body.as_ref());
    let body = bodies.find(|body| inputs::is_sent_as(media_type, body));
    body.map(|body| &body.content)
}

fn response<'d>(
    place: &Place,
    status: &str,
    (old, new): (&'d Value, &'d Value),
    changes: &mut Changes<'d>,
) {
    let (old_side, new_side) = (&changes.context.old, &changes.context.new);
    let (old, new) = (resolved(old_side, Some(old)), resolved(new_side, Some(new)));
    Details::of(place.part("status", status), changes).members(&["content"], old, new);
    let answer = place.part("answer", status);
    let places = [&place.part("answer", ""), &place.part("error", ""), &answer];
    let is_reported = places.iter().any(|place| changes.has(place));
    let (old, new) = (member(old, "content"), member(new, "content"));
    if let ([was], [is]) = (&*keys(old, None), &*keys(None, new))
        && was != is
    {
        if !is_reported {
            changes.detail(&answer, format!("is `{is}` instead of `{was}`"));
        }
        return;
    }
    for (name, was, is) in members(old, new) {
        let is_typed = is_json(name) || essence(name) == "text/event-stream";
        let mut details = Details::of(answer.clone(), changes);
        match (member(was, "schema"), member(is, "schema")) {
            (Some(before), Some(after)) if is_typed => {
                details.members(&["schema"], was, is);
                let (before, after) = (old_side.schema_of(before), new_side.schema_of(after));
                let at = SchemaPlace::of(answer.clone(), false, None);
                if !is_reported {
                    schemas::compare(&at, &before, &after, changes);
                }
            }
            _ if was.is_some() && is.is_some() => {
                details.of = format!(" of `{name}`");
                details.members(&[], was, is);
            }
            _ if is_reported => {}
            _ => details.compare(name, was, is),
        }
    }
}
