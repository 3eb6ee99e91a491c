//! Constraints of values, keyword by keyword.
//!
//! A constraint is tighter if fewer values are valid: the server may reject a request that it accepted. It is looser if more
//! values are valid. Responses are read whatever their values, so neither affects them.
//!
//! Keywords have the values of the documents. The model tells which of them generated code checks before it sends a value
//! ([`Checked::checks`](super::checked::Checked::checks)).

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Number, Value};

use super::changes::Changes;
use super::details::differs;
use super::effect::Effect;
use super::kind::Kind;
use super::schema_place::SchemaPlace;
use openapi_client_gen::construct::constraints::integers;
use openapi_document::schema::Schema;

/// Which value of a keyword is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// The smaller number. Another keyword may make it exclusive, or have an exclusive bound.
    Maximum(&'static str),
    /// The greater number, likewise.
    Minimum(&'static str),
    /// A multiple of the other number.
    Multiple,
    /// `true`.
    True,
    /// `false`: no members but the named ones.
    Closed,
    /// More names or patterns.
    All,
    /// Fewer values.
    Values,
    /// Any other value.
    Other,
}

/// The exclusive keyword of a number that has none.
const NONE: &str = "";

const RULES: &[(&str, Rule)] = &[
    ("additionalProperties", Rule::Closed),
    ("contains", Rule::Other),
    ("dependentRequired", Rule::Other),
    ("dependentSchemas", Rule::Other),
    ("else", Rule::Other),
    ("enum", Rule::Values),
    ("if", Rule::Other),
    ("maxContains", Rule::Maximum(NONE)),
    ("maxItems", Rule::Maximum(NONE)),
    ("maxLength", Rule::Maximum(NONE)),
    ("maxProperties", Rule::Maximum(NONE)),
    ("maximum", Rule::Maximum("exclusiveMaximum")),
    ("minContains", Rule::Minimum(NONE)),
    ("minItems", Rule::Minimum(NONE)),
    ("minLength", Rule::Minimum(NONE)),
    ("minProperties", Rule::Minimum(NONE)),
    ("minimum", Rule::Minimum("exclusiveMinimum")),
    ("multipleOf", Rule::Multiple),
    ("not", Rule::Other),
    ("pattern", Rule::All),
    ("patternProperties", Rule::Other),
    ("propertyNames", Rule::Other),
    ("readOnly", Rule::True),
    ("required", Rule::All),
    ("then", Rule::Other),
    ("unevaluatedItems", Rule::Closed),
    ("unevaluatedProperties", Rule::Closed),
    ("uniqueItems", Rule::True),
];

/// Whether a keyword of some objects constrains values. `true` makes a bound exclusive, if there is one, and listed strings are a
/// type.
pub fn is_constraint(keyword: &str, objects: &[&Value]) -> bool {
    let has = |keyword: &str, is: fn(&Value) -> bool| {
        let mut values = objects.iter().filter_map(|object| object.get(keyword));
        values.any(is)
    };
    let is_exclusive =
        |rule| matches!(rule, Rule::Maximum(name) | Rule::Minimum(name) if name == keyword);
    match keyword {
        "const" => has(keyword, |value| !value.is_string()),
        "enum" => has(keyword, |values| {
            let mut values = values.as_array().into_iter().flatten();
            values.any(|value| !value.is_string() && !value.is_null())
        }),
        keyword => RULES.iter().any(|(name, rule)| {
            *name == keyword
                || is_exclusive(*rule) && (has(name, |_| true) || has(keyword, Value::is_number))
        }),
    }
}

/// A constraint of values.
#[derive(Clone, Debug, PartialEq)]
struct Constraint {
    /// Its keyword, which may be the exclusive one.
    keyword: &'static str,
    value: Value,
    is_exclusive: bool,
}

/// How a constraint changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Same,
    Tighter,
    Looser,
}

