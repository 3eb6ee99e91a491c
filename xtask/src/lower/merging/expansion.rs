//! What a schema is made of: the combinations of the branches of its unions.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::failure::{Failure, spend};
use crate::lower::keywords::{COMPOSITIONS, allows_all, speaking};
use crate::view;

/// In how many ways the branches of several unions may combine.
pub(super) const MAX_COMBINATIONS: usize = 64;

/// Looks for what schemas are made of.
pub struct Unions<'a> {
    pub root: &'a Value,
    /// Schemas in which there are no unions to combine, by pointer.
    pub plain: &'a mut BTreeSet<String>,
    /// How many more values parts may have.
    pub left: &'a mut usize,
}

impl Unions<'_> {
    pub fn expand(&mut self, value: &Value, depth: usize) -> Result<Expansion, Failure> {
        let depth = depth.checked_sub(1).ok_or(Failure::TooDeep)?;
        let (target, schema) = view::resolve(self.root, value).ok_or(Failure::TooDeep)?;
        let plain = || Expansion::without_unions((!allows_all(value)).then(|| value.clone()));
        if target
            .as_ref()
            .is_some_and(|target| self.plain.contains(target))
        {
            return Ok(plain());
        }
        let members = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
        let mut whole = Expansion::without_unions(None);
        for part in members("allOf").into_iter().flatten() {
            let part = self.expand(part, depth)?;
            whole = self.product(&whole, &part)?;
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(branches) = members(keyword) {
                let union = self.union(branches, depth)?;
                whole = self.product(&whole, &union)?;
            }
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
        self.product(&whole, &Expansion::without_unions(Some(Value::Object(own))))
    }

    fn union(&mut self, branches: &[Value], depth: usize) -> Result<Expansion, Failure> {
        let mut union = Expansion {
            combinations: Vec::new(),
            unions: 0,
        };
        for value in branches {
            let mut branch = self.expand(value, depth)?;
            if branch.unions == 0 {
                let name = view::reference(value).and_then(view::schema_name);
                for combination in branch
                    .combinations
                    .iter_mut()
                    .filter(|_| !allows_all(value))
                {
                    combination.chosen = name.clone().map(|name| vec![name]);
                }
            }
            union.combinations.extend(branch.combinations);
            union.unions = union.unions.max(branch.unions);
            spend(self.left, union.combinations.len())?;
        }
        union.unions += usize::from(branches.len() > 1);
        Ok(union)
    }

    /// Each combination of the one joined with each of the other.
    fn product(&mut self, left: &Expansion, right: &Expansion) -> Result<Expansion, Failure> {
        let counts = [left, right].map(|side| side.combinations.len());
        let combinations = counts.iter().product();
        if !counts.contains(&1) && combinations > MAX_COMBINATIONS {
            return Err(Failure::TooManyCombinations);
        }
        let unions = left.unions + right.unions;
        if unions > 0 {
            spend(self.left, combinations)?;
        }
        let combinations = left.combinations.iter().flat_map(|left| {
            right.combinations.iter().map(|right| Combination {
                parts: [&left.parts[..], &right.parts[..]].concat(),
                chosen: left
                    .chosen
                    .as_ref()
                    .zip(right.chosen.as_ref())
                    .map(|(left, right)| [&left[..], &right[..]].concat()),
            })
        });
        Ok(Expansion {
            combinations: combinations.collect(),
            unions,
        })
    }
}

/// What a schema is made of.
pub struct Expansion {
    pub combinations: Vec<Combination>,
    /// How many unions are combined.
    unions: usize,
}

/// One branch of each union, and all that is no union.
#[derive(Clone)]
pub struct Combination {
    pub parts: Vec<Value>,
    /// The names of the branches, if they have names.
    pub chosen: Option<Vec<String>>,
}

impl Combination {
    /// The branch that it is, if it is one that has a name, and nothing else.
    pub fn lone_reference(&self) -> Option<&Value> {
        match &self.parts[..] {
            [only] if view::reference(only).is_some() => Some(only),
            _ => None,
        }
    }
}

impl Expansion {
    fn without_unions(part: Option<Value>) -> Self {
        let combination = Combination {
            parts: part.into_iter().collect(),
            chosen: Some(Vec::new()),
        };
        Self {
            combinations: vec![combination],
            unions: 0,
        }
    }
}
