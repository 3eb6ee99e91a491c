use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::placeholder;

fn made(schema: &Value) -> Value {
    placeholder(Some(&schema.to_string()), 7)
}

fn nodes(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(nodes).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(nodes).sum::<usize>(),
        _ => 1,
    }
}

fn assert_bounded(text: &str) -> Value {
    let start = Instant::now();
    let value = placeholder(Some(text), 1);
    let head: String = text.chars().take(200).collect();
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "slow: {:?} for {head}",
        start.elapsed()
    );
    assert!(
        nodes(&value) <= 20_000,
        "{} values for {head}",
        nodes(&value)
    );
    assert!(value.to_string().len() <= 2_000_000, "too long for {head}");
    value
}

fn assert_validates(schema: &Value) {
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap();
    for seed in 0..25 {
        let value = placeholder(Some(&schema.to_string()), seed);
        if let Err(error) = validator.validate(&value) {
            panic!("seed {seed}: {error}\nschema: {schema}\nvalue: {value}");
        }
    }
}

#[test]
fn the_same_schema_and_seed_give_the_same_value_and_another_seed_other_numbers() {
    let schema = r#"{"lines": [{"sku": "string", "qty": "number", "id": "uuid"}]}"#;
    assert_eq!(placeholder(Some(schema), 3), placeholder(Some(schema), 3));
    assert_ne!(placeholder(Some(schema), 3), placeholder(Some(schema), 4));
}

#[test]
fn no_schema_and_plain_language_give_a_note_that_echoes_nothing() {
    for schema in [
        None,
        Some(""),
        Some("  "),
        Some("The vendor's zebra, please"),
        Some("{\"zebra\": "),
    ] {
        let value = placeholder(schema, 1);
        assert_eq!(value["simulated"], json!(true));
        let note = value["note"].as_str().unwrap();
        assert!(
            note.contains("no document was read") && !note.contains("zebra"),
            "{note}"
        );
    }
    assert!(
        placeholder(None, 1)["note"]
            .as_str()
            .unwrap()
            .contains("no output_schema was given")
    );
}

#[test]
fn the_example_form_of_the_guide_gives_two_lines_with_numbered_strings() {
    let value = made(
        &json!({"line_items": [{"sku": "string", "qty": "number"}], "vendorName": "who sent it"}),
    );
    assert_eq!(value["line_items"][0]["sku"], "simulated sku 1");
    assert_eq!(value["line_items"][1]["sku"], "simulated sku 2");
    assert!(value["line_items"][1]["qty"].is_number());
    assert_eq!(value["line_items"].as_array().unwrap().len(), 2);
    assert_eq!(value["vendorName"], "simulated vendor name");
}

#[test]
fn words_that_name_types_give_those_types() {
    let is_date = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| text.len() == 10 && text.starts_with("20"))
    };
    let is_list_of_text = |value: &Value| {
        value
            .as_array()
            .is_some_and(|list| list.len() == 2 && list[0].is_string())
    };
    let is_text = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| text.starts_with("simulated "))
    };
    type Check<'c> = &'c dyn Fn(&Value) -> bool;
    let table: &[(&str, Check<'_>)] = &[
        ("String", &is_text),
        ("text?", &is_text),
        ("string | null", &is_text),
        ("string (max 3)", &is_text),
        ("the name of the vendor", &is_text),
        ("the vendor | null", &is_text),
        ("NUMBER", &Value::is_number),
        ("number (optional)", &Value::is_number),
        ("null | decimal", &Value::is_number),
        ("float or null", &Value::is_number),
        ("integer, in cents", &Value::is_i64),
        ("int", &Value::is_i64),
        ("bool", &Value::is_boolean),
        ("date", &is_date),
        ("date (YYYY-MM-DD)", &is_date),
        ("datetime", &|value| {
            value.as_str().is_some_and(|text| text.contains('T'))
        }),
        ("null", &Value::is_null),
        ("object", &|value| value == &json!({})),
        ("array", &is_list_of_text),
        ("string[]", &is_list_of_text),
        ("string[] | null", &is_list_of_text),
        ("list of strings", &is_list_of_text),
        ("Array<string>", &is_list_of_text),
        ("number[]", &|value| value[1].is_number()),
        ("paid|unpaid|Void", &|value| {
            ["paid", "unpaid", "Void"].contains(&value.as_str().unwrap_or_default())
        }),
        ("'a' | 'b' | null", &|value| value == "a" || value == "b"),
        ("|", &Value::is_null),
    ];
    for (word, check) in table {
        let value = &made(&json!({ "field": word }))["field"];
        assert!(check(value), "{word}: {value}");
    }
}

