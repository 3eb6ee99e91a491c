//! What the documents have and the model does not: servers, documentation, headers of responses, contents that are bytes to
//! the client, and other details. The generated code depends on none of it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::changes::Changes;
use super::constraints::Enforced;
use super::context::{Context, Side, is_component};
use super::schemas::{self, At};
use super::{Kind, Owner, Place, inputs, operations, security};
use crate::api::Operation;
use crate::pointer;
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
    "callbacks",
    "encoding",
    "headers",
    "links",
    "mapping",
    "properties",
    "scopes",
    "variables",
];

/// How deep two values are compared.
const MAX_DEPTH: usize = 32;

/// Adds what differs in the documents alone.
pub fn compare(context: &Context<'_>, changes: &mut Changes) {
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
    security::compare(context, changes);
    servers(
        &Place::of(Owner::Document("servers")),
        &addresses(old.get("servers")),
        &addresses(new.get("servers")),
        changes,
    );
    let mut compared = BTreeSet::new();
    for (before, after) in &context.operations {
        let views = (context.old.view(before), context.new.view(after));
        // Several methods may be made of one operation; the first has its name.
        if let (Some(old), Some(new), true) = (views.0, views.1, compared.insert(&after.origin)) {
            operation(context, (before, old), (after, new), changes);
        }
    }
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

fn servers(place: &Place, was: &str, is: &str, changes: &mut Changes) {
    if was != is {
        changes.add(
            Kind::ServersChanged,
            place,
            format!("were {was} and are {is}"),
        );
    }
}

type Sent<'a> = (&'a Operation, OperationView<'a>);

fn operation(
    context: &Context<'_>,
    (before, old): Sent<'_>,
    (after, new): Sent<'_>,
    changes: &mut Changes,
) {
    let place = operations::place(after);
    security::of_operation(context, &place, old, new, changes);
    let own = |view: OperationView<'_>| {
        let own = view
            .value
            .get("servers")
            .or_else(|| view.item.get("servers"));
        own.map(|own| addresses(Some(own)))
    };
    if own(old).is_some() || own(new).is_some() {
        let of = |root: &Value, own: Option<String>| {
            own.unwrap_or_else(|| addresses(root.get("servers")))
        };
        let (was, is) = (
            of(context.old.root, own(old)),
            of(context.new.root, own(new)),
        );
        servers(&place.part("servers", ""), &was, &is, changes);
    }
    let mut details = Details::of(context, place.clone(), changes);
    for word in ["summary", "description"] {
        details.compare(word, old.item.get(word), new.item.get(word));
    }
    // Compared in the model, or below.
    let compared = [
        "deprecated",
        "operationId",
        "parameters",
        "requestBody",
        "responses",
        "security",
        "servers",
        "x-idempotent",
    ];
    details.members(&compared, Some(old.value), Some(new.value));
    let bodies = (
        resolved(context.old.root, old.value.get("requestBody")),
        resolved(context.new.root, new.value.get("requestBody")),
    );
    if let (Some(old), Some(new)) = bodies {
        body(context, (before, old), (after, new), changes);
    }
    let (old, new) = (old.value.get("responses"), new.value.get("responses"));
    for status in keys(old, new) {
        let (kind, what) = match (member(old, status), member(new, status)) {
            (was, is) if status.starts_with("x-") => {
                Details::of(context, place.clone(), changes).compare(status, was, is);
                continue;
            }
            (Some(was), Some(is)) => {
                response(context, &place, status, (was, is), changes);
                continue;
            }
            (None, _) => (Kind::StatusAdded, "is described now"),
            _ => (Kind::StatusRemoved, "is no longer described"),
        };
        if !changes.has(&place.part("answer", status)) {
            changes.add(kind, &place.part("status", status), what);
        }
    }
}

fn resolved<'d>(root: &'d Value, value: Option<&'d Value>) -> Option<&'d Value> {
    Some(view::resolve(root, value?)?.1)
}

