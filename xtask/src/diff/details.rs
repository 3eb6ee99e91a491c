//! Facts that the documents have and the model does not: servers, documentation, headers of responses, contents that are bytes to
//! the client, and other details. The generated code depends on none of it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::changes::Changes;
use super::context::Side;
use super::schemas::{self, At};
use super::{Kind, Owner, Place, inputs, operations, security};
use crate::api::Operation;
use crate::view::{self, OperationView, essence, is_json};

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

/// Adds what differs in the documents alone.
pub fn compare(changes: &mut Changes<'_>) {
    let context = changes.context;
    let (old, new) = (context.old.root, context.new.root);
    let version = |root: &Value| root.pointer("/info/version").map(short).unwrap_or_default();
    if version(old) != version(new) {
        let what = format!("was `{}` and is `{}`", version(old), version(new));
        changes.add(
            Kind::VersionChanged,
            &Place::of(Owner::Document("version")),
            what,
        );
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
        for key in keys(old, new) {
            if !compared.contains(&key) && member(old, key) != member(new, key) {
                changes.prose(&place, &format!("{path}{key}"));
            }
        }
    }
    security::compare(changes);
    servers(
        &Place::of(Owner::Document("servers")),
        &addresses(old.get("servers")),
        &addresses(new.get("servers")),
        changes,
    );
}

/// The addresses, with the values of their variables.
fn addresses(servers: Option<&Value>) -> String {
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
    match addresses.collect::<Vec<_>>().as_slice() {
        [] => "none".to_owned(),
        addresses => addresses.join(" and "),
    }
}

fn servers(place: &Place, was: &str, is: &str, changes: &mut Changes<'_>) {
    if was != is {
        changes.add(
            Kind::ServersChanged,
            place,
            format!("were {was} and are {is}"),
        );
    }
}

type Sent<'a> = (&'a Operation, OperationView<'a>);

