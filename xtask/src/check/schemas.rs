//! Schemas that have no meaning, or probably another one than was meant.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{COMPOSITIONS, Subject, error, note};
use crate::diagnostic::Diagnostic;
use crate::keywords;
use crate::pointer;
use crate::shape::{Found, Kind, describe};

const TYPES: [&str; 6] = ["string", "number", "integer", "boolean", "array", "object"];

/// The dialects of JSON Schema that are read as they are meant.
const DIALECTS: [&str; 2] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://spec.openapis.org/oas/3.1/dialect/base",
];

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    let mut unchecked: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    problems.extend(dialect(subject.root, "jsonSchemaDialect", ""));
    for (at, schema) in subject.nodes(Kind::Schema) {
        types_exist(schema, at, problems);
        enumeration(schema, at, problems);
        empty_compositions(schema, at, problems);
        ranges(schema, at, problems);
        problems.extend(dialect(schema, "$schema", at));
        problems.extend(constraint_without_type(schema, at));
        problems.extend(misplaced_format(schema, at));
        problems.extend(invalid_default(schema, at));
        problems.extend(discriminator(subject, schema, at));
        for keyword in keywords::unchecked(schema) {
            unchecked.entry(keyword).or_default().push(at);
        }
    }
    problems.extend(unchecked.into_iter().map(|(keyword, mut schemas)| {
        subject.in_order(&mut schemas, |schema| (*schema).to_owned());
        let more = match schemas.len() {
            1 => String::new(),
            2 => ", here and in another schema".to_owned(),
            many => format!(", here and in {} other schemas", many - 1),
        };
        let message =
            format!("`{keyword}` is not checked: values that it forbids are sent and read{more}");
        Diagnostic::error("unchecked", pointer::join(schemas[0], keyword), message).note()
    }));
}

/// The names of the types of a schema, of which 3.0 has one and 3.1 any number.
fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether `null` is a value: by `nullable` in 3.0, and as a type in 3.1.
fn is_nullable(schema: &Value) -> bool {
    schema.get("nullable") == Some(&Value::Bool(true)) || types(schema).contains(&"null")
}

/// Whether a value is of a type.
fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

fn types_exist(schema: &Value, at: &str, problems: &mut Vec<Diagnostic>) {
    let place = || pointer::join(at, "type");
    if schema.get("type") == Some(&Value::Array(Vec::new())) {
        let message = "the list of types is empty, so no value has one of them";
        let hint = "name the types, or leave `type` out to allow any value";
        problems.push(error("invalid-structure", place(), message, hint));
    }
    let is_unknown = |name: &&str| *name != "null" && !TYPES.contains(name);
    problems.extend(types(schema).into_iter().filter(is_unknown).map(|name| {
        let message = format!("`{name}` is not a type");
        let hint = format!("the types are {}", TYPES.join(", "));
        error("unknown-type", place(), message, hint)
    }));
}

fn dialect(owner: &Value, keyword: &str, at: &str) -> Option<Diagnostic> {
    let dialect = owner.get(keyword)?.as_str()?;
    (!DIALECTS.contains(&dialect.trim_end_matches('#'))).then(|| {
        let message = format!("schemas are read as JSON Schema 2020-12, not as {dialect:?}");
        let hint = "nothing has to be done unless they use what 2020-12 reads in another way";
        note("schema-dialect", pointer::join(at, keyword), message, hint)
    })
}

