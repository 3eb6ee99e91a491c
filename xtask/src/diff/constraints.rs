//! Constraints of values, keyword by keyword.
//!
//! A keyword makes fewer values valid, or more. Fewer is tighter: of what callers send, the server may reject some that it
//! took. More is looser: callers may send what they could not. Responses are read whatever their values, so that nothing
//! follows from either.

use std::collections::BTreeSet;

use serde_json::Value;

use super::changes::Changes;
use super::details::differs;
use super::schemas::At;
use super::{Effect, Kind};
use crate::construct::schema::Schema;

/// Which value of a keyword is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// The smaller number; `true` in place of a number is tighter than `false`.
    Maximum,
    /// The greater number.
    Minimum,
    /// A multiple of the other number.
    Multiple,
    /// `true`.
    True,
    /// `false`: no members but the named ones.
    Closed,
    /// The longer list of names.
    Names,
    /// Any other value.
    Other,
}

const RULES: &[(&str, Rule)] = &[
    ("additionalProperties", Rule::Closed),
    ("contains", Rule::Other),
    ("dependentRequired", Rule::Other),
    ("dependentSchemas", Rule::Other),
    ("else", Rule::Other),
    ("exclusiveMaximum", Rule::Maximum),
    ("exclusiveMinimum", Rule::Minimum),
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
    ("pattern", Rule::Other),
    ("patternProperties", Rule::Other),
    ("propertyNames", Rule::Other),
    ("readOnly", Rule::True),
    ("required", Rule::Names),
    ("then", Rule::Other),
    ("unevaluatedItems", Rule::Closed),
    ("unevaluatedProperties", Rule::Closed),
    ("uniqueItems", Rule::True),
];

/// The keywords that generated code checks before it sends a value.
const CHECKED: &[&str] = &[
    "additionalProperties",
    "const",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
];

/// Whether a keyword constrains values.
pub fn is_constraint(keyword: &str) -> bool {
    RULES.iter().any(|(known, _)| *known == keyword)
}

/// How a constraint changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Same,
    Tighter,
    Looser,
}

/// Adds what changed in the constraints of a schema.
pub fn compare(at: &At, old: &Schema<'_>, new: &Schema<'_>, changes: &mut Changes<'_>) {
    for (keyword, rule) in RULES {
        let (before, after) = (
            strictest(old, keyword, *rule),
            strictest(new, keyword, *rule),
        );
        let step = step(*rule, before, after);
        if step != Step::Same {
            let what = differs(&format!("`{}{keyword}`", at.path), before, after);
            add(at, step, keyword, what, changes);
        }
    }
    values(at, old, new, changes);
    // A value that matches two branches is valid against `anyOf` alone.
    let is_one_of = |schema: &Schema<'_>| match (schema.has("oneOf"), schema.has("anyOf")) {
        (is_one_of, is_any_of) if is_one_of != is_any_of => Some(is_one_of),
        _ => None,
    };
    match (is_one_of(old), is_one_of(new)) {
        (Some(false), Some(true)) => {
            let what = format!("has `{}oneOf` instead of `anyOf`", at.path);
            add(at, Step::Tighter, "oneOf", what, changes);
        }
        (Some(true), Some(false)) => {
            let what = format!("has `{}anyOf` instead of `oneOf`", at.path);
            add(at, Step::Looser, "anyOf", what, changes);
        }
        _ => {}
    }
}

/// The value of a keyword that decides: of several schema objects, that of the strictest.
fn strictest<'d>(schema: &Schema<'d>, keyword: &str, rule: Rule) -> Option<&'d Value> {
    let values = schema.objects().filter_map(|object| object.get(keyword));
    values
        .filter(|value| !is_void(keyword, rule, value) && is_unmodelled(schema, rule, value))
        .reduce(
            |first, second| match step(rule, Some(first), Some(second)) {
                Step::Tighter if rule != Rule::Other => second,
                _ => first,
            },
        )
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

