//! Passes over compositions: typify names, merges and multiplies them by rules of its own.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Lowering;
use super::merging::all_at_once;
use crate::keywords::{ANNOTATIONS, is_about, is_composed, is_made_of_parts, only_composition};
use crate::names::type_name;
use crate::pointer;
use crate::shape::Kind;
use crate::view;

const SCHEMAS: &str = "/components/schemas";

/// Names inline compositions that stand in what they are made of: put together in place, such a one would contain itself
/// without end.
pub fn name_recursive(lowering: &mut Lowering) {
    let nodes = lowering.nodes(Kind::Schema);
    let mut inline: Vec<(String, String)> = nodes
        .into_iter()
        .filter_map(|place| {
            let (owner, _) = place.strip_prefix(SCHEMAS)?.get(1..)?.split_once('/')?;
            let schema = pointer::get(&lowering.root, &place)?;
            if !is_made_of_parts(schema)
                || !reaches(&lowering.root, schema, &pointer::unescape(owner))
            {
                return None;
            }
            let name = place_name(lowering, &place)?;
            Some((place, name))
        })
        .collect();
    // What stands inside another one is named before it.
    inline.sort_by_key(|(place, _)| std::cmp::Reverse(place.len()));
    for (place, name) in inline {
        let Some(schema) = pointer::get_mut(&mut lowering.root, &place).map(Value::take) else {
            continue;
        };
        let reference = lowering.hoist(&name, schema, &place);
        if let Some(left) = pointer::get_mut(&mut lowering.root, &place) {
            *left = reference;
        }
        lowering.record(
            "name-recursive",
            &place,
            format!("what contains itself is called `{name}`"),
        );
    }
    lowering.moved();
}

/// A name for what stands at a place in a component, or in a body or a parameter of an operation: that by which typify
/// would call it.
pub(super) fn place_name(lowering: &Lowering, place: &str) -> Option<String> {
    let tokens: Vec<String> = pointer::tokens(place).collect();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let (owner, rest) = match tokens.as_slice() {
        ["components", "schemas", owner, rest @ ..] => ((*owner).to_owned(), rest),
        ["paths", path, method, rest @ ..] => {
            let operation = pointer::join(&pointer::join("/paths", path), method);
            let mut operations = lowering.operations.iter();
            let id = &operations.find(|known| known.pointer == operation)?.id;
            let (of, rest) = match rest {
                ["requestBody", "content", _, "schema", rest @ ..] => ("body".to_owned(), rest),
                ["responses", _, "content", _, "schema", rest @ ..] => {
                    ("response".to_owned(), rest)
                }
                ["parameters", index, "schema", rest @ ..] => {
                    let parameters = pointer::join(&operation, "parameters");
                    let parameter = pointer::join(&parameters, index);
                    let parameter = pointer::get(&lowering.root, &parameter)?;
                    (parameter.get("name")?.as_str()?.to_owned(), rest)
                }
                _ => return None,
            };
            (format!("{id}-{of}"), rest)
        }
        _ => return None,
    };
    let words: Vec<String> = std::iter::once(owner).chain(words(rest)).collect();
    Some(type_name(&words.join("-")))
}

/// What typify calls a place in a schema by, word by word.
pub(super) fn words(place: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    let mut tokens = place.iter();
    while let Some(token) = tokens.next() {
        match *token {
            "properties" => words.extend(tokens.next().map(|name| (*name).to_owned())),
            "items" => words.push("item".to_owned()),
            "additionalProperties" => words.push("value".to_owned()),
            "allOf" | "oneOf" | "anyOf" => drop(tokens.next()),
            _ => {}
        }
    }
    words
}

/// Whether a schema refers to a component, directly or by way of others.
fn reaches(root: &Value, schema: &Value, component: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut pending = vec![schema];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(members) => {
                pending.extend(members.values());
                let name = view::reference(value).and_then(view::schema_name);
                if let Some(name) = name.filter(|name| seen.insert(name.clone())) {
                    if name == component {
                        return true;
                    }
                    pending.extend(pointer::get(root, &pointer::join(SCHEMAS, &name)));
                }
            }
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
    false
}

/// Takes unions off objects whose branches only say which fields must be there: that is a rule about values, and typify
/// would make a type of each branch.
pub fn drop_rules_about_fields(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let Some(schema) = pointer::get(&lowering.root, &place) else {
            continue;
        };
        let rules = ["oneOf", "anyOf", "not"].map(|keyword| {
            let is_rule = is_rule_about_fields(&place, schema, keyword);
            is_rule.then_some(keyword)
        });
        for keyword in rules.into_iter().flatten() {
            let schema = pointer::get_mut(&mut lowering.root, &place);
            if let Some(schema) = schema.and_then(Value::as_object_mut) {
                schema.remove(keyword);
            }
            let message = format!("`{keyword}` only says which fields must be there together");
            lowering.record("drop-rule", &place, message);
            lowering.moved();
        }
    }
}

/// Whether a keyword of the schema at a place only says which fields there must be, of those that it, or what it is a part
/// of, describes.
fn is_rule_about_fields(place: &str, schema: &Value, keyword: &str) -> bool {
    let has_fields = || {
        schema.get("properties").is_some()
            || pointer::parent(place).is_some_and(|parent| parent.ends_with("/allOf"))
    };
    has_only_rules(schema, keyword) && has_fields()
}

/// Whether all that a composition says is which fields there must be.
pub(crate) fn has_only_rules(schema: &Value, keyword: &str) -> bool {
    schema.get(keyword).is_some_and(are_rules)
}

