//! Rules about values, as lowering knows them.

#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::keywords::{COMPOSITIONS, is_about};
use crate::lower::{compositions, discriminators};
use crate::names;
use crate::pointer;
use crate::shape::describe;

/// A composition of nothing is nothing that a value could be.
fn empty_compositions(schema: &Value, schema_pointer: &str, problems: &mut Vec<Diagnostic>) {
    for keyword in COMPOSITIONS {
        let members = schema.get(keyword).and_then(Value::as_array);
        if members.is_some_and(Vec::is_empty) {
            problems.push(
                Diagnostic::error(
                    "empty-composition",
                    pointer::join(schema_pointer, keyword),
                    format!("`{keyword}` has no members"),
                )
                .hint("list what the value is made of, or remove it to allow any value"),
            );
        }
    }
}

/// Whether a union speaks of fields that its members don't have. By the letter, a union that allows none beside its own
/// allows none of its members'; nobody means that, and what the members allow beside their fields, they say.
pub(crate) fn speaks_of_other_fields(schema: &Value) -> bool {
    let is_union = ["oneOf", "anyOf"].into_iter().any(|keyword| {
        schema.get(keyword).is_some() && !compositions::has_only_rules(schema, keyword)
    });
    let others = schema.get("additionalProperties");
    let own = schema.get("properties").is_some();
    is_union && others.is_some_and(|others| !own || *others == Value::Bool(false))
}

fn others_beside_union(schema: &Value, schema_pointer: &str) -> Option<Diagnostic> {
    let others = schema.get("additionalProperties")?;
    // That there may be others is true of every object.
    if *others == Value::Bool(true) || !speaks_of_other_fields(schema) {
        return None;
    }
    Some(
        Diagnostic::error(
            "fields-beside-union",
            pointer::join(schema_pointer, "additionalProperties"),
            "`additionalProperties` of a union would forbid fields of its members: it is left out",
        )
        .hint("say in each member what it allows beside its fields")
        .note(),
    )
}

/// A discriminator by which the generated code can't choose.
fn discriminator(schema: &Value, schema_pointer: &str) -> Option<Diagnostic> {
    let reason = discriminators::unused(schema)?;
    let note = Diagnostic::error(
        "unused-discriminator",
        pointer::join(schema_pointer, "discriminator"),
        format!("the discriminator is not used: {reason}"),
    );
    let hint = if schema.get("oneOf").or(schema.get("anyOf")).is_some() {
        "values are decoded as the first member that fits; make each member a reference to a schema"
    } else {
        "values are decoded as this schema alone; list under `oneOf` what it may be to have the fields of each"
    };
    Some(note.hint(hint).note())
}

/// Whether a schema says nothing of its values but by `keyword`.
fn has_only(schema: &Value, keyword: &str) -> bool {
    schema
        .as_object()
        .is_some_and(|schema| schema.keys().all(|key| key == keyword || is_about(key)))
}

/// typify knows `not` as a list of values that are excluded. Beside other keywords it is merged with them, which works
/// for more; a schema that is nothing but a `not` has to be a type by itself.
fn negation(root: &Value, schema: &Value, schema_pointer: &str) -> Option<Diagnostic> {
    let is_list = schema.get("not")?.get("enum").is_some();
    (!is_list && has_only(schema, "not") && is_type(root, schema_pointer)).then(|| {
        Diagnostic::error(
            "unsupported-keyword",
            pointer::join(schema_pointer, "not"),
            "`not` alone is supported only with an `enum` of the values that are excluded",
        )
        .hint("say what the value is rather than what it is not, or leave `not` out to take any value")
    })
}

/// Whether a schema becomes a type by itself: it does unless a composition merges it with something else.
fn is_type(root: &Value, schema_pointer: &str) -> bool {
    let member = || {
        let (list, index) = schema_pointer.rsplit_once('/')?;
        index.parse::<usize>().ok()?;
        let (owner, keyword) = list.rsplit_once('/')?;
        let members = pointer::get(root, list)?.as_array()?;
        Some((owner, keyword, pointer::get(root, owner)?, members.len()))
    };
    match member() {
        Some((_, "allOf", _, 2..)) => false,
        Some((pointer, keyword @ ("allOf" | "oneOf" | "anyOf"), owner, _)) => {
            has_only(owner, keyword) && is_type(root, pointer)
        }
        _ => true,
    }
}