/// Whether the model does not have it: a required member that is described is a field.
fn is_unmodelled(schema: &Schema<'_>, rule: Rule, value: &Value) -> bool {
    let described = schema.properties();
    let is_described = |name: &Value| name.as_str().is_some_and(|name| described.contains(&name));
    rule != Rule::Names
        || value
            .as_array()
            .is_some_and(|names| names.iter().any(|name| !is_described(name)))
}

fn step(rule: Rule, old: Option<&Value>, new: Option<&Value>) -> Step {
    let (old, new) = match (old, new) {
        (None, None) => return Step::Same,
        (None, Some(_)) => return Step::Tighter,
        (Some(_), None) => return Step::Looser,
        (Some(old), Some(new)) if old == new => return Step::Same,
        (Some(old), Some(new)) => (old, new),
    };
    let is_looser = match (rule, old.as_f64(), new.as_f64()) {
        (_, Some(old), Some(new)) if old == new => return Step::Same,
        (Rule::Maximum, Some(old), Some(new)) => old < new,
        (Rule::Minimum, Some(old), Some(new)) => old > new,
        // A multiple of 10 is a multiple of 5.
        (Rule::Multiple, Some(old), Some(new)) => (old / new).fract() == 0.0,
        (Rule::Names, ..) => {
            let names = |value: &Value| value.as_array().map_or(0, Vec::len);
            names(new) < names(old)
        }
        _ => false,
    };
    match is_looser {
        true => Step::Looser,
        false => Step::Tighter,
    }
}

/// Compares the listed values (`enum`, `const`). Those of strings are a type of the model.
fn values(at: &At, old: &Schema<'_>, new: &Schema<'_>, changes: &mut Changes<'_>) {
    let listed = |schema: &Schema<'_>| -> Option<BTreeSet<String>> {
        let values = schema.values()?;
        let is_modelled = !values.is_empty() && values.iter().all(|value| value.is_string());
        (!is_modelled).then(|| values.iter().map(|value| format!("`{value}`")).collect())
    };
    let keyword = format!("{}enum", at.path);
    // One number or boolean is checked before it is sent; others than the listed ones may come.
    let (before, after) = (listed(old), listed(new));
    let is_constant = after.as_ref().is_some_and(|values| values.len() == 1);
    let kind = if is_constant { "const" } else { "enum" };
    match (before, after) {
        (None, Some(_)) => add(
            at,
            Step::Tighter,
            kind,
            format!("has `{keyword}` now"),
            changes,
        ),
        (Some(_), None) => {
            let what = format!("has no `{keyword}` any more");
            add(at, Step::Looser, "enum", what, changes);
        }
        (old, new) => {
            let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
            let text = |values: BTreeSet<String>| values.into_iter().collect::<Vec<_>>().join(", ");
            let (gone, added) = (text(&old - &new), text(&new - &old));
            if !gone.is_empty() {
                let what = format!("no longer lists {gone} in `{keyword}`");
                add(at, Step::Tighter, kind, what, changes);
            }
            if !added.is_empty() {
                add(
                    at,
                    Step::Looser,
                    "enum",
                    format!("lists {added} in `{keyword}` now"),
                    changes,
                );
            }
        }
    }
}

fn add(at: &At, step: Step, keyword: &str, what: String, changes: &mut Changes<'_>) {
    let kind = match step {
        Step::Tighter => Kind::ConstraintTightened,
        Step::Same | Step::Looser => Kind::ConstraintLoosened,
    };
    let effect = match step {
        _ if !at.is_sent => (
            Effect::None,
            "it is only received, and read whatever its value",
        ),
        Step::Tighter if CHECKED.contains(&keyword) => (
            Effect::Run,
            "a value that it excludes compiles, and is rejected before it is sent",
        ),
        _ => kind.effect(),
    };
    changes.with(kind, &at.place, what, effect);
}
