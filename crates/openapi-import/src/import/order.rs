//! The order of lists in which it means nothing: the workspace's stays.

use std::collections::BTreeMap;

use serde_json::Value;

use super::counterparts::Counterparts;
use super::keep::nodes;
use crate::yaml::partners;
use openapi_document::pointer;

/// The fields that hold them. Not `servers` and `security`, of which the first may be the one that is preferred, and
/// not the members of a union, which readers try one after the other.
const LISTS: [&str; 4] = ["enum", "parameters", "required", "tags"];

/// Brings lists of `new` into the order that they have in `old`. Items that only the new one has come last, in their
/// own order. Returns the old pointer of each item that was moved, by its new one.
pub fn keep(new: &mut Value, old: &Value) -> BTreeMap<String, String> {
    let counterparts = Counterparts::new(old, new);
    let mut lists: Vec<(String, &[Value])> = Vec::new();
    for (_, place, members) in nodes(old) {
        for field in LISTS {
            if let Some(Value::Array(items)) = members.get(field)
                && let Some(place) = counterparts.find(&place)
            {
                lists.push((pointer::join(&place, field), items));
            }
        }
    }
    let mut moved = BTreeMap::new();
    // Inner lists first: an outer one takes them with it.
    for (place, was) in lists.into_iter().rev() {
        let Some(Value::Array(is)) = new.pointer_mut(&place) else {
            continue;
        };
        let partners = partners(was, is);
        let mut order: Vec<usize> = (0..is.len()).collect();
        order.sort_by_key(|&index| (partners[index].is_none(), partners[index]));
        let at = |index: usize| pointer::join(&place, &index.to_string());
        let moves = order.iter().enumerate().filter(|(to, from)| to != *from);
        moved.extend(moves.map(|(to, &from)| (at(to), at(from))));
        *is = order.into_iter().map(|index| is[index].take()).collect();
    }
    moved
}
