//! Constraints, keyword by keyword, in each place that has one and in each direction.

use serde_json::{Value, json};

use super::case::{base, in_words, merge};
use openapi_changes::diff;

/// A keyword of a schema with a loose and a tight value.
struct Constraint {
    schema: Value,
    keyword: &'static str,
    /// The keyword in a change: an integer below 9 is one up to 8.
    label: &'static str,
    loose: Value,
    tight: Value,
}

fn constraints() -> Vec<Constraint> {
    let text = json!({ "type": "string" });
    let integer = json!({ "type": "integer", "format": "int64" });
    let with_bounds = json!({ "type": "integer", "format": "int64", "minimum": 1, "maximum": 9 });
    let list = json!({ "type": "array", "items": { "type": "string" } });
    let object = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    let constraint = |schema: &Value, keyword, loose, tight| Constraint {
        schema: schema.clone(),
        keyword,
        label: match keyword {
            "exclusiveMaximum" => "maximum",
            "exclusiveMinimum" => "minimum",
            keyword => keyword,
        },
        loose,
        tight,
    };
    vec![
        constraint(&text, "maxLength", json!(9), json!(8)),
        constraint(&text, "minLength", json!(0), json!(1)),
        constraint(&integer, "maximum", json!(9), json!(8)),
        constraint(&integer, "minimum", json!(0), json!(1)),
        constraint(&with_bounds, "exclusiveMaximum", json!(false), json!(true)),
        constraint(&with_bounds, "exclusiveMinimum", json!(false), json!(true)),
        constraint(&integer, "multipleOf", json!(5), json!(10)),
        constraint(&list, "maxItems", json!(2), json!(1)),
        constraint(&list, "minItems", json!(0), json!(1)),
        constraint(&list, "uniqueItems", json!(false), json!(true)),
        constraint(&object, "maxProperties", json!(2), json!(1)),
        constraint(&object, "minProperties", json!(0), json!(1)),
        constraint(&object, "required", json!([]), json!(["b"])),
        constraint(&object, "additionalProperties", json!(true), json!(false)),
    ]
}

/// The keywords that generated code does not check before it sends a value.
const UNCHECKED: &[&str] = &["required"];

/// A place of a schema, and whether callers send its values.
struct Place {
    title: &'static str,
    is_sent: bool,
    /// The path to the keyword in a change, in which `{type}` is the type of the schema.
    path: &'static str,
    document: fn(Value) -> Value,
}

impl Place {
    /// Whether a schema with the constraint has a change of its own there.
    fn takes(&self, constraint: &Constraint) -> bool {
        let is_list = constraint.schema["type"] == "array";
        let is_boolean = constraint.loose.is_boolean() && constraint.keyword.starts_with("ex");
        let document = (self.document)(constraint.schema.clone());
        // There are no parts that are lists of lists, a required member names the branch of a union, and OpenAPI 3.1 has bounds
        // that are exclusive by themselves.
        let is_other = is_list && self.title.contains(", part ") && self.path == "items/"
            || constraint.keyword == "required" && self.path.contains("{type}")
            || is_boolean && document.get("openapi").is_some();
        !is_other
    }

    /// Whether generated code sees the values: a list or an object in a path is a text to it.
    fn checks(&self, constraint: &Constraint) -> bool {
        let json_type = &constraint.schema["type"];
        let is_compound = json_type == "array" || json_type == "object";
        !(is_compound && self.title.contains("path parameter"))
    }
}

fn property(schema: &str, value: &Value) -> Value {
    json!({ "components": { "schemas": { schema: { "properties": { "q": value } } } } })
}

/// An operation of its own, `send_42`, with an input or an answer.
fn operation(path: &str, members: &Value) -> Value {
    let mut post =
        json!({ "operationId": "send_42", "responses": { "204": { "description": "Done." } } });
    merge(&mut post, members);
    json!({ "paths": { path: { "post": post } } })
}

fn parameter(path: &str, members: &Value) -> Value {
    let mut parameter = json!({ "name": "q" });
    merge(&mut parameter, members);
    operation(path, &json!({ "parameters": [parameter] }))
}

fn body(media_type: &str, schema: &Value) -> Value {
    let content = json!({ media_type: { "schema": schema } });
    operation(
        "/sent42",
        &json!({ "requestBody": { "required": true, "content": content } }),
    )
}

fn answer(status: &str, response: &Value) -> Value {
    let mut described = json!({ "description": "An answer." });
    merge(&mut described, response);
    operation("/sent42", &json!({ "responses": { status: described } }))
}

fn list_of(schema: &Value) -> Value {
    json!({ "type": "array", "items": schema })
}