/// Between limits that exclude each other there are no values.
fn ranges(schema: &Value, schema_pointer: &str, problems: &mut Vec<Diagnostic>) {
    const LIMITS: [(&str, &str); 4] = [
        ("minimum", "maximum"),
        ("minLength", "maxLength"),
        ("minItems", "maxItems"),
        ("minProperties", "maxProperties"),
    ];
    let is_set = |flag: &str| schema.get(flag) == Some(&Value::Bool(true));
    for (lower, upper) in LIMITS {
        let limit = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
        let (Some(least), Some(most)) = (limit(lower), limit(upper)) else {
            continue;
        };
        let excludes_limit =
            lower == "minimum" && (is_set("exclusiveMinimum") || is_set("exclusiveMaximum"));
        if least > most || least == most && excludes_limit {
            problems.push(
                Diagnostic::error(
                    "empty-range",
                    pointer::join(schema_pointer, upper),
                    format!("no value is between `{lower}: {least}` and `{upper}: {most}`"),
                )
                .hint("exchange the two, or correct one of them"),
            );
        }
    }
}

/// Rules about values, and the type that each is usually for.
pub(crate) const RULES: [(&str, &str); 8] = [
    ("format", "string"),
    ("pattern", "string"),
    ("minLength", "string"),
    ("maxLength", "string"),
    ("minimum", "number"),
    ("maximum", "number"),
    ("minItems", "array"),
    ("maxItems", "array"),
];

/// The first rule of a schema that does not say which type it is for, which typify wants to know, and the usual one.
pub(crate) fn rule_without_type(schema: &Value) -> Option<(&'static str, &'static str)> {
    const OTHERS: [&str; 6] = ["type", "allOf", "oneOf", "anyOf", "not", "enum"];
    if OTHERS.iter().any(|keyword| schema.get(*keyword).is_some()) {
        return None;
    }
    let mut rules = RULES.into_iter();
    rules.find(|(keyword, _)| schema.get(*keyword).is_some())
}

fn untyped(schema: &Value, schema_pointer: &str) -> Option<Diagnostic> {
    let (keyword, usual) = rule_without_type(schema)?;
    Some(
        Diagnostic::error(
            "missing-type",
            pointer::join(schema_pointer, keyword),
            format!("there is a `{keyword}`, but no `type` that it is for: any value is taken"),
        )
        .hint(format!("add `type: {usual}`, or the type that is meant"))
        .note(),
    )
}

/// Whether there is a format, which says what a string or a number looks like, where neither is.
pub(crate) fn format_without_text(schema: &Value) -> bool {
    let declared = schema.get("type").and_then(Value::as_str);
    schema.get("format").is_some() && matches!(declared, Some("object" | "array" | "boolean"))
}

fn format_of_no_text(schema: &Value, schema_pointer: &str) -> Option<Diagnostic> {
    let format = schema.get("format").and_then(Value::as_str)?;
    let declared = schema.get("type").and_then(Value::as_str)?;
    format_without_text(schema).then(|| {
        Diagnostic::error(
            "misplaced-format",
            pointer::join(schema_pointer, "format"),
            format!(
                "the format `{format}` means nothing for the type `{declared}`, and is left out"
            ),
        )
        .hint("remove it, or give it to the items or properties")
        .note()
    })
}

