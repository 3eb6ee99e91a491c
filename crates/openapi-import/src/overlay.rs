//! Corrections to an upstream document, in the OpenAPI Overlay format, 1.0 and 1.1.
//!
//! An overlay is a list of actions: each changes the values that its JSONPath selects. It outlives the document that it
//! was written for. An action that selects nothing is an error here, because the value was renamed or corrected
//! upstream and the maintainer has to know. An action that changes nothing does no harm, and causes a warning.

mod change;
mod problem;
mod target;

use serde_json::Value;

use openapi_document::diagnostic::{Diagnostic, Located, Place, Severity};
use openapi_document::pointer;
use openapi_document::read::Document;
use openapi_document::shape::describe;
use problem::problem;
use target::Target;

/// An overlay that was read and is valid.
#[derive(Debug)]
pub struct Overlay {
    document: Document,
    actions: Vec<Action>,
}

/// One entry of `actions`.
#[derive(Debug)]
struct Action {
    /// Its JSON pointer in the overlay.
    place: String,
    target: Target,
    change: Change,
}

#[derive(Debug)]
enum Change {
    Update(Value),
    Copy(Target),
    Remove,
}

impl Overlay {
    /// Takes an overlay from the document that holds it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn new(document: Document) -> Result<Self, Vec<Located>> {
        let mut problems = document.duplicate_keys();
        let actions = actions(&document.root, &mut problems)
            .iter()
            .enumerate()
            .filter_map(|(index, action)| {
                let place = pointer::join("/actions", &index.to_string());
                read_action(action, place, &mut problems)
            })
            .collect();
        if problems.is_empty() {
            return Ok(Self { document, actions });
        }
        Err(document.locate_all(problems))
    }

    /// Applies all actions in their order to the document called `name`. Returns a warning for each that changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// A diagnostic for each action that selects nothing, or does not fit what it selects, with its position in the
    /// overlay. The others are applied all the same.
    pub fn apply(&self, root: &mut Value, name: &str) -> Result<Vec<Located>, Vec<Located>> {
        let found = self.actions.iter().filter_map(|action| {
            let problem = action.apply(root, name).err()?;
            let place = Place::Pointer(pointer::join(&action.place, "target"));
            Some(Diagnostic { place, ..problem })
        });
        let (errors, warnings): (Vec<_>, Vec<_>) =
            found.partition(|problem| problem.severity == Severity::Error);
        if errors.is_empty() {
            return Ok(self.document.locate_all(warnings));
        }
        Err(self.document.locate_all(errors))
    }
}

fn invalid(place: &str, message: String, hint: &str) -> Diagnostic {
    Diagnostic::error("invalid-overlay", place, message).hint(hint)
}

/// The actions of an overlay. Its other fields are for readers, but have to be there.
fn actions<'a>(root: &'a Value, problems: &mut Vec<Diagnostic>) -> &'a [Value] {
    const HINT: &str = "an overlay is an object with `overlay`, `info` and `actions`";
    let mut wrong = |place: &str, message: String| problems.push(invalid(place, message, HINT));
    match root.get("overlay") {
        Some(Value::String(version)) if is_known(version) => {}
        Some(version) => {
            let message = format!("the version {version} of the overlay format is not supported");
            problems.push(
                Diagnostic::error("unsupported-version", "/overlay", message)
                    .hint("overlays of 1.0 and 1.1 are read; put the version in quotes"),
            );
            return &[];
        }
        None => {
            let message = match root.is_object() {
                true => "this is not an overlay: it has no `overlay` field".to_owned(),
                false => format!("expected an overlay, found {}", describe(root)),
            };
            wrong("", message);
            return &[];
        }
    }
    let info = root.get("info").map_or("", |_| "/info");
    for field in ["title", "version"] {
        if !root["info"][field].is_string() {
            wrong(info, format!("the overlay's `info` has no text `{field}`"));
        }
    }
    if !root.get("extends").is_none_or(Value::is_string) {
        let message = "`extends` must be the address of a document";
        wrong("/extends", message.to_owned());
    }
    match root.get("actions") {
        // The format asks for one at least; a file that is kept for when it is needed may have none.
        Some(Value::Array(actions)) => return actions,
        Some(other) => {
            let message = format!("expected a list of actions, found {}", describe(other));
            wrong("/actions", message);
        }
        None => wrong("", "the overlay has no `actions`".to_owned()),
    }
    &[]
}

