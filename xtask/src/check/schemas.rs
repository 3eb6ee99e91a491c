//! Schemas that would make the generated types wrong, or the generator fail.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Subject;
use crate::diagnostic::Diagnostic;
use crate::names;
use crate::pointer;
use crate::shape::{Kind, describe};

const TYPES: [&str; 6] = ["string", "number", "integer", "boolean", "array", "object"];

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    for found in &subject.found {
        if found.kind != Kind::Schema || found.reference.is_some() {
            continue;
        }
        let Some(schema) = pointer::get(subject.root, &found.pointer) else {
            continue;
        };
        if let Some(name) = schema.get("type").and_then(Value::as_str)
            && !TYPES.contains(&name)
        {
            problems.push(
                Diagnostic::error(
                    "unknown-type",
                    pointer::join(&found.pointer, "type"),
                    format!("`{name}` is not a type"),
                )
                .hint(format!("the types are {}", TYPES.join(", "))),
            );
        }
        enumeration(schema, &found.pointer, problems);
        compositions(schema, &found.pointer, problems);
        ranges(schema, &found.pointer, problems);
        problems.extend(two_unions(schema, &found.pointer));
        problems.extend(negation(subject.root, schema, &found.pointer));
        problems.extend(untyped(schema, &found.pointer));
        problems.extend(format_of_no_text(schema, &found.pointer));
        problems.extend(default(schema, &found.pointer));
    }
}

/// A composition of nothing is nothing that a value could be.
fn compositions(schema: &Value, schema_pointer: &str, problems: &mut Vec<Diagnostic>) {
    for keyword in ["allOf", "oneOf", "anyOf"] {
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

/// typify asserts that a schema has one union at most.
fn two_unions(schema: &Value, schema_pointer: &str) -> Option<Diagnostic> {
    (schema.get("oneOf").is_some() && schema.get("anyOf").is_some()).then(|| {
        Diagnostic::error(
            "unsupported-keyword",
            pointer::join(schema_pointer, "anyOf"),
            "`oneOf` and `anyOf` in one schema are not supported",
        )
        .hint("keep the one that says more, or make them two members of an `allOf`")
    })
}

/// Fields of a schema that leave its values as they are.
const ANNOTATIONS: [&str; 10] = [
    "title",
    "description",
    "default",
    "nullable",
    "readOnly",
    "writeOnly",
    "example",
    "externalDocs",
    "deprecated",
    "discriminator",
];

/// Whether a schema says nothing of its values but by `keyword`.
fn has_only(schema: &Value, keyword: &str) -> bool {
    schema.as_object().is_some_and(|schema| {
        schema.keys().all(|key| {
            key == keyword || key.starts_with("x-") || ANNOTATIONS.contains(&key.as_str())
        })
    })
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

/// typify wants to know the type that a rule about values is for.
fn untyped(schema: &Value, schema_pointer: &str) -> Option<Diagnostic> {
    const RULES: [(&str, &str); 8] = [
        ("format", "string"),
        ("pattern", "string"),
        ("minLength", "string"),
        ("maxLength", "string"),
        ("minimum", "number"),
        ("maximum", "number"),
        ("minItems", "array"),
        ("maxItems", "array"),
    ];
    const OTHERS: [&str; 6] = ["type", "allOf", "oneOf", "anyOf", "not", "enum"];
    if OTHERS.iter().any(|keyword| schema.get(*keyword).is_some()) {
        return None;
    }
    let (keyword, usual) = RULES
        .iter()
        .find(|(keyword, _)| schema.get(*keyword).is_some())?;
    Some(
        Diagnostic::error(
            "missing-type",
            pointer::join(schema_pointer, keyword),
            format!("there is a `{keyword}`, but no `type` that it is for"),
        )
        .hint(format!("add `type: {usual}`, or the type that is meant")),
    )
}

/// A format says what a string or a number looks like.
fn format_of_no_text(schema: &Value, schema_pointer: &str) -> Option<Diagnostic> {
    let format = schema.get("format").and_then(Value::as_str)?;
    let declared = schema.get("type").and_then(Value::as_str)?;
    matches!(declared, "object" | "array" | "boolean").then(|| {
        Diagnostic::error(
            "misplaced-format",
            pointer::join(schema_pointer, "format"),
            format!("the format `{format}` means nothing for the type `{declared}`"),
        )
        .hint("remove it, or give it to the items or properties")
    })
}

/// A default is one of the values.
fn default(schema: &Value, schema_pointer: &str) -> Option<Diagnostic> {
    let value = schema.get("default")?;
    let nullable = schema.get("nullable") == Some(&Value::Bool(true));
    let declared = schema.get("type").and_then(Value::as_str);
    let fits = match declared? {
        _ if value.is_null() => nullable,
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    let message = if !fits {
        format!(
            "the default is {}, not of the type `{}`",
            describe(value),
            declared?
        )
    } else if schema
        .get("enum")
        .and_then(Value::as_array)
        .is_some_and(|values| !values.contains(value))
    {
        format!("the default, {}, is none of the values", describe(value))
    } else {
        return None;
    };
    Some(
        Diagnostic::error(
            "invalid-default",
            pointer::join(schema_pointer, "default"),
            message,
        )
        .hint("give a value that the schema allows, or remove the default"),
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
    for (index, value) in values.iter().enumerate() {
        let place = pointer::join(&place, &index.to_string());
        if !seen.insert(value.to_string()) {
            problems.push(
                Diagnostic::error(
                    "enum-value",
                    place,
                    format!("{} is listed twice", describe(value)),
                )
                .hint("remove one of them"),
            );
            continue;
        }
        let declared = schema.get("type").and_then(Value::as_str);
        let nullable = schema
            .get("nullable")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        match (declared, value) {
            (Some("string") | None, Value::String(text)) if text.is_empty() => problems.push(
                Diagnostic::error("enum-value", place, "an enum value is empty")
                    .hint("make the field optional or nullable instead"),
            ),
            (Some("string") | None, Value::String(_)) | (Some("boolean"), Value::Bool(_)) => {}
            (Some("string") | None, Value::Null) if nullable => {}
            (Some("integer"), Value::Number(number)) if !number.is_f64() => {}
            (Some("number"), Value::Number(_)) | (Some("array" | "object"), _) => {}
            (Some("string"), other) => problems.push(
                Diagnostic::error(
                    "enum-value",
                    place,
                    format!("expected a string, found {}", describe(other)),
                )
                .hint("quote the value: YAML reads `on`, `1` or `null` as something else"),
            ),
            (None, other) => problems.push(
                Diagnostic::error(
                    "enum-value",
                    place,
                    format!("expected a string, found {}", describe(other)),
                )
                .hint("give the enum a `type` if its values are not strings"),
            ),
            (Some(declared), other) => problems.push(Diagnostic::error(
                "enum-value",
                place,
                format!(
                    "expected a value of type `{declared}`, found {}",
                    describe(other)
                ),
            )),
        }
    }
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
                    .hint("leave `enum` out to take any string, and name the values in the description"),
                );
            }
            _ => {
                taken.insert(rust, text);
            }
        }
    }
    None
}
