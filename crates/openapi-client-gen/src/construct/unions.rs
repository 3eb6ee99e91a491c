//! Unions: `oneOf`, `anyOf`, several JSON types, and schemas that others extend.
//!
//! A branch is named after the document where that names it, and its value is decoded by a discriminator where there is one: one
//! that the document declares, or a property that is a different constant in each branch.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::api::{Constraints, Discriminator, TypeRef, UnionBranch, UnionType};
use openapi_document::pointer;
use openapi_document::schema::{self, Branch, Schema};

use super::constraints::constraints;
use super::names::Scope;
use super::types::Types;

/// The depth to which nested unions are searched for values of a discriminator.
const MAX_NESTED_UNIONS: usize = 4;

/// A union of branches, each with the words of its name.
fn union_of(
    branches: Vec<(String, TypeRef, Constraints)>,
    discriminator: Option<Discriminator>,
) -> UnionType {
    let mut members = Scope::default();
    let branches = branches.into_iter();
    let branches = branches.map(|(words, value, constraints)| UnionBranch {
        name: members.type_name(&words),
        value,
        constraints,
    });
    UnionType {
        branches: branches.collect(),
        unknown: members.unknown(),
        discriminator,
    }
}

impl<'d> Types<'d> {
    /// Constructs a union of several branches.
    pub fn union(&mut self, schema: &Schema<'d>, branches: &[Branch<'d>], name: &str) -> UnionType {
        let discriminator = declared(schema, branches).or_else(|| implied(branches));
        let variants = (0..branches.len()).map(|index| {
            let words = words(branches, discriminator.as_ref(), index);
            let schema = &branches[index].schema;
            let value = self.value(schema, &format!("{name} {words}"));
            let constraints = constraints(schema, &value);
            (words, value, constraints)
        });
        union_of(variants.collect(), discriminator)
    }

    /// Constructs the union of several JSON types that one schema allows.
    pub fn union_of_json_types(
        &mut self,
        schema: &Schema<'d>,
        json_types: &[&str],
        name: &str,
    ) -> UnionType {
        let branches = json_types.iter().map(|json_type| {
            let words = match *json_type {
                "array" => "list",
                "boolean" => "bool",
                json_type => json_type,
            };
            let value = self.of_json_type(schema, json_type, &format!("{name} {words}"));
            let constraints = constraints(schema, &value);
            (words.to_owned(), value, constraints)
        });
        union_of(branches.collect(), None)
    }

    /// The union of the schemas that extend one with a discriminator, if it has one and no union of its own.
    pub fn union_of_extensions(&mut self, schema: &Schema<'d>, at: &str) -> Option<UnionType> {
        let (declared, declares) = schema.discriminator()?;
        if declares != at || !self.extensions.is_base(at) || schema.branches().is_some() {
            return None;
        }
        let key = declared.get("propertyName")?.as_str()?.to_owned();
        let root = self.root;
        let is_base = |pointer: &str| {
            let schema = pointer::get(root, pointer);
            schema.is_some_and(|schema| schema.get("discriminator").is_some())
        };
        let common = constants(schema, &key);
        let (mut branches, mut values, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for (index, pointer) in self
            .extensions
            .extending(at, at, |pointer| !is_base(pointer))
            .iter()
            .enumerate()
        {
            let name = pointer::last(pointer);
            let id = self.component(pointer)?;
            let own = match mapped(declared, pointer) {
                mapped if !mapped.is_empty() => mapped,
                // A base that lists the values of all has them in each.
                _ => match constants(&Schema::at(root, pointer)?, &key) {
                    Some(own) if Some(&own) != common.as_ref() && !own.contains(&name) => own,
                    _ => vec![name.clone()],
                },
            };
            // A base has a union of its own, whose values are those of all its branches.
            let nested = match is_base(pointer) {
                true => self.extensions.extending(pointer, at, |_| true),
                false => Vec::new(),
            };
            let nested = nested.iter().map(|pointer| pointer::last(pointer));
            values.extend(own.into_iter().chain(nested).map(|value| (value, index)));
            names.push((name.clone(), index));
            branches.push((name, TypeRef::Named(id), Constraints::default()));
        }
        let discriminator = Discriminator {
            key,
            values: if is_distinct(&values) { values } else { names },
            is_declared: true,
        };
        Some(union_of(branches, Some(discriminator)))
    }
}

