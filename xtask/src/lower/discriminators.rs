//! Unions whose members a property tells apart.
//!
//! typify does not know `discriminator`. What decoding needs of it is found out here, and the union is brought to the form
//! of which typify makes an enum with one variant for each member.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Lowering;
use crate::keywords::{COMPOSITIONS, described};
use crate::model::Discriminator;
use crate::names::type_name;
use crate::pointer;
use crate::shape::Kind;
use crate::view;

const SCHEMAS: &str = "/components/schemas";

/// Says of a discriminator, in a lowered document, that its mapping has all values.
pub(super) const COMPLETE: &str = "x-codegen-complete";

/// How many unions within each other are looked through for what tells their members apart.
const MAX_UNIONS: usize = 2;

/// How many compositions are followed to find a property.
const MAX_NESTING: usize = 16;

/// Says `oneOf` of every union that has a discriminator, for it names one member, and takes what its members say as well
/// off the union: typify would merge it into each of them, and give them other names.
pub fn choose_one(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let Some(schema) = pointer::get(&lowering.root, &place) else {
            continue;
        };
        if of(&lowering.root, schema).is_none() {
            continue;
        }
        let Some(schema) =
            pointer::get_mut(&mut lowering.root, &place).and_then(Value::as_object_mut)
        else {
            continue;
        };
        if schema.contains_key("oneOf") && schema.contains_key("anyOf") {
            continue;
        }
        let before = schema.len();
        let any = schema.remove("anyOf");
        for said in ["type", "properties", "required"] {
            schema.remove(said);
        }
        let changed = schema.len() < before;
        if let Some(members) = any {
            schema.insert("oneOf".to_owned(), members);
        }
        if changed {
            let message = "the discriminator tells which one of the members it is";
            lowering.record("choose-one", &place, message);
            lowering.moved();
        }
    }
}

/// The discriminators of a lowered document, by the Rust name of the union.
pub(super) fn all(root: &Value) -> BTreeMap<String, Discriminator> {
    let schemas = pointer::get(root, SCHEMAS).and_then(Value::as_object);
    let named = schemas.into_iter().flatten();
    named
        .filter_map(|(name, schema)| Some((type_name(name), of(root, schema)?)))
        .collect()
}

/// Why nothing tells apart what a schema with a discriminator may be.
pub(crate) fn unused(schema: &Value) -> Option<&'static str> {
    schema.get("discriminator")?.get("propertyName")?.as_str()?;
    let Some(members) = members(schema) else {
        return Some("it has neither `oneOf` nor `anyOf`");
    };
    let have_names = members.iter().all(|member| component(member).is_some());
    (!have_names).then_some("a member of the union has no name")
}

/// What tells the members of a schema apart that is nothing but a union.
fn of(root: &Value, schema: &Value) -> Option<Discriminator> {
    let mut members = members(schema)?.iter();
    let told = told_apart(root, schema)?;
    let says_all = members.all(|member| says_all_of(root, member, schema));
    says_all.then_some(told)
}

fn members(schema: &Value) -> Option<&Vec<Value>> {
    let mut unions = ["oneOf", "anyOf"].into_iter();
    unions.find_map(|keyword| schema.get(keyword)?.as_array())
}

/// What tells the members of a union apart, whatever stands beside them; `None` if it has no discriminator, or members
/// without a name.
pub(super) fn told_apart(root: &Value, schema: &Value) -> Option<Discriminator> {
    told_apart_within(root, schema, MAX_UNIONS)
}

fn told_apart_within(root: &Value, schema: &Value, nesting: usize) -> Option<Discriminator> {
    let discriminator = schema.get("discriminator")?;
    let property = discriminator.get("propertyName")?.as_str()?;
    let names: Vec<String> = members(schema)?
        .iter()
        .map(component)
        .collect::<Option<_>>()?;
    let mapping = discriminator.get("mapping").and_then(Value::as_object);
    let mapped: Vec<Vec<String>> = names
        .iter()
        .map(|name| {
            let within = schema_of(root, name).and_then(members);
            let within = within.into_iter().flatten().filter_map(component);
            let all = std::iter::once(name.clone()).chain(within);
            all.flat_map(|name| mapped(mapping, &name)).collect()
        })
        .collect();
    if discriminator.get(COMPLETE).is_some() {
        return Some(settle(property, &[mapped]));
    }
    // What the document says outweighs what the members look like, and that what they are called.
    let mut known = BTreeMap::new();
    let own = |name: &String| {
        let schema = schema_of(root, name).unwrap_or(&Value::Null);
        let mut values = listed(root, schema, property, MAX_NESTING, &mut known);
        if nesting > 0
            && let Some(told) = told_apart_within(root, schema, nesting - 1)
            && told.property == property
        {
            values.extend(told.values.into_iter().flatten());
        }
        values.into_iter().collect()
    };
    let claims: [Vec<Vec<String>>; 3] = [
        mapped,
        names.iter().map(own).collect(),
        names.iter().map(|name| vec![name.clone()]).collect(),
    ];
    Some(settle(property, &claims))
}