/// A discriminator that selects no schema.
fn discriminator(subject: &Subject<'_>, schema: &Value, at: &str) -> Option<Diagnostic> {
    let key = schema.get("discriminator")?.get("propertyName")?.as_str()?;
    let unions = ["oneOf", "anyOf"].into_iter();
    let unions = unions.filter_map(|keyword| schema.get(keyword)?.as_array());
    let branches: Vec<&Value> = unions.flatten().collect();
    let has_value = |branch: &&Value| {
        let property = &branch["properties"][key];
        ["const", "enum"]
            .iter()
            .any(|keyword| property.get(*keyword).is_some())
    };
    let extends = |found: &Found| {
        let list = pointer::parent(&found.pointer).unwrap_or_default();
        let target = found
            .reference
            .as_deref()
            .and_then(|target| target.strip_prefix('#'));
        list.ends_with("/allOf") && target == Some(at)
    };
    let (reason, hint) = if branches.is_empty() {
        if subject.found.iter().any(extends) {
            return None;
        }
        (
            "no schema extends this one by `allOf`, and it is no union",
            "list under `oneOf` what it may be, to have the fields of each",
        )
    } else {
        if branches
            .iter()
            .all(|branch| branch.get("$ref").is_some() || has_value(branch))
        {
            return None;
        }
        (
            "a member of the union has neither a name nor a value for it",
            "a value is read as the member that fits best; make each member a reference to a schema",
        )
    };
    let message = format!("the discriminator is not used: {reason}");
    Some(note(
        "unused-discriminator",
        pointer::join(at, "discriminator"),
        message,
        hint,
    ))
}

/// A composition of no schemas has no values.
fn empty_compositions(schema: &Value, at: &str, problems: &mut Vec<Diagnostic>) {
    let is_empty = |keyword: &&str| schema.get(*keyword) == Some(&Value::Array(Vec::new()));
    problems.extend(COMPOSITIONS.into_iter().filter(is_empty).map(|keyword| {
        let message = format!("`{keyword}` has no members");
        let hint = "list what the value is made of, or remove it to allow any value";
        error(
            "empty-composition",
            pointer::join(at, keyword),
            message,
            hint,
        )
    }));
}

/// A limit of a schema.
struct Limit {
    keyword: &'static str,
    value: f64,
    is_exclusive: bool,
}

/// The limit of a keyword. An exclusive limit is a flag beside the limit in 3.0, and a keyword of its own in 3.1.
fn limit(schema: &Value, keyword: &'static str) -> Option<Limit> {
    let exclusive = match keyword {
        "minimum" => Some("exclusiveMinimum"),
        "maximum" => Some("exclusiveMaximum"),
        _ => None,
    };
    let exclusive = exclusive.and_then(|keyword| Some((keyword, schema.get(keyword)?)));
    let (keyword, value, is_exclusive) = match exclusive {
        Some((keyword, value @ Value::Number(_))) => (keyword, value, true),
        Some((_, flag)) => (keyword, schema.get(keyword)?, flag == &Value::Bool(true)),
        None => (keyword, schema.get(keyword)?, false),
    };
    Some(Limit {
        keyword,
        value: value.as_f64()?,
        is_exclusive,
    })
}

/// No value is within limits that exclude each other.
fn ranges(schema: &Value, at: &str, problems: &mut Vec<Diagnostic>) {
    for (lower, upper) in [
        ("minimum", "maximum"),
        ("minLength", "maxLength"),
        ("minItems", "maxItems"),
        ("minProperties", "maxProperties"),
    ] {
        let (Some(lower), Some(upper)) = (limit(schema, lower), limit(schema, upper)) else {
            continue;
        };
        let is_exclusive = lower.is_exclusive || upper.is_exclusive;
        if lower.value > upper.value || lower.value == upper.value && is_exclusive {
            let message = format!(
                "no value is between `{}: {}` and `{}: {}`",
                lower.keyword, lower.value, upper.keyword, upper.value
            );
            let hint = "exchange the two, or correct one of them";
            problems.push(error(
                "empty-range",
                pointer::join(at, upper.keyword),
                message,
                hint,
            ));
        }
    }
}

/// A constraint, of a schema without a type, that applies to values of one type only.
fn constraint_without_type(schema: &Value, at: &str) -> Option<Diagnostic> {
    const CONSTRAINTS: [(&str, &str); 8] = [
        ("format", "string"),
        ("pattern", "string"),
        ("minLength", "string"),
        ("maxLength", "string"),
        ("minimum", "number"),
        ("maximum", "number"),
        ("minItems", "array"),
        ("maxItems", "array"),
    ];
    const TYPING: [&str; 8] = [
        "$ref", "type", "allOf", "oneOf", "anyOf", "not", "enum", "const",
    ];
    let has = |keyword: &str| schema.get(keyword).is_some();
    let (keyword, usual) = CONSTRAINTS.into_iter().find(|(keyword, _)| has(keyword))?;
    (!TYPING.into_iter().any(has)).then(|| {
        let message =
            format!("there is a `{keyword}`, but no `type` that it is for: any value is taken");
        let hint = format!("add `type: {usual}`, or the type that is meant");
        note("missing-type", pointer::join(at, keyword), message, hint)
    })
}

