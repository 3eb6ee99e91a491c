//! The schemas inside a schema: of the members of objects, and of the items of arrays.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Part, Schema};

impl<'d> Schema<'d> {
    /// The names of the properties, in order.
    pub fn properties(&self) -> Vec<&'d str> {
        let mut names = Vec::new();
        for properties in self.keywords("properties").filter_map(Value::as_object) {
            for name in properties.keys().map(String::as_str) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// The schema of a property.
    pub fn property(&self, root: &'d Value, name: &str) -> Self {
        Self::overriding(root, self.members(name))
    }

    /// The schema objects that the parts have for a property.
    pub(super) fn members(&self, name: &str) -> Vec<Part<'d>> {
        let members = self.parts.iter();
        members
            .filter_map(|part| part.member("properties", name))
            .collect()
    }

    /// The intersection of the schemas that several objects have for one member. Where they exclude each other, the nearest one
    /// counts, or else the last one: a schema that extends another may describe a member anew.
    fn overriding(root: &'d Value, mut parts: Vec<Part<'d>>) -> Self {
        loop {
            let schema = Self::of(root, parts.clone());
            if parts.len() < 2 || !schema.is_empty() {
                return schema;
            }
            let farthest = parts.iter().map(|part| part.distance).max();
            let index = parts
                .iter()
                .position(|part| Some(part.distance) == farthest);
            parts.remove(index.unwrap_or(0));
        }
    }

    /// The required properties.
    pub fn required(&self) -> BTreeSet<&'d str> {
        let lists = self.keywords("required").filter_map(Value::as_array);
        lists.flatten().filter_map(Value::as_str).collect()
    }

    /// The schema of the properties without a name.
    pub fn additional_properties(&self, root: &'d Value) -> Option<Self> {
        // Properties whose names match a pattern may be of another type.
        if self.has("patternProperties") {
            return self.only_pattern(root);
        }
        let parts = self
            .parts
            .iter()
            .filter_map(|part| part.child("additionalProperties"));
        let parts: Vec<_> = parts.filter(|part| part.value.is_object()).collect();
        (!parts.is_empty()).then(|| Self::overriding(root, parts))
    }

    /// The schema of the names of the properties.
    pub fn property_names(&self, root: &'d Value) -> Option<Self> {
        let parts = self.parts.iter();
        let parts: Vec<_> = parts
            .filter_map(|part| part.child("propertyNames"))
            .filter(|part| part.value.is_object())
            .collect();
        (!parts.is_empty()).then(|| Self::of(root, parts))
    }

    /// The pattern that all properties without a name match, if that is all that `patternProperties` says.
    pub fn only_pattern_of_names(&self) -> Option<&'d str> {
        let (_, name) = self.only_pattern_part()?;
        (!matches!(name, "" | ".*" | "^.*$")).then_some(name)
    }

    /// The schema of the properties without a name, if they all match one pattern.
    fn only_pattern(&self, root: &'d Value) -> Option<Self> {
        let (part, name) = self.only_pattern_part()?;
        let schema = part.member("patternProperties", name)?;
        schema
            .value
            .is_object()
            .then(|| Self::of(root, vec![schema]))
    }

    fn only_pattern_part(&self) -> Option<(&Part<'d>, &'d str)> {
        let mut patterns = self.parts.iter().filter_map(|part| {
            let names = part.keyword("patternProperties")?.as_object()?;
            Some((part, names.keys().collect::<Vec<_>>()))
        });
        let (Some((part, names)), None) = (patterns.next(), patterns.next()) else {
            return None;
        };
        let mut others = self.keywords("additionalProperties");
        let is_closed = others.any(|value| *value == Value::Bool(false));
        match names[..] {
            [name] if is_closed || matches!(&**name, "" | ".*" | "^.*$") => Some((part, name)),
            _ => None,
        }
    }

    /// Whether properties without a name are forbidden.
    pub fn is_closed(&self) -> bool {
        // Names of a pattern are names, too.
        if self.has("patternProperties") {
            return false;
        }
        let mut values = self.keywords("additionalProperties");
        values.any(|value| *value == Value::Bool(false))
    }

    /// The schema of the items of an array.
    pub fn items(&self, root: &'d Value) -> Option<Self> {
        // Beside those of the first items, it is the schema of the rest.
        if self.has("prefixItems") {
            return None;
        }
        let parts: Vec<_> = self
            .parts
            .iter()
            .filter_map(|part| part.child("items"))
            .filter(|part| part.value.is_object())
            .collect();
        (!parts.is_empty()).then(|| Self::overriding(root, parts))
    }
}
