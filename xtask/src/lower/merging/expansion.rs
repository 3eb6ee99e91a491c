//! What a schema is made of: the combinations of the branches of its unions.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::failure::{Failure, spend};
use crate::keywords::{COMPOSITIONS, allows_all, described, is_about, speaking};
use crate::lower::discriminators;
use crate::model::Discriminator;
use crate::view;

/// In how many ways the branches of several unions may combine.
pub(super) const MAX_COMBINATIONS: usize = 64;

/// Looks for what schemas are made of.
pub struct Unions<'a> {
    pub root: &'a Value,
    /// What components were that are put together by now, by pointer.
    pub originals: &'a BTreeMap<String, Value>,
    /// Schemas in which there are no unions to combine, by pointer.
    pub plain: &'a mut BTreeSet<String>,
    /// How many more values parts may have.
    pub left: &'a mut usize,
}

impl Unions<'_> {
    pub fn expand(&mut self, value: &Value, depth: usize) -> Result<Expansion, Failure> {
        let depth = depth.checked_sub(1).ok_or(Failure::TooDeep)?;
        let (target, schema) = view::resolve(self.root, value).ok_or(Failure::TooDeep)?;
        let original = target
            .as_ref()
            .and_then(|target| self.originals.get(target));
        let schema = original.unwrap_or(schema);
        let plain = || Expansion::of((!allows_all(value)).then(|| value.clone()));
        if target
            .as_ref()
            .is_some_and(|target| self.plain.contains(target))
        {
            return Ok(plain());
        }
        let members = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
        let mut whole = Expansion::of(None);
        for part in members("allOf").into_iter().flatten() {
            let part = self.expand(part, depth)?;
            whole = self.product(&whole, &part)?;
        }
        let mut told = discriminators::told_apart(self.root, schema);
        for keyword in ["oneOf", "anyOf"] {
            let Some(branches) = members(keyword) else {
                continue;
            };
            // It is the first union that the discriminator is about.
            let told = told.take();
            let may_be_several = keyword == "anyOf" && told.is_none();
            let all = may_be_several
                .then(|| all_at_once(self.root, branches))
                .flatten();
            let mut union = match all {
                Some(all) => Expansion {
                    unions: 1,
                    ..Expansion::of(Some(all))
                },
                None => self.union(branches, depth)?,
            };
            if let Some(told) = told {
                union.tell_apart(&told);
            }
            whole = self.product(&whole, &union)?;
        }
        if whole.unions == 0 {
            self.plain.extend(target);
            return Ok(plain());
        }
        let own: Map<String, Value> = schema
            .as_object()
            .into_iter()
            .flat_map(speaking)
            .filter(|(keyword, _)| !COMPOSITIONS.contains(&keyword.as_str()))
            .map(|(keyword, value)| (keyword.clone(), value.clone()))
            .collect();
        if own.is_empty() {
            return Ok(whole);
        }
        self.product(&whole, &Expansion::of(Some(Value::Object(own))))
    }

    fn union(&mut self, branches: &[Value], depth: usize) -> Result<Expansion, Failure> {
        let mut union = Expansion::default();
        for value in branches {
            let mut branch = self.expand(value, depth)?;
            if branch.unions == 0 {
                let name = view::reference(described(value)).and_then(view::schema_name);
                for combination in branch
                    .combinations
                    .iter_mut()
                    .filter(|_| !allows_all(value))
                {
                    combination.chosen = name.clone().map(|name| vec![name]);
                }
            }
            spend(self.left, branch.combinations.len())?;
            union.branches.push(branch.combinations.len());
            union.combinations.extend(branch.combinations);
            union.unions = union.unions.max(branch.unions);
        }
        union.unions += usize::from(branches.len() > 1);
        Ok(union)
    }

    /// Each combination of the one joined with each of the other. Where one is among the branches of the other, it is that
    /// branch: a union doesn't become another one by what it is already.
    fn product(&mut self, left: &Expansion, right: &Expansion) -> Result<Expansion, Failure> {
        let counts = [left, right].map(|side| side.combinations.len());
        if !counts.contains(&1) && counts.iter().product::<usize>() > MAX_COMBINATIONS {
            return Err(Failure::TooManyCombinations);
        }
        let unions = left.unions + right.unions;
        if unions > 0 {
            spend(self.left, counts.iter().product())?;
        }
        let settled = |one: &Combination, others: &Expansion| {
            let mut others = others.combinations.iter();
            others.any(|other| one.includes(other))
        };
        let left_is_settled: Vec<bool> = left
            .combinations
            .iter()
            .map(|combination| right.unions > 0 && settled(combination, right))
            .collect();
        let right_is_settled: Vec<bool> = right
            .combinations
            .iter()
            .map(|combination| left.unions > 0 && settled(combination, left))
            .collect();
        let mut combinations = Vec::new();
        for (one, one_is_settled) in left.combinations.iter().zip(left_is_settled) {
            for (other, other_is_settled) in right.combinations.iter().zip(&right_is_settled) {
                let is_other = one_is_settled && !one.includes(other)
                    || *other_is_settled && !other.includes(one);
                if !is_other {
                    combinations.extend(one.with(other));
                }
            }
        }
        Ok(Expansion {
            combinations,
            unions,
            branches: Vec::new(),
        })
    }
}