#[test]
fn values_in_an_example_stand_for_their_kind() {
    let value = made(
        &json!({"a": 1, "b": 1.5, "c": true, "d": null, "e": [], "f": {}, "g": ["int", "bool"]}),
    );
    assert!(
        value["a"].is_i64()
            && value["b"].is_number()
            && value["c"].is_boolean()
            && value["d"].is_null()
    );
    assert_eq!((&value["e"], &value["f"]), (&json!([]), &json!({})));
    assert!(
        value["g"][0].is_i64()
            && value["g"][1].is_boolean()
            && value["g"].as_array().unwrap().len() == 2
    );
    assert_eq!(made(&json!("string")), "simulated value");
    assert_eq!(
        made(&json!(["string"])),
        json!(["simulated value 1", "simulated value 2"])
    );
}

#[test]
fn fields_called_like_keywords_stay_fields() {
    for schema in [
        json!({"type": "string", "amount": "number"}),
        json!({"title": "string"}),
        json!({"title": "string", "type": "string"}),
        json!({"type": "string", "description": "string"}),
        json!({"items": [{"sku": "string"}]}),
        json!({"items": {"sku": "string"}}),
        json!({"properties": {"street": "string"}}),
        json!({"required": ["string"]}),
        json!({"name": "string", "schema": {"sku": "string"}}),
    ] {
        let (value, fields) = (made(&schema), schema.as_object().unwrap());
        assert!(
            fields.keys().eq(value.as_object().unwrap().keys()),
            "{schema}: {value}"
        );
    }
}

#[test]
fn schemas_inside_examples_and_examples_inside_schemas_are_understood() {
    let value = made(
        &json!({"total": {"type": "number", "description": "in EUR"}, "vendor": {"name": "string"}}),
    );
    assert!(value["total"].is_number());
    assert_eq!(value["vendor"]["name"], "simulated name");
    let value =
        made(&json!({"type": "object", "properties": {"n": "integer", "v": {"street": "string"}}}));
    assert!(value["n"].is_i64());
    assert_eq!(value["v"]["street"], "simulated street");
    let defs = json!({"M": {"type": "integer"}});
    let value = made(
        &json!({"m": {"type": "object", "properties": {"x": {"$ref": "#/$defs/M"}}, "$defs": defs}}),
    );
    assert!(value["m"]["x"].is_i64());
}

#[test]
fn a_wrapped_schema_counts_as_the_schema_inside() {
    let inner = json!({"type": "object", "properties": {"n": {"$ref": "#/$defs/N"}}, "$defs": {"N": {"type": "null"}}});
    let wrapped = json!({"name": "invoice", "schema": inner, "strict": true});
    assert_eq!(made(&wrapped), json!({"n": null}));
    assert_eq!(
        made(&json!({"type": "json_schema", "json_schema": wrapped})),
        json!({"n": null})
    );
}

#[test]
fn strings_are_visibly_simulated_whatever_defaults_and_examples_say() {
    let schema = json!({"type": "object", "properties": {
        "vendor_name": {"type": "string", "default": "ACME", "examples": ["ACME"], "title": "Vendor"},
        "tags": {"type": "array", "items": {"type": "string"}},
    }});
    let expected = json!({"vendor_name": "simulated vendor name", "tags": ["simulated tags 1", "simulated tags 2"]});
    assert_eq!(made(&schema), expected);
    assert_eq!(made(&json!({"type": "string"})), "simulated value");
}

