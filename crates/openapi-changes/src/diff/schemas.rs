//! Schemas at one place of both documents: constraints, documentation, and whatever the model does not have.
//!
//! The types that the schemas have are compared in the model. Schemas that they refer to, and the members of objects, are
//! places of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::ptr;

use serde_json::Value;

use super::changes::Changes;
use super::checked::Checked;
use super::constraints::{self, is_constraint};
use super::context::{Context, Side};
use super::details::{Details, differs};
use super::schema_place::SchemaPlace;
use super::types;
use openapi_client_gen::api::{Shape, TypeId, TypeRef};
use openapi_document::schema::Schema;
use openapi_document::view::is_component;
use openapi_document::{pointer, view};

/// Keywords that make a schema of others, which are compared as schemas.
const STRUCTURE: &[&str] = &["$ref", "allOf", "anyOf", "items", "oneOf", "properties"];

/// Keywords that the model has. A difference is a detail if it makes none in the model.
const MODELLED: &[&str] = &[
    "const",
    "default",
    "deprecated",
    "discriminator",
    "enum",
    "format",
    "nullable",
    "type",
    "writeOnly",
    "x-private",
];

/// Compares the schemas of the types that both sides have, with those of their properties.
pub fn of_types(changes: &mut Changes<'_>) {
    for (before, after) in &changes.context.types {
        of_type(*before, *after, changes);
    }
}

fn of_type(before: TypeId, after: TypeId, changes: &mut Changes<'_>) {
    let Context { old, new, .. } = changes.context;
    let (old_type, new_type) = (old.api.definition(before), new.api.definition(after));
    let schemas = (old.schema(&old_type.origin), new.schema(&new_type.origin));
    let (Some(old_schema), Some(new_schema)) = schemas else {
        return;
    };
    let (place, is_sent) = (new.place(after), old.is_sent(before));
    // One without a name is compared where it is used.
    if is_component(&old_type.origin) && is_component(&new_type.origin) {
        let checked = Checked::of(new, &TypeRef::Named(after));
        let at = SchemaPlace::of(place.clone(), is_sent, Some(checked));
        compare(&at, &old_schema, &new_schema, changes);
    }
    let is_reference = old_schema.reference().is_some() || new_schema.reference().is_some();
    if is_reference || changes.is_replaced(&place) {
        return;
    }
    let fields = match (&old_type.shape, &new_type.shape) {
        (Shape::Struct(old), Shape::Struct(new)) => Some(types::fields(old, new).pairs),
        _ => None,
    };
    let (was, is) = (old_schema.properties(), new_schema.properties());
    for key in was.iter().filter(|key| !is.contains(key)).chain(&is) {
        let place = place.part("field", key);
        let mut pairs = fields.iter().flatten();
        let field = pairs.find(|(_, field, _)| field.key == *key);
        let old_key = field.map_or(*key, |(field, ..)| &field.key);
        match (was.contains(&old_key), is.contains(key)) {
            (true, true) => {
                let before = old_schema.property(old_key);
                let after = new_schema.property(key);
                // The server ignores a `readOnly` member of a request, or rejects it.
                let is_sent = is_sent && !before.is("readOnly");
                let checked = field.map(|(_, field, _)| Checked::of(new, &field.value));
                compare(
                    &SchemaPlace::of(place, is_sent, checked),
                    &before,
                    &after,
                    changes,
                );
            }
            _ if fields.is_some() => {}
            (true, false) => changes.detail(&place, "is no longer described".to_owned()),
            _ => changes.detail(&place, "is described now".to_owned()),
        }
    }
}

/// Compares the schemas at a place of which the model was compared.
pub fn compare<'d>(
    at: &SchemaPlace<'d>,
    old: &Schema<'d>,
    new: &Schema<'d>,
    changes: &mut Changes<'d>,
) {
    let context = changes.context;
    let is_reported = changes.has(&at.place);
    let objects = match (old.reference(), new.reference()) {
        _ if at.is_too_deep() => return,
        // The schemas that they refer to are compared by themselves; beside the references are annotations alone.
        (Some(before), Some(after)) if is_component(before) && is_component(after) => {
            if !is_reported && !context.same_schema(before, after) {
                let [before, after] =
                    [before, after].map(|target| Value::from(pointer::last(target)));
                let label = format!("`{}$ref`", at.path);
                changes.detail(&at.place, differs(&label, Some(&before), Some(&after)));
            }
            let old = beside(&context.old, old, before);
            [old, beside(&context.new, new, after)]
        }
        _ if changes.is_replaced(&at.place) => return,
        _ => {
            let [old_value, new_value] = [old, new].map(value);
            constraints::compare(at, &old_value, &new_value, changes);
            inside(at, (&old_value, &new_value), is_reported, changes);
            [(old, old_value), (new, new_value)]
                .map(|(outer, value)| outer.objects().chain(value.objects()).collect())
        }
    };
    keywords(at, &objects, is_reported, changes);
}