/// What objects have of which some may be there at once: the fields of all. `None` if there are too many, if a branch is no
/// plain object, if two describe a field in different ways, or if fields that one requires tell it from the others.
pub(crate) fn all_at_once(root: &Value, branches: &[Value]) -> Option<Value> {
    let mut fields: Map<String, Value> = Map::new();
    let mut required: Option<&[Value]> = None;
    let mut is_open = false;
    if branches.len() > MAX_COMBINATIONS {
        return None;
    }
    for branch in branches {
        let (_, branch) = view::resolve(root, branch)?;
        for (keyword, value) in speaking(branch.as_object()?) {
            match keyword.as_str() {
                "properties" | "required" => {}
                "additionalProperties" if *value == true || *value == json!({}) => is_open = true,
                _ => return None,
            }
        }
        for (name, field) in branch.get("properties")?.as_object()? {
            let known = fields.entry(name.clone()).or_insert_with(|| field.clone());
            if !says_the_same(known, field) {
                return None;
            }
        }
        let own = branch.get("required").and_then(Value::as_array);
        let own = own.map_or(&[][..], Vec::as_slice);
        let known = required.get_or_insert(own);
        if known.len() != own.len() || !own.iter().all(|name| known.contains(name)) {
            return None;
        }
    }
    let mut all = json!({ "type": "object", "properties": fields });
    if let Some(required) = required.filter(|required| !required.is_empty()) {
        all["required"] = required.into();
    }
    if is_open {
        all["additionalProperties"] = Value::Bool(true);
    }
    Some(all)
}

/// Whether two schemas differ only in what they say about themselves.
fn says_the_same(one: &Value, other: &Value) -> bool {
    let said = |schema| {
        let keywords = described(schema).as_object().into_iter().flatten();
        let said: BTreeMap<&String, &Value> = keywords
            .filter(|(keyword, _)| *keyword == "nullable" || !is_about(keyword))
            .collect();
        said
    };
    said(one) == said(other)
}

/// What a schema is made of.
#[derive(Default)]
pub struct Expansion {
    pub combinations: Vec<Combination>,
    /// How many unions are combined.
    unions: usize,
    /// Of a union, how many combinations there are for each of its branches.
    branches: Vec<usize>,
}

/// One branch of each union, and all that is no union.
#[derive(Clone)]
pub struct Combination {
    pub parts: Vec<Rc<Value>>,
    /// The names of the branches, if they have names.
    pub chosen: Option<Vec<String>>,
    /// What tells it from others.
    pub kind: Option<Kind>,
}

/// The property that tells combinations apart, and the values that it has in one of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Kind {
    pub property: String,
    pub values: Vec<String>,
}

impl Combination {
    /// The branch that it is, if it is one that has a name, and nothing else.
    pub fn lone_reference(&self) -> Option<&Value> {
        match &self.parts[..] {
            [only] if view::reference(only).is_some() => Some(only),
            _ => None,
        }
    }

    /// Whether it has all that another one has, which is something.
    fn includes(&self, other: &Self) -> bool {
        !other.parts.is_empty() && other.parts.iter().all(|part| self.parts.contains(part))
    }

    /// Both; `None` if what tells them apart says that they are not the same.
    fn with(&self, other: &Self) -> Option<Self> {
        let mut joined = self.clone();
        let new = other.parts.iter().filter(|part| !self.parts.contains(part));
        joined.parts.extend(new.cloned());
        joined.chosen = joined
            .chosen
            .zip(other.chosen.as_ref())
            .map(|(mut names, others)| {
                let new: Vec<&String> =
                    others.iter().filter(|name| !names.contains(name)).collect();
                names.extend(new.into_iter().cloned());
                names
            });
        joined.kind = match (joined.kind, other.kind.clone()) {
            (Some(mut one), Some(other)) if one.property == other.property => {
                one.values.retain(|value| other.values.contains(value));
                if one.values.is_empty() {
                    return None;
                }
                Some(one)
            }
            (one, other) => one.or(other),
        };
        Some(joined)
    }
}

impl Expansion {
    /// One combination, without unions.
    fn of(part: Option<Value>) -> Self {
        let combination = Combination {
            parts: part.into_iter().map(Rc::new).collect(),
            chosen: Some(Vec::new()),
            kind: None,
        };
        Self {
            combinations: vec![combination],
            ..Self::default()
        }
    }

    /// Notes what tells the branches of a union apart.
    fn tell_apart(&mut self, told: &Discriminator) {
        let mut combinations = self.combinations.iter_mut();
        for (count, values) in self.branches.iter().zip(&told.values) {
            for combination in combinations.by_ref().take(*count) {
                // A union within the branch tells more.
                combination.kind.get_or_insert_with(|| Kind {
                    property: told.property.clone(),
                    values: values.clone(),
                });
            }
        }
    }
}
