//! Schemas that have no meaning, or probably another one than was meant.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::subject::{COMPOSITIONS, Node, Subject, error};
use openapi_document::diagnostic::Diagnostic;
use openapi_document::keywords;
use openapi_document::pointer;
use openapi_document::shape::{Found, Kind, describe};

const TYPES: [&str; 6] = ["string", "number", "integer", "boolean", "array", "object"];

/// The dialects of JSON Schema that are read as they are meant.
const DIALECTS: [&str; 2] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://spec.openapis.org/oas/3.1/dialect/base",
];

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    let mut unchecked: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let root = Node {
        at: "",
        value: subject.root,
    };
    problems.extend(dialect(root, "jsonSchemaDialect"));
    for schema in subject.nodes(Kind::Schema) {
        types_exist(schema, problems);
        enumeration(schema, problems);
        empty_compositions(schema, problems);
        ranges(schema, problems);
        problems.extend(dialect(schema, "$schema"));
        problems.extend(constraint_without_type(schema));
        problems.extend(misplaced_format(schema));
        problems.extend(invalid_default(schema));
        problems.extend(discriminator(subject, schema));
        for keyword in keywords::unchecked(schema.value) {
            unchecked.entry(keyword).or_default().push(schema.at);
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
fn types(schema: Node<'_>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether `null` is a value: by `nullable` in 3.0, and as a type in 3.1.
fn is_nullable(schema: Node<'_>) -> bool {
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

fn types_exist(schema: Node<'_>, problems: &mut Vec<Diagnostic>) {
    if is_empty_list(schema.get("type")) {
        let message = "the list of types is empty, so no value has one of them";
        let hint = "name the types, or leave `type` out to allow any value";
        problems.push(schema.error("invalid-structure", "type", message, hint));
    }
    for name in types(schema) {
        if name != "null" && !TYPES.contains(&name) {
            let message = format!("`{name}` is not a type");
            let hint = format!("the types are {}", TYPES.join(", "));
            problems.push(schema.error("unknown-type", "type", message, hint));
        }
    }
}

fn is_empty_list(value: Option<&Value>) -> bool {
    value.and_then(Value::as_array).is_some_and(Vec::is_empty)
}

fn dialect(owner: Node<'_>, keyword: &str) -> Option<Diagnostic> {
    let dialect = owner.get(keyword)?.as_str()?;
    (!DIALECTS.contains(&dialect.trim_end_matches('#'))).then(|| {
        let message = format!("schemas are read as JSON Schema 2020-12, not as {dialect:?}");
        let hint = "nothing has to be done unless they use what 2020-12 reads in another way";
        owner.error("schema-dialect", keyword, message, hint).note()
    })
}

/// A discriminator that selects no schema.
fn discriminator(subject: &Subject<'_>, schema: Node<'_>) -> Option<Diagnostic> {
    let key = schema.get("discriminator")?.get("propertyName")?.as_str()?;
    let unions = ["oneOf", "anyOf"].into_iter();
    let unions = unions.filter_map(|keyword| schema.get(keyword)?.as_array());
    let branches: Vec<&Value> = unions.flatten().collect();
    let is_selected = |branch: &&Value| {
        let property = &branch["properties"][key];
        let has_value = property.get("const").or(property.get("enum")).is_some();
        branch.get("$ref").is_some() || has_value
    };
    let extends = |found: &Found| {
        let list = pointer::parent(&found.pointer).unwrap_or_default();
        list.ends_with("/allOf") && found.target() == Some(schema.at)
    };
    let (reason, hint) = if branches.is_empty() && !subject.walk.found.iter().any(extends) {
        (
            "no schema extends this one by `allOf`, and it is no union",
            "list under `oneOf` what it may be, to have the fields of each",
        )
    } else if !branches.iter().all(is_selected) {
        (
            "a member of the union has neither a name nor a value for it",
            "a value is read as the member that fits best; make each member a reference to a schema",
        )
    } else {
        return None;
    };
    let message = format!("the discriminator is not used: {reason}");
    let problem = schema.error("unused-discriminator", "discriminator", message, hint);
    Some(problem.note())
}

/// A composition of no schemas has no values.
fn empty_compositions(schema: Node<'_>, problems: &mut Vec<Diagnostic>) {
    for keyword in COMPOSITIONS {
        if is_empty_list(schema.get(keyword)) {
            let message = format!("`{keyword}` has no members");
            let hint = "list what the value is made of, or remove it to allow any value";
            problems.push(schema.error("empty-composition", keyword, message, hint));
        }
    }
}

/// The keyword and the value of a limit, and whether it is exclusive. An exclusive limit is a flag beside the limit in 3.0, and
/// a keyword of its own in 3.1.
fn limit(schema: Node<'_>, keyword: &'static str) -> Option<(&'static str, f64, bool)> {
    let limit = || schema.get(keyword)?.as_f64();
    let exclusive = match keyword {
        "minimum" => "exclusiveMinimum",
        "maximum" => "exclusiveMaximum",
        _ => return Some((keyword, limit()?, false)),
    };
    match schema.get(exclusive) {
        Some(Value::Number(limit)) => Some((exclusive, limit.as_f64()?, true)),
        flag => Some((keyword, limit()?, flag == Some(&Value::Bool(true)))),
    }
}

/// No value is within limits that exclude each other.
fn ranges(schema: Node<'_>, problems: &mut Vec<Diagnostic>) {
    for (lower, upper) in [
        ("minimum", "maximum"),
        ("minLength", "maxLength"),
        ("minItems", "maxItems"),
        ("minProperties", "maxProperties"),
    ] {
        if let Some((lower, least, excludes_least)) = limit(schema, lower)
            && let Some((upper, most, excludes_most)) = limit(schema, upper)
            && (least > most || least == most && (excludes_least || excludes_most))
        {
            let message = format!("no value is between `{lower}: {least}` and `{upper}: {most}`");
            let hint = "exchange the two, or correct one of them";
            problems.push(schema.error("empty-range", upper, message, hint));
        }
    }
}

/// A constraint, of a schema without a type, that applies to values of one type only.
fn constraint_without_type(schema: Node<'_>) -> Option<Diagnostic> {
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
        schema.error("missing-type", keyword, message, hint).note()
    })
}

/// A format of values that are neither strings nor numbers.
fn misplaced_format(schema: Node<'_>) -> Option<Diagnostic> {
    let format = schema.get("format")?.as_str()?;
    let declared = types(schema);
    let has_no_format = |name: &&str| matches!(*name, "object" | "array" | "boolean");
    (!declared.is_empty() && declared.iter().all(has_no_format)).then(|| {
        let declared = declared.join("`, `");
        let message = format!("the format `{format}` means nothing for the type `{declared}`");
        let hint = "remove it, or give it to the items or properties";
        let problem = schema.error("misplaced-format", "format", message, hint);
        problem.note()
    })
}

/// A default that is not a value of its schema.
fn invalid_default(schema: Node<'_>) -> Option<Diagnostic> {
    let value = schema.get("default")?;
    let declared = types(schema);
    let fits = |name: &&str| is_of_type(value, name) || !TYPES.contains(name) && *name != "null";
    let is_null = value.is_null() && is_nullable(schema);
    let reason = if !declared.is_empty() && !is_null && !declared.iter().any(fits) {
        format!("not of the type `{}`", declared.join("`, `"))
    } else if !schema.get("enum")?.as_array()?.contains(value) {
        "which is none of the values".to_owned()
    } else {
        return None;
    };
    let value = describe(value);
    let message = format!("the default is {value}, {reason}: it is left out");
    let hint = "give a value that the schema allows, or remove the default";
    let problem = schema.error("invalid-default", "default", message, hint);
    Some(problem.note())
}

/// The problems of an enum. Several declared types allow values of several types.
fn enumeration(schema: Node<'_>, problems: &mut Vec<Diagnostic>) {
    let Some(values) = schema.get("enum").and_then(Value::as_array) else {
        return;
    };
    if values.is_empty() {
        let hint = "list the values, or remove `enum` to allow any";
        problems.push(schema.error("enum-value", "enum", "the enum has no values", hint));
        return;
    }
    let declared = match types(schema)[..] {
        [] => type_of_all(values),
        [name] | [name, "null"] | ["null", name] => Some(name),
        _ => return,
    };
    let Some(declared) = declared else {
        let message = "the values have several types: any JSON is taken";
        let hint = "give the enum a `type` if it has one, or a union of the types";
        problems.push(schema.error("enum-value", "enum", message, hint).note());
        return;
    };
    let at = pointer::join(schema.at, "enum");
    let mut seen = BTreeSet::new();
    for (index, value) in values.iter().enumerate() {
        let found = describe(value);
        let (message, hint) = if !seen.insert(value.to_string()) {
            (format!("{found} is listed twice"), "remove one of them")
        } else if is_of_type(value, declared) || value.is_null() && is_nullable(schema) {
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
        let at = pointer::join(&at, &index.to_string());
        problems.push(error("enum-value", at, message, hint).note());
    }
}

/// The type that all values have but for null.
fn type_of_all(values: &[Value]) -> Option<&'static str> {
    let names = ["string", "integer", "number", "boolean"];
    names.into_iter().find(|name| {
        let mut values = values.iter();
        values.all(|value| value.is_null() || is_of_type(value, name))
    })
}