/// The schema of the values other than `null`, unless that is another place.
fn value<'d>(schema: &Schema<'d>) -> Schema<'d> {
    let only = schema
        .only_branch()
        .filter(|only| only.reference().is_none());
    only.unwrap_or_else(|| schema.clone())
}

/// The schema objects beside a reference.
fn beside<'d>(side: &Side<'d>, schema: &Schema<'d>, target: &str) -> Vec<&'d Value> {
    let referred = side.schema(target);
    let referred: Vec<&Value> = referred.iter().flat_map(Schema::objects).collect();
    let is_own = |object: &&Value| !referred.iter().any(|known| ptr::eq(*known, *object));
    schema.objects().filter(is_own).collect()
}

/// Compares the keywords that neither constrain values nor lead to other schemas.
fn keywords<'d>(
    at: &SchemaPlace<'d>,
    [old, new]: &[Vec<&'d Value>; 2],
    is_reported: bool,
    changes: &mut Changes<'d>,
) {
    let all: Vec<&Value> = old.iter().chain(new).copied().collect();
    let objects = all.iter().filter_map(|object| object.as_object());
    let keywords: BTreeSet<&str> = objects.flatten().map(|(keyword, _)| &**keyword).collect();
    let outermost = |objects: &[&'d Value], keyword: &str| {
        objects.iter().find_map(|object| object.get(keyword))
    };
    let has_values = [old, new].iter().all(|objects| {
        outermost(objects, "enum").is_some() || outermost(objects, "const").is_some()
    });
    let is_reported = is_reported || at.owners.iter().any(|owner| changes.has_any(owner));
    let is_modelled = |keyword: &str| match keyword {
        "enum" | "const" if has_values => true,
        keyword => is_reported && MODELLED.contains(&keyword),
    };
    for keyword in keywords {
        if is_modelled(keyword) || STRUCTURE.contains(&keyword) || is_constraint(keyword, &all) {
            continue;
        }
        let (old, new) = (outermost(old, keyword), outermost(new, keyword));
        let mut details = Details::of(at.place.clone(), changes);
        details.compare(&format!("{}{keyword}", at.path), old, new);
    }
}

/// Compares the schemas inside of a schema that have no place of their own.
fn inside<'d>(
    at: &SchemaPlace<'d>,
    (old, new): (&Schema<'d>, &Schema<'d>),
    is_reported: bool,
    changes: &mut Changes<'d>,
) {
    let other = |keywords: &str, changes: &mut Changes<'d>| {
        if !is_reported {
            changes.detail(&at.place, format!("has other `{}{keywords}", at.path));
        }
    };
    let values = at.checked.as_ref();
    let items = [old.items(), new.items()];
    let extra = [old.additional_properties(), new.additional_properties()];
    let (of_items, of_extra) = (
        values.and_then(Checked::items),
        values.and_then(Checked::extra),
    );
    for (keyword, sides, checked) in [
        ("items", items, of_items),
        ("additionalProperties", extra, of_extra),
    ] {
        match &sides {
            [Some(old), Some(new)] => compare(&at.inside(keyword, checked), old, new, changes),
            [Some(only), None] | [None, Some(only)] if !only.is_unconstrained() => {
                other(&format!("{keyword}`"), changes);
            }
            _ => {}
        }
    }
    // Of an object, they are the fields of a type.
    let is_object =
        |schema: &Schema<'_>| schema.types().is_none_or(|types| types.contains("object"));
    if !is_object(old) && !is_object(new) && old.properties() != new.properties() {
        other("properties`", changes);
    }
    let context = changes.context;
    let (old, new) = (branches(&context.old, old), branches(&context.new, new));
    if old.is_empty() != new.is_empty() {
        other("oneOf` or `anyOf`", changes);
    }
    for (label, old) in old {
        if let Some(new) = new.get(&label) {
            let checked = values.and_then(|values| values.branch(new));
            compare(&at.inside(&label, checked), &old, new, changes);
        }
    }
}

/// The branches of unions, by the names of their schemas, by title, or by type.
fn branches<'d>(side: &Side<'d>, schema: &Schema<'d>) -> BTreeMap<String, Schema<'d>> {
    let mut branches = BTreeMap::new();
    let keywords = ["oneOf", "anyOf"].into_iter();
    let unions = keywords.filter(|keyword| schema.has(keyword));
    let unions = unions.flat_map(|keyword| schema.objects().map(move |object| object.get(keyword)));
    for value in unions.flatten().filter_map(Value::as_array).flatten() {
        let branch = side.schema_of(value);
        let types: Vec<&str> = branch.types().into_iter().flatten().collect();
        let name = view::reference(value).map(pointer::last);
        let title = || branch.text("title").map(str::to_owned);
        let mut label = name.or_else(title).unwrap_or_else(|| types.join(" or "));
        while branches.contains_key(&label) {
            label.push('+');
        }
        branches.insert(label, branch);
    }
    branches
}
