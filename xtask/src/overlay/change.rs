//! What an action does to the values that it selects.

use serde_json::{Map, Value, json};

use super::Problem;
use crate::pointer;
use crate::shape::describe;
use crate::view;

/// Takes values out of what they are in, the last first, so that the places of the others stay valid.
pub fn remove(root: &mut Value, mut places: Vec<String>) -> Result<(), Problem> {
    // By number where they are items: 10 comes after 9.
    places.sort_by_cached_key(|place| {
        let tokens = pointer::tokens(place);
        tokens
            .map(|token| (token.parse::<usize>().unwrap_or_default(), token))
            .collect::<Vec<_>>()
    });
    for place in places.iter().rev() {
        let Some(parent) = pointer::parent(place) else {
            return Err(Problem {
                code: "overlay-conflict",
                message: "the document itself can't be removed".to_owned(),
                hint: "select what is in it",
            });
        };
        let name = pointer::last(place);
        match pointer::get_mut(root, parent) {
            Some(Value::Object(members)) => {
                members.remove(&name);
            }
            Some(Value::Array(items)) => {
                if let Ok(index) = name.parse::<usize>()
                    && index < items.len()
                {
                    items.remove(index);
                }
            }
            // It went with something around it.
            _ => {}
        }
    }
    Ok(())
}

/// Updates each of the values: lists by appending, everything else by merging.
pub fn update_all(root: &mut Value, places: &[String], update: &Value) -> Result<(), Problem> {
    for place in places {
        let Some(value) = pointer::get_mut(root, place) else {
            continue;
        };
        match value {
            Value::Array(items) => match update {
                Value::Array(more) => items.extend(more.iter().cloned()),
                one => items.push(one.clone()),
            },
            value => merge(value, update, place)?,
        }
    }
    Ok(())
}

/// Merges as the format says: objects member by member, lists one after the other, anything else is replaced by what is
/// of its kind.
fn merge(value: &mut Value, update: &Value, place: &str) -> Result<(), Problem> {
    match (value, update) {
        (Value::Object(members), Value::Object(updates)) => {
            free_reference(members, updates);
            for (name, update) in updates {
                let place = pointer::join(place, name);
                match members.get_mut(name) {
                    Some(member) => merge(member, update, &place)?,
                    None => {
                        members.insert(name.clone(), update.clone());
                    }
                }
            }
            Ok(())
        }
        (Value::Array(items), Value::Array(more)) => {
            items.extend(more.iter().cloned());
            Ok(())
        }
        (value, update) if is_scalar(value) && is_scalar(update) => {
            *value = update.clone();
            Ok(())
        }
        (value, update) => Err(Problem {
            code: "overlay-conflict",
            message: format!(
                "at `{place}` there is {}, which {} can't be merged with",
                describe(value),
                describe(update)
            ),
            hint: "remove it with an action of its own first",
        }),
    }
}

/// Puts a reference to a schema into an `allOf` if something is to stand beside it: OpenAPI 3.0 ignores what stands
/// beside a bare one, and a mark that is ignored is worse than none.
fn free_reference(members: &mut Map<String, Value>, updates: &Map<String, Value>) {
    let is_schema = members
        .get("$ref")
        .and_then(Value::as_str)
        .is_some_and(|target| view::schema_name(target).is_some());
    let own = updates.contains_key("$ref") || updates.contains_key("allOf");
    if is_schema && !own && !updates.is_empty() {
        let reference = std::mem::take(members);
        members.insert("allOf".to_owned(), json!([reference]));
    }
}

fn is_scalar(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}
