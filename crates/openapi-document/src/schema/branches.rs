//! Unions of a schema: their branches, each with all that constrains the union.

use serde_json::Value;

use super::{Schema, SchemaObject, UNIONS, common_types, is_annotation, type_names};
use crate::pointer;
use crate::view;

/// The depth to which unions within a branch are searched for contradictions. Unions further in are found when their own branches are
/// asked for, and a search of all of them would multiply.
const MAX_UNIONS: usize = 1;

/// A branch of a union.
#[derive(Clone, Debug)]
pub struct Branch<'d> {
    /// The branch by itself.
    pub own: Schema<'d>,
    /// The branch with all that constrains the union.
    pub schema: Schema<'d>,
}

impl<'d> Schema<'d> {
    /// Marks the unions that constrain nothing: those of one of whose branches the schema is an extension, and those that it
    /// overrides by another type.
    pub(super) fn resolve_unions(&mut self) {
        if self.objects.len() == 1 || self.unions().next().is_none() {
            return;
        }
        let types = self.types().unwrap_or_default();
        let is_extended = |branch: &Value| {
            let target = view::target(branch);
            target.is_some_and(|target| self.objects.iter().any(|known| known.pointer == target))
        };
        let is_overridden = |branch: &Value| {
            let branch = view::resolve(self.root, branch).map_or(branch, |(_, schema)| schema);
            let own = branch.get("type").map(type_names).unwrap_or_default();
            !types.is_empty() && !own.is_empty() && common_types(&types, &own).is_empty()
        };
        let unions = self.unions().filter(|(object, keyword)| {
            let branches = object.keyword(keyword).and_then(Value::as_array);
            branches.is_some_and(|branches| {
                branches.iter().any(is_extended) || branches.iter().all(is_overridden)
            })
        });
        let resolved = unions.map(|(object, keyword)| (object.pointer.clone(), keyword));
        let resolved: Vec<(String, &str)> = resolved.collect();
        for object in &mut self.objects {
            let resolved = resolved.iter().filter(|(at, _)| *at == object.pointer);
            object.resolved.extend(resolved.map(|(_, keyword)| keyword));
        }
    }

    pub(super) fn unions(&self) -> impl Iterator<Item = (&SchemaObject<'d>, &'static str)> {
        self.objects.iter().flat_map(|object| {
            let is_union = |keyword: &&str| {
                let branches = object.keyword(keyword).and_then(Value::as_array);
                branches.is_some_and(|branches| !branches.iter().all(constrains_presence))
            };
            let unions = UNIONS.into_iter().filter(is_union);
            unions.map(move |keyword| (object, keyword))
        })
    }

    /// Whether the union of an object has a branch that is being expanded: a base that lists the schemas that extend it, and
    /// is reached from one of these.
    pub(super) fn is_branch_of(&self, base: &SchemaObject<'d>) -> bool {
        let branches = UNIONS.into_iter().flat_map(|keyword| base.items(keyword));
        let listed = branches.filter_map(|branch| view::reference(branch.value));
        let discriminator = base.keyword("discriminator");
        let mapped = discriminator.into_iter().flat_map(mapping);
        let mut targets = listed.chain(mapped.map(|(_, target)| target));
        targets.any(|target| {
            let mut objects = self.objects.iter();
            objects.any(|object| maps_to(target, &object.pointer))
        })
    }

