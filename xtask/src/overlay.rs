//! Corrections to a document that somebody else writes, in the OpenAPI Overlay format, 1.0 and 1.1.
//!
//! An overlay is a list of actions, each a JSONPath and what to do with what it selects. It outlives the document that
//! it was written for, so an action that selects nothing is an error here: what it corrected was renamed, or is
//! mended, and the maintainer has to know. One that has nothing to change does no harm, and is warned of.

mod change;
mod target;

use change::{remove, update_all};
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Located};
use crate::pointer;
use crate::read::Document;
use crate::shape::describe;
use target::Target;

/// An overlay that was read and found to be one.
#[derive(Debug)]
pub struct Overlay {
    document: Document,
    actions: Vec<Action>,
}

/// One entry of `actions`.
#[derive(Debug)]
struct Action {
    /// Where it stands in the overlay.
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

/// What is wrong with one action, before it has a place.
struct Problem {
    code: &'static str,
    message: String,
    hint: &'static str,
}

impl Overlay {
    /// Takes an overlay from the document that holds it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn new(document: Document) -> Result<Self, Vec<Located>> {
        let mut problems = document.duplicate_keys();
        let actions = identity(&document.root, &mut problems)
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

    /// How many actions it has.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Applies all actions in their order to the document called `name`. Returns a warning for each that changes nothing.
    ///
    /// # Errors
    ///
    /// A diagnostic for each action that selects nothing, or does not fit what it selects, with its place in the
    /// overlay. The others are applied all the same.
    pub fn apply(&self, root: &mut Value, name: &str) -> Result<Vec<Located>, Vec<Located>> {
        let (mut problems, mut unneeded) = (Vec::new(), Vec::new());
        for action in &self.actions {
            let place = pointer::join(&action.place, "target");
            match action.apply(root, name) {
                Ok(true) => {}
                Ok(false) => {
                    let target = &action.target;
                    let message = format!("{name} says already what is said of `{target}`");
                    let warning = Diagnostic::error("overlay-unneeded", place, message).warning();
                    unneeded
                        .push(warning.hint("it needs no correction any more: remove the action"));
                }
                Err(Problem {
                    code,
                    message,
                    hint,
                }) => problems.push(Diagnostic::error(code, place, message).hint(hint)),
            }
        }
        if problems.is_empty() {
            return Ok(self.document.locate_all(unneeded));
        }
        Err(self.document.locate_all(problems))
    }
}

/// The actions of an overlay. Its other fields are for readers, but have to be there.
fn identity<'a>(root: &'a Value, problems: &mut Vec<Diagnostic>) -> &'a [Value] {
    const HINT: &str = "an overlay is an object with `overlay`, `info` and `actions`";
    let mut wrong = |place: &str, message: String| {
        problems.push(Diagnostic::error("invalid-overlay", place, message).hint(HINT));
    };
    if !root.is_object() {
        wrong("", format!("expected an overlay, found {}", describe(root)));
        return &[];
    }
    match root.get("overlay").map(|version| version.as_str()) {
        Some(Some(version)) if is_known(version) => {}
        Some(_) => {
            let message = format!(
                "the version {} of the overlay format is not supported",
                root["overlay"]
            );
            problems.push(
                Diagnostic::error("unsupported-version", "/overlay", message)
                    .hint("overlays of 1.0 and 1.1 are read; put the version in quotes"),
            );
            return &[];
        }
        None => {
            wrong(
                "",
                "this is not an overlay: it has no `overlay` field".to_owned(),
            );
            return &[];
        }
    }
    let info = root.get("info");
    for field in ["title", "version"] {
        if !info
            .and_then(|info| info.get(field))
            .is_some_and(Value::is_string)
        {
            let place = if info.is_some() { "/info" } else { "" };
            wrong(place, format!("the overlay's `info` has no text `{field}`"));
        }
    }
    if root
        .get("extends")
        .is_some_and(|extends| !extends.is_string())
    {
        wrong(
            "/extends",
            "`extends` must be the address of a document".to_owned(),
        );
    }
    match root.get("actions") {
        // The format asks for one at least; a file that is kept for when it is needed may have none.
        Some(Value::Array(actions)) => actions,
        Some(other) => {
            wrong(
                "/actions",
                format!("expected a list of actions, found {}", describe(other)),
            );
            &[]
        }
        None => {
            wrong("", "the overlay has no `actions`".to_owned());
            &[]
        }
    }
}