#[test]
fn values_validate_against_schemas_of_every_kind() {
    let object = |properties: Value| json!({"type": "object", "properties": properties, "additionalProperties": false});
    for schema in [
        object(
            json!({"a": {"type": "string", "minLength": 40, "maxLength": 41}, "b": {"type": "string", "maxLength": 4}}),
        ),
        object(
            json!({"a": {"type": ["null", "integer"]}, "b": {"enum": ["x", "y", 3]}, "c": {"const": {"k": [1]}}}),
        ),
        json!({"type": "object", "required": ["a", "b"], "additionalProperties": {"type": "integer"}}),
        json!({"type": "object", "minProperties": 3, "additionalProperties": {"type": "number"}}),
        json!({"type": "object", "maxProperties": 1, "required": ["z"], "properties": {"a": {}, "z": {"type": "null"}}}),
        json!({"type": "object"}),
        json!({"type": "array", "items": {"type": "integer"}, "minItems": 5, "maxItems": 6}),
        json!({"type": "array", "items": {"type": "boolean"}, "maxItems": 1}),
        json!({"type": "array", "items": {"enum": ["a", "b", "c"]}, "uniqueItems": true, "minItems": 3}),
        json!({"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 4}, "uniqueItems": true, "minItems": 4}),
        json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false}),
        json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "array",
            "items": [{"type": "string"}, {"type": "null"}], "additionalItems": false}),
        json!({"type": "array", "contains": {"type": "integer"}}),
        json!({"type": "integer", "minimum": 5, "maximum": 5}),
        json!({"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 7}),
        json!({"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer",
            "minimum": 5, "exclusiveMinimum": true, "maximum": 7, "exclusiveMaximum": true}),
        json!({"type": "integer", "multipleOf": 7, "maximum": -100}),
        json!({"type": "integer", "multipleOf": 5000}),
        json!({"type": "integer", "minimum": 0.5, "maximum": 1.5}),
        json!({"type": "integer", "format": "uint64", "minimum": 0, "maximum": u64::MAX}),
        json!({"type": "integer", "minimum": i64::MIN}),
        json!({"type": "number", "multipleOf": 0.01, "minimum": 0.0, "maximum": 100}),
        json!({"type": "number", "minimum": 0, "maximum": 1}),
        json!({"type": "number", "exclusiveMinimum": 0.001, "exclusiveMaximum": 0.002}),
        json!({"type": "number", "minimum": 0.07, "maximum": 0.07}),
        json!({"type": "number", "minimum": -1e308, "maximum": 1e308}),
        json!({"type": "string", "format": "date"}),
        json!({"type": "string", "format": "date-time"}),
        json!({"type": "string", "format": "time"}),
        json!({"type": "string", "format": "duration"}),
        json!({"type": "string", "format": "email"}),
        json!({"type": "string", "format": "uri"}),
        json!({"type": "string", "format": "uuid"}),
        json!({"type": "string", "format": "ipv4"}),
        json!({"type": "string", "format": "ipv6"}),
        json!({"type": "string", "format": "hostname"}),
        json!({"type": "string", "format": "json-pointer"}),
        json!({"type": "string", "format": "relative-json-pointer"}),
        json!({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}),
        json!({"type": "string", "pattern": "^[A-Z]{3}$"}),
        json!({"type": "string", "pattern": r"^\d+$", "minLength": 12, "maxLength": 12}),
        json!({"type": "string", "pattern": r"^-?\d+(\.\d{1,2})?$"}),
        json!({"type": "string", "pattern": r"^(USD|EUR|GBP)$"}),
        json!({"type": "string", "pattern": r"^INV-[0-9]{4,6}"}),
        json!({"type": "string", "pattern": r"^[^@\s]+@[a-z.-]+\.[a-z]{2,}$"}),
        json!({"type": "string", "pattern": r"^(?:[A-Za-z0-9_]{2}:)*\w?x$"}),
        json!({"anyOf": [{"type": "null"}, {"type": "object", "properties": {"a": {"type": "integer"}}}]}),
        json!({"oneOf": [{"type": "string", "format": "date"}, {"type": "null"}]}),
        json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
            "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
        json!({"oneOf": [
            {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "a"}, "x": {"type": "integer"}}},
            {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "b"}}}]}),
        json!({"allOf": [{"type": "object", "properties": {"n": {"type": "number", "minimum": 3}}, "required": ["n"]},
            {"properties": {"n": {"type": "integer", "maximum": 4}}, "required": ["m"]}]}),
        json!({"type": "object", "properties": {"a": false, "b": true, "c": {}}}),
        json!({"$ref": "#/definitions/a~1b%20c", "definitions": {"a/b c": {"type": "integer"}}}),
        json!({"type": "object", "required": ["name"], "title": "Node", "properties": {
            "name": {"type": "string"}, "parent": {"$ref": "#"}, "children": {"type": "array", "items": {"$ref": "#"}}}}),
        json!({"$ref": "#/$defs/Expr", "$defs": {
            "Expr": {"anyOf": [{"$ref": "#/$defs/Sum"}, {"$ref": "#/$defs/Leaf"}]},
            "Sum": {"type": "object", "required": ["left", "right"], "additionalProperties": false,
                "properties": {"left": {"$ref": "#/$defs/Expr"}, "right": {"$ref": "#/$defs/Expr"}}},
            "Leaf": {"type": "object", "required": ["n"], "properties": {"n": {"type": "number"}}}}}),
        json!({"type": "object", "required": ["next"], "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}}),
        json!({"type": ["object", "null"], "required": ["next"], "properties": {"next": {"$ref": "#"}}}),
        // Pydantic
        json!({"$defs": {"Line": {"properties": {
                "sku": {"title": "Sku", "type": "string"},
                "due": {"anyOf": [{"format": "date", "type": "string"}, {"type": "null"}], "default": null, "title": "Due"},
                "kind": {"$ref": "#/$defs/Kind", "default": "goods"}},
              "required": ["sku"], "title": "Line", "type": "object"},
            "Kind": {"enum": ["goods", "service"], "title": "Kind", "type": "string"}},
            "properties": {"lines": {"items": {"$ref": "#/$defs/Line"}, "title": "Lines", "type": "array"},
              "total": {"anyOf": [{"type": "number"}, {"pattern": r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$", "type": "string"}]}},
            "required": ["lines"], "title": "Invoice", "type": "object"}),
        // schemars
        json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Invoice", "type": "object",
            "properties": {"n": {"type": ["integer", "null"], "format": "int32"},
                "k": {"oneOf": [{"type": "string", "const": "A", "description": "the A"}, {"type": "string", "const": "B"}]}},
            "required": ["k"]}),
        // Zod
        json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "required": ["id", "tags"],
            "properties": {"id": {"type": "integer", "minimum": -9007199254740991i64, "maximum": 9007199254740991i64},
                "at": {"type": "string", "format": "date-time",
                    "pattern": r"^(?:(?:\d\d[2468][048])-02-29)T(?:[01]\d|2[0-3]):[0-5]\d$|."},
                "tags": {"type": "object", "propertyNames": {"type": "string"}, "additionalProperties": {"type": "string"}}},
            "additionalProperties": false}),
    ] {
        assert_validates(&schema);
    }
}