/// Gives each value to the member that claims it; of claims by several, those of the first list count in which one member
/// alone claims it.
fn settle(property: &str, claims: &[Vec<Vec<String>>]) -> Discriminator {
    let members = claims.first().map_or(0, Vec::len);
    let mut settled = Discriminator {
        property: property.to_owned(),
        values: vec![Vec::new(); members],
        ambiguous: Vec::new(),
    };
    let mut known: BTreeSet<String> = BTreeSet::new();
    for rank in claims {
        let mut claimed: BTreeMap<&String, BTreeSet<usize>> = BTreeMap::new();
        for (member, values) in rank.iter().enumerate() {
            for value in values.iter().filter(|value| !known.contains(*value)) {
                claimed.entry(value).or_default().insert(member);
            }
        }
        let claimed: Vec<(String, BTreeSet<usize>)> = claimed
            .into_iter()
            .map(|(value, members)| (value.clone(), members))
            .collect();
        for (value, members) in claimed {
            match members.first() {
                Some(&member) if members.len() == 1 => {
                    known.insert(value.clone());
                    settled.ambiguous.retain(|ambiguous| *ambiguous != value);
                    settled.values[member].push(value);
                }
                _ if settled.ambiguous.contains(&value) => {}
                _ => settled.ambiguous.push(value),
            }
        }
    }
    settled
}

fn schema_of<'v>(root: &'v Value, name: &str) -> Option<&'v Value> {
    pointer::get(root, &pointer::join(SCHEMAS, name))
}

/// The name of the component that a member of a union is.
fn component(member: &Value) -> Option<String> {
    view::reference(described(member)).and_then(view::schema_name)
}

/// The values that a mapping has for a component: by a reference to it, or by its name.
fn mapped(mapping: Option<&Map<String, Value>>, name: &str) -> Vec<String> {
    let leads_there = |target: &Value| {
        target.as_str().is_some_and(|target| {
            target == name || view::schema_name(target).as_deref() == Some(name)
        })
    };
    mapping
        .into_iter()
        .flatten()
        .filter(|(_, target)| leads_there(target))
        .map(|(value, _)| value.clone())
        .collect()
}

/// The values to which a schema holds a property, if it lists them. What is behind references is looked at once.
fn listed(
    root: &Value,
    schema: &Value,
    property: &str,
    nesting: usize,
    known: &mut BTreeMap<String, BTreeSet<String>>,
) -> BTreeSet<String> {
    let Some((target, schema)) = view::resolve(root, schema).filter(|_| nesting > 0) else {
        return BTreeSet::new();
    };
    if let Some(target) = &target {
        if let Some(known) = known.get(target) {
            return known.clone();
        }
        known.insert(target.clone(), BTreeSet::new());
    }
    let own = schema.get("properties");
    let own = own.and_then(|properties| properties.get(property));
    let list = own.and_then(|own| view::single(root, own).get("enum")?.as_array());
    let list = list.into_iter().flatten().filter_map(Value::as_str);
    let mut values: BTreeSet<String> = list.map(str::to_owned).collect();
    for keyword in COMPOSITIONS {
        let parts = schema.get(keyword).and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            values.extend(listed(root, part, property, nesting - 1, known));
        }
    }
    if let Some(target) = target {
        known.insert(target, values.clone());
    }
    values
}

/// Whether a member says all that the union says beside its members: that it is an object, and some fields.
fn says_all_of(root: &Value, member: &Value, union: &Value) -> bool {
    let Some(said) = union.as_object() else {
        return false;
    };
    let speaks_of_fields = said.contains_key("properties") || said.contains_key("required");
    let has = if speaks_of_fields {
        fields(root, member, MAX_NESTING, &mut BTreeMap::new())
    } else {
        BTreeSet::new()
    };
    said.iter().all(|(keyword, value)| match keyword.as_str() {
        "type" => value == "object",
        "properties" => value
            .as_object()
            .is_some_and(|fields| fields.keys().all(|name| has.contains(name.as_str()))),
        "required" => value.as_array().is_some_and(|names| {
            let mut names = names.iter().filter_map(Value::as_str);
            names.all(|name| has.contains(name))
        }),
        // What it says of other fields is left to the members.
        "additionalProperties" => crate::lower::values::speaks_of_other_fields(union),
        "allOf" | "items" | "enum" | "not" => false,
        _ => true,
    })
}

/// The names of the fields that a schema has whatever it is. What is behind references is looked at once, and what is made
/// of itself has no field by that.
fn fields<'v>(
    root: &'v Value,
    schema: &'v Value,
    nesting: usize,
    known: &mut BTreeMap<String, BTreeSet<&'v str>>,
) -> BTreeSet<&'v str> {
    let Some((target, schema)) = view::resolve(root, schema).filter(|_| nesting > 0) else {
        return BTreeSet::new();
    };
    if let Some(target) = &target {
        if let Some(known) = known.get(target) {
            return known.clone();
        }
        known.insert(target.clone(), BTreeSet::new());
    }
    let own = schema.get("properties").and_then(Value::as_object);
    let own = own.into_iter().flat_map(Map::keys);
    let mut found: BTreeSet<&str> = own.map(String::as_str).collect();
    let parts = schema.get("allOf").and_then(Value::as_array);
    for part in parts.into_iter().flatten() {
        found.extend(fields(root, part, nesting - 1, known));
    }
    for keyword in ["oneOf", "anyOf"] {
        let branches = schema.get(keyword).and_then(Value::as_array);
        let of_branches = branches.into_iter().flatten();
        let of_branches = of_branches.map(|branch| fields(root, branch, nesting - 1, known));
        let of_all = of_branches.reduce(|one, other| one.intersection(&other).copied().collect());
        found.extend(of_all.into_iter().flatten());
    }
    if let Some(target) = target {
        known.insert(target, found.clone());
    }
    found
}