/// Compares the constraints of a place.
pub fn compare<'d>(
    at: &SchemaPlace<'d>,
    old: &Schema<'d>,
    new: &Schema<'d>,
    changes: &mut Changes<'d>,
) {
    // A required member that is described is a field of the model.
    let described: BTreeSet<&str> = [old, new].iter().flat_map(|s| s.properties()).collect();
    for (keyword, rule) in RULES {
        let [before, after] =
            [old, new].map(|schema| constraint(keyword, *rule, schema, &described));
        let checked = at.checked.as_ref();
        let is_checked = checked.is_some_and(|values| values.checks(new, keyword));
        let step = step(*rule, before.as_ref(), after.as_ref());
        match (before, after) {
            (Some(before), Some(after)) if *rule == Rule::Values => {
                listed(at, [&before.value, &after.value], is_checked, changes);
            }
            (before, after) if step != Step::Same => {
                let what = in_words(at, before.as_ref(), after.as_ref());
                add(at, step, is_checked, what, changes);
            }
            _ => {}
        }
    }
    // A value that matches two branches is valid against `anyOf` alone.
    let union = |schema: &Schema<'_>| match (schema.has("oneOf"), schema.has("anyOf")) {
        (true, false) => "oneOf",
        (false, true) => "anyOf",
        _ => "",
    };
    let step = match (union(old), union(new)) {
        ("anyOf", "oneOf") => Step::Tighter,
        ("oneOf", "anyOf") => Step::Looser,
        _ => return,
    };
    let [was, is] = [old, new].map(union);
    let what = format!("has `{}{is}` instead of `{was}`", at.path);
    add(at, step, false, what, changes);
}

/// That a constraint differs, in words to be read after its place.
fn in_words(at: &SchemaPlace<'_>, old: Option<&Constraint>, new: Option<&Constraint>) -> String {
    let label = |constraint: &Constraint| format!("`{}{}`", at.path, constraint.keyword);
    match (old, new) {
        (Some(old), Some(new)) if old.keyword != new.keyword => {
            let in_words = |known| format!("{}, `{}`", label(known), known.value);
            format!("has {}, instead of {}", in_words(new), in_words(old))
        }
        (old, new) => {
            let label = new.or(old).map(label).unwrap_or_default();
            let [old, new] = [old, new].map(|known| known.map(|known| &known.value));
            differs(&label, old, new)
        }
    }
}

/// The constraint of a keyword, but for names that are in `described`.
fn constraint(
    keyword: &'static str,
    rule: Rule,
    schema: &Schema<'_>,
    described: &BTreeSet<&str>,
) -> Option<Constraint> {
    let constraint = |value| Constraint {
        keyword,
        value,
        is_exclusive: false,
    };
    let values = schema.objects().filter_map(|object| object.get(keyword));
    let values = values.filter(|value| !is_void(rule, value));
    match rule {
        // Listed strings are a type of the model.
        Rule::Values => {
            let values = schema.values()?;
            let is_modelled = !values.is_empty() && values.iter().all(|value| value.is_string());
            (!is_modelled).then(|| constraint(values.into_iter().cloned().collect()))
        }
        Rule::All => {
            let texts: BTreeSet<&str> = values.flat_map(items).filter_map(Value::as_str).collect();
            let is_modelled = |text: &&str| keyword == "required" && described.contains(text);
            let texts = texts.into_iter().filter(|text| !is_modelled(text));
            let mut texts: Vec<Value> = texts.map(Value::from).collect();
            match texts.len() {
                0 | 1 => texts.pop().map(constraint),
                _ => Some(constraint(Value::Array(texts))),
            }
        }
        Rule::Maximum(exclusive) => bound(schema, (keyword, rule), exclusive, -1),
        Rule::Minimum(exclusive) => bound(schema, (keyword, rule), exclusive, 1),
        Rule::Multiple | Rule::True | Rule::Closed | Rule::Other => {
            strictest(rule, values.cloned().map(constraint))
        }
    }
}

/// The strictest bound of a schema. An integer has inclusive bounds alone; `inward` is the step to them.
fn bound(
    schema: &Schema<'_>,
    (keyword, rule): (&'static str, Rule),
    exclusive: &'static str,
    inward: i128,
) -> Option<Constraint> {
    let constraint = |value, is_exclusive| Constraint {
        keyword: if is_exclusive { exclusive } else { keyword },
        value,
        is_exclusive,
    };
    let types = schema.types();
    if !exclusive.is_empty() && types.is_some_and(|types| types.iter().eq(&["integer"])) {
        let bounds = integers(schema, keyword, exclusive, inward).filter_map(Number::from_i128);
        let bounds = bounds.map(|bound| constraint(Value::Number(bound), false));
        return strictest(rule, bounds);
    }
    let bounds = schema.bounds(keyword, exclusive).into_iter();
    let bounds = bounds.filter(|(value, _)| !is_void(rule, value));
    let bounds = bounds.map(|(value, is_exclusive)| constraint(value.clone(), is_exclusive));
    strictest(rule, bounds)
}

fn strictest(rule: Rule, constraints: impl Iterator<Item = Constraint>) -> Option<Constraint> {
    constraints.reduce(
        |first, second| match step(rule, Some(&first), Some(&second)) {
            Step::Tighter if rule != Rule::Other => second,
            _ => first,
        },
    )
}

/// Whether a value of a keyword constrains nothing.
fn is_void(rule: Rule, value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value == (rule == Rule::Closed),
        // No length or count is less than 0, but a number may be.
        Value::Number(_) => rule == Rule::Minimum(NONE) && value.as_f64() == Some(0.0),
        Value::Object(_) => rule == Rule::Closed,
        Value::Array(values) => values.is_empty(),
        _ => false,
    }
}

