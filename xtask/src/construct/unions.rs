//! Unions: `oneOf`, `anyOf`, several JSON types, and schemas that others extend.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::api::{Constraints, Discriminator, TypeRef, UnionBranch, UnionType};
use crate::pointer;

use super::constraints::constraints;
use super::names::Scope;
use super::schema::{Branch, Schema};
use super::types::Types;

/// The depth to which nested unions are searched for values of a discriminator.
const MAX_UNIONS: usize = 4;

/// Constructs a union of several branches.
pub fn union<'d>(
    types: &mut Types<'d>,
    schema: &Schema<'d>,
    branches: &[Branch<'d>],
    name: &str,
) -> UnionType {
    let discriminator =
        declared(types.root, schema, branches).or_else(|| implied(types.root, branches));
    let mut members = Scope::reserving(&[]);
    let mut variants: Vec<UnionBranch> = Vec::new();
    for (index, branch) in branches.iter().enumerate() {
        let words = words(types.root, branches, discriminator.as_ref(), index);
        let inline = format!("{name} {words}");
        let value = types.typed(&branch.schema, &inline).reference;
        variants.push(UnionBranch {
            name: members.type_name(&words),
            constraints: constraints(types.root, &branch.schema, &value),
            value,
        });
    }
    UnionType {
        branches: variants,
        unknown: members.unknown(),
        discriminator,
    }
}

/// A name for a branch: the last word of its reference, its title, its discriminator value, the property that no other branch
/// has, or its JSON type.
fn words<'d>(
    root: &'d Value,
    branches: &[Branch<'d>],
    discriminator: Option<&Discriminator>,
    index: usize,
) -> String {
    let branch = &branches[index].own;
    if let Some(target) = branch.reference() {
        return pointer::last(target);
    }
    if let Some(title) = branch.text("title") {
        return title.to_owned();
    }
    let tag = discriminator.and_then(|discriminator| {
        let mut values = discriminator.values.iter();
        values
            .find(|(_, branch)| *branch == index)
            .map(|(value, _)| value.clone())
    });
    if let Some(tag) = tag {
        return tag;
    }
    if let Some(property) = distinct_property(branches, index) {
        return property.to_owned();
    }
    match branch.values().as_deref() {
        Some([Value::String(value)]) => return value.clone(),
        Some([_, _, ..]) => return "Known".to_owned(),
        _ => {}
    }
    let kinds = branch.types().unwrap_or_default();
    match kinds.first() {
        Some(&"array") => match branch.items(root).as_ref().and_then(Schema::reference) {
            Some(target) => format!("{} list", pointer::last(target)),
            None => "List".to_owned(),
        },
        Some(&"boolean") => "Bool".to_owned(),
        Some(&"string") => branch.text("format").unwrap_or("string").to_owned(),
        Some(kind) => (*kind).to_owned(),
        None => "Other".to_owned(),
    }
}

/// The property by which one tells a branch from the others: one that it requires, or else any.
fn distinct_property<'d>(branches: &[Branch<'d>], index: usize) -> Option<&'d str> {
    let properties = |branch: &Branch<'d>| {
        let required = branch.own.required().into_iter();
        required.chain(branch.own.properties()).collect::<Vec<_>>()
    };
    let others = branches.iter().enumerate();
    let others: BTreeSet<&str> = others
        .filter(|(other, _)| *other != index)
        .flat_map(|(_, branch)| properties(branch))
        .collect();
    let own = properties(&branches[index]);
    own.into_iter().find(|name| !others.contains(name))
}

/// The discriminator that a schema declares.
fn declared<'d>(
    root: &'d Value,
    schema: &Schema<'d>,
    branches: &[Branch<'d>],
) -> Option<Discriminator> {
    let (declared, _) = schema.discriminator()?;
    let key = declared.get("propertyName")?.as_str()?;
    let mut values: Vec<(String, usize)> = Vec::new();
    for (index, branch) in branches.iter().enumerate() {
        let own = values_of(root, declared, &branch.own, key, MAX_UNIONS)?;
        values.extend(own.into_iter().map(|value| (value, index)));
    }
    is_distinct(&values).then(|| Discriminator {
        key: key.to_owned(),
        values,
        is_declared: true,
    })
}

