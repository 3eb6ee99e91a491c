//! Facts that the documents have and the model does not: servers, documentation, headers of responses, contents that are bytes to
//! the client, and other details. The generated code depends on none of it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::changes::Changes;
use super::context::Side;
use super::schemas::{self, At};
use super::{Kind, Owner, Place, inputs, operations, security};
use openapi_client_gen::api::{Content, Operation};
use openapi_document::view::{self, OperationView, essence, is_json};

/// Keywords that people read.
const PROSE: &[&str] = &[
    "description",
    "example",
    "examples",
    "externalDocs",
    "summary",
    "tags",
    "title",
    "xml",
];

/// Keywords whose members are named by the document.
const MAPS: &[&str] = &[
    "encoding",
    "headers",
    "links",
    "mapping",
    "properties",
    "variables",
];

/// Keywords that are `false` where they are absent.
const FLAGS: &[&str] = &[
    "allowReserved",
    "deprecated",
    "nullable",
    "required",
    "writeOnly",
];

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

/// How deep values are compared.
const MAX_DEPTH: usize = 32;

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
    let place = operations::place(after);
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
    let place = operations::place(after).part("body", "");
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
                let at = At::of(answer.clone(), false, None);
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

/// The member of an object.
pub fn member<'v>(value: Option<&'v Value>, name: &str) -> Option<&'v Value> {
    value.and_then(|value| value.get(name))
}

/// The keys of two objects, each once and in order.
fn keys<'v>(old: Option<&'v Value>, new: Option<&'v Value>) -> Vec<&'v str> {
    let objects = [old, new].into_iter().flatten();
    let keys = objects.filter_map(Value::as_object).flatten();
    let keys: BTreeSet<&str> = keys.map(|(key, _)| key.as_str()).collect();
    keys.into_iter().collect()
}

/// The keys of two objects, each with the members that have it.
pub fn members<'v>(
    old: Option<&'v Value>,
    new: Option<&'v Value>,
) -> impl Iterator<Item = (&'v str, Option<&'v Value>, Option<&'v Value>)> {
    let keys = keys(old, new).into_iter();
    keys.map(move |key| (key, member(old, key), member(new, key)))
}

/// A comparison of values that the model does not have, at one place.
pub struct Details<'c, 'd> {
    place: Place,
    /// The owner of the details in words, such as `` of `image/png` ``.
    of: String,
    changes: &'c mut Changes<'d>,
}

impl<'c, 'd> Details<'c, 'd> {
    /// A comparison at a place.
    pub fn of(place: Place, changes: &'c mut Changes<'d>) -> Self {
        Self {
            place,
            of: String::new(),
            changes,
        }
    }

    /// Compares the members of two objects, but for some that are compared elsewhere.
    pub fn members(&mut self, compared: &[&str], old: Option<&Value>, new: Option<&Value>) {
        for (key, old, new) in members(old, new) {
            if !compared.contains(&key) {
                self.compare(key, old, new);
            }
        }
    }

    /// Compares the values of a keyword, which may have a path before it.
    pub fn compare(&mut self, path: &str, old: Option<&Value>, new: Option<&Value>) {
        let keyword = path.rsplit('/').next().unwrap_or_default();
        self.values(&[path], keyword, old, new);
    }

    /// Compares the values at a path. `keyword` is its end, unless that is a name of the document.
    fn values(&mut self, path: &[&str], keyword: &str, old: Option<&Value>, new: Option<&Value>) {
        let old = old.map(|value| self.changes.context.old.followed(value));
        let new = new.map(|value| self.changes.context.new.followed(value));
        let target = |value: Option<&Value>| Some(view::target(value?)?.to_owned());
        let is_object = |value: Option<&Value>| value.is_some_and(Value::is_object);
        let is_renamed = match (target(old), target(new)) {
            (Some(old), Some(new)) => self.changes.context.same_schema(&old, &new),
            _ => false,
        };
        if is_renamed || is_same(keyword, old, new) {
        } else if PROSE.contains(&keyword) || (keyword.starts_with("x-") && keyword != "x-private")
        {
            self.changes.prose(&self.place, &path.join("/"));
        } else if path.len() < MAX_DEPTH
            && keyword != "default"
            && (is_object(old) && is_object(new)
                || MAPS.contains(&keyword) && (is_object(old) || is_object(new)))
        {
            for (key, old, new) in members(old, new) {
                let inner = if MAPS.contains(&keyword) { "" } else { key };
                let path: Vec<&str> = path.iter().copied().chain([key]).collect();
                self.values(&path, inner, old, new);
            }
        } else {
            let label = format!("{}{}", label(path), self.of);
            self.changes.detail(&self.place, differs(&label, old, new));
        }
    }
}

/// A path in words, in which properties are fields.
fn label(path: &[&str]) -> String {
    let mut rest = path.iter().copied();
    let (mut fields, mut keywords): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    while let Some(key) = rest.next() {
        match key {
            "properties" => {
                keywords.clear();
                fields.extend(rest.next());
            }
            "schema" if path.len() > 1 => {}
            key => keywords.push(key),
        }
    }
    let (fields, keywords) = (fields.join("."), keywords.join("/"));
    match (fields.is_empty(), keywords.is_empty()) {
        (true, _) => format!("`{keywords}`"),
        (false, true) => format!("field `{fields}`"),
        (false, false) => format!("`{keywords}` of the field `{fields}`"),
    }
}

/// That something has another value, in words to be read after its place.
pub fn differs(label: &str, old: Option<&Value>, new: Option<&Value>) -> String {
    let [was, is] = [old, new].map(|value| value.map(short).unwrap_or_default());
    match (old, new) {
        (Some(_), Some(_)) if was.is_empty() || is.is_empty() => format!("has another {label}"),
        (Some(_), Some(_)) => format!("has another {label}: `{is}` instead of `{was}`"),
        (_, None) => format!("has no {label} any more"),
        (None, _) if is.is_empty() || is == "true" => format!("has {label} now"),
        (None, _) => format!("has {label} now, `{is}`"),
    }
}

/// Whether two values mean the same. An empty list is none.
fn is_same(keyword: &str, old: Option<&Value>, new: Option<&Value>) -> bool {
    match (old, new) {
        (Some(Value::Array(old)), Some(Value::Array(new))) if keyword != "default" => {
            old.len() == new.len() && old.iter().all(|item| new.contains(item))
        }
        (None, Some(value)) | (Some(value), None) => match value {
            Value::Bool(value) => !value && FLAGS.contains(&keyword),
            Value::Array(items) => items.is_empty(),
            _ => false,
        },
        (old, new) => old == new,
    }
}

/// The number of characters of a value that are quoted.
const QUOTED: usize = 60;

/// A value on one line; empty if it is more than a scalar.
pub fn short(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Object(_) | Value::Array(_) => return String::new(),
        scalar => scalar.to_string(),
    };
    let text = text.replace(|c: char| c.is_control() || c == '`', " ");
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