fn are_rules(branches: &Value) -> bool {
    match branches {
        Value::Array(branches) => branches.iter().all(is_rule),
        branch => is_rule(branch),
    }
}

/// Whether a schema says no more than which fields there must be.
fn is_rule(schema: &Value) -> bool {
    schema.as_object().is_some_and(|schema| {
        schema
            .iter()
            .all(|(keyword, value)| match keyword.as_str() {
                "required" => value.is_array(),
                "type" => value == "object",
                "not" => is_rule(value),
                "allOf" | "oneOf" | "anyOf" => value
                    .as_array()
                    .is_some_and(|branches| branches.iter().all(is_rule)),
                "properties" => value.as_object().is_some_and(|properties| {
                    properties
                        .values()
                        .all(|property| property.as_object().is_some_and(Map::is_empty))
                }),
                other => ANNOTATIONS.contains(&other),
            })
    })
}

/// Takes off what a value is not, unless that is a list of values: typify would look for what is left of a type without
/// another one, wherever that leads.
pub fn drop_negations(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let schema = pointer::get_mut(&mut lowering.root, &place).and_then(Value::as_object_mut);
        let Some((schema, negation)) =
            schema.and_then(|schema| schema.remove("not").map(|negation| (schema, negation)))
        else {
            continue;
        };
        if let Some(values) = negation.get("enum") {
            schema.insert("not".to_owned(), json!({ "enum": values }));
            continue;
        }
        lowering.record("drop-negation", &place, "what it is `not` is not checked");
        lowering.moved();
    }
}

/// How many unions may stand within each other to be looked through.
const MAX_NESTING: usize = 1;

/// Whether a value of a schema may be an object.
fn may_have_fields(root: &Value, schema: &Value, depth: usize) -> bool {
    let schema = view::single(root, schema);
    let branches = ["oneOf", "anyOf"].map(|keyword| schema.get(keyword).and_then(Value::as_array));
    let mut branches = branches.into_iter().flatten().flatten();
    let may = |branch| depth > 0 && may_have_fields(root, branch, depth - 1);
    schema.get("enum").is_none()
        && schema.get("type").is_none_or(|name| name == "object")
        && branches.all(may)
}

/// How many branches of `anyOf` typify may compare, each with each.
const MAX_BRANCHES: usize = 100;

/// Makes one object of an `anyOf` of objects that may be there at once: typify would put each behind a field of its own, and
/// give a field that two of them have to the first.
pub fn join_objects(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let Some(schema) = pointer::get(&lowering.root, &place) else {
            continue;
        };
        let Some(("anyOf", branches)) = only_composition(schema) else {
            continue;
        };
        let Some(Value::Object(mut all)) =
            all_at_once(&lowering.root, branches).filter(|_| branches.len() > 1)
        else {
            continue;
        };
        let said = schema.as_object().into_iter().flatten();
        let said = said.filter(|(keyword, _)| is_about(keyword) && *keyword != "discriminator");
        all.extend(said.map(|(keyword, value)| (keyword.clone(), value.clone())));
        if let Some(left) = pointer::get_mut(&mut lowering.root, &place) {
            *left = Value::Object(all);
        }
        let message =
            "the branches are objects that may be there at once: it has the fields of all";
        lowering.record("join-objects", &place, message);
        lowering.moved();
    }
}

/// Says `oneOf` of unions with branches that are no objects. Of `anyOf` typify makes a struct that has the fields of all
/// branches that fit, where they don't exclude each other, and there are no fields in a text.
pub fn choose_one(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let Some(schema) = pointer::get(&lowering.root, &place) else {
            continue;
        };
        let branches = schema.get("anyOf").and_then(Value::as_array);
        let may_have_fields = |branch| may_have_fields(&lowering.root, branch, MAX_NESTING);
        if branches.is_none_or(|branches| {
            branches.len() <= MAX_BRANCHES && branches.iter().all(may_have_fields)
        }) {
            continue;
        }
        let schema = pointer::get_mut(&mut lowering.root, &place).and_then(Value::as_object_mut);
        if let Some(schema) = schema
            && let Some(branches) = schema.remove("anyOf")
        {
            schema.insert("oneOf".to_owned(), branches);
            let message = "the branches are no objects, or too many: it is one of them";
            lowering.record("choose-one", &place, message);
            lowering.moved();
        }
    }
}

/// Gives what a nullable composition is, when it isn't null, a name of its own: typify makes two types of it, and calls
/// both by the name of the schema.
pub fn name_nullable(lowering: &mut Lowering) {
    let schemas = pointer::get(&lowering.root, "/components/schemas").and_then(Value::as_object);
    let nullable: Vec<(String, Value)> = schemas
        .into_iter()
        .flatten()
        .filter(|(_, schema)| {
            is_composed(schema) && schema.get("nullable") == Some(&Value::Bool(true))
        })
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    for (name, mut schema) in nullable {
        let place = pointer::join("/components/schemas", &name);
        let description = schema.get("description").cloned();
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("nullable");
        }
        let value = lowering.hoist(&format!("{name}_value"), schema, &place);
        let mut outer = json!({ "nullable": true, "allOf": [value] });
        if let Some(description) = description {
            outer["description"] = description;
        }
        lowering.root["components"]["schemas"][&name] = outer;
        lowering.record(
            "name-nullable",
            &place,
            format!("`{name}` is null or another type, which gets a name of its own"),
        );
    }
}