fn body(
    context: &Context<'_>,
    (before, old): (&Operation, &Value),
    (after, new): (&Operation, &Value),
    changes: &mut Changes,
) {
    let owner = operations::place(after);
    let place = owner.part("body", "");
    // The parts of a form are required one by one.
    let is_form = operations::is_multipart(before) && operations::is_multipart(after);
    let compared = if is_form {
        &["content"][..]
    } else {
        &["content", "required"]
    };
    Details::of(context, place.clone(), changes).members(compared, Some(old), Some(new));
    let is_sent = |side: &Side<'_>, origin: &str, name: &str| {
        let operations = side.api.operations.iter();
        let bodies = operations.filter(|operation| operation.origin == origin);
        let mut bodies = bodies.filter_map(|operation| operation.body.as_ref());
        bodies.any(|body| inputs::is_sent_as(name, body))
    };
    let (old, new) = (old.get("content"), new.get("content"));
    for name in keys(old, new) {
        let mut details = Details::of(context, place.clone(), changes);
        let (old, new) = match (member(old, name), member(new, name)) {
            (Some(old), Some(new)) => (old, new),
            // Another method is told by itself.
            (Some(_), _) if is_sent(&context.old, &before.origin, name) => continue,
            (_, Some(_)) if is_sent(&context.new, &after.origin, name) => continue,
            (was, is) => {
                details.compare(name, was, is);
                continue;
            }
        };
        details.members(&["encoding", "schema"], Some(old), Some(new));
        let what = match &*essence(name) {
            "multipart/form-data" => "part",
            "application/x-www-form-urlencoded" => "field of the form",
            json if is_json(json) => continue,
            _ => {
                details.compare("schema", old.get("schema"), new.get("schema"));
                continue;
            }
        };
        let (old, new) = (old.get("encoding"), new.get("encoding"));
        for name in keys(old, new) {
            let part = owner.part(what, name);
            // The style of a field and the media type of a part are in the model.
            if !changes.has(&part) {
                let mut details = Details::of(context, part, changes);
                details.compare("encoding", member(old, name), member(new, name));
            }
        }
    }
}

