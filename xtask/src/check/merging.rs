//! What is composed by `allOf`, or by a union beside other keywords, must come to an end when it is merged.
//!
//! typify merges such schemas property by property and follows every reference on its way. Two schemas that both
//! contain themselves at the same property are merged for ever, and so is one that contains, unnamed, something made of
//! itself: a stack overflow that nothing can catch. Unions within compositions multiply. So the merge is played through
//! here first, on the places of things alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Subject;
use crate::diagnostic::Diagnostic;
use crate::lower;
use crate::lower::compositions;
use crate::lower::unions::MAX_COMBINATIONS;
use crate::pointer;
use crate::shape::Kind;
use crate::view;

/// How many compositions may stand inside each other: several times what any honest document has.
const MAX_DEPTH: usize = 64;

/// How many unions may meet, and in how many combinations, where it is left to typify to combine them.
const MAX_MEETING: usize = 2;
const MAX_MEETING_COMBINATIONS: usize = 4;

/// How many merges, and parts of them, are played through for one document, and may be needed for one schema.
const MAX_STEPS: usize = 100_000;

/// Schemas that are merged with each other, by pointer.
type Group = BTreeSet<String>;

/// Why a merge can't be done.
#[derive(Clone)]
enum Trouble {
    /// It comes back to what is being merged already, by way of these properties.
    Endless(Vec<String>),
    TooDeep,
    TooMany,
    /// More unions meet than can be combined.
    TooManyUnions,
}

/// What a schema is made of.
struct Expansion {
    /// A group of schemas for each combination of the branches of its unions.
    combinations: Vec<Group>,
    /// How many unions are combined in these.
    unions: usize,
}

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    let mut merging = Merging {
        root: subject.root,
        known: BTreeMap::new(),
        active: Vec::new(),
        steps: 0,
    };
    let mut left = lower::merging::MAX_VALUES;
    for found in &subject.found {
        let composed = found.kind == Kind::Schema
            && found.reference.is_none()
            && pointer::get(subject.root, &found.pointer).is_some_and(|schema| {
                ["allOf", "oneOf", "anyOf"]
                    .iter()
                    .any(|keyword| schema.get(*keyword).is_some())
                    // Nothing is left for typify to merge.
                    && lower::merging::merged(subject.root, schema, &mut left).is_none()
            });
        if !composed {
            continue;
        }
        if left == 0 {
            problems.push(lower::merging::too_large(&found.pointer));
            return;
        }
        merging.active.clear();
        let group = Group::from([found.pointer.clone()]);
        let Err(trouble) = merging.merge(&group, "") else {
            continue;
        };
        // What has no end at all was reported as that.
        if matches!(trouble, Trouble::TooDeep)
            && problems.iter().any(|problem| problem.code == "cyclic-ref")
        {
            continue;
        }
        problems.push(match trouble {
            Trouble::Endless(path) => Diagnostic::error(
                "endless-merge",
                found.pointer.clone(),
                format!(
                    "the parts of the schema can't be merged: at `{}` they lead back to themselves",
                    path.join("/")
                ),
            )
            .hint("let one part alone describe what contains itself, or leave that part's type out"),
            Trouble::TooDeep => Diagnostic::error(
                "too-intricate",
                found.pointer.clone(),
                format!("the schema is made of parts that are made of parts more than {MAX_DEPTH} levels deep"),
            )
            .hint("write out what the schema contains"),
            Trouble::TooMany => Diagnostic::error(
                "too-intricate",
                found.pointer.clone(),
                format!("the schema combines unions, or repeats what it is made of, in more than {MAX_COMBINATIONS} ways"),
            )
            .hint("describe the value as any JSON by leaving its type out, or list what really occurs"),
            Trouble::TooManyUnions => Diagnostic::error(
                "too-intricate",
                found.pointer.clone(),
                format!("the parts of the schema describe one field by different unions, more than {MAX_MEETING} of them or in more than {MAX_MEETING_COMBINATIONS} ways"),
            )
            .hint("let one part alone describe what the field is one of"),
        });
    }
}

