//! Constraints of values, keyword by keyword.
//!
//! A keyword makes fewer values valid, or more. Fewer is tighter: of what callers send, the server may reject some that it
//! took. More is looser: callers may send what they could not. Responses are read whatever their values, so that nothing
//! follows from either.
//!
//! A constraint of the model is checked before a value is sent. Others are in the document alone: keywords that the model does
//! not have, and those of values that it does not check.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Number, Value};

use super::changes::Changes;
use super::checked::Checked;
use super::details::differs;
use super::schemas::At;
use super::{Effect, Kind};
use crate::api::{Bound, Constraints};
use crate::schema::Schema;

/// Which value of a keyword is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// The smaller number.
    Maximum,
    /// The greater number.
    Minimum,
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

const RULES: &[(&str, Rule)] = &[
    ("additionalProperties", Rule::Closed),
    ("contains", Rule::Other),
    ("dependentRequired", Rule::Other),
    ("dependentSchemas", Rule::Other),
    ("else", Rule::Other),
    ("enum", Rule::Values),
    ("if", Rule::Other),
    ("maxContains", Rule::Maximum),
    ("maxItems", Rule::Maximum),
    ("maxLength", Rule::Maximum),
    ("maxProperties", Rule::Maximum),
    ("maximum", Rule::Maximum),
    ("minContains", Rule::Minimum),
    ("minItems", Rule::Minimum),
    ("minLength", Rule::Minimum),
    ("minProperties", Rule::Minimum),
    ("minimum", Rule::Minimum),
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

/// The keywords that make a bound exclusive, or are exclusive bounds.
const EXCLUSIVE: [(&str, &str); 2] = [
    ("maximum", "exclusiveMaximum"),
    ("minimum", "exclusiveMinimum"),
];

/// Whether a keyword of some objects constrains values. `true` makes a bound exclusive, if there is one, and listed strings are a
/// type.
pub fn is_constraint(keyword: &str, objects: &[&Value]) -> bool {
    let has = |keyword: &str, is: fn(&Value) -> bool| {
        let mut values = objects.iter().filter_map(|object| object.get(keyword));
        values.any(is)
    };
    let is_other = |value: &Value| !value.is_string();
    match keyword {
        "const" => has(keyword, is_other),
        "enum" => has(keyword, |values| {
            let mut values = values.as_array().into_iter().flatten();
            values.any(|value| !value.is_string() && !value.is_null())
        }),
        keyword => match EXCLUSIVE.iter().find(|(_, known)| *known == keyword) {
            Some((bound, _)) => has(bound, |_| true) || has(keyword, Value::is_number),
            None => RULES.iter().any(|(known, _)| *known == keyword),
        },
    }
}

/// A constraint of values.
#[derive(Clone, Debug, PartialEq)]
struct Constraint {
    /// Its keyword, which may be the exclusive one.
    keyword: &'static str,
    value: Value,
    /// Whether generated code checks it.
    is_checked: bool,
}

/// The constraints of a place, by the keywords of [`RULES`].
type ByKeyword = BTreeMap<&'static str, Constraint>;

/// How a constraint changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Same,
    Tighter,
    Looser,
}

/// One side of a place.
pub type Constrained<'s, 'd> = (&'s Schema<'d>, Option<Checked<'d>>);

/// Adds what changed in the constraints of a place.
pub fn compare(
    at: &At<'_>,
    old: Constrained<'_, '_>,
    new: Constrained<'_, '_>,
    changes: &mut Changes<'_>,
) {
    let described: BTreeSet<&str> = [old.0, new.0]
        .iter()
        .flat_map(|schema| schema.properties())
        .collect();
    let [before, after] = [old, new].map(|(schema, checked)| {
        let mut constraints = documented(schema, &described);
        if let Some(checked) = checked {
            add_modelled(&checked, &mut constraints);
        }
        constraints
    });
    for (keyword, rule) in RULES {
        let (before, after) = (before.get(keyword), after.get(keyword));
        let step = step(*rule, before, after);
        let is_checked = after.is_some_and(|after| after.is_checked);
        if *rule == Rule::Values {
            listed(at, before, after, changes);
        } else if step != Step::Same {
            add(at, step, is_checked, in_words(at, before, after), changes);
        }
    }
    // A value that matches two branches is valid against `anyOf` alone.
    let is_one_of = |schema: &Schema<'_>| match (schema.has("oneOf"), schema.has("anyOf")) {
        (is_one_of, is_any_of) if is_one_of != is_any_of => Some(is_one_of),
        _ => None,
    };
    match (is_one_of(old.0), is_one_of(new.0)) {
        (Some(false), Some(true)) => {
            let what = format!("has `{}oneOf` instead of `anyOf`", at.path);
            add(at, Step::Tighter, false, what, changes);
        }
        (Some(true), Some(false)) => {
            let what = format!("has `{}anyOf` instead of `oneOf`", at.path);
            add(at, Step::Looser, false, what, changes);
        }
        _ => {}
    }
}