/// The discriminator values of a branch: those that the mapping has for it; or its name, or else the constants of its
/// property. Those of a union are those of its branches.
fn values_of<'d>(
    root: &'d Value,
    declared: &Value,
    branch: &Schema<'d>,
    key: &str,
    depth: usize,
) -> Option<Vec<String>> {
    let target = branch.reference()?;
    let mapped = mapped(declared, target);
    if !mapped.is_empty() {
        return Some(mapped);
    }
    let name = pointer::last(target);
    if let Some(constants) = constants(root, branch, key) {
        let is_named = constants.contains(&name);
        return Some(if is_named { vec![name] } else { constants });
    }
    let own = branch.discriminator().map_or(declared, |(own, _)| own);
    let has_key = own.get("propertyName").and_then(Value::as_str) == Some(key);
    let nested = branch
        .branches(root)
        .filter(|_| has_key)
        .unwrap_or_default();
    let depth = depth.saturating_sub(usize::from(!nested.is_empty()));
    let nested = nested.iter().filter(|_| depth > 0);
    let nested: Option<Vec<Vec<String>>> = nested
        .map(|branch| values_of(root, own, &branch.own, key, depth))
        .collect();
    let mut values = nested.unwrap_or_default().concat();
    if values.is_empty() {
        values.push(name);
    }
    Some(values)
}

/// The discriminator values that the mapping has for a schema, by its pointer or its name. Its name is one of them, unless the
/// mapping has it for another schema.
fn mapped(discriminator: &Value, pointer: &str) -> Vec<String> {
    let mapping = discriminator.get("mapping").and_then(Value::as_object);
    let mapped = mapping.into_iter().flatten().filter(|(_, target)| {
        let target = target.as_str().unwrap_or_default();
        target.strip_prefix('#') == Some(pointer) || *target == *pointer::last(pointer)
    });
    let mut values: Vec<String> = mapped.map(|(value, _)| value.clone()).collect();
    let name = pointer::last(pointer);
    if !values.is_empty() && mapping.is_some_and(|mapping| !mapping.contains_key(&name)) {
        values.push(name);
    }
    values
}

/// A property that has constant values in every branch, and no value in two of them.
fn implied<'d>(root: &'d Value, branches: &[Branch<'d>]) -> Option<Discriminator> {
    let first = branches.first()?;
    first.schema.properties().into_iter().find_map(|key| {
        let mut values = Vec::new();
        for (index, branch) in branches.iter().enumerate() {
            let constants = constants(root, &branch.schema, key)?;
            values.extend(constants.into_iter().map(|value| (value, index)));
        }
        is_distinct(&values).then(|| Discriminator {
            key: key.to_owned(),
            values,
            is_declared: false,
        })
    })
}

/// The values of a property that is a constant, or one of a few.
fn constants<'d>(root: &'d Value, schema: &Schema<'d>, key: &str) -> Option<Vec<String>> {
    if !schema.properties().contains(&key) {
        return None;
    }
    let values = schema.property(root, key).values()?;
    let texts: Option<Vec<String>> = values
        .iter()
        .map(|value| value.as_str().map(str::to_owned))
        .collect();
    texts.filter(|texts| !texts.is_empty())
}

fn is_distinct(values: &[(String, usize)]) -> bool {
    let mut known = BTreeMap::new();
    values
        .iter()
        .all(|(value, branch)| *known.entry(value).or_insert(*branch) == *branch)
}

/// Constructs the union of several JSON types that one schema allows.
pub fn of_types<'d>(
    types: &mut Types<'d>,
    schema: &Schema<'d>,
    kinds: &[&str],
    name: &str,
) -> UnionType {
    let mut members = Scope::reserving(&[]);
    let branches = kinds.iter().map(|kind| {
        let word = match *kind {
            "array" => "list",
            "boolean" => "bool",
            kind => kind,
        };
        let name = format!("{name} {word}");
        let value = types.of_json_type(schema, kind, &name);
        UnionBranch {
            name: members.type_name(word),
            constraints: constraints(types.root, schema, &value),
            value,
        }
    });
    UnionType {
        branches: branches.collect(),
        unknown: members.unknown(),
        discriminator: None,
    }
}

