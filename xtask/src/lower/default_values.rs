//! typify compares each default with its schema, and tries every branch of every union on the way: branches that are
//! unions again double its work with each level. So the comparisons are counted here first.

use serde_json::Value;

use super::{Lowering, origin};
use crate::diagnostic::Diagnostic;
use crate::keywords::COMPOSITIONS;
use crate::pointer;
use crate::shape::Kind;
use crate::view;

/// How many schemas one default may have to be compared with. Each takes typify about a microsecond.
const MAX_COMPARISONS: usize = 10_000;

/// The same for all defaults of a document.
const MAX_ALL_COMPARISONS: usize = 1_000_000;

/// Refuses defaults that typify could not compare with their schemas soon.
pub fn refuse(lowering: &mut Lowering) {
    let mut left = MAX_ALL_COMPARISONS;
    for place in lowering.nodes(Kind::Schema) {
        let Some(schema) = pointer::get(&lowering.root, &place) else {
            continue;
        };
        let Some(default) = schema.get("default") else {
            continue;
        };
        let limit = left.min(MAX_COMPARISONS);
        let comparisons = comparisons(&lowering.root, schema, default, limit);
        left -= comparisons;
        if comparisons == limit {
            let place = pointer::join(&origin(&lowering.origins, &place), "default");
            lowering.problems.push(too_intricate(&place));
        }
        if left == 0 {
            return;
        }
    }
}

/// Takes off objects that are defaults of unions: typify would write each as the first branch that has anything of it.
pub fn drop_of_unions(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let Some(schema) = pointer::get(&lowering.root, &place) else {
            continue;
        };
        let is_object = schema.get("default").is_some_and(Value::is_object);
        let chosen = view::single(&lowering.root, schema);
        if !is_object || chosen.get("oneOf").or(chosen.get("anyOf")).is_none() {
            continue;
        }
        let schema = pointer::get_mut(&mut lowering.root, &place).and_then(Value::as_object_mut);
        if schema.and_then(|schema| schema.remove("default")).is_some() {
            let message = "an object as the default of a union is left out";
            lowering.record("drop-default", &place, message);
        }
    }
}

/// How many schemas a value has to be compared with, one of them and those that it is made of; no more than the limit are
/// counted.
fn comparisons(root: &Value, schema: &Value, value: &Value, limit: usize) -> usize {
    let mut pending = vec![(schema, value)];
    let mut count = 0;
    while let Some((schema, value)) = pending.pop() {
        count += 1;
        if count == limit {
            break;
        }
        let Some((_, schema)) = view::resolve(root, schema) else {
            continue;
        };
        for keyword in COMPOSITIONS {
            let members = schema.get(keyword).and_then(Value::as_array);
            pending.extend(members.into_iter().flatten().map(|member| (member, value)));
        }
        let items = schema.get("items");
        for item in value.as_array().into_iter().flatten() {
            pending.extend(items.map(|items| (items, item)));
        }
        let others = schema.get("additionalProperties");
        for (name, field) in value.as_object().into_iter().flatten() {
            let property = schema.get("properties").and_then(|known| known.get(name));
            pending.extend(property.or(others).map(|property| (property, field)));
        }
    }
    count
}

fn too_intricate(place: &str) -> Diagnostic {
    Diagnostic::error(
        "too-intricate",
        place,
        format!("to compare the default with its schema takes more than {MAX_COMPARISONS} steps"),
    )
    .hint("remove the default, or say in the description what it is")
}