    /// The first union in it, as the list of its branches; what else constrains a value is part of each branch. Branches that
    /// contradict another union are none.
    pub fn branches(&self) -> Option<Vec<Branch<'d>>> {
        let branches = self.all_branches()?;
        if !self.is_combined && self.unions().nth(1).is_none() {
            return Some(branches);
        }
        let is_consistent = |branch: &Branch<'d>| !branch.schema.is_contradictory(MAX_UNIONS);
        let (consistent, others): (Vec<_>, Vec<_>) = branches.into_iter().partition(is_consistent);
        Some(match consistent.is_empty() {
            true => others,
            false => consistent,
        })
    }

    /// The schema of the values other than `null`, if a union has one such branch.
    pub fn only_branch(&self) -> Option<Self> {
        let branches = self.branches()?.into_iter();
        let mut branches = branches.filter(|branch| !branch.own.is_null());
        let only = branches.next()?;
        branches.next().is_none().then_some(only.schema)
    }

    fn all_branches(&self) -> Option<Vec<Branch<'d>>> {
        let mut unions = self.unions();
        let (union, keyword) = unions.next()?;
        let is_combined = self.is_combined || unions.next().is_some();
        // Objects with resolved unions stay in it: a reference of another object may lead there again.
        let common = self.objects.iter();
        let common = common.filter(|object| object.constrains() || !object.resolved.is_empty());
        let mut common: Vec<SchemaObject<'d>> = common.cloned().collect();
        for object in &mut common {
            if object.pointer == union.pointer {
                object.resolved.insert(keyword);
            }
        }
        let is_alone = !common.iter().any(SchemaObject::constrains);
        let mut listed: Vec<SchemaObject<'d>> = union.items(keyword).collect();
        listed.extend(self.mapped(union, &listed));
        let branches = listed.into_iter().map(|branch| {
            let own = Self::intersection(self.root, vec![branch.clone()]);
            let mut schema = match is_alone {
                true => own.clone(),
                false => {
                    let objects = std::iter::once(branch).chain(common.iter().cloned());
                    Self::intersection(self.root, objects.collect())
                }
            };
            schema.is_combined = is_combined;
            Branch { own, schema }
        });
        Some(branches.collect())
    }

    /// The schemas that the mapping of a discriminator names and its union does not list.
    fn mapped(
        &self,
        union: &SchemaObject<'d>,
        listed: &[SchemaObject<'d>],
    ) -> Vec<SchemaObject<'d>> {
        let listed = listed.iter();
        let listed: Vec<&str> = listed
            .filter_map(|branch| view::target(branch.value))
            .collect();
        let mut mapped: Vec<SchemaObject<'d>> = Vec::new();
        let discriminator = union.keyword("discriminator");
        for (_, target) in discriminator.into_iter().flat_map(mapping) {
            let pointer = match target.strip_prefix('#') {
                Some(pointer) => pointer.to_owned(),
                None => pointer::join(view::SCHEMAS, target),
            };
            let is_listed = pointer == union.pointer || listed.contains(&&*pointer);
            let is_new = !is_listed && mapped.iter().all(|known| known.pointer != pointer);
            if let Some(value) = pointer::get(self.root, &pointer).filter(|_| is_new) {
                mapped.push(SchemaObject {
                    is_target: true,
                    ..SchemaObject::at(value, pointer, 0)
                });
            }
        }
        mapped
    }

    /// Whether no value is valid against it, because of types or constants that exclude each other. Unions are searched to some
    /// depth.
    fn is_contradictory(&self, depth: usize) -> bool {
        let is_impossible =
            |name: &&str| Self::intersection(self.root, self.members(name)).has_no_value();
        if self.is_empty() || self.required().iter().any(is_impossible) {
            return true;
        }
        let branches = depth.checked_sub(1).zip(self.all_branches());
        branches.is_some_and(|(depth, branches)| {
            let mut branches = branches.iter();
            branches.all(|branch| branch.schema.is_contradictory(depth))
        })
    }
}

/// The discriminator values of a mapping, each with the schema that it is mapped to.
pub fn mapping(discriminator: &Value) -> impl Iterator<Item = (&str, &str)> {
    let mapping = view::members(discriminator, "mapping");
    mapping.filter_map(|(value, target)| Some((&**value, target.as_str()?)))
}

/// Whether a mapping names the schema at a pointer by this target: a reference, or the name of a component.
pub fn maps_to(target: &str, pointer: &str) -> bool {
    target.strip_prefix('#') == Some(pointer) || target == pointer::last(pointer)
}

/// Whether a schema constrains which members an object has, and nothing else. A union of such branches is one type.
fn constrains_presence(schema: &Value) -> bool {
    let Some(keywords) = schema.as_object() else {
        return false;
    };
    let is_presence = |keyword: &str| matches!(keyword, "required" | "not");
    keywords.keys().any(|keyword| is_presence(keyword))
        && keywords.iter().all(|(keyword, value)| {
            is_presence(keyword)
                || match &**keyword {
                    "type" => *value == "object",
                    keyword => is_annotation(keyword),
                }
        })
}