struct Merging<'a> {
    root: &'a Value,
    /// Groups that were merged without trouble, and in how many steps: typify takes them each time.
    known: BTreeMap<Group, usize>,
    /// Groups that are being merged, and the property at which each was met.
    active: Vec<(Group, String)>,
    steps: usize,
}

impl Merging<'_> {
    /// How many steps it takes to merge a group that was met at the property `at`.
    fn merge(&mut self, group: &Group, at: &str) -> Result<usize, Trouble> {
        if let Some(steps) = self.known.get(group) {
            return Ok(*steps);
        }
        if let Some(start) = self.active.iter().position(|(active, _)| active == group) {
            let path = self.active[start + 1..].iter().map(|(_, at)| at.clone());
            return Err(Trouble::Endless(path.chain([at.to_owned()]).collect()));
        }
        self.steps(1)?;
        if self.active.len() >= MAX_DEPTH {
            return Err(Trouble::TooDeep);
        }
        self.active.push((group.clone(), at.to_owned()));
        let mut steps = 1;
        if let Some(choices) = self.choices(group) {
            for choice in choices.iter().filter(|choice| !is_named(choice)) {
                steps += self.merge(choice, at)?;
            }
        } else {
            let mut whole = Expansion::of(Group::new());
            for member in group {
                let part = self.expand(member, 0)?;
                whole = self.product(&whole, &part)?;
            }
            // Those that meet in a schema, rather than in a field of its parts, are combined before typify sees them.
            if group.len() > 1
                && whole.unions > 1
                && (whole.unions > MAX_MEETING
                    || whole.combinations.len() > MAX_MEETING_COMBINATIONS)
            {
                return Err(Trouble::TooManyUnions);
            }
            for parts in &whole.combinations {
                for (name, group) in self.shared(parts) {
                    if !is_named(&group) {
                        steps += self.merge(&group, &name)?;
                    }
                }
            }
        }
        if steps > MAX_STEPS {
            return Err(Trouble::TooMany);
        }
        self.active.pop();
        self.known.insert(group.clone(), steps);
        Ok(steps)
    }

    fn steps(&mut self, count: usize) -> Result<(), Trouble> {
        self.steps += count;
        if self.steps > MAX_STEPS {
            return Err(Trouble::TooMany);
        }
        Ok(())
    }

    /// Each of `left` joined with each of `right`.
    fn product(&mut self, left: &Expansion, right: &Expansion) -> Result<Expansion, Trouble> {
        let count = left.combinations.len() * right.combinations.len();
        let unions = left.unions + right.unions;
        if count > MAX_COMBINATIONS {
            return Err(Trouble::TooMany);
        }
        self.steps(count)?;
        let joined = left
            .combinations
            .iter()
            .flat_map(|one| right.combinations.iter().map(move |other| one | other));
        Ok(Expansion {
            combinations: joined.collect(),
            unions,
        })
    }

    /// What the schema at `place` is made of.
    fn expand(&mut self, place: &str, depth: usize) -> Result<Expansion, Trouble> {
        if depth >= MAX_DEPTH {
            return Err(Trouble::TooDeep);
        }
        self.steps(1)?;
        let Some(schema) = pointer::get(self.root, place) else {
            return Ok(Expansion::of(Group::new()));
        };
        let mut whole = Expansion::of(if is_silent(schema) {
            Group::new()
        } else {
            Group::from([place.to_owned()])
        });
        for part in self.members(place, "allOf") {
            let part = self.expand(&part, depth + 1)?;
            whole = self.product(&whole, &part)?;
        }
        for keyword in ["oneOf", "anyOf"] {
            // Lowering takes those off.
            if compositions::is_rule_about_fields(place, schema, keyword) {
                continue;
            }
            let mut branches = Vec::new();
            let mut inner = 0;
            let members = self.members(place, keyword);
            let chooses = members.len() > 1;
            for branch in members {
                let branch = self.expand(&branch, depth + 1)?;
                branches.extend(branch.combinations);
                inner = inner.max(branch.unions);
            }
            if !branches.is_empty() {
                let unions = inner + usize::from(chooses);
                if branches.len() > MAX_COMBINATIONS {
                    return Err(Trouble::TooMany);
                }
                let union = Expansion {
                    combinations: branches,
                    unions,
                };
                whole = self.product(&whole, &union)?;
            }
        }
        Ok(whole)
    }

    /// What a single schema is one of, if it only chooses: a union, or `allOf` around one other. Its branches are types of
    /// their own, and not merged.
    fn choices(&self, group: &Group) -> Option<Vec<Group>> {
        let [place] = Vec::from_iter(group)[..] else {
            return None;
        };
        let lists = ["allOf", "oneOf", "anyOf"].map(|keyword| self.members(place, keyword));
        let [all, one, any] = &lists;
        let chooses = is_silent(pointer::get(self.root, place)?)
            && all.len() < 2
            && [all, one, any]
                .iter()
                .filter(|list| !list.is_empty())
                .count()
                == 1;
        chooses.then(|| {
            lists
                .into_iter()
                .flatten()
                .map(|place| Group::from([place]))
                .collect()
        })
    }

    /// Where the members of a composition really stand.
    fn members(&self, place: &str, keyword: &str) -> Vec<String> {
        let list = pointer::join(place, keyword);
        let count = pointer::get(self.root, &list)
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        (0..count)
            .map(|index| pointer::join(&list, &index.to_string()))
            .filter_map(|place| self.target(place))
            .collect()
    }

    /// What the parts say of the same property, or of the items: that is merged in turn. What a part says of other fields
    /// is said of those that it doesn't list.
    fn shared(&self, parts: &Group) -> BTreeMap<String, Group> {
        const OTHERS: &str = "additionalProperties";
        const ITEMS: &str = "items[]";
        let mut shared: BTreeMap<String, Group> = BTreeMap::new();
        let mut others = Vec::new();
        for part in parts {
            let Some(schema) = pointer::get(self.root, part) else {
                continue;
            };
            let properties = pointer::join(part, "properties");
            let fields = schema.get("properties").and_then(Value::as_object);
            for (name, _) in fields.into_iter().flatten() {
                let target = self.target(pointer::join(&properties, name));
                shared.entry(name.clone()).or_default().extend(target);
            }
            if schema.get("items").is_some_and(Value::is_object) {
                let target = self.target(pointer::join(part, "items"));
                shared.entry(ITEMS.to_owned()).or_default().extend(target);
            }
            // Beside fields, lowering says `{}` instead of `true`.
            let speaks = schema.get(OTHERS).is_some_and(|schema| {
                schema.is_object() || *schema == Value::Bool(true) && fields.is_some()
            });
            let target = speaks.then(|| self.target(pointer::join(part, OTHERS)));
            others.extend(target.flatten().map(|target| (fields, target)));
        }
        for (name, group) in &mut shared {
            let unlisted = others.iter().filter(|(fields, _)| {
                name != ITEMS && !fields.is_some_and(|fields| fields.contains_key(name))
            });
            group.extend(unlisted.map(|(_, target)| target.clone()));
        }
        let others = others.into_iter().map(|(_, target)| target);
        shared.insert(OTHERS.to_owned(), others.collect());
        shared
    }

    /// Where the schema at `place` really stands.
    fn target(&self, place: String) -> Option<String> {
        let (target, _) = view::resolve(self.root, pointer::get(self.root, &place)?)?;
        Some(target.unwrap_or(place))
    }
}

impl Expansion {
    /// A schema without unions.
    fn of(group: Group) -> Self {
        Self {
            combinations: vec![group],
            unions: 0,
        }
    }
}

/// Whether it is one component, or nothing: then it is a type of its own, and nothing is merged.
fn is_named(group: &Group) -> bool {
    group.len() < 2
        && group
            .iter()
            .all(|place| pointer::parent(place) == Some("/components/schemas"))
}

/// Whether a schema puts nothing into a merge but what it is made of.
fn is_silent(schema: &Value) -> bool {
    const SILENT: [&str; 12] = [
        "allOf",
        "oneOf",
        "anyOf",
        "nullable",
        "title",
        "description",
        "default",
        "deprecated",
        "example",
        "discriminator",
        "readOnly",
        "writeOnly",
    ];
    schema.as_object().is_some_and(|schema| {
        schema
            .keys()
            .all(|keyword| keyword.starts_with("x-") || SILENT.contains(&keyword.as_str()))
    })
}
