//! Unions beside other parts of a schema.
//!
//! typify merges what stands beside a union into each of its branches, which lose their names: the first is `Variant0`.
//! Where unions meet it combines them, and takes each branch without all the others, which are combinations again: three
//! unions of two are seconds of work, and two of eight are more than can be waited for. So each combination of branches
//! becomes a schema of its own here, and is merged by itself.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::compositions::{is_about, is_silent, place_name};
use super::{Lowering, origin};
use crate::diagnostic::Diagnostic;
use crate::names::type_name;
use crate::pointer;
use crate::shape::Kind;
use crate::view;

/// How many compositions may stand inside each other: several times what any honest document has.
pub(super) const MAX_DEPTH: usize = 64;

/// How many combinations of the branches of unions one schema may have.
pub(super) const MAX_COMBINATIONS: usize = 64;

/// How many parts the combinations of all unions of a document may have, and those that are made on the way.
const MAX_PARTS: usize = 250_000;

/// Makes one union of those that a schema is put together from, and of what stands beside them: of all combinations of
/// their branches, each by a name.
pub fn combine(lowering: &mut Lowering) {
    let mut plain = BTreeSet::new();
    let mut left = MAX_PARTS;
    for place in lowering.nodes(Kind::Schema) {
        let Some(schema) = pointer::get(&lowering.root, &place) else {
            continue;
        };
        if only_chooses(schema) {
            continue;
        }
        let mut unions = Unions {
            root: &lowering.root,
            plain: &mut plain,
            left: &mut left,
        };
        let whole = unions.expand(schema, MAX_DEPTH);
        if left == 0 {
            let place = origin(&lowering.origins, &place);
            lowering.problems.push(too_many(&place));
            return;
        }
        let Some(mut whole) = whole else {
            continue;
        };
        let all = whole.combinations.len();
        whole
            .combinations
            .retain(|combination| may_hold(&lowering.root, &combination.parts));
        // What no value fits is left as it is, for typify to say so.
        if whole.combinations.is_empty() || !whole.is_to_be_combined(&lowering.root) {
            continue;
        }
        let message = format!(
            "{} of {all} combinations of branches become one union",
            whole.combinations.len()
        );
        let mut union: Map<String, Value> = schema
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(keyword, _)| *keyword != "discriminator" && is_about(keyword))
            .map(|(keyword, value)| (keyword.clone(), value.clone()))
            .collect();
        let (keyword, members) = if let [only] = &mut whole.combinations[..] {
            ("allOf", std::mem::take(&mut only.parts))
        } else {
            let description = union.get("description").cloned();
            // With what stands beside the unions in each of them, more than one would be a field given twice.
            (
                "oneOf",
                members(lowering, whole, &place, description.as_ref()),
            )
        };
        union.insert(keyword.to_owned(), Value::Array(members));
        if let Some(schema) = pointer::get_mut(&mut lowering.root, &place) {
            *schema = Value::Object(union);
        }
        lowering.record("combine-unions", &place, message);
        lowering.moved();
    }
}

/// Makes a schema of each combination, called by the names of its branches if it is of a component and they have names.
fn members(
    lowering: &mut Lowering,
    whole: Expansion,
    place: &str,
    description: Option<&Value>,
) -> Vec<Value> {
    let owner = place_name(place);
    let members = whole.combinations.into_iter().enumerate();
    let members = members.map(|(index, combination)| {
        let mut schema = json!({ "allOf": combination.parts });
        if let Some(description) = description {
            schema["description"] = description.clone();
        }
        let chosen = combination.chosen.map(|names| names.join("-"));
        let chosen = chosen.or_else(|| owner.as_ref().map(|_| format!("variant{index}")));
        let Some(chosen) = chosen else {
            // It is called by where it stands.
            return schema;
        };
        let words = owner.iter().chain([&chosen]).cloned();
        let name = type_name(&words.collect::<Vec<_>>().join("-"));
        lowering.hoist(&name, schema, place)
    });
    members.collect()
}

fn too_many(place: &str) -> Diagnostic {
    Diagnostic::error(
        "too-intricate",
        place,
        format!("up to here, the combinations of unions have more than {MAX_PARTS} parts"),
    )
    .hint("describe a value that is made of unions as any JSON by leaving its type out, or list what really occurs")
}

/// Whether a value can be of the types of all parts.
fn may_hold(root: &Value, parts: &[Value]) -> bool {
    let mut types = parts
        .iter()
        .filter_map(|part| view::single(root, part).get("type")?.as_str())
        .map(|name| if name == "integer" { "number" } else { name });
    let first = types.next();
    types.all(|other| Some(other) == first)
}