#[test]
fn capitals_and_nullable_of_other_dialects_are_accepted() {
    let value = made(
        &json!({"type": "OBJECT", "properties": {"n": {"type": "INTEGER", "nullable": true}}}),
    );
    assert!(value["n"].is_i64());
    let schema = json!({"type": "object", "properties": {"next": {"nullable": true, "allOf": [{"$ref": "#"}]}},
        "required": ["next"]});
    assert!(made(&schema).to_string().contains("null"));
}

#[test]
fn hostile_texts_return_quickly_with_bounded_values() {
    let deep =
        |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
    let mut doubling = json!({"type": "object", "$ref": "#/$defs/d0", "$defs": {}});
    for n in 0..40 {
        let next = json!({"$ref": format!("#/$defs/d{}", n + 1)});
        doubling["$defs"][format!("d{n}")] =
            json!({"type": "object", "required": ["x", "y"], "properties": {"x": next, "y": next}});
    }
    let everyone: Vec<_> = (0..30).map(|n| format!("p{n}")).collect();
    let mut mutual = json!({"$ref": "#/$defs/p0", "$defs": {}});
    for name in &everyone {
        let properties: serde_json::Map<_, _> = everyone
            .iter()
            .map(|to| (to.clone(), json!({"$ref": format!("#/$defs/{to}")})))
            .collect();
        mutual["$defs"][name] =
            json!({"type": "object", "required": everyone, "properties": properties});
    }
    let wide: serde_json::Map<_, _> = (0..20_000)
        .map(|n| (format!("p{n}"), json!({"type": "string"})))
        .collect();
    let names: Vec<_> = wide.keys().cloned().collect();
    for text in [
        deep("[", "]", 1_000_000),
        deep("[", "]", 100),
        deep(r#"{"a":["#, "]}", 60),
        deep(r#"{"type":"array","items":"#, "}", 120),
        doubling.to_string(),
        mutual.to_string(),
        json!({"$ref": "#"}).to_string(),
        json!({"$ref": "#", "allOf": [{"$ref": "#"}], "anyOf": [{"$ref": "#/anyOf/0"}]}).to_string(),
        json!({"type": "array", "minItems": 1_000_000_000u64, "items": {"type": "string", "minLength": 1e300}}).to_string(),
        json!({"type": "array", "minItems": 1e9, "items": {"type": "array", "minItems": 1e9, "items": {"$ref": "#"}}})
            .to_string(),
        json!({"type": "array", "minItems": 1e9, "uniqueItems": true, "items": {"type": "boolean"}}).to_string(),
        json!({"type": "array", "minItems": 1e9, "items": {"const": "x".repeat(500_000)}}).to_string(),
        json!({"type": "array", "minItems": 1e9, "items": {"enum": names}}).to_string(),
        json!({"type": "array", "minItems": 1e9, "items": {"type": "object", "required": names}}).to_string(),
        json!({"type": "array", "minItems": 1e9, "items": {"type": "object", "properties": wide}}).to_string(),
        json!({"type": "array", "minItems": 1e9, "items": {"required": ["k".repeat(100_000)]}}).to_string(),
        json!({"type": "object", "minProperties": 1e18}).to_string(),
        json!({"type": "string", "pattern": "((((a{999}){999}){999}){999}){999}"}).to_string(),
        json!({"type": "string", "pattern": "(".repeat(100_000)}).to_string(),
        json!({"type": "array", "minItems": 1000, "items": {"type": "string", "pattern": "a|".repeat(50_000)}}).to_string(),
        json!([[[[[[[[[[[[[[[[wide]]]]]]]]]]]]]]]]).to_string(),
        json!({"a": "list of ".repeat(100_000)}).to_string(),
        json!({"a": "[]".repeat(100_000)}).to_string(),
        json!({"a": "a|".repeat(100_000)}).to_string(),
        json!({"a": "|string".repeat(100_000)}).to_string(),
    ] {
        assert_bounded(&text);
    }
    assert_eq!(
        placeholder(Some(&deep("[", "]", 1000)), 1)["simulated"],
        json!(true)
    );
}

#[test]
fn contradictory_schemas_give_something_of_the_right_type() {
    let number = |schema: Value| assert!(made(&schema).is_number(), "{schema}");
    number(json!({"type": "integer", "minimum": 10, "maximum": 1}));
    number(json!({"type": "number", "minimum": 10, "maximum": 1}));
    number(json!({"type": "number", "multipleOf": 0}));
    number(json!({"type": "number", "multipleOf": -1}));
    number(json!({"type": "number", "multipleOf": 5e-324}));
    number(json!({"type": "integer", "multipleOf": 1.7e308}));
    number(json!({"type": "number", "minimum": 1.7e308, "maximum": 1.7e308, "multipleOf": 1e-300}));
    number(json!({"type": "integer", "exclusiveMinimum": 1.7e308}));
    for schema in [
        json!({"type": "string", "minLength": 9, "maxLength": 2}),
        json!({"type": "string", "minLength": -1, "maxLength": -5}),
        json!({"type": "string", "pattern": "[z-a]("}),
        json!({"allOf": [{"type": "string"}, {"type": "integer"}]}),
    ] {
        assert!(made(&schema).is_string(), "{schema}");
    }
    assert!(made(&json!({"type": "array", "minItems": 3, "maxItems": 1})).is_array());
    assert!(made(&json!({"type": "string", "enum": []})).is_string());
    assert!(made(&json!({"type": "object", "properties": 5, "required": "x"})).is_object());
    assert!(made(&json!({"$ref": "#/nowhere"})).is_string());
}

/// JSON that looks like schemas and is often wrong.
fn random(rng: &mut fastrand::Rng, depth: usize) -> Value {
    const WORDS: [&str; 14] = [
        "string",
        "object",
        "array",
        "integer",
        "null",
        "a|b",
        "#",
        "#/$defs/a",
        "#/properties/b",
        "date",
        "int[]",
        r"^\d{2,}[a-z]*(x|y)$",
        "a",
        "b",
    ];
    const KEYS: [&str; 26] = [
        "type",
        "properties",
        "items",
        "prefixItems",
        "anyOf",
        "oneOf",
        "allOf",
        "$ref",
        "$defs",
        "required",
        "enum",
        "const",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "multipleOf",
        "minLength",
        "pattern",
        "format",
        "uniqueItems",
        "minProperties",
        "a",
        "b",
        "additionalProperties",
    ];
    match rng.u8(..if depth > 5 { 6 } else { 16 }) {
        0 => json!(rng.bool()),
        1 => json!(rng.i64(-5..50)),
        2 => json!(f64::from_bits(rng.u64(..))),
        3 => Value::Null,
        4 | 5 => json!(rng.choice(WORDS)),
        6..9 => (0..rng.usize(..4))
            .map(|_| random(rng, depth + 1))
            .collect(),
        _ => {
            let mut map = serde_json::Map::new();
            for _ in 0..rng.usize(..7) {
                let key = rng.choice(KEYS).unwrap_or_default();
                let typed = key == "type" || key == "$ref" || key == "pattern";
                let value = if typed {
                    json!(rng.choice(WORDS))
                } else {
                    random(rng, depth + 1)
                };
                map.insert(key.to_owned(), value);
            }
            Value::Object(map)
        }
    }
}

#[test]
fn random_schema_like_json_is_answered_quickly_and_within_bounds() {
    let mut rng = fastrand::Rng::with_seed(42);
    for _ in 0..3_000 {
        let mut schema = random(&mut rng, 0);
        if let Value::Object(map) = &mut schema {
            map.insert("type".to_owned(), json!("object"));
            map.insert(
                "properties".to_owned(),
                json!({"a": random(&mut rng, 1), "b": random(&mut rng, 1)}),
            );
        }
        assert_bounded(&schema.to_string());
    }
}

/// A schema that some value satisfies.
fn satisfiable(rng: &mut fastrand::Rng, depth: usize) -> Value {
    let (low, more) = (rng.u8(..30), rng.u8(..20));
    let step = rng.choice([0.001, 0.01, 0.1, 0.25, 0.5, 2.0, 3.0]);
    let mut part = |depth| satisfiable(rng, depth + 1);
    if depth > 3 {
        return json!({"type": "string", "minLength": low, "maxLength": low + more});
    }
    match more {
        0..3 => json!({"type": "integer", "minimum": -i32::from(low), "maximum": more}),
        3..6 => json!({"type": "number", "exclusiveMinimum": low, "multipleOf": step}),
        6..8 => json!({"enum": ["a", 1, null, {"x": 2}]}),
        8..11 => json!({"type": "array", "items": part(depth), "minItems": low % 5, "maxItems": 4}),
        11..13 => json!({"anyOf": [{"type": "null"}, part(depth)]}),
        13..15 => json!({"allOf": [part(depth), {"description": "x"}]}),
        15 => json!({"type": "array", "prefixItems": [part(depth), part(depth)], "minItems": 2}),
        _ => json!({"type": "object", "required": ["a", "q"],
            "properties": {"a": part(depth), "b": part(depth), "c": {"$ref": "#"}}}),
    }
}

#[test]
fn random_satisfiable_schemas_are_satisfied() {
    let mut rng = fastrand::Rng::with_seed(5);
    for _ in 0..200 {
        let inner = satisfiable(&mut rng, 0);
        assert_validates(&json!({"type": "object", "properties": {"r": inner}, "required": ["r"]}));
    }
}