/// Why the default of a schema is none of its values, if it isn't.
pub(crate) fn wrong_default(schema: &Value) -> Option<String> {
    let value = schema.get("default")?;
    let nullable = schema.get("nullable") == Some(&Value::Bool(true));
    let declared = schema.get("type").and_then(Value::as_str)?;
    let fits = match declared {
        _ if value.is_null() => nullable,
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    let is_listed = || {
        let values = schema.get("enum").and_then(Value::as_array);
        values.is_none_or(|values| values.contains(value))
    };
    if !fits {
        Some(format!("{}, not of the type `{declared}`", describe(value)))
    } else if is_listed() {
        None
    } else {
        Some(format!("{}, which is none of the values", describe(value)))
    }
}

fn default(schema: &Value, schema_pointer: &str) -> Option<Diagnostic> {
    let wrong = wrong_default(schema)?;
    Some(
        Diagnostic::error(
            "invalid-default",
            pointer::join(schema_pointer, "default"),
            format!("the default is {wrong}: it is left out"),
        )
        .hint("give a value that the schema allows, or remove the default")
        .note(),
    )
}

/// The rules of enums of strings; an enum of another declared type is that type's business.
fn enumeration(schema: &Value, schema_pointer: &str, problems: &mut Vec<Diagnostic>) {
    let Some(values) = schema.get("enum").and_then(Value::as_array) else {
        return;
    };
    let place = pointer::join(schema_pointer, "enum");
    if values.is_empty() {
        problems.push(
            Diagnostic::error("enum-value", place, "the enum has no values")
                .hint("list the values, or remove `enum` to allow any"),
        );
        return;
    }
    problems.extend(variants(values, &place));
    let mut seen = BTreeSet::new();
    let declared = schema.get("type").and_then(Value::as_str);
    let declared = declared.or_else(|| type_of_all(values));
    let nullable = schema.get("nullable") == Some(&Value::Bool(true));
    for (index, value) in values.iter().enumerate() {
        let mut slip = |message: String, hint: &str| {
            let place = pointer::join(&place, &index.to_string());
            let note = Diagnostic::error("enum-value", place, message).hint(hint);
            problems.push(note.note());
        };
        let found = describe(value);
        if !seen.insert(value.to_string()) {
            slip(format!("{found} is listed twice"), "remove one of them");
            continue;
        }
        match (declared, value) {
            (None | Some("string"), Value::String(_))
            | (Some("boolean"), Value::Bool(_))
            | (Some("number"), Value::Number(_))
            | (Some("array"), Value::Array(_))
            | (Some("object"), Value::Object(_)) => {}
            (_, Value::Null) if nullable => {}
            (Some("integer"), Value::Number(number)) if !number.is_f64() => {}
            (_, Value::Null) => slip(
                "null is among the values: it may be null".to_owned(),
                "say `nullable: true`, or quote the value if the word is meant",
            ),
            (Some("string"), _) => slip(
                format!("expected a string, found {found}"),
                "quote the value: YAML reads `1` or `true` as something else",
            ),
            (None, _) => slip(
                format!("expected a string, found {found}"),
                "give the enum a `type` if its values are not strings",
            ),
            (Some(declared), _) => slip(
                format!("expected a value of type `{declared}`, found {found}"),
                "a value that reads like one of the type is taken for it, others are left out",
            ),
        }
    }
}

/// The type that all values have but for null.
pub(crate) fn type_of_all(values: &[Value]) -> Option<&'static str> {
    let values = || values.iter().filter(|value| !value.is_null());
    if values().all(Value::is_string) {
        Some("string")
    } else if values().all(|value| value.is_i64() || value.is_u64()) {
        Some("integer")
    } else if values().all(Value::is_number) {
        Some("number")
    } else if values().all(Value::is_boolean) {
        Some("boolean")
    } else {
        None
    }
}

/// Whether the variants that typify makes of some values would have names of their own.
pub(crate) fn are_nameable(values: &[Value]) -> bool {
    variants(values, "").is_none()
}

/// Values whose variants would have the same name, by both of the rules that typify tries.
fn variants(values: &[Value], place: &str) -> Option<Diagnostic> {
    let texts: BTreeSet<&str> = values.iter().filter_map(Value::as_str).collect();
    let spelled_out =
        |text: &str| text.replace(|c| c == '_' || !unicode_ident::is_xid_continue(c), "X");
    let distinct = |name: &dyn Fn(&str) -> String| {
        texts
            .iter()
            .map(|text| name(text))
            .collect::<BTreeSet<_>>()
            .len()
            == texts.len()
    };
    if distinct(&names::type_name) || distinct(&|text| names::type_name(&spelled_out(text))) {
        return None;
    }
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for (index, value) in values.iter().enumerate() {
        let Some(text) = value.as_str() else { continue };
        let rust = names::type_name(text);
        match taken.get(&rust) {
            Some(first) if *first != text => {
                return Some(
                    Diagnostic::error(
                        "name-collision",
                        pointer::join(place, &index.to_string()),
                        format!("the values `{first}` and `{text}` would both become the variant `{rust}`"),
                    )
                    .hint("it is a string without variants; leave `enum` out to say so")
                    .note(),
                );
            }
            _ => {
                taken.insert(rust, text);
            }
        }
    }
    None
}
