//! What typify would have to merge must come to an end, and soon.
//!
//! Most of what a schema is made of is put together by the passes before. The rest typify merges, property by property,
//! and follows every reference on its way. Two schemas that both contain themselves at the same property are merged for
//! ever, and so is one that contains, unnamed, something made of itself: a stack overflow that nothing can catch. Unions
//! multiply, those within unions most of all. So these merges are played through here first, on the places of things
//! alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::compositions;
use super::unions::{MAX_COMBINATIONS, MAX_DEPTH};
use super::{Lowering, origin};
use crate::diagnostic::Diagnostic;
use crate::pointer;
use crate::shape::Kind;
use crate::view;

/// How many unions may meet, and in how many combinations, where it is left to typify to combine them.
const MAX_MEETING: usize = 2;
const MAX_MEETING_COMBINATIONS: usize = 4;

/// How many merges are left to typify for all schemas of a document. Each takes it up to a millisecond; none of the
/// documents in the README needs more than some dozens.
const MAX_MERGES: usize = 2_000;

/// How many merges, and parts of them, are played through.
const MAX_STEPS: usize = 100_000;

/// Schemas that are merged with each other, by pointer.
type Group = BTreeSet<String>;

/// What it takes to merge a group.
#[derive(Clone, Copy, Default)]
struct Cost {
    /// The merges of two schemas or more, one for each combination of branches.
    merges: usize,
    /// How many unions stand within each other, each in a property of what the one around it is merged with.
    nested: usize,
}

/// Why a merge can't be done.
#[derive(Clone)]
enum Trouble {
    /// It comes back to what is being merged already, by way of these properties.
    Endless(Vec<String>),
    TooDeep,
    /// The branches of unions combine in too many ways.
    TooManyCombinations,
    /// More unions meet than can be combined.
    TooManyUnions,
    /// Unions are merged within what unions are merged with, at this property.
    Nested(String),
    TooManyMerges,
}

/// What a schema is made of.
struct Expansion {
    /// A group of schemas for each combination of the branches of its unions.
    combinations: Vec<Group>,
    /// How many unions are combined in these.
    unions: usize,
}

/// Refuses what typify could not merge, or not soon.
pub fn refuse(lowering: &mut Lowering) {
    let places = lowering.nodes(Kind::Schema);
    let mut merging = Merging {
        root: &lowering.root,
        known: BTreeMap::new(),
        active: Vec::new(),
        steps: 0,
    };
    let mut problems = BTreeMap::new();
    let mut left = MAX_MERGES;
    for place in places {
        let is_composed = pointer::get(merging.root, &place).is_some_and(|schema| {
            let keywords = ["allOf", "oneOf", "anyOf"];
            keywords
                .iter()
                .any(|keyword| schema.get(*keyword).is_some())
        });
        if !is_composed {
            continue;
        }
        merging.active.clear();
        let cost = merging.merge(&Group::from([place.clone()]), "");
        let trouble = match cost {
            Ok(cost) if cost.merges <= left => {
                left -= cost.merges;
                continue;
            }
            Ok(_) => Trouble::TooManyMerges,
            Err(trouble) => trouble,
        };
        // Of several schemas that one became, one is enough to be told of.
        let place = origin(&lowering.origins, &place);
        let problem = trouble.diagnostic(&place);
        problems.entry(place).or_insert(problem);
    }
    lowering.problems.extend(problems.into_values());
}

impl Trouble {
    fn diagnostic(self, place: &str) -> Diagnostic {
        const ANY_JSON: &str =
            "describe the value as any JSON by leaving its type out, or list what really occurs";
        const ONE_PART: &str = "let one part alone describe what the value is one of";
        let too_intricate = |message| Diagnostic::error("too-intricate", place, message);
        match self {
            Self::Endless(path) => Diagnostic::error(
                "endless-merge",
                place,
                format!(
                    "the parts of the schema can't be merged: at `{}` they lead back to themselves",
                    path.join("/")
                ),
            )
            .hint("let one part alone describe what contains itself, or leave that part's type out"),
            Self::TooDeep => too_intricate(format!(
                "the schema is made of parts that are made of parts more than {MAX_DEPTH} levels deep"
            ))
            .hint("write out what the schema contains"),
            Self::TooManyCombinations => too_intricate(format!(
                "the schema combines unions in more than {MAX_COMBINATIONS} ways"
            ))
            .hint(ANY_JSON),
            Self::TooManyUnions => too_intricate(format!(
                "the parts of the schema describe one value by different unions, more than {MAX_MEETING} of them or in more than {MAX_MEETING_COMBINATIONS} ways"
            ))
            .hint(ONE_PART),
            Self::Nested(at) => too_intricate(format!(
                "a union beside other parts of the schema describes `{at}`, which they describe by a union, too"
            ))
            .hint(ONE_PART),
            Self::TooManyMerges => too_intricate(format!(
                "to put together this schema, and those before it, takes more than {MAX_MERGES} merges"
            ))
            .hint(ANY_JSON),
        }
    }
}

