//! Unions of a schema: their branches, each with all that constrains the union.

use serde_json::Value;

use super::{ANNOTATIONS, Part, Resolved, Schema, both, type_names};
use crate::keywords;
use crate::pointer;
use crate::view;

/// The depth to which unions within a branch are searched for contradictions. Unions further in are found when their own branches are
/// asked for, and a search of all of them would multiply.
const MAX_UNIONS: usize = 1;

/// The keyword of a union.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnionKeyword {
    /// `oneOf`
    OneOf,
    /// `anyOf`
    AnyOf,
}

impl UnionKeyword {
    /// The keyword.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OneOf => "oneOf",
            Self::AnyOf => "anyOf",
        }
    }
}

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
    pub(super) fn resolve_unions(&mut self, root: &'d Value) {
        if self.parts.len() == 1 || self.unions().next().is_none() {
            return;
        }
        let types = self.types().unwrap_or_default();
        let is_extended = |branch: &Value| {
            let target = view::target(branch);
            target.is_some_and(|target| self.parts.iter().any(|part| part.pointer == target))
        };
        let is_overridden = |branch: &Value| {
            let branch = view::resolve(root, branch).map_or(branch, |(_, schema)| schema);
            let own = branch.get("type").map(type_names).unwrap_or_default();
            !types.is_empty() && !own.is_empty() && both(&types, &own).is_empty()
        };
        let is_resolved = |(part, keyword): &(&Part<'d>, UnionKeyword)| {
            let branches = part.keyword(keyword.name()).and_then(Value::as_array);
            branches.is_some_and(|branches| {
                branches.iter().any(is_extended) || branches.iter().all(is_overridden)
            })
        };
        let resolved = self.unions().filter(is_resolved);
        let resolved: Vec<(String, Resolved)> = resolved
            .map(|(part, keyword)| (part.pointer.clone(), Resolved::of(keyword)))
            .collect();
        for part in &mut self.parts {
            for (_, resolved) in resolved.iter().filter(|(at, _)| *at == part.pointer) {
                part.resolved = part.resolved.and(*resolved);
            }
        }
    }

    pub(super) fn unions(&self) -> impl Iterator<Item = (&Part<'d>, UnionKeyword)> {
        self.parts.iter().flat_map(|part| {
            let is_union = |keyword: &UnionKeyword| {
                let branches = part.keyword(keyword.name()).and_then(Value::as_array);
                branches.is_some_and(|branches| !branches.iter().all(constrains_presence))
            };
            [UnionKeyword::OneOf, UnionKeyword::AnyOf]
                .into_iter()
                .filter(is_union)
                .map(move |keyword| (part, keyword))
        })
    }

    /// The first union in it, as the list of its branches; what else constrains a value is part of each branch. Branches that
    /// contradict another union are none.
    pub fn branches(&self, root: &'d Value) -> Option<Vec<Branch<'d>>> {
        let mut branches = self.all_branches(root)?;
        if self.is_combined || self.unions().nth(1).is_some() {
            let is_consistent =
                |branch: &&Branch<'d>| !branch.schema.is_contradictory(root, MAX_UNIONS);
            let consistent: Vec<Branch<'d>> =
                branches.iter().filter(is_consistent).cloned().collect();
            if !consistent.is_empty() {
                branches = consistent;
            }
        }
        Some(branches)
    }

    fn all_branches(&self, root: &'d Value) -> Option<Vec<Branch<'d>>> {
        let mut unions = self.unions();
        let (part, keyword) = unions.next()?;
        let is_combined = self.is_combined || unions.next().is_some();
        let pointer = part.pointer.clone();
        // The objects of unions that are dealt with stay in it: a reference of another object may lead there again.
        let common: Vec<Part<'d>> = self
            .parts
            .iter()
            .filter(|part| part.constrains() || part.resolved != Resolved::NONE)
            .map(|part| match part.pointer == pointer {
                true => Part {
                    resolved: part.resolved.and(Resolved::of(keyword)),
                    ..part.clone()
                },
                false => part.clone(),
            })
            .collect();
        let is_alone = !common.iter().any(Part::constrains);
        let listed = part.items(keyword.name());
        let mapped = mapped(root, part, &listed);
        let branches = listed.into_iter().chain(mapped).map(|branch| {
            let own = Self::of(root, vec![branch.clone()]);
            (branch, own)
        });
        let branches = branches.map(|(branch, own)| {
            let mut schema = match is_alone {
                true => own.clone(),
                false => Self::of(
                    root,
                    std::iter::once(branch)
                        .chain(common.iter().cloned())
                        .collect(),
                ),
            };
            schema.is_combined = is_combined;
            Branch { own, schema }
        });
        Some(branches.collect())
    }

    /// Whether no value is valid against it, because of types or constants that exclude each other. Unions are looked into to
    /// some depth.
    fn is_contradictory(&self, root: &'d Value, depth: usize) -> bool {
        if self.is_empty() {
            return true;
        }
        let is_impossible = |name: &&str| Self::of(root, self.members(name)).has_no_value();
        if self.required().iter().any(is_impossible) {
            return true;
        }
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        self.all_branches(root).is_some_and(|branches| {
            let mut branches = branches.iter();
            branches.all(|branch| branch.schema.is_contradictory(root, depth))
        })
    }
}

/// The schemas that the mapping of a discriminator names and its union does not list.
fn mapped<'d>(root: &'d Value, union: &Part<'d>, listed: &[Part<'d>]) -> Vec<Part<'d>> {
    let discriminator = union.keyword("discriminator");
    let mapping = discriminator.and_then(|discriminator| discriminator.get("mapping")?.as_object());
    let is_listed = |pointer: &str| {
        let mut targets = listed
            .iter()
            .filter_map(|branch| view::target(branch.value));
        pointer == union.pointer || targets.any(|target| target == pointer)
    };
    let mut mapped: Vec<Part<'d>> = Vec::new();
    for target in mapping
        .into_iter()
        .flatten()
        .filter_map(|(_, target)| target.as_str())
    {
        let pointer = match target.strip_prefix('#') {
            Some(pointer) => pointer.to_owned(),
            None => pointer::join("/components/schemas", target),
        };
        let is_new = !is_listed(&pointer) && mapped.iter().all(|part| part.pointer != pointer);
        if let Some(value) = pointer::get(root, &pointer).filter(|_| is_new) {
            mapped.push(Part {
                is_target: true,
                ..Part::of(value, pointer)
            });
        }
    }
    mapped
}

/// Whether a schema constrains which members an object has, and nothing else. A union of such branches is one type.
fn constrains_presence(schema: &Value) -> bool {
    let Some(keywords) = schema.as_object() else {
        return false;
    };
    let has_presence = ["required", "not"]
        .iter()
        .any(|keyword| keywords.contains_key(*keyword));
    has_presence
        && keywords.iter().all(|(keyword, value)| match &**keyword {
            "required" | "not" => true,
            "type" => *value == "object",
            keyword => ANNOTATIONS.contains(&keyword) || !keywords::is_assertion(keyword),
        })
}