/// Adds what differs in an operation of the documents alone.
pub fn operation<'d>((before, old): Sent<'d>, (after, new): Sent<'d>, changes: &mut Changes<'d>) {
    let context = changes.context;
    let place = operations::place(after);
    security::of_operation(&place, (old, new), changes);
    let declared = |view: OperationView<'_>| {
        let servers = view
            .value
            .get("servers")
            .or_else(|| view.item.get("servers"));
        servers.map(|servers| addresses(Some(servers)))
    };
    if declared(old).is_some() || declared(new).is_some() {
        let of = |root: &Value, declared: Option<String>| {
            declared.unwrap_or_else(|| addresses(root.get("servers")))
        };
        let (was, is) = (
            of(context.old.root, declared(old)),
            of(context.new.root, declared(new)),
        );
        servers(&place.part("servers", ""), &was, &is, changes);
    }
    let mut details = Details::of(place.clone(), changes);
    for word in ["summary", "description"] {
        details.compare(word, old.item.get(word), new.item.get(word));
    }
    details.members(COMPARED, Some(old.value), Some(new.value));
    body((before, old), (after, new), changes);
    let (old, new) = (old.value.get("responses"), new.value.get("responses"));
    for status in keys(old, new) {
        let of_status = place.part("status", status);
        match (member(old, status), member(new, status)) {
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

fn resolved<'d>(root: &'d Value, value: Option<&'d Value>) -> Option<&'d Value> {
    Some(view::resolve(root, value?)?.1)
}

fn body((before, old): Sent<'_>, (after, new): Sent<'_>, changes: &mut Changes<'_>) {
    let context = changes.context;
    let old = resolved(context.old.root, old.value.get("requestBody"));
    let new = resolved(context.new.root, new.value.get("requestBody"));
    if old.is_none() || new.is_none() {
        return;
    }
    let place = operations::place(after).part("body", "");
    // The parts of a form are required one by one.
    let is_form = operations::is_multipart(before) && operations::is_multipart(after);
    let compared = if is_form {
        &["content"][..]
    } else {
        &["content", "required"]
    };
    let is_reported = changes.has_any(&place.owner);
    let mut details = Details::of(place, changes);
    details.members(compared, old, new);
    let (old, new) = (member(old, "content"), member(new, "content"));
    for name in keys(old, new) {
        let (was, is) = (member(old, name), member(new, name));
        let is_method = |side: &Side<'_>, origin: &str| {
            let operations = side.api.operations.iter();
            let mut bodies = operations
                .filter(|operation| operation.origin == origin)
                .filter_map(|operation| operation.body.as_ref());
            bodies.any(|body| inputs::is_sent_as(name, body))
        };
        match (was, is) {
            // Another method is a change by itself.
            (Some(_), None) if is_method(&context.old, &before.origin) => {}
            (None, Some(_)) if is_method(&context.new, &after.origin) => {}
            (Some(_), Some(_)) => {
                let is_form = FORMS.contains(&&*essence(name));
                let compared: &[&str] =
                    match is_json(name) || is_form || TEXTS.contains(&&*essence(name)) {
                        // The style of a field and the media type of a part are in the model.
                        true if is_form && is_reported => &["encoding", "schema"],
                        true => &["schema"],
                        false => &[],
                    };
                details.members(compared, was, is);
            }
            (was, is) => details.compare(name, was, is),
        }
    }
}

/// Texts, whose schemas are in the model.
const TEXTS: &[&str] = &["text/plain", "text/x-markdown"];

/// Forms, whose schemas and styles are in the model.
const FORMS: &[&str] = &["application/x-www-form-urlencoded", "multipart/form-data"];

fn response<'d>(
    place: &Place,
    status: &str,
    (old, new): (&'d Value, &'d Value),
    changes: &mut Changes<'d>,
) {
    let context = changes.context;
    let old = resolved(context.old.root, Some(old));
    let new = resolved(context.new.root, Some(new));
    let of_status = place.part("status", status);
    Details::of(of_status, changes).members(&["content"], old, new);
    let answer = place.part("answer", status);
    let places = [&place.part("answer", ""), &place.part("error", ""), &answer];
    let is_reported = places.iter().any(|place| changes.has(place));
    let (old, new) = (member(old, "content"), member(new, "content"));
    match (&*keys(old, None), &*keys(None, new)) {
        ([was], [is]) if was != is => {
            if !is_reported {
                changes.detail(&answer, format!("is `{is}` instead of `{was}`"));
            }
            return;
        }
        _ => {}
    }
    for name in keys(old, new) {
        let (was, is) = (member(old, name), member(new, name));
        let is_typed = is_json(name) || essence(name) == "text/event-stream";
        let mut details = Details::of(answer.clone(), changes);
        match (member(was, "schema"), member(is, "schema")) {
            (Some(before), Some(after)) if is_typed => {
                details.members(&["schema"], was, is);
                let (before, after) = (context.old.schema_of(before), context.new.schema_of(after));
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
pub fn keys<'v>(old: Option<&'v Value>, new: Option<&'v Value>) -> Vec<&'v str> {
    let objects = [old, new].into_iter().flatten();
    let keys = objects.filter_map(Value::as_object).flatten();
    let keys: BTreeSet<&str> = keys.map(|(key, _)| key.as_str()).collect();
    keys.into_iter().collect()
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
        for key in keys(old, new) {
            if !compared.contains(&key) {
                self.compare(key, member(old, key), member(new, key));
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
            for key in keys(old, new) {
                let inner = if MAPS.contains(&keyword) { "" } else { key };
                let path: Vec<&str> = path.iter().copied().chain([key]).collect();
                self.values(&path, inner, member(old, key), member(new, key));
            }
        } else {
            let label = format!("{}{}", label(path), self.of);
            self.changes.detail(&self.place, differs(&label, old, new));
        }
    }
}

/// A path in words: the names of properties are those of fields.
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
    let (was, is) = (
        old.map(short).unwrap_or_default(),
        new.map(short).unwrap_or_default(),
    );
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

/// How much of a value is quoted.
const QUOTED: usize = 60;

/// A value on one line; empty if it is more than a scalar.
pub fn short(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Object(_) | Value::Array(_) => return String::new(),
        scalar => scalar.to_string(),
    };
    let is_special = |c: char| c.is_control() || c == '`';
    let line = text
        .chars()
        .take(QUOTED)
        .map(|c| if is_special(c) { ' ' } else { c });
    let end = if text.chars().count() > QUOTED {
        "…"
    } else {
        ""
    };
    line.chain(end.chars()).collect()
}