struct Merging<'a> {
    root: &'a Value,
    /// Groups that were merged without trouble, and what it took: typify does it each time.
    known: BTreeMap<Group, Cost>,
    /// Groups that are being merged, and the property at which each was met.
    active: Vec<(Group, String)>,
    steps: usize,
}

impl Merging<'_> {
    /// What it takes to merge a group that was met at the property `at`.
    fn merge(&mut self, group: &Group, at: &str) -> Result<Cost, Trouble> {
        if let Some(cost) = self.known.get(group) {
            return Ok(*cost);
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
        let cost = match self.choices(group) {
            Some(choices) => self.merge_each(&choices, at)?,
            None => self.merge_parts(group)?,
        };
        if cost.merges > MAX_MERGES {
            return Err(Trouble::TooManyMerges);
        }
        self.active.pop();
        self.known.insert(group.clone(), cost);
        Ok(cost)
    }

    /// Each branch of what only chooses is a type of its own.
    fn merge_each(&mut self, choices: &[Group], at: &str) -> Result<Cost, Trouble> {
        let mut cost = Cost::default();
        for choice in choices.iter().filter(|choice| !is_named(choice)) {
            cost.merges += self.merge(choice, at)?.merges;
        }
        Ok(cost)
    }

    fn merge_parts(&mut self, group: &Group) -> Result<Cost, Trouble> {
        let mut whole = Expansion::of(Group::new());
        for member in group {
            let part = self.expand(member, 0)?;
            whole = self.product(&whole, &part)?;
        }
        let combinations = whole.combinations.len();
        if whole.unions > 1
            && (whole.unions > MAX_MEETING || combinations > MAX_MEETING_COMBINATIONS)
        {
            return Err(Trouble::TooManyUnions);
        }
        let mut cost = Cost::default();
        if whole.combinations.iter().any(|parts| parts.len() > 1) {
            cost.merges = combinations;
        }
        let is_union = usize::from(whole.unions > 0);
        for parts in &whole.combinations {
            for (name, group) in self.shared(parts) {
                if is_named(&group) {
                    continue;
                }
                let inner = self.merge(&group, &name)?;
                cost.merges += inner.merges;
                // What one part alone describes is a type of its own.
                if group.len() > 1 {
                    cost.nested = cost.nested.max(inner.nested);
                }
                if is_union + cost.nested > 1 {
                    return Err(Trouble::Nested(name));
                }
            }
        }
        cost.nested += is_union;
        Ok(cost)
    }

    fn steps(&mut self, count: usize) -> Result<(), Trouble> {
        self.steps += count;
        if self.steps > MAX_STEPS {
            return Err(Trouble::TooManyMerges);
        }
        Ok(())
    }

    /// Each of `left` joined with each of `right`.
    fn product(&mut self, left: &Expansion, right: &Expansion) -> Result<Expansion, Trouble> {
        let count = left.combinations.len() * right.combinations.len();
        let unions = left.unions + right.unions;
        if count > MAX_COMBINATIONS {
            return Err(Trouble::TooManyCombinations);
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
                    return Err(Trouble::TooManyCombinations);
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
            let speaks = schema.get(OTHERS).is_some_and(Value::is_object);
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
    schema.as_object().is_some_and(|schema| {
        schema.iter().all(|(keyword, value)| {
            ["allOf", "oneOf", "anyOf"].contains(&keyword.as_str())
                || compositions::is_silent(keyword, value)
        })
    })
}