/// That a constraint differs, in words to be read after its place.
fn in_words(at: &At<'_>, before: Option<&Constraint>, after: Option<&Constraint>) -> String {
    let label = |constraint: &Constraint| format!("`{}{}`", at.path, constraint.keyword);
    match (before, after) {
        (Some(old), Some(new)) if old.keyword != new.keyword => format!(
            "has {}, `{}`, instead of {}, `{}`",
            label(new),
            new.value,
            label(old),
            old.value
        ),
        (old, new) => {
            let label = new.or(old).map(label).unwrap_or_default();
            let [old, new] = [old, new].map(|known| known.map(|known| &known.value));
            differs(&label, old, new)
        }
    }
}

/// The constraints of a schema. A required member that is described is a field of the model.
fn documented(schema: &Schema<'_>, described: &BTreeSet<&str>) -> ByKeyword {
    let constraint = |keyword, value| Constraint {
        keyword,
        value,
        is_checked: false,
    };
    let of_rule = |(keyword, rule): &(&'static str, Rule)| {
        let values = schema.objects().filter_map(|object| object.get(keyword));
        let values = values.filter(|value| !is_void(keyword, *rule, value));
        let exclusive = EXCLUSIVE.iter().find(|(known, _)| known == keyword);
        let found = match (rule, exclusive) {
            (Rule::Values, _) => constraint(keyword, listed_values(schema)?),
            (Rule::All, _) => {
                let texts = values.flat_map(|value| match value {
                    Value::Array(items) => items.as_slice(),
                    text => std::slice::from_ref(text),
                });
                let is_modelled = |text: &&str| *keyword == "required" && described.contains(text);
                let texts = texts.filter_map(Value::as_str);
                constraint(keyword, texts_of(texts.filter(|text| !is_modelled(text)))?)
            }
            (rule, Some((_, exclusive))) => {
                let bounds = schema.bounds(keyword, exclusive).into_iter();
                let bounds = bounds.map(|(bound, is_exclusive)| {
                    constraint(
                        if is_exclusive { exclusive } else { keyword },
                        bound.clone(),
                    )
                });
                strictest(*rule, bounds)?
            }
            (rule, None) => strictest(
                *rule,
                values.map(|value| constraint(keyword, value.clone())),
            )?,
        };
        Some((*keyword, found))
    };
    RULES.iter().filter_map(of_rule).collect()
}

fn strictest(rule: Rule, constraints: impl Iterator<Item = Constraint>) -> Option<Constraint> {
    constraints.reduce(
        |first, second| match step(rule, Some(&first), Some(&second)) {
            Step::Tighter if rule != Rule::Other => second,
            _ => first,
        },
    )
}

/// The values other than strings that a schema lists. Strings are a type of the model.
fn listed_values(schema: &Schema<'_>) -> Option<Value> {
    let values = schema.values()?;
    let is_modelled = !values.is_empty() && values.iter().all(|value| value.is_string());
    (!is_modelled).then(|| values.into_iter().cloned().collect())
}

fn texts_of<'t>(texts: impl Iterator<Item = &'t str>) -> Option<Value> {
    let texts: BTreeSet<&str> = texts.collect();
    let mut texts: Vec<Value> = texts.into_iter().map(Value::from).collect();
    match texts.len() {
        0 => None,
        1 => texts.pop(),
        _ => Some(Value::Array(texts)),
    }
}

/// Adds the constraints of the model, which take the place of those of the document.
fn add_modelled(checked: &Checked<'_>, constraints: &mut ByKeyword) {
    let own = checked.own().into_iter();
    let branches = checked.branches();
    let mut all = own.chain(branches.filter_map(|branch| branch.own()));
    let is_constant = all.any(is_constant);
    match constraints.get_mut("enum").filter(|_| is_constant) {
        Some(listed) => {
            listed.keyword = "const";
            listed.is_checked = true;
        }
        None => constraints.extend(modelled(checked)),
    }
    // The model has those of the names of members, and not the keyword that they are from.
    if checked.own().is_some_and(|own| own.names.is_some()) {
        for keyword in ["patternProperties", "propertyNames"] {
            if let Some(documented) = constraints.get_mut(keyword) {
                documented.is_checked = true;
            }
        }
    }
    for (name, known) in checked.branches().flat_map(|branch| modelled(&branch)) {
        constraints.entry(name).and_modify(|other| *other = known);
    }
}

fn constraint(keyword: &'static str, value: Value) -> Constraint {
    Constraint {
        keyword,
        value,
        is_checked: true,
    }
}

/// Whether one value alone keeps the constraints.
fn is_constant(constraints: &Constraints) -> bool {
    let (least, greatest) = constraints.integer;
    let is_number = match constraints.number {
        (Some(least), Some(greatest)) => least == greatest,
        _ => false,
    };
    constraints.boolean.is_some() || least.is_some() && least == greatest || is_number
}

/// The constraints of the model by keyword. Those of items are a place of their own.
fn modelled(checked: &Checked<'_>) -> ByKeyword {
    let mut known: ByKeyword = checked.own().map(of_values).unwrap_or_default();
    if checked.is_closed() {
        let closed = constraint("additionalProperties", Value::Bool(false));
        known.insert("additionalProperties", closed);
    }
    known
}