fn is_known(version: &str) -> bool {
    ["1.0", "1.1"].iter().any(|known| {
        let patch = version.strip_prefix(known);
        patch.is_some_and(|patch| patch.is_empty() || patch.starts_with('.'))
    })
}

fn read_action(action: &Value, place: String, problems: &mut Vec<Diagnostic>) -> Option<Action> {
    const FIELDS: [&str; 5] = ["target", "description", "update", "copy", "remove"];
    let mut wrong = |field: &str, message: String, hint: &str| {
        let place = match field {
            "" => place.clone(),
            field => pointer::join(&place, field),
        };
        problems.push(invalid(&place, message, hint));
    };
    let Some(members) = action.as_object() else {
        let message = format!("expected an action, found {}", describe(action));
        let hint = "an action is an object with `target`, and with `update`, `copy` or `remove`";
        wrong("", message, hint);
        return None;
    };
    let is_field = |name: &str| FIELDS.contains(&name) || name.starts_with("x-");
    for name in members.keys().filter(|name| !is_field(name)) {
        let hint = format!("its fields are {}", FIELDS.join(", "));
        wrong(name, format!("an action has no field `{name}`"), &hint);
    }
    let mut path = |field: &str| match members.get(field)? {
        Value::String(text) => {
            let invalid = |reason| format!("`{text}` is not a JSONPath that can be used: {reason}");
            let hint = "RFC 9535 says how they are written; names with `/` go in `['...']`";
            let target = Target::parse(text).map_err(invalid);
            target.map_err(|message| wrong(field, message, hint)).ok()
        }
        other => {
            let message = format!("expected a JSONPath, found {}", describe(other));
            wrong(field, message, "put it in quotes; it begins with `$`");
            None
        }
    };
    let (target, copy) = (path("target"), path("copy"));
    if !members.contains_key("target") {
        let message = "the action has no `target`".to_owned();
        wrong("", message, "say by a JSONPath what it is about");
    }
    let remove = match members.get("remove") {
        None | Some(Value::Bool(false)) => None,
        Some(Value::Bool(true)) => Some(Change::Remove),
        Some(other) => {
            let message = format!("expected true or false, found {}", describe(other));
            wrong("remove", message, "write it without quotes");
            return None;
        }
    };
    let update = members.get("update").cloned().map(Change::Update);
    let changes = [remove, update, copy.map(Change::Copy)];
    let mut changes = changes.into_iter().flatten();
    let change = changes.next();
    if changes.next().is_some() {
        let message = "an action does one thing: `update`, `copy`, or `remove: true`";
        wrong("", message.to_owned(), "make two actions of them");
    }
    let is_empty = !members.contains_key("copy") && members.keys().all(|name| is_field(name));
    if change.is_none() && is_empty {
        let message = "an action says what to do: `update`, `copy`, or `remove: true`";
        wrong("", message.to_owned(), "say it, or remove the action");
    }
    Some(Action {
        place,
        target: target?,
        change: change?,
    })
}

impl Action {
    /// Changes the values that it selects; an error, or a warning if it changes nothing.
    fn apply(&self, root: &mut Value, name: &str) -> Result<(), Diagnostic> {
        let target = &self.target;
        let places = select(target, root, name)?;
        let is_changed = match &self.change {
            Change::Remove => change::remove(root, places)?,
            Change::Update(update) => change::update(root, &places, update)?,
            Change::Copy(source) => {
                let sources = select(source, root, name)?;
                let [source] = sources.as_slice() else {
                    let message = format!("`copy` selects {} values, not one", sources.len());
                    return Err(problem("overlay-conflict", message, "name the one to copy"));
                };
                let value = pointer::get(root, source).cloned().unwrap_or_default();
                change::update(root, &places, &value)?
            }
        };
        if is_changed {
            return Ok(());
        }
        let message = format!("{name} already equals `{target}`");
        let hint = "it needs no correction any more: remove the action";
        Err(problem("overlay-unneeded", message, hint).warning())
    }
}

/// The locations that a JSONPath selects, at least one.
fn select(target: &Target, root: &Value, name: &str) -> Result<Vec<String>, Diagnostic> {
    let places: Vec<String> = target.select(root).into_iter().collect();
    if places.is_empty() {
        let message = format!("`{target}` selects nothing in {name}");
        let hint = "what it corrects has another name or place by now, or needs no correction: change the action or remove it";
        return Err(problem("overlay-unmatched", message, hint));
    }
    Ok(places)
}