fn is_known(version: &str) -> bool {
    ["1.0", "1.1"].iter().any(|known| {
        let patch = version.strip_prefix(known);
        patch.is_some_and(|patch| patch.is_empty() || patch.starts_with('.'))
    })
}

fn read_action(action: &Value, place: String, problems: &mut Vec<Diagnostic>) -> Option<Action> {
    let mut wrong = |place: &str, message: String, hint: &str| {
        problems.push(Diagnostic::error("invalid-overlay", place, message).hint(hint));
    };
    let Some(members) = action.as_object() else {
        wrong(
            &place,
            format!("expected an action, found {}", describe(action)),
            "an action is an object with `target`, and with `update`, `copy` or `remove`",
        );
        return None;
    };
    const FIELDS: [&str; 5] = ["target", "description", "update", "copy", "remove"];
    let mut is_known = true;
    for name in members.keys() {
        if !FIELDS.contains(&name.as_str()) && !name.starts_with("x-") {
            is_known = false;
            let message = format!("an action has no field `{name}`");
            let hint = format!("its fields are {}", FIELDS.join(", "));
            wrong(&pointer::join(&place, name), message, &hint);
        }
    }
    let mut path = |field: &str| {
        let at = pointer::join(&place, field);
        let text = match members.get(field) {
            Some(Value::String(text)) => text,
            Some(other) => {
                let message = format!("expected a JSONPath, found {}", describe(other));
                wrong(&at, message, "put it in quotes; it begins with `$`");
                return None;
            }
            None if field == "target" => {
                wrong(
                    &place,
                    "the action has no `target`".to_owned(),
                    "say by a JSONPath what it is about",
                );
                return None;
            }
            None => return None,
        };
        match Target::parse(text) {
            Ok(target) => Some(target),
            Err(reason) => {
                let message = format!("`{text}` is not a JSONPath that can be used: {reason}");
                wrong(
                    &at,
                    message,
                    "RFC 9535 says how they are written; names with `/` go in `['...']`",
                );
                None
            }
        }
    };
    let target = path("target");
    let copy = path("copy");
    let remove = match members.get("remove") {
        None => false,
        Some(Value::Bool(remove)) => *remove,
        Some(other) => {
            let at = pointer::join(&place, "remove");
            let message = format!("expected true or false, found {}", describe(other));
            wrong(&at, message, "write it without quotes");
            return None;
        }
    };
    let update = members.get("update").cloned().map(Change::Update);
    let remove = remove.then_some(Change::Remove);
    let mut changes = [remove, update, copy.map(Change::Copy)]
        .into_iter()
        .flatten();
    let (change, second) = (changes.next(), changes.next());
    if change.is_none() && is_known && !members.contains_key("copy") {
        let message = "an action says what to do: `update`, `copy`, or `remove: true`";
        wrong(&place, message.to_owned(), "say it, or remove the action");
    }
    if second.is_some() {
        let message = "an action does one thing: `update`, `copy`, or `remove: true`";
        wrong(&place, message.to_owned(), "make two actions of them");
        return None;
    }
    Some(Action {
        place,
        target: target?,
        change: change?,
    })
}

impl Action {
    /// Whether it changed anything.
    fn apply(&self, root: &mut Value, name: &str) -> Result<bool, Problem> {
        let places = self.places(root, &self.target, name)?;
        let update = match &self.change {
            // There is something, for it was selected.
            Change::Remove => return remove(root, places).map(|()| true),
            Change::Update(update) => update.clone(),
            Change::Copy(source) => {
                let sources = self.places(root, source, name)?;
                let [source] = sources.as_slice() else {
                    return Err(Problem {
                        code: "overlay-conflict",
                        message: format!("`copy` selects {} values, not one", sources.len()),
                        hint: "name the one to copy",
                    });
                };
                pointer::get(root, source).cloned().unwrap_or_default()
            }
        };
        let selected = |root: &Value| -> Vec<Option<Value>> {
            let values = places.iter().map(|place| pointer::get(root, place));
            values.map(|value| value.cloned()).collect()
        };
        let before = selected(root);
        update_all(root, &places, &update)?;
        Ok(selected(root) != before)
    }

    fn places(&self, root: &Value, target: &Target, name: &str) -> Result<Vec<String>, Problem> {
        let places: Vec<String> = target.select(root).into_iter().collect();
        if places.is_empty() {
            return Err(Problem {
                code: "overlay-unmatched",
                message: format!("`{target}` selects nothing in {name}"),
                hint: "what it corrects has another name or place by now, or needs no correction: change the action or remove it",
            });
        }
        Ok(places)
    }
}