/// A format of values that are neither strings nor numbers.
fn misplaced_format(schema: &Value, at: &str) -> Option<Diagnostic> {
    let format = schema.get("format")?.as_str()?;
    let declared = types(schema);
    let has_no_format = |name: &&str| matches!(*name, "object" | "array" | "boolean");
    (!declared.is_empty() && declared.iter().all(has_no_format)).then(|| {
        let declared = declared.join("`, `");
        let message = format!("the format `{format}` means nothing for the type `{declared}`");
        let hint = "remove it, or give it to the items or properties";
        note(
            "misplaced-format",
            pointer::join(at, "format"),
            message,
            hint,
        )
    })
}

/// A default that is not a value of its schema.
fn invalid_default(schema: &Value, at: &str) -> Option<Diagnostic> {
    let value = schema.get("default")?;
    let declared = types(schema);
    let fits = |name: &&str| is_of_type(value, name) || !TYPES.contains(name) && *name != "null";
    let is_typed =
        declared.is_empty() || value.is_null() && is_nullable(schema) || declared.iter().any(fits);
    let values = schema.get("enum").and_then(Value::as_array);
    let reason = if !is_typed {
        format!("not of the type `{}`", declared.join("`, `"))
    } else if values.is_some_and(|values| !values.contains(value)) {
        "which is none of the values".to_owned()
    } else {
        return None;
    };
    let message = format!(
        "the default is {}, {reason}: it is left out",
        describe(value)
    );
    let hint = "give a value that the schema allows, or remove the default";
    Some(note(
        "invalid-default",
        pointer::join(at, "default"),
        message,
        hint,
    ))
}

/// The problems of an enum. Several declared types allow values of several types.
fn enumeration(schema: &Value, at: &str, problems: &mut Vec<Diagnostic>) {
    let Some(values) = schema.get("enum").and_then(Value::as_array) else {
        return;
    };
    let at = pointer::join(at, "enum");
    if values.is_empty() {
        let hint = "list the values, or remove `enum` to allow any";
        problems.push(error("enum-value", at, "the enum has no values", hint));
        return;
    }
    let declared = match types(schema)[..] {
        [] => match type_of_all(values) {
            Some(name) => name,
            None => {
                let message = "the values have several types: any JSON is taken";
                let hint = "give the enum a `type` if it has one, or a union of the types";
                problems.push(note("enum-value", at, message, hint));
                return;
            }
        },
        [name] | [name, "null"] | ["null", name] => name,
        _ => return,
    };
    let nullable = is_nullable(schema);
    let mut seen = BTreeSet::new();
    for (index, value) in values.iter().enumerate() {
        let found = describe(value);
        let (message, hint) = if !seen.insert(value.to_string()) {
            (format!("{found} is listed twice"), "remove one of them")
        } else if is_of_type(value, declared) || value.is_null() && nullable {
            continue;
        } else if value.is_null() {
            (
                "null is among the values: it may be null".to_owned(),
                "say `nullable: true`, or quote the value if the word is meant",
            )
        } else {
            (
                format!("expected a value of type `{declared}`, found {found}: any JSON is taken"),
                "give the enum all types of its values, or correct the value",
            )
        };
        problems.push(note(
            "enum-value",
            pointer::join(&at, &index.to_string()),
            message,
            hint,
        ));
    }
}

/// The type that all values have but for null.
fn type_of_all(values: &[Value]) -> Option<&'static str> {
    let is_type = |name: &&str| {
        let mut values = values.iter();
        values.all(|value| value.is_null() || is_of_type(value, name))
    };
    ["string", "integer", "number", "boolean"]
        .into_iter()
        .find(is_type)
}
