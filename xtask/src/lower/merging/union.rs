//! What becomes of several combinations of branches: one union, of which each member has a name if that can be.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::Merging;
use super::expansion::{Combination, Kind};
use super::whole::Whole;
use crate::lower::{discriminators, inline_types};
use crate::names::type_name;
use crate::pointer;
use crate::view;

impl Merging<'_> {
    /// Gives the types of fields that all combinations have a name, so that each has the same.
    pub(super) fn name_fields_of_all(
        &mut self,
        combinations: &mut [Combination],
        owner: &str,
        place: &str,
    ) {
        let Some((first, others)) = combinations.split_first() else {
            return;
        };
        let is_of_all = |part: &&Rc<Value>| {
            let mut others = others.iter();
            others.all(|other| other.parts.iter().any(|own| Rc::ptr_eq(own, part)))
        };
        let of_all: Vec<Rc<Value>> = first.parts.iter().filter(is_of_all).cloned().collect();
        for part in of_all {
            let mut named = Value::clone(&part);
            let fields = named.get_mut("properties").and_then(Value::as_object_mut);
            for (name, field) in fields.into_iter().flatten() {
                let mut name = format!("{owner}-{name}");
                let mut inline = field;
                while !inline_types::is_type(inline) && inline.get("items").is_some() {
                    inline = &mut inline["items"];
                    name.push_str("-item");
                }
                if inline_types::is_type(inline) {
                    *inline = self.hoist(&type_name(&name), inline.take(), place);
                }
            }
            let named = Rc::new(named);
            let parts = combinations.iter_mut().flat_map(|one| &mut one.parts);
            for own in parts.filter(|own| Rc::ptr_eq(own, &part)) {
                *own = Rc::clone(&named);
            }
        }
    }

    /// One union of the combinations, each called by the names of its branches if they have names.
    pub(super) fn union(
        &mut self,
        wholes: Vec<(Combination, Whole)>,
        schema: &Value,
        owner: Option<&str>,
        place: &str,
    ) -> Map<String, Value> {
        let mut members = Vec::new();
        let mut kinds = Vec::new();
        for (index, (combination, whole)) in wholes.into_iter().enumerate() {
            kinds.push(combination.kind.clone());
            if let Some(branch) = combination.lone_reference() {
                members.push(branch.clone());
                continue;
            }
            let description = self.description_of(&combination, schema);
            let chosen = combination.chosen.filter(|names| !names.is_empty());
            let chosen = chosen.map(|names| names.join("-"));
            let chosen = chosen.or_else(|| owner.map(|_| format!("variant{index}")));
            let words: Vec<String> = owner.map(str::to_owned).into_iter().chain(chosen).collect();
            let name = (!words.is_empty()).then(|| type_name(&words.join("-")));
            let mut member = self.finish(whole, name.as_deref(), place);
            let is_type = member.contains_key("properties") || member.contains_key("enum");
            members.push(match name {
                Some(name) if is_type => {
                    member.extend(description.map(|text| ("description".to_owned(), text)));
                    self.hoist(&name, Value::Object(member), place)
                }
                // It is called by where it stands.
                _ => Value::Object(member),
            });
        }
        let mut union = Map::new();
        union.extend(discriminator(&members, &kinds));
        // Of `anyOf`, typify would make a struct with what stands beside the unions in each of its fields.
        union.insert("oneOf".to_owned(), Value::Array(members));
        union
    }

    /// The description of the one branch that is chosen, or else that of the union.
    fn description_of(&self, combination: &Combination, schema: &Value) -> Option<Value> {
        let description = |schema: &Value| schema.get("description").cloned();
        let chosen = match combination.chosen.as_deref() {
            Some([name]) => {
                let place = pointer::join("/components/schemas", name);
                pointer::get(&self.lowering.root, &place).and_then(description)
            }
            Some(_) => None,
            None => combination
                .parts
                .iter()
                .rev()
                .find_map(|part| description(part)),
        };
        chosen.or_else(|| description(schema))
    }
}

/// What tells members apart that have a name, and each its kind.
fn discriminator(members: &[Value], kinds: &[Option<Kind>]) -> Option<(String, Value)> {
    let property = kinds.first()?.as_ref().map(|kind| &kind.property)?;
    let mut mapping = Map::new();
    for (member, kind) in members.iter().zip(kinds) {
        let kind = kind.as_ref().filter(|kind| kind.property == *property)?;
        let reference = view::reference(member)?;
        for value in &kind.values {
            if mapping
                .insert(value.clone(), Value::from(reference))
                .is_some()
            {
                return None;
            }
        }
    }
    // The names of members that were made here are no values.
    let discriminator =
        json!({ "propertyName": property, "mapping": mapping, discriminators::COMPLETE: true });
    Some(("discriminator".to_owned(), discriminator))
}
