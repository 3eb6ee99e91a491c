//! Schemas that have no meaning, or probably another one than was meant.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{COMPOSITIONS, Subject};
use crate::diagnostic::Diagnostic;
use crate::keywords;
use crate::pointer;
use crate::shape::{Kind, describe};

const TYPES: [&str; 6] = ["string", "number", "integer", "boolean", "array", "object"];

/// The dialects of JSON Schema that are read as they are meant.
const DIALECTS: [&str; 2] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://spec.openapis.org/oas/3.1/dialect/base",
];

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    let mut unchecked: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    problems.extend(dialect(subject.root, "jsonSchemaDialect", ""));
    for found in &subject.found {
        if found.kind != Kind::Schema || found.reference.is_some() {
            continue;
        }
        let Some(schema) = pointer::get(subject.root, &found.pointer) else {
            continue;
        };
        types_exist(schema, &found.pointer, problems);
        enumeration(schema, &found.pointer, problems);
        empty_compositions(schema, &found.pointer, problems);
        ranges(schema, &found.pointer, problems);
        problems.extend(dialect(schema, "$schema", &found.pointer));
        problems.extend(untyped(schema, &found.pointer));
        problems.extend(format_of_no_text(schema, &found.pointer));
        problems.extend(default(schema, &found.pointer));
        problems.extend(discriminator(subject, schema, &found.pointer));
        for keyword in keywords::unchecked(schema) {
            unchecked.entry(keyword).or_default().push(&found.pointer);
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

fn types_exist(schema: &Value, schema_pointer: &str, problems: &mut Vec<Diagnostic>) {
    let place = pointer::join(schema_pointer, "type");
    if schema
        .get("type")
        .is_some_and(|names| *names == Value::Array(Vec::new()))
    {
        let message = "the list of types is empty, so no value has one of them";
        problems.push(
            Diagnostic::error("invalid-structure", place, message)
                .hint("name the types, or leave `type` out to allow any value"),
        );
        return;
    }
    for name in types(schema) {
        if !TYPES.contains(&name) && name != "null" {
            problems.push(
                Diagnostic::error(
                    "unknown-type",
                    place.clone(),
                    format!("`{name}` is not a type"),
                )
                .hint(format!("the types are {}", TYPES.join(", "))),
            );
        }
    }
}

fn dialect(owner: &Value, keyword: &str, owner_pointer: &str) -> Option<Diagnostic> {
    let dialect = owner.get(keyword)?.as_str()?;
    (!DIALECTS.contains(&dialect.trim_end_matches('#'))).then(|| {
        let message = format!("schemas are read as JSON Schema 2020-12, not as {dialect:?}");
        Diagnostic::error(
            "schema-dialect",
            pointer::join(owner_pointer, keyword),
            message,
        )
        .hint("nothing has to be done unless they use what 2020-12 reads in another way")
        .note()
    })
}

/// A discriminator that tells no schemas apart.
fn discriminator(
    subject: &Subject<'_>,
    schema: &Value,
    schema_pointer: &str,
) -> Option<Diagnostic> {
    let key = schema.get("discriminator")?.get("propertyName")?.as_str()?;
    let unions = ["oneOf", "anyOf"].into_iter();
    let branches: Vec<&Value> = unions
        .filter_map(|keyword| schema.get(keyword)?.as_array())
        .flatten()
        .collect();
    let (reason, hint) = if branches.is_empty() {
        let is_extended = subject.found.iter().any(|found| {
            let list = pointer::parent(&found.pointer).unwrap_or_default();
            let target = found
                .reference
                .as_deref()
                .and_then(|target| target.strip_prefix('#'));
            list.ends_with("/allOf") && target == Some(schema_pointer)
        });
        if is_extended {
            return None;
        }
        (
            "no schema extends this one by `allOf`, and it is no union",
            "list under `oneOf` what it may be, to have the fields of each",
        )
    } else {
        let has_values = |branch: &Value| {
            let property = branch
                .get("properties")
                .and_then(|properties| properties.get(key));
            property
                .is_some_and(|property| property.get("const").or(property.get("enum")).is_some())
        };
        let is_told = |branch: &&Value| branch.get("$ref").is_some() || has_values(branch);
        if branches.iter().all(is_told) {
            return None;
        }
        (
            "a member of the union has neither a name nor a value for it",
            "a value is read as the member that fits best; make each member a reference to a schema",
        )
    };
    let place = pointer::join(schema_pointer, "discriminator");
    let message = format!("the discriminator is not used: {reason}");
    Some(
        Diagnostic::error("unused-discriminator", place, message)
            .hint(hint)
            .note(),
    )
}

/// A composition of no schemas has no values.
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

/// No value is within limits that exclude each other.
fn ranges(schema: &Value, schema_pointer: &str, problems: &mut Vec<Diagnostic>) {
    const LIMITS: [(&str, &str); 4] = [
        ("minimum", "maximum"),
        ("minLength", "maxLength"),
        ("minItems", "maxItems"),
        ("minProperties", "maxProperties"),
    ];
    for (lower, upper) in LIMITS {
        let limit = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
        // An exclusive limit is a flag beside the limit in 3.0, and a limit of its own in 3.1.
        let (exclusive_lower, exclusive_upper) = ("exclusiveMinimum", "exclusiveMaximum");
        let is_number = lower == "minimum";
        let exclusive = |keyword: &str| limit(keyword).filter(|_| is_number);
        let is_set = |flag: &str| is_number && schema.get(flag) == Some(&Value::Bool(true));
        let least = exclusive(exclusive_lower).or(limit(lower));
        let most = exclusive(exclusive_upper).or(limit(upper));
        let (Some(least), Some(most)) = (least, most) else {
            continue;
        };
        let is_exclusive = [exclusive_lower, exclusive_upper]
            .into_iter()
            .any(|keyword| is_set(keyword) || exclusive(keyword).is_some());
        if least > most || least == most && is_exclusive {
            let named = |keyword, exclusive_keyword| match exclusive(exclusive_keyword) {
                Some(_) => exclusive_keyword,
                None => keyword,
            };
            let (lower, upper) = (named(lower, exclusive_lower), named(upper, exclusive_upper));
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

/// The first rule of a schema without a type that it is for, and the usual type.
fn rule_without_type(schema: &Value) -> Option<(&'static str, &'static str)> {
    const OTHERS: [&str; 8] = [
        "$ref", "type", "allOf", "oneOf", "anyOf", "not", "enum", "const",
    ];
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
fn format_without_text(schema: &Value) -> bool {
    let is_without = |name: &&str| matches!(*name, "object" | "array" | "boolean");
    let declared = types(schema);
    schema.get("format").is_some() && !declared.is_empty() && declared.iter().all(is_without)
}

fn format_of_no_text(schema: &Value, schema_pointer: &str) -> Option<Diagnostic> {
    let format = schema.get("format").and_then(Value::as_str)?;
    format_without_text(schema).then(|| {
        let declared = types(schema).join("`, `");
        Diagnostic::error(
            "misplaced-format",
            pointer::join(schema_pointer, "format"),
            format!("the format `{format}` means nothing for the type `{declared}`"),
        )
        .hint("remove it, or give it to the items or properties")
        .note()
    })
}

/// Why the default of a schema is none of its values, if it isn't.
fn wrong_default(schema: &Value) -> Option<String> {
    let value = schema.get("default")?;
    let declared = types(schema);
    let has_type = |name: &&str| match *name {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    let fits = declared.is_empty()
        || value.is_null() && is_nullable(schema)
        || declared.iter().any(has_type);
    let is_listed = || {
        let values = schema.get("enum").and_then(Value::as_array);
        values.is_none_or(|values| values.contains(value))
    };
    if !fits {
        let declared = declared.join("`, `");
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
    let mut seen = BTreeSet::new();
    // Values of several types are no slip if the schema has several types.
    let declared = match types(schema)[..] {
        [] => match type_of_all(values) {
            Some(name) => Some(name),
            None => {
                let message = "the values have several types: any JSON is taken";
                let note = Diagnostic::error("enum-value", place, message);
                let hint = "give the enum a `type` if it has one, or a union of the types";
                problems.push(note.hint(hint).note());
                return;
            }
        },
        [name] => Some(name),
        [name, "null"] | ["null", name] => Some(name),
        _ => return,
    };
    let nullable = is_nullable(schema);
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
            (Some(declared), _) => slip(
                format!("expected a value of type `{declared}`, found {found}: any JSON is taken"),
                "give the enum all types of its values, or correct the value",
            ),
            (None, _) => {}
        }
    }
}

/// The type that all values have but for null.
fn type_of_all(values: &[Value]) -> Option<&'static str> {
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