fn object_with(schema: &Value) -> Value {
    json!({ "type": "object", "properties": { "q": schema } })
}

fn in_3_1(mut document: Value) -> Value {
    document["openapi"] = json!("3.1.0");
    document
}

fn json_of(schema: &Value) -> Value {
    json!({ "content": { "application/json": { "schema": schema } } })
}

/// Places beside those of [`places`], which are spelled otherwise or nested.
fn more_places() -> Vec<Place> {
    let sent = |title, path, document| Place {
        title,
        is_sent: true,
        path,
        document,
    };
    let received = |title, path, document| Place {
        title,
        is_sent: false,
        path,
        document,
    };
    vec![
        sent("operation send_42, path parameter q", "", |schema| {
            parameter(
                "/sent42/{q}",
                &json!({ "in": "path", "required": true, "schema": schema }),
            )
        }),
        sent("operation send_42, header q", "", |schema| {
            parameter("/sent42", &json!({ "in": "header", "schema": schema }))
        }),
        sent("operation send_42, cookie q", "", |schema| {
            parameter("/sent42", &json!({ "in": "cookie", "schema": schema }))
        }),
        sent("operation send_42, query parameter q", "", |schema| {
            let mut parameter_of = json_of(&schema);
            parameter_of["in"] = json!("query");
            parameter("/sent42", &parameter_of)
        }),
        sent("operation send_42, query parameter q", "items/", |schema| {
            parameter(
                "/sent42",
                &json!({ "in": "query", "schema": list_of(&schema) }),
            )
        }),
        sent("operation send_42, query parameter q", "", |schema| {
            let schema = json!({ "allOf": [schema, { "description": "A filter." }] });
            parameter("/sent42", &json!({ "in": "query", "schema": schema }))
        }),
        sent("operation send_42, body", "items/", |schema| {
            body("application/json", &list_of(&schema))
        }),
        sent("operation send_42, body", "items/items/", |schema| {
            body("application/json", &list_of(&list_of(&schema)))
        }),
        sent("type Send42Body, field q", "", |schema| {
            body("application/json", &object_with(&schema))
        }),
        sent("type Send42Body, field q", "", |schema| {
            body("application/x-www-form-urlencoded", &object_with(&schema))
        }),
        sent("operation send_42, part q", "items/", |schema| {
            body("multipart/form-data", &object_with(&list_of(&schema)))
        }),
        sent("type NewThing42Nested, field q", "", |schema| {
            let nested = object_with(&schema);
            json!({ "components": { "schemas": { "NewThing42": { "properties": { "nested": nested } } } } })
        }),
        sent("schema NewThing42, field q", "{type}/", |schema| {
            property(
                "NewThing42",
                &json!({ "oneOf": [schema, { "type": "boolean" }] }),
            )
        }),
        sent("schema NewThing42, field q", "items/{type}/", |schema| {
            property(
                "NewThing42",
                &list_of(&json!({ "anyOf": [schema, { "type": "boolean" }] })),
            )
        }),
        sent("schema NewThing42, field q", "", |schema| {
            in_3_1(property(
                "NewThing42",
                &json!({ "anyOf": [schema, { "type": "null" }] }),
            ))
        }),
        sent("schema NewThing42, field q", "", |schema| {
            let mut schema = schema;
            schema["type"] = json!([schema["type"], "null"]);
            in_3_1(property("NewThing42", &schema))
        }),
        sent("schema NewThing42, field q", "", |schema| {
            let mut schema = schema;
            schema["type"] = json!([schema["type"], "boolean"]);
            in_3_1(property("NewThing42", &schema))
        }),
        sent("schema NewThing42, field q", "", |schema| {
            property(
                "NewThing42",
                &json!({ "allOf": [schema], "nullable": true }),
            )
        }),
        sent("schema Thing42, field q", "", |schema| {
            let mut document = property("Thing42", &schema);
            let thing = json!({ "$ref": "#/components/schemas/Thing42" });
            merge(&mut document, &body("application/json", &thing));
            document
        }),
        sent("schema Sent42", "{type}/", |schema| {
            let mut document = property(
                "NewThing42",
                &json!({ "$ref": "#/components/schemas/Sent42" }),
            );
            document["components"]["schemas"]["Sent42"] =
                json!({ "oneOf": [schema, { "type": "boolean" }] });
            document
        }),
        // The server ignores it, or rejects it whatever its value.
        received("schema NewThing42, field q", "", |schema| {
            let mut schema = schema;
            schema["readOnly"] = json!(true);
            property("NewThing42", &schema)
        }),
        received("operation send_42, answer 200", "", |schema| {
            answer("200", &json_of(&schema))
        }),
        received("operation send_42, answer 200", "items/", |schema| {
            answer("200", &json_of(&list_of(&schema)))
        }),
        received("operation send_42, answer 404", "", |schema| {
            answer("404", &json_of(&schema))
        }),
        received("type Send42200Response, field q", "", |schema| {
            answer("200", &json_of(&object_with(&schema)))
        }),
        received("schema Thing42, field q", "{type}/", |schema| {
            property(
                "Thing42",
                &json!({ "oneOf": [schema, { "type": "boolean" }] }),
            )
        }),
        received(
            "schema Thing42, field q",
            "additionalProperties/",
            |schema| {
                property(
                    "Thing42",
                    &json!({ "type": "object", "additionalProperties": schema }),
                )
            },
        ),
    ]
}