fn of_values(constraints: &Constraints) -> ByKeyword {
    let Constraints {
        length,
        patterns,
        integer,
        number,
        multiples,
        boolean,
        items,
        unique,
        item: _,
        members,
        names: _,
    } = constraints;
    let count = |count: Option<u64>| count.map(Value::from);
    let whole = |number: Option<i128>| {
        let exact = Number::from_i128(number?);
        exact.map(Value::Number)
    };
    let simple = [
        ("minLength", count(length.0)),
        ("maxLength", count(length.1)),
        ("minItems", count(items.0)),
        ("maxItems", count(items.1)),
        ("uniqueItems", unique.then_some(Value::Bool(true))),
        ("minProperties", count(members.0)),
        ("maxProperties", count(members.1)),
        ("minimum", whole(integer.0)),
        ("maximum", whole(integer.1)),
        ("pattern", texts_of(patterns.iter().map(String::as_str))),
        ("enum", boolean.map(|only| Value::Array(vec![only.into()]))),
    ];
    let simple = simple
        .into_iter()
        .filter_map(|(keyword, value)| Some((keyword, constraint(keyword, value?))));
    let bounds = EXCLUSIVE.iter().zip([number.1, number.0]);
    let bounds = bounds.filter_map(|((name, exclusive), bound)| {
        let bound: Bound = bound?;
        let keyword = if bound.exclusive { exclusive } else { name };
        Some((*name, constraint(keyword, in_short(bound.value))))
    });
    let multiples = multiples.iter().filter_map(|number| {
        let number: Number = number.to_string().parse().ok()?;
        Some(constraint("multipleOf", Value::Number(number)))
    });
    let multiple = strictest(Rule::Multiple, multiples);
    let multiple = multiple.map(|multiple| ("multipleOf", multiple));
    simple.chain(bounds).chain(multiple).collect()
}

/// A number in the words of a document, in which `9.0` is `9`.
fn in_short(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked")]
    match number.fract() == 0.0 && number.abs() < EXACT {
        true => Value::from(number as i64),
        false => Value::from(number),
    }
}

/// Whether a value of a keyword constrains nothing.
fn is_void(keyword: &str, rule: Rule, value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value == (rule == Rule::Closed),
        // Nothing is shorter than nothing; the least number is another matter.
        Value::Number(_) => {
            keyword.starts_with("min") && keyword != "minimum" && value.as_f64() == Some(0.0)
        }
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
    let is_exclusive = |constraint: &Constraint| {
        EXCLUSIVE
            .iter()
            .any(|(_, known)| *known == constraint.keyword)
    };
    let order = by_number(&old.value, &new.value);
    let is_same = order == Some(Ordering::Equal) || old.value == new.value;
    if is_same && is_exclusive(old) == is_exclusive(new) {
        return Step::Same;
    }
    let texts = |value: &Value| -> BTreeSet<String> {
        let items = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        items.iter().map(Value::to_string).collect()
    };
    let is_looser = match (rule, order) {
        (Rule::Maximum | Rule::Minimum, Some(Ordering::Equal)) => is_exclusive(old),
        (Rule::Maximum, Some(order)) => order == Ordering::Less,
        (Rule::Minimum, Some(order)) => order == Ordering::Greater,
        (Rule::Multiple, Some(_)) => is_multiple(&old.value, &new.value),
        (Rule::All, _) => texts(&new.value).is_subset(&texts(&old.value)),
        _ => false,
    };
    match is_looser {
        true => Step::Looser,
        false => Step::Tighter,
    }
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

/// Adds what changed in the listed values. Other values than the listed ones are sent, unless there is one alone.
fn listed(
    at: &At<'_>,
    before: Option<&Constraint>,
    after: Option<&Constraint>,
    changes: &mut Changes<'_>,
) {
    let is_checked = after.is_some_and(|after| after.is_checked);
    let keyword = format!("`{}enum`", at.path);
    let (old, new) = match (before, after) {
        (None, None) => return,
        (None, Some(_)) => {
            let what = format!("has {keyword} now");
            return add(at, Step::Tighter, is_checked, what, changes);
        }
        (Some(_), None) => {
            let what = format!("has no {keyword} any more");
            return add(at, Step::Looser, false, what, changes);
        }
        (Some(old), Some(new)) => (old, new),
    };
    let texts = |constraint: &Constraint| -> BTreeSet<String> {
        let values = constraint.value.as_array().into_iter().flatten();
        values.map(|value| format!("`{value}`")).collect()
    };
    let text = |values: BTreeSet<String>| values.into_iter().collect::<Vec<_>>().join(", ");
    let (old, new) = (texts(old), texts(new));
    let (gone, added) = (text(&old - &new), text(&new - &old));
    if !gone.is_empty() {
        let what = format!("no longer lists {gone} in {keyword}");
        add(at, Step::Tighter, is_checked, what, changes);
    }
    if !added.is_empty() {
        let what = format!("lists {added} in {keyword} now");
        add(at, Step::Looser, false, what, changes);
    }
}

fn add(at: &At<'_>, step: Step, is_checked: bool, what: String, changes: &mut Changes<'_>) {
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
