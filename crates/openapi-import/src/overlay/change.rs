//! The changes of actions. Each says whether it has changed anything.

use serde_json::{Map, Value, json};

use super::problem::problem;
use openapi_document::diagnostic::Diagnostic;
use openapi_document::pointer;
use openapi_document::shape::describe;
use openapi_document::view;

/// Removes values, the last first, so that the locations of the others stay valid.
pub fn remove(root: &mut Value, mut places: Vec<String>) -> Result<bool, Diagnostic> {
    // By number where they are items: 10 comes after 9.
    places.sort_by_cached_key(|place| {
        let tokens = pointer::tokens(place);
        let key = tokens.map(|token| (token.parse::<usize>().unwrap_or_default(), token));
        key.collect::<Vec<_>>()
    });
    for place in places.iter().rev() {
        let Some(parent) = pointer::parent(place) else {
            let message = "the document itself can't be removed".to_owned();
            let hint = "select what is in it";
            return Err(problem("overlay-conflict", message, hint));
        };
        let name = pointer::last(place);
        match root.pointer_mut(parent) {
            Some(Value::Object(members)) => {
                members.remove(&name);
            }
            Some(Value::Array(items)) => {
                if let Ok(index) = name.parse::<usize>() {
                    items.remove(index);
                }
            }
            _ => {}
        }
    }
    Ok(true)
}

/// Updates each of the values: lists by appending, everything else by merging.
pub fn update(root: &mut Value, places: &[String], update: &Value) -> Result<bool, Diagnostic> {
    let mut is_changed = false;
    for place in places {
        is_changed |= match (root.pointer_mut(place), update) {
            (Some(Value::Array(items)), update) if !update.is_array() => {
                items.push(update.clone());
                true
            }
            (Some(value), update) => merge(value, update, place)?,
            (None, _) => false,
        };
    }
    Ok(is_changed)
}

/// Merges as the format says: objects member by member, lists one after the other, anything else is replaced by a value
/// of its kind.
fn merge(value: &mut Value, update: &Value, place: &str) -> Result<bool, Diagnostic> {
    match (value, update) {
        (Value::Object(members), Value::Object(updates)) => {
            let mut is_changed = free_reference(members, updates);
            for (name, update) in updates {
                is_changed |= match members.get_mut(name) {
                    Some(member) => merge(member, update, &pointer::join(place, name))?,
                    None => members.insert(name.clone(), update.clone()).is_none(),
                };
            }
            Ok(is_changed)
        }
        (Value::Array(items), Value::Array(more)) => {
            items.extend(more.iter().cloned());
            Ok(!more.is_empty())
        }
        (value, update) if is_scalar(value) && is_scalar(update) => {
            let old = std::mem::replace(value, update.clone());
            Ok(old != *update)
        }
        (value, update) => {
            let (is, update) = (describe(value), describe(update));
            let message =
                format!("at `{place}` there is {is}, which {update} can't be merged with");
            let hint = "remove it with an action of its own first";
            Err(problem("overlay-conflict", message, hint))
        }
    }
}

/// Puts a reference to a schema into an `allOf` if the update adds fields beside it: OpenAPI 3.0 ignores fields beside
/// a bare reference, and an ignored `x-private` is worse than none.
fn free_reference(members: &mut Map<String, Value>, updates: &Map<String, Value>) -> bool {
    let target = members.get("$ref").and_then(Value::as_str);
    let is_schema = target.and_then(view::schema_name).is_some();
    let own = updates.contains_key("$ref") || updates.contains_key("allOf");
    let is_freed = is_schema && !own && !updates.is_empty();
    if is_freed {
        let reference = std::mem::take(members);
        members.insert("allOf".to_owned(), json!([reference]));
    }
    is_freed
}

fn is_scalar(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}