/// The component schemas that have another one in their `allOf`, by the pointer of that one.
pub fn extensions(root: &Value, schemas: &[&String]) -> BTreeMap<String, Vec<String>> {
    let mut extensions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in schemas {
        let pointer = pointer::join("/components/schemas", name);
        let all_of = pointer::get(root, &pointer).and_then(|schema| schema.get("allOf"));
        for part in all_of.and_then(Value::as_array).into_iter().flatten() {
            let target = part
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|target| target.strip_prefix('#'));
            if let Some(target) = target {
                extensions
                    .entry(target.to_owned())
                    .or_default()
                    .push(pointer.clone());
            }
        }
    }
    extensions
}

/// The union of the schemas that extend one with a discriminator, if it has one and no union of its own.
pub fn of_extensions<'d>(
    types: &mut Types<'d>,
    schema: &Schema<'d>,
    at: &str,
) -> Option<UnionType> {
    let (declared, declares) = schema.discriminator()?;
    types.extensions.get(at)?;
    if declares != at || schema.branches(types.root).is_some() {
        return None;
    }
    let key = declared.get("propertyName")?.as_str()?.to_owned();
    let mut members = Scope::reserving(&[]);
    let mut branches = Vec::new();
    let (mut values, mut names) = (Vec::new(), Vec::new());
    let common = constants(types.root, schema, &key);
    for (pointer, nested) in children(types, at) {
        let name = pointer::last(&pointer);
        let id = types.component(&name)?;
        let child = Schema::at(types.root, &pointer)?;
        let index = branches.len();
        let own = match mapped(declared, &pointer) {
            mapped if !mapped.is_empty() => mapped,
            // A base that lists the values of all has them in each.
            _ => match constants(types.root, &child, &key)
                .filter(|own| Some(own) != common.as_ref())
            {
                Some(constants) if !constants.contains(&name) => constants,
                _ => vec![name.clone()],
            },
        };
        let nested = nested.iter().map(|pointer| pointer::last(pointer));
        values.extend(own.into_iter().chain(nested).map(|value| (value, index)));
        names.push((name.clone(), index));
        branches.push(UnionBranch {
            name: members.type_name(&name),
            constraints: Constraints::default(),
            value: TypeRef::Named(id),
        });
    }
    let values = if is_distinct(&values) { values } else { names };
    Some(UnionType {
        branches,
        unknown: members.unknown(),
        discriminator: Some(Discriminator {
            key,
            values,
            is_declared: true,
        }),
    })
}

/// The schemas that extend one, directly or not, each with those that its own union has: it has one if it has a discriminator of
/// its own.
fn children(types: &Types<'_>, at: &str) -> Vec<(String, Vec<String>)> {
    let of = |pointer: &str| types.extensions.get(pointer).into_iter().flatten();
    let is_base = |pointer: &str| {
        let schema = pointer::get(types.root, pointer);
        schema.is_some_and(|schema| schema.get("discriminator").is_some())
    };
    let below = |roots: Vec<String>, descends: &dyn Fn(&str) -> bool| {
        let mut below = roots;
        let mut next = 0;
        while let Some(pointer) = below.get(next).cloned() {
            next += 1;
            let children = of(&pointer).filter(|_| descends(&pointer));
            for child in children {
                if child != at && !below.contains(child) {
                    below.push(child.clone());
                }
            }
        }
        below
    };
    let branches = below(of(at).cloned().collect(), &|pointer| !is_base(pointer));
    let nested = |pointer: &str| match is_base(pointer) {
        true => below(of(pointer).cloned().collect(), &|_| true),
        false => Vec::new(),
    };
    let with_nested = |pointer: String| {
        let nested = nested(&pointer);
        (pointer, nested)
    };
    branches.into_iter().map(with_nested).collect()
}