/// A name for a branch: the last word of its reference, its title, its discriminator value, the property that no other branch
/// has, or its JSON type.
fn words(branches: &[Branch<'_>], discriminator: Option<&Discriminator>, index: usize) -> String {
    let branch = &branches[index].own;
    if let Some(target) = branch.reference() {
        return pointer::last(target);
    }
    let value = || {
        let mut values = discriminator?.values.iter();
        let (value, _) = values.find(|(_, branch)| *branch == index)?;
        Some(&**value)
    };
    let text = branch.text("title").or_else(value);
    if let Some(text) = text.or_else(|| distinct_property(branches, index)) {
        return text.to_owned();
    }
    match branch.values().as_deref() {
        Some([Value::String(value)]) => return value.clone(),
        Some([_, _, ..]) => return "Known".to_owned(),
        _ => {}
    }
    match branch.types().unwrap_or_default().first() {
        Some(&"array") => match branch.items().as_ref().and_then(Schema::reference) {
            Some(target) => format!("{} list", pointer::last(target)),
            None => "List".to_owned(),
        },
        Some(&"boolean") => "Bool".to_owned(),
        Some(&"string") => branch.text("format").unwrap_or("string").to_owned(),
        Some(json_type) => (*json_type).to_owned(),
        None => "Other".to_owned(),
    }
}

/// A property that no other branch has: one that the branch requires, or else any.
fn distinct_property<'d>(branches: &[Branch<'d>], index: usize) -> Option<&'d str> {
    let properties = |branch: &Branch<'d>| {
        let required = branch.own.required().into_iter();
        required.chain(branch.own.properties())
    };
    let (before, after) = (&branches[..index], &branches[index + 1..]);
    let others: BTreeSet<&str> = before.iter().chain(after).flat_map(properties).collect();
    properties(&branches[index]).find(|name| !others.contains(name))
}

/// The discriminator that a schema declares.
fn declared<'d>(schema: &Schema<'d>, branches: &[Branch<'d>]) -> Option<Discriminator> {
    let (declared, _) = schema.discriminator()?;
    let key = declared.get("propertyName")?.as_str()?;
    let values = |branch: &Branch<'d>| values_of(declared, &branch.own, key, MAX_NESTED_UNIONS);
    discriminator(key, true, branches, values)
}

/// A property that has constant values in every branch, and no value in two of them.
fn implied(branches: &[Branch<'_>]) -> Option<Discriminator> {
    let keys = branches.first()?.schema.properties();
    keys.into_iter().find_map(|key| {
        let values = |branch: &Branch<'_>| constants(&branch.schema, key);
        discriminator(key, false, branches, values)
    })
}

/// A discriminator, if every branch has values for it, and no value is that of two branches.
fn discriminator<'d>(
    key: &str,
    is_declared: bool,
    branches: &[Branch<'d>],
    values_of: impl Fn(&Branch<'d>) -> Option<Vec<String>>,
) -> Option<Discriminator> {
    let mut values = Vec::new();
    for (index, branch) in branches.iter().enumerate() {
        values.extend(values_of(branch)?.into_iter().map(|value| (value, index)));
    }
    is_distinct(&values).then(|| Discriminator {
        key: key.to_owned(),
        values,
        is_declared,
    })
}

fn is_distinct(values: &[(String, usize)]) -> bool {
    let mut known = BTreeMap::new();
    let mut values = values.iter();
    values.all(|(value, branch)| known.entry(value).or_insert(branch) == &branch)
}

/// The discriminator values of a branch: the mapped ones; or its name, or else the constants of its property. A union has the
/// values of its branches, up to some `depth`.
fn values_of(
    declared: &Value,
    branch: &Schema<'_>,
    key: &str,
    depth: usize,
) -> Option<Vec<String>> {
    let target = branch.reference()?;
    let mapped = mapped(declared, target);
    if !mapped.is_empty() {
        return Some(mapped);
    }
    let name = pointer::last(target);
    if let Some(constants) = constants(branch, key) {
        let is_named = constants.contains(&name);
        return Some(if is_named { vec![name] } else { constants });
    }
    let own = branch.discriminator().map_or(declared, |(own, _)| own);
    let has_key = own.get("propertyName").and_then(Value::as_str) == Some(key);
    let nested = (has_key && depth > 1).then(|| branch.branches());
    let nested = nested.flatten().into_iter().flatten();
    let nested = nested.map(|branch| values_of(own, &branch.own, key, depth - 1));
    let values: Option<Vec<_>> = nested.collect();
    let values = values.unwrap_or_default().concat();
    Some(if values.is_empty() {
        vec![name]
    } else {
        values
    })
}

/// The discriminator values that the mapping has for a schema, by its pointer or its name. Its name is one of them, unless the
/// mapping has it for another schema.
fn mapped(discriminator: &Value, pointer: &str) -> Vec<String> {
    let mapping = || schema::mapping(discriminator);
    let values = mapping().filter(|(_, target)| schema::maps_to(target, pointer));
    let mut values: Vec<String> = values.map(|(value, _)| value.to_owned()).collect();
    let name = pointer::last(pointer);
    if !values.is_empty() && mapping().all(|(value, _)| value != name) {
        values.push(name);
    }
    values
}

/// The values of a property that is a constant, or one of a few.
fn constants(schema: &Schema<'_>, key: &str) -> Option<Vec<String>> {
    let has_property = schema.properties().contains(&key);
    let values = has_property.then(|| schema.property(key))?.strings()?;
    Some(values.into_iter().map(str::to_owned).collect())
}
