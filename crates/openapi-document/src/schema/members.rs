//! The schemas inside a schema: of the members of objects, and of the items of arrays.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Schema, SchemaObject};

/// Patterns that every name matches.
const ANY_NAME: [&str; 3] = ["", ".*", "^.*$"];

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
    pub fn property(&self, name: &str) -> Self {
        self.overriding(self.members(name))
    }

    /// The schema objects of a property.
    pub(super) fn members(&self, name: &str) -> Vec<SchemaObject<'d>> {
        let objects = self.objects.iter();
        objects
            .filter_map(|object| object.member("properties", name))
            .collect()
    }

    /// The intersection of the schemas that several objects have for one member. Where they exclude each other, the nearest one
    /// counts, or else the last one: a schema that extends another may describe a member anew.
    fn overriding(&self, mut objects: Vec<SchemaObject<'d>>) -> Self {
        loop {
            let schema = Self::intersection(self.root, objects.clone());
            if objects.len() < 2 || !schema.is_empty() {
                return schema;
            }
            let farthest = objects.iter().map(|object| object.distance).max();
            let mut distances = objects.iter().map(|object| object.distance);
            let index = distances.position(|distance| Some(distance) == farthest);
            objects.remove(index.unwrap_or(0));
        }
    }

    /// The intersection of the subschemas that are the values of a keyword. A boolean there is none.
    fn subschema(&self, keyword: &str) -> Option<Self> {
        let objects = self.objects.iter();
        let subschemas = objects.filter_map(|object| object.child(keyword));
        let subschemas: Vec<_> = subschemas
            .filter(|schema| schema.value.is_object())
            .collect();
        (!subschemas.is_empty()).then(|| self.overriding(subschemas))
    }

    /// The required properties.
    pub fn required(&self) -> BTreeSet<&'d str> {
        let lists = self.keywords("required").filter_map(Value::as_array);
        lists.flatten().filter_map(Value::as_str).collect()
    }

    /// The schema of the properties without a name.
    pub fn additional_properties(&self) -> Option<Self> {
        // Properties whose names match a pattern may be of another type.
        if !self.has("patternProperties") {
            return self.subschema("additionalProperties");
        }
        let (object, pattern) = self.only_pattern()?;
        let schema = object.member("patternProperties", pattern)?;
        let is_object = schema.value.is_object();
        is_object.then(|| Self::intersection(self.root, vec![schema]))
    }

    /// The schema of the names of the properties.
    pub fn property_names(&self) -> Option<Self> {
        self.subschema("propertyNames")
    }

    /// The pattern that all properties without a name match, unless every name matches it.
    pub fn only_pattern_of_names(&self) -> Option<&'d str> {
        let (_, pattern) = self.only_pattern()?;
        (!ANY_NAME.contains(&pattern)).then_some(pattern)
    }

    /// The only pattern of `patternProperties`, if no property has another name.
    fn only_pattern(&self) -> Option<(&SchemaObject<'d>, &'d str)> {
        let mut objects = self.objects.iter().filter_map(|object| {
            let patterns = object.keyword("patternProperties")?.as_object()?;
            Some((object, patterns.keys()))
        });
        let (object, mut patterns) = objects.next().filter(|_| objects.next().is_none())?;
        let pattern = patterns.next().filter(|_| patterns.next().is_none())?;
        let is_only = self.forbids_additional() || ANY_NAME.contains(&&**pattern);
        is_only.then_some((object, pattern))
    }

    fn forbids_additional(&self) -> bool {
        let mut values = self.keywords("additionalProperties");
        values.any(|value| *value == Value::Bool(false))
    }

    /// Whether properties without a name are forbidden. The names that match a pattern are names, too.
    pub fn is_closed(&self) -> bool {
        self.forbids_additional() && !self.has("patternProperties")
    }

    /// The schema of the items of an array. Beside the schemas of its first items, `items` is that of the rest.
    pub fn items(&self) -> Option<Self> {
        match self.has("prefixItems") {
            true => None,
            false => self.subschema("items"),
        }
    }
}