fn places() -> Vec<Place> {
    let place = |title, is_sent, path, document| Place {
        title,
        is_sent,
        path,
        document,
    };
    vec![
        place("operation get_42, query parameter q", true, "", |schema| {
            let id = json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } });
            let q = json!({ "name": "q", "in": "query", "schema": schema });
            json!({ "paths": { "/things42/{id}": { "get": { "parameters": [id, q] } } } })
        }),
        place("operation add_42, part q", true, "", |schema| {
            let form = json!({ "type": "object", "properties": { "q": schema } });
            let content =
                json!({ "application/json": null, "multipart/form-data": { "schema": form } });
            json!({ "paths": { "/things42": { "post": { "requestBody": { "content": content } } } } })
        }),
        place("operation add_42, body", true, "", |schema| {
            let content = json!({ "application/json": { "schema": schema } });
            let body = json!({ "required": true, "content": content });
            let body = json!({ "post": { "operationId": "add_42", "requestBody": body, "responses": {} } });
            json!({ "paths": { "/things42": null, "/bodies42": body } })
        }),
        place("schema NewThing42, field q", true, "", |schema| {
            property("NewThing42", &schema)
        }),
        place("schema NewThing42, field q", true, "items/", |schema| {
            property("NewThing42", &json!({ "type": "array", "items": schema }))
        }),
        place(
            "schema NewThing42, field q",
            true,
            "additionalProperties/",
            |schema| {
                property(
                    "NewThing42",
                    &json!({ "type": "object", "additionalProperties": schema }),
                )
            },
        ),
        place("schema Sent42", true, "", |schema| {
            let mut document = property(
                "NewThing42",
                &json!({ "$ref": "#/components/schemas/Sent42" }),
            );
            document["components"]["schemas"]["Sent42"] = schema;
            document
        }),
        place("schema Thing42, field q", false, "", |schema| {
            property("Thing42", &schema)
        }),
        place("schema Thing42, field q", false, "items/", |schema| {
            property("Thing42", &json!({ "type": "array", "items": schema }))
        }),
        place(
            "schema Unused42",
            false,
            "",
            |schema| json!({ "components": { "schemas": { "Unused42": schema } } }),
        ),
    ]
}

/// The changes between two states of a place, in words.
fn changes(place: &Place, old: Value, new: Value) -> Vec<String> {
    let [old, new] = [old, new].map(|schema| {
        let mut document = base();
        merge(&mut document, &(place.document)(schema));
        document
    });
    diff_of(&old, &new)
}

fn diff_of(old: &Value, new: &Value) -> Vec<String> {
    let [old, new] = [("old.json", old), ("new.json", new)].map(|(name, root)| {
        openapi_document::read::Document::parse(name, root.to_string()).expect("a document")
    });
    let diff = diff::documents(&old, &new).expect("two APIs");
    assert!(diff.skipped.iter().all(|(_, skipped)| skipped.is_empty()));
    diff.changes.iter().map(in_words).collect()
}

