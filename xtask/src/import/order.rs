//! The order of lists in which it means nothing: the workspace's stays.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::Value;

use super::counterparts::Counterparts;
use super::keep::nodes;
use crate::pointer;
use crate::yaml::identity;

/// The fields that hold them. Not `servers` and `security`, of which the first may be the one that is preferred, and not
/// the members of a union, which readers try one after the other.
const LISTS: [&str; 4] = ["enum", "parameters", "required", "tags"];

/// Where items of lists stood before: the place of each now, and then.
pub type Moved = BTreeMap<String, String>;

/// Brings lists of `new` into the order that they have in `old`. What only the new one has comes after, in its own order.
pub fn keep(new: &mut Value, old: &Value) -> Moved {
    let counterparts = Counterparts::new(old, new);
    let mut lists: Vec<(String, &Vec<Value>)> = Vec::new();
    for (_, place, members) in nodes(old) {
        let mut fields = LISTS
            .iter()
            .filter_map(|field| Some((*field, members.get(*field)?.as_array()?)))
            .peekable();
        if fields.peek().is_some()
            && let Some(place) = counterparts.find(&place)
        {
            lists.extend(fields.map(|(field, items)| (pointer::join(&place, field), items)));
        }
    }
    let mut moved = Moved::new();
    // Inner lists first: an outer one takes them with it.
    for (place, was) in lists.into_iter().rev() {
        let Some(Value::Array(is)) = pointer::get_mut(new, &place) else {
            continue;
        };
        let mut items: Vec<Option<Value>> = is.drain(..).map(Some).collect();
        for index in in_order_of(was, &items) {
            if let Some(item) = items.get_mut(index).and_then(Option::take) {
                let at = |index: usize| pointer::join(&place, &index.to_string());
                if index != is.len() {
                    moved.insert(at(is.len()), at(index));
                }
                is.push(item);
            }
        }
    }
    moved
}

/// The indices of `is`, each once: first those of items that `was` has, as they are ordered there.
fn in_order_of(was: &[Value], is: &[Option<Value>]) -> Vec<usize> {
    let key = |item: &Value| identity(item).unwrap_or_else(|| item.to_string());
    let mut known: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (index, item) in is.iter().enumerate() {
        if let Some(item) = item {
            known.entry(key(item)).or_default().push_back(index);
        }
    }
    let mut order: Vec<usize> = was
        .iter()
        .filter_map(|item| known.get_mut(&key(item))?.pop_front())
        .collect();
    let mut rest: Vec<usize> = known.into_values().flatten().collect();
    rest.sort_unstable();
    order.extend(rest);
    order
}

/// The place that something had before lists were put in order.
pub fn before(moved: &Moved, place: &str) -> String {
    let mut known = Some(place);
    while let Some(at) = known {
        if let Some(from) = moved.get(at) {
            let rest = place.get(at.len()..).unwrap_or_default();
            return format!("{from}{rest}");
        }
        known = pointer::parent(at);
    }
    place.to_owned()
}