fn by_number(left: &Value, right: &Value) -> Option<Ordering> {
    let whole = |value: &Value| value.as_number().and_then(Number::as_i128);
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn step(rule: Rule, old: Option<&Constraint>, new: Option<&Constraint>) -> Step {
    let (old, new) = match (old, new) {
        (None, None) => return Step::Same,
        (None, Some(_)) => return Step::Tighter,
        (Some(_), None) => return Step::Looser,
        (Some(old), Some(new)) => (old, new),
    };
    let order = by_number(&old.value, &new.value);
    let is_same = order == Some(Ordering::Equal) || old.value == new.value;
    if is_same && old.is_exclusive == new.is_exclusive {
        return Step::Same;
    }
    let is_looser = match (rule, order) {
        (Rule::Maximum(_) | Rule::Minimum(_), Some(Ordering::Equal)) => old.is_exclusive,
        (Rule::Maximum(_), Some(order)) => order == Ordering::Less,
        (Rule::Minimum(_), Some(order)) => order == Ordering::Greater,
        (Rule::Multiple, Some(_)) => is_multiple(&old.value, &new.value),
        (Rule::All, _) => items(&new.value)
            .iter()
            .all(|item| items(&old.value).contains(item)),
        _ => false,
    };
    match is_looser {
        true => Step::Looser,
        false => Step::Tighter,
    }
}

/// The items of a list, or the only value.
fn items(value: &Value) -> &[Value] {
    value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice)
}

/// Whether a number is a multiple of another one: of 5, 10 is; of 0.1, 0.3 is, too.
fn is_multiple(number: &Value, of: &Value) -> bool {
    match (number.as_f64(), of.as_f64()) {
        (Some(number), Some(of)) => {
            let ratio = number / of;
            (ratio - ratio.round()).abs() < 1e-9 && ratio.round() != 0.0
        }
        _ => false,
    }
}

/// Compares listed values. Other values than the listed ones are sent, unless the list has one value alone.
fn listed(
    at: &SchemaPlace<'_>,
    [old, new]: [&Value; 2],
    is_checked: bool,
    changes: &mut Changes<'_>,
) {
    let texts = |values: &Value| -> BTreeSet<String> {
        let values = items(values).iter();
        values.map(|value| format!("`{value}`")).collect()
    };
    let text = |values: BTreeSet<String>| values.into_iter().collect::<Vec<_>>().join(", ");
    let (old, new) = (texts(old), texts(new));
    let (gone, added) = (text(&old - &new), text(&new - &old));
    if !gone.is_empty() {
        let what = format!("no longer lists {gone} in `{}enum`", at.path);
        add(at, Step::Tighter, is_checked, what, changes);
    }
    if !added.is_empty() {
        let what = format!("lists {added} in `{}enum` now", at.path);
        add(at, Step::Looser, false, what, changes);
    }
}

fn add(
    at: &SchemaPlace<'_>,
    step: Step,
    is_checked: bool,
    what: String,
    changes: &mut Changes<'_>,
) {
    let kind = match step {
        Step::Tighter => Kind::ConstraintTightened,
        Step::Same | Step::Looser => Kind::ConstraintLoosened,
    };
    let effect = match step {
        _ if !at.is_sent => (
            Effect::None,
            "it is only received, and read whatever its value",
        ),
        Step::Tighter if is_checked => (
            Effect::Run,
            "a value that it excludes compiles, and is rejected before it is sent",
        ),
        _ => kind.effect(),
    };
    changes.with(kind, &at.place, what, effect);
}