#[test]
fn a_constraint_is_compared_by_direction_wherever_it_is() {
    let mut wrong = Vec::new();
    for place in places().into_iter().chain(more_places()) {
        for constraint in constraints() {
            let Constraint {
                keyword,
                label,
                loose,
                tight,
                ..
            } = &constraint;
            let with = |value: Option<&Value>| {
                let mut schema = constraint.schema.clone();
                if let Some(value) = value {
                    schema[*keyword] = value.clone();
                }
                schema
            };
            if !place.takes(&constraint) {
                continue;
            }
            let is_checked = !UNCHECKED.contains(keyword) && place.checks(&constraint);
            for (old, new, is_tighter) in [
                (None, Some(tight), true),
                (Some(loose), Some(tight), true),
                (Some(tight), Some(loose), false),
                (Some(tight), None, false),
            ] {
                let class = match (place.is_sent, is_tighter) {
                    (false, _) => "neutral",
                    (true, false) => "additive",
                    (true, true) if is_checked => "breaking when run",
                    (true, true) => "breaking at the server",
                };
                let found = changes(&place, with(old), with(new));
                let start = format!("{class}: {} has ", place.title);
                let json_type = constraint.schema["type"].as_str().expect("one type");
                let path = place.path.replace("{type}", json_type);
                let label = format!("`{path}{label}`");
                let is_right =
                    |change: &String| change.starts_with(&start) && change.contains(&label);
                if found.len() != 1 || !found.iter().all(is_right) {
                    wrong.push(format!("{start}… {label}, {old:?} to {new:?}: {found:#?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn listed_values_are_compared_by_direction_wherever_they_are() {
    let of = |values: &[i32]| json!({ "type": "integer", "format": "int64", "enum": values });
    for place in places() {
        let [fewer, more] = match place.is_sent {
            true => ["breaking at the server", "additive"],
            false => ["neutral", "neutral"],
        };
        let (title, label) = (place.title, format!("`{}enum`", place.path));
        assert_eq!(
            changes(&place, of(&[1, 2, 3]), of(&[1, 2])),
            [format!("{fewer}: {title} no longer lists `3` in {label}")]
        );
        assert_eq!(
            changes(&place, of(&[1, 2]), of(&[1, 2, 3])),
            [format!("{more}: {title} lists `3` in {label} now")]
        );
    }
}

#[test]
fn a_bound_of_another_keyword_is_one_change() {
    let changes = |old: Value, new: Value| {
        let [old, new] = [old, new].map(|bound| {
            let mut schema = json!({ "type": "number" });
            merge(&mut schema, &bound);
            let mut document = base();
            merge(&mut document, &in_3_1(property("NewThing42", &schema)));
            document
        });
        diff_of(&old, &new)
    };
    let (below, up_to) = (json!({ "exclusiveMaximum": 9 }), json!({ "maximum": 9 }));
    let field = "schema NewThing42, field q has";
    assert_eq!(
        changes(up_to.clone(), below.clone()),
        [format!(
            "breaking when run: {field} `exclusiveMaximum`, `9`, instead of `maximum`, `9`"
        )]
    );
    assert_eq!(
        changes(below, up_to),
        [format!(
            "additive: {field} `maximum`, `9`, instead of `exclusiveMaximum`, `9`"
        )]
    );
}

#[test]
fn a_constant_is_compared_once_wherever_it_is() {
    let mut wrong = Vec::new();
    for place in places().into_iter().chain(more_places()) {
        let class = match place.is_sent {
            true => "breaking when run",
            false => "neutral",
        };
        let (old, new) = (
            json!({ "type": "boolean" }),
            json!({ "type": "boolean", "enum": [true] }),
        );
        let found = changes(&place, old, new);
        let path = place.path.replace("{type}", "boolean");
        let expected = [format!("{class}: {} has `{path}enum` now", place.title)];
        if found != expected {
            wrong.push(format!("{expected:?}, not {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_keyword_that_makes_another_type_is_no_detail_of_the_place() {
    let uuid = json!({ "type": "string", "format": "uuid" });
    for place in places().into_iter().chain(more_places()) {
        let found = changes(&place, json!({ "type": "string" }), uuid.clone());
        assert!(
            found.iter().all(|change| !change.contains("format")),
            "{}: {found:#?}",
            place.title
        );
    }
}

#[test]
fn a_pattern_that_differs_may_reject_what_it_took() {
    let of = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    for place in places() {
        let class = if place.is_sent {
            "breaking when run"
        } else {
            "neutral"
        };
        let label = format!("`{}pattern`", place.path);
        assert_eq!(
            changes(&place, of("^a"), of("^b")),
            [format!(
                "{class}: {} has another {label}: `^b` instead of `^a`",
                place.title
            )]
        );
    }
}

#[test]
fn the_strictest_of_several_constraints_counts() {
    let of = |lengths: [u8; 2]| {
        let parts = lengths.map(|length| json!({ "type": "string", "maxLength": length }));
        property("NewThing42", &json!({ "allOf": parts }))
    };
    let changes = |old, new| {
        let [old, new] = [old, new].map(|lengths| {
            let mut document = base();
            merge(&mut document, &of(lengths));
            document
        });
        diff_of(&old, &new)
    };
    assert_eq!(changes([9, 5], [8, 5]), [""; 0]);
    assert_eq!(
        changes([9, 5], [9, 4]),
        [
            "breaking when run: schema NewThing42, field q has another `maxLength`: `4` instead of `5`"
        ]
    );
}