/// Whether a schema describes an object.
fn has_fields(root: &Value, schema: &Value) -> bool {
    let schema = view::single(root, schema);
    ["properties", "allOf"]
        .iter()
        .any(|keyword| schema.get(*keyword).is_some())
}

/// Whether a schema is nothing but one union, or another schema: then nothing is put together.
fn only_chooses(schema: &Value) -> bool {
    let Some(schema) = schema.as_object() else {
        return true;
    };
    let mut speaking = schema
        .iter()
        .filter(|(keyword, value)| !is_silent(keyword, value));
    match (speaking.next(), speaking.next()) {
        (Some((keyword, members)), None) => {
            keyword != "allOf" || members.as_array().is_none_or(|members| members.len() < 2)
        }
        _ => false,
    }
}

/// Looks for what schemas are made of.
struct Unions<'a> {
    root: &'a Value,
    /// Schemas in which there are no unions to combine, by pointer.
    plain: &'a mut BTreeSet<String>,
    /// How many more parts there may be.
    left: &'a mut usize,
}

impl Unions<'_> {
    /// `None` if there is more than can be combined.
    fn expand(&mut self, value: &Value, depth: usize) -> Option<Expansion> {
        let depth = depth.checked_sub(1)?;
        let (target, schema) = view::resolve(self.root, value)?;
        if target
            .as_ref()
            .is_some_and(|target| self.plain.contains(target))
        {
            return Some(Expansion::without_unions(Some(value.clone())));
        }
        let members = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
        let mut whole = Expansion::without_unions(None);
        for part in members("allOf").into_iter().flatten() {
            let part = self.expand(part, depth)?;
            whole = self.product(&whole, &part)?;
        }
        let mut taken = vec!["allOf"];
        for keyword in ["oneOf", "anyOf"] {
            if let Some(branches) = members(keyword) {
                let union = self.union(branches, depth)?;
                whole = self.product(&whole, &union)?;
                taken.push(keyword);
            }
        }
        if whole.unions == 0 {
            self.plain.extend(target);
            return Some(Expansion::without_unions(Some(value.clone())));
        }
        let own: Map<String, Value> = schema
            .as_object()?
            .iter()
            .filter(|(keyword, value)| {
                !taken.contains(&keyword.as_str()) && !is_silent(keyword, value)
            })
            .map(|(keyword, value)| (keyword.clone(), value.clone()))
            .collect();
        if own.is_empty() {
            return Some(whole);
        }
        self.product(&whole, &Expansion::without_unions(Some(Value::Object(own))))
    }

    fn union(&mut self, branches: &[Value], depth: usize) -> Option<Expansion> {
        let mut union = Expansion {
            combinations: Vec::new(),
            unions: 0,
        };
        for value in branches {
            let mut branch = self.expand(value, depth)?;
            if branch.unions == 0 {
                let name = view::reference(value).and_then(view::schema_name);
                for combination in &mut branch.combinations {
                    combination.chosen = name.clone().map(|name| vec![name]);
                }
            }
            union.combinations.extend(branch.combinations);
            union.unions = union.unions.max(branch.unions);
            if union.combinations.len() > MAX_COMBINATIONS {
                return None;
            }
        }
        self.spend(branches.len())?;
        union.unions += usize::from(branches.len() > 1);
        Some(union)
    }

    /// Each combination of the one joined with each of the other.
    fn product(&mut self, left: &Expansion, right: &Expansion) -> Option<Expansion> {
        if left.combinations.len() * right.combinations.len() > MAX_COMBINATIONS {
            return None;
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
        let whole = Expansion {
            combinations: combinations.collect(),
            unions: left.unions + right.unions,
        };
        if whole.unions > 0 {
            let parts = whole.combinations.iter().map(|member| member.parts.len());
            self.spend(parts.sum())?;
        }
        Some(whole)
    }

    /// Takes from what is left; `None` if nothing is then.
    fn spend(&mut self, parts: usize) -> Option<()> {
        *self.left = self.left.saturating_sub(parts);
        (*self.left > 0).then_some(())
    }
}

/// What a schema is made of.
struct Expansion {
    combinations: Vec<Combination>,
    /// How many unions are combined.
    unions: usize,
}

/// One branch of each union, and all that is no union.
#[derive(Clone)]
struct Combination {
    parts: Vec<Value>,
    /// The names of the branches, if they have names.
    chosen: Option<Vec<String>>,
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

    /// Whether typify would have to combine several unions, or would leave the branches of one without their names.
    fn is_to_be_combined(&self, root: &Value) -> bool {
        let parts = || self.combinations.iter().flat_map(|member| &member.parts);
        self.unions > 1 || self.unions == 1 && parts().all(|part| has_fields(root, part))
    }
}