fn response<'d>(
    context: &Context<'d>,
    place: &Place,
    status: &str,
    (old, new): (&'d Value, &'d Value),
    changes: &mut Changes,
) {
    let old = resolved(context.old.root, Some(old));
    let new = resolved(context.new.root, Some(new));
    let of_status = place.part("status", status);
    Details::of(context, of_status, changes).members(&["content"], old, new);
    let is_changed = |what| changes.has(&place.part(what, ""));
    let is_told = is_changed("answer") || is_changed("error");
    let place = place.part("answer", status);
    let (old, new) = (member(old, "content"), member(new, "content"));
    if let ([was], [is]) = (&*keys(old, None), &*keys(None, new))
        && was != is
    {
        if !is_told {
            changes.detail(&place, format!("is `{is}` instead of `{was}`"));
        }
        return;
    }
    for name in keys(old, new) {
        let (old, new) = match (member(old, name), member(new, name)) {
            (Some(old), Some(new)) => (old, new),
            _ if is_told || changes.has(&place) => continue,
            (was, is) => {
                Details::of(context, place.clone(), changes).compare(name, was, is);
                continue;
            }
        };
        let mut details = Details::of(context, place.clone(), changes);
        details.members(&["schema"], Some(old), Some(new));
        match (old.get("schema"), new.get("schema")) {
            (Some(old), Some(new)) if is_json(name) || essence(name) == "text/event-stream" => {
                let (old, new) = (context.old.schema_of(old), context.new.schema_of(new));
                if !is_told {
                    let at = At::of(place.clone(), false, Enforced::No);
                    schemas::compare(context, &at, &old, &new, changes);
                }
            }
            (old, new) => {
                details.of = format!(" of `{name}`");
                details.compare("schema", old, new);
            }
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
    context: &'c Context<'d>,
    place: Place,
    /// What they are of, such as `` of `image/png` ``.
    of: String,
    changes: &'c mut Changes,
}

/// The path to a value: fields of objects, and then keywords.
#[derive(Clone, Debug, Default)]
struct Path {
    fields: Vec<String>,
    keywords: Vec<String>,
}

impl Path {
    /// The path to a member; the names of properties are those of fields.
    fn join(&self, keyword: &str, key: &str) -> Self {
        let mut path = self.clone();
        if keyword == "properties" {
            path.keywords.clear();
            path.fields.push(key.to_owned());
        } else {
            path.keywords.push(key.to_owned());
        }
        path
    }

    /// The path in words.
    fn label(&self) -> String {
        let keywords: Vec<&str> = self.keywords.iter().map(String::as_str).collect();
        let keywords = match &*keywords {
            ["schema", rest @ ..] if !rest.is_empty() => rest.join("/"),
            all => all.join("/"),
        };
        let fields = self.fields.join(".");
        match (fields.is_empty(), keywords.is_empty()) {
            (true, _) => format!("`{keywords}`"),
            (false, true) => format!("field `{fields}`"),
            (false, false) => format!("`{keywords}` of the field `{fields}`"),
        }
    }
}

impl<'c, 'd> Details<'c, 'd> {
    /// A comparison at a place.
    pub fn of(context: &'c Context<'d>, place: Place, changes: &'c mut Changes) -> Self {
        Self {
            context,
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
        let path = Path::default().join("", path);
        self.values(&path, keyword, old, new);
    }

    fn values(&mut self, path: &Path, keyword: &str, old: Option<&Value>, new: Option<&Value>) {
        let target = |value: Option<&Value>| {
            let target = view::target(value?)?;
            is_component(target).then(|| target.to_owned())
        };
        let label = format!("{}{}", path.label(), self.of);
        if let (Some(old), Some(new)) = (target(old), target(new)) {
            if !self.context.same_schema(&old, &new) {
                let (old, new) = (pointer::last(&old), pointer::last(&new));
                self.changes
                    .detail(&self.place, another(&label, &old, &new));
            }
            return;
        }
        let resolved = |root, value: Option<&Value>| {
            value.map(|value| match target(Some(value)) {
                Some(_) => value.clone(),
                None => view::resolve(root, value)
                    .map_or(value, |(_, value)| value)
                    .clone(),
            })
        };
        let (old, new) = (
            resolved(self.context.old.root, old),
            resolved(self.context.new.root, new),
        );
        let (old, new) = (old.as_ref(), new.as_ref());
        if is_same(keyword, old, new) {
            return;
        }
        if PROSE.contains(&keyword) || (keyword.starts_with("x-") && keyword != "x-private") {
            let keywords: Vec<&str> = path
                .fields
                .iter()
                .chain(&path.keywords)
                .map(String::as_str)
                .collect();
            return self.changes.prose(&self.place, &keywords.join("/"));
        }
        let depth = path.fields.len() + path.keywords.len();
        match (old, new) {
            _ if depth > MAX_DEPTH || keyword == "default" => self.tell(&label, old, new),
            (Some(Value::Object(_)), Some(Value::Object(_))) => self.each(path, keyword, old, new),
            (Some(Value::Object(_)), None) | (None, Some(Value::Object(_)))
                if MAPS.contains(&keyword) =>
            {
                self.each(path, keyword, old, new);
            }
            _ => self.tell(&label, old, new),
        }
    }

    fn each(&mut self, path: &Path, keyword: &str, old: Option<&Value>, new: Option<&Value>) {
        for key in keys(old, new) {
            // A name of the document is no keyword.
            let inner = if MAPS.contains(&keyword) { "" } else { key };
            self.values(
                &path.join(keyword, key),
                inner,
                member(old, key),
                member(new, key),
            );
        }
    }

    fn tell(&mut self, label: &str, old: Option<&Value>, new: Option<&Value>) {
        let what = match (old, new) {
            (Some(old), Some(new)) => another(label, &short(old), &short(new)),
            (None, Some(new)) => match short(new) {
                value if value.is_empty() || value == "true" => present(label, true),
                value => format!("{}, `{value}`", present(label, true)),
            },
            _ => present(label, false),
        };
        self.changes.detail(&self.place, what);
    }
}

/// That something has another value; empty values are too long to be printed.
pub fn another(label: &str, old: &str, new: &str) -> String {
    match old.is_empty() || new.is_empty() {
        true => format!("has another {label}"),
        false => format!("has another {label}: `{new}` instead of `{old}`"),
    }
}

/// That something is there now, or is not.
pub fn present(label: &str, is_there: bool) -> String {
    match is_there {
        true => format!("has {label} now"),
        false => format!("has no {label} any more"),
    }
}

/// Keywords that are `false` where they are absent.
const FLAGS: &[&str] = &[
    "allowEmptyValue",
    "allowReserved",
    "deprecated",
    "nullable",
    "required",
    "writeOnly",
];

/// Whether two values mean the same. An empty list is none.
fn is_same(keyword: &str, old: Option<&Value>, new: Option<&Value>) -> bool {
    match (old, new) {
        (Some(Value::Array(old)), Some(Value::Array(new))) if keyword != "default" => {
            old.len() == new.len() && old.iter().all(|item| new.contains(item))
        }
        (Some(old), Some(new)) => old == new,
        (None, Some(value)) | (Some(value), None) => match value {
            Value::Bool(value) => !value && FLAGS.contains(&keyword),
            Value::Array(items) => items.is_empty(),
            _ => false,
        },
        (None, None) => true,
    }
}

/// How much of a value is quoted.
const QUOTED: usize = 60;

/// A value on one line; empty if it is more than a scalar.
pub fn short(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Object(_) | Value::Array(_) => String::new(),
        scalar => scalar.to_string(),
    };
    let mut line: String = text
        .chars()
        .take(QUOTED)
        .map(|c| if c.is_control() || c == '`' { ' ' } else { c })
        .collect();
    if text.chars().count() > QUOTED {
        line.push('…');
    }
    line
}
