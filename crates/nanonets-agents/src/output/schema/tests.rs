//! The check agrees with the crate `jsonschema` wherever it knows the keywords.

use std::collections::{BTreeMap, HashMap};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::Schema;

#[derive(JsonSchema)]
#[expect(dead_code, reason = "its schema is used")]
struct Document {
    vendor: String,
    total: Option<f64>,
    number: i64,
    lines: Vec<Line>,
    labels: HashMap<String, Option<bool>>,
    kind: Kind,
    position: (i64, String),
    parts: Vec<Document>,
    #[serde(flatten)]
    times: Times,
    payment: Payment,
    amount: Amount,
    anything: Value,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "its schema is used")]
struct Line {
    sku: String,
    note: Option<Box<Line>>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "its schema is used")]
enum Kind {
    Invoice,
    Receipt { store: String },
    Other(Vec<i64>),
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "its schema is used")]
struct Times {
    issued: String,
    due: Option<String>,
}

#[derive(JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
#[expect(dead_code, reason = "its schema is used")]
enum Payment {
    Card { digits: String },
    Cash,
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "its schema is used")]
enum Amount {
    Number(f64),
    Money { currency: String, value: f64 },
}

fn document() -> Value {
    json!({
        "vendor": "v", "total": null, "number": 7, "kind": { "Receipt": { "store": "s" } },
        "lines": [{ "sku": "a" }, { "sku": "b", "note": { "sku": "c", "note": null } }],
        "labels": { "paid": true, "late": null }, "position": [1, "p"],
        "parts": [{
            "vendor": "v", "number": -1, "kind": "Invoice", "lines": [], "labels": {}, "position": [1, "p"],
            "parts": [], "issued": "i", "payment": { "by": "cash" }, "amount": 7.5, "anything": null,
        }],
        "issued": "i", "due": "d", "payment": { "by": "card", "digits": "1" },
        "amount": { "currency": "EUR", "value": 1 }, "anything": [{}],
    })
}

fn any_json() -> impl Strategy<Value = Value> {
    const WORDS: &[&str] = &[
        "sku", "by", "cash", "card", "Invoice", "Other", "value", "currency", "digits", "x",
    ];
    let word = prop::sample::select(WORDS).prop_map(str::to_owned);
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-9.0..9.0).prop_map(Value::from),
        Just(json!(2.0)),
        word.clone().prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map(word.clone(), inner, 0..3)
                .prop_map(|fields: BTreeMap<_, _>| Value::Object(Map::from_iter(fields))),
        ]
    })
}

/// The locations of all values.
fn pointers(value: &Value, at: String, locations: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| pointers(value, format!("{at}/{key}"), locations)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| pointers(value, format!("{at}/{index}"), locations)),
        _ => {}
    }
    locations.push(at);
}

/// Compares the two for a document that one or two values of are replaced, or removed.
fn agree(schema: Value) {
    let judge = jsonschema::validator_for(&schema).expect("a schema");
    let schema = Schema::given(&schema).expect("a schema");
    assert!(judge.is_valid(&document()), "the sample is valid");
    assert_eq!(schema.problem(&document().to_string()), None);
    let change = (any::<Index>(), prop::option::of(any_json()));
    let mut runner = TestRunner::new(Config {
        cases: 2_000,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&vec(change, 1..3), |changes| {
        let mut changed = document();
        for (location, value) in changes {
            let mut locations = Vec::new();
            pointers(&changed, String::new(), &mut locations);
            let location = location.get(&locations);
            match (value, location.rsplit_once('/')) {
                (Some(value), _) => *changed.pointer_mut(location).expect("a value") = value,
                (None, Some((outer, key))) => {
                    if let Some(Value::Object(fields)) = changed.pointer_mut(outer) {
                        fields.remove(key);
                    }
                }
                (None, None) => {}
            }
        }
        let problem = schema.problem(&changed.to_string());
        prop_assert_eq!(
            problem.is_none(),
            judge.is_valid(&changed),
            "{} {:?}",
            changed,
            problem
        );
        Ok(())
    });
    outcome.expect("they agree");
}

#[test]
fn a_derived_schema_is_judged_as_by_another_crate() {
    agree(schemars::schema_for!(Document).to_value());
}

#[test]
fn a_schema_that_is_sent_is_judged_as_by_another_crate() {
    agree(super::super::inline::schema_of::<Document>());
}

#[test]
fn an_inlined_schema_means_the_same() {
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "its schema is used")]
    struct Flat {
        vendor: String,
        kind: Kind,
        payment: Payment,
        amount: Amount,
        #[serde(flatten)]
        times: Times,
        position: (i64, String),
        labels: HashMap<String, Option<bool>>,
    }
    let schema = super::super::inline::schema_of::<Flat>();
    assert!(!schema.to_string().contains("$ref"), "{schema}");
    agree(schema);
}

#[test]
fn a_schema_that_refers_to_itself_or_to_nothing_does_not_hang() {
    for schema in [
        json!({ "$ref": "#" }),
        json!({ "$ref": "#/$defs/a", "$defs": { "a": { "allOf": [{ "$ref": "#/$defs/a" }] } } }),
        json!({ "$ref": "#/$defs/missing" }),
        json!({ "$ref": "https://example.com/schema" }),
        json!({ "anyOf": [{ "$ref": "#" }, { "$ref": "#" }], "type": ["object", 7] }),
        json!({ "allOf": vec![json!({ "anyOf": vec![json!({ "minimum": 1 }); 99] }); 99] }),
    ] {
        let schema = Schema::given(&schema).expect("a schema");
        assert_eq!(schema.problem(r#"{"a":[1,{}]}"#), None);
    }
    // Each definition refers to the next one twice, and the last one fits nothing.
    let mut definitions = Map::new();
    for level in 0..60 {
        let next = json!({ "$ref": format!("#/$defs/{}", level + 1) });
        definitions.insert(level.to_string(), json!({ "anyOf": [next, next] }));
    }
    definitions.insert("60".to_owned(), json!({ "type": "string" }));
    let schema = Schema::given(&json!({ "$ref": "#/$defs/0", "$defs": definitions }));
    let problem = schema.expect("a schema").problem("7");
    assert_eq!(problem.as_deref(), Some("its top is a number"));
    let schema = Schema::given(&json!({ "$ref": "#/$defs/a", "$defs": { "a": {
        "type": "object", "properties": { "a": { "$ref": "#/$defs/a" } }, "required": ["a"] } } }));
    let deep = format!("{}7{}", r#"{"a":"#.repeat(100), "}".repeat(100));
    let problem = schema.expect("a schema").problem(&deep).expect("a number");
    assert!(
        problem.ends_with("a is a number") && problem.len() < 99,
        "{problem}"
    );
}

#[test]
fn nullable_and_listed_values_are_known() {
    let schema = json!({ "type": "object", "properties": {
        "a": { "type": "string", "nullable": true }, "b": { "enum": [1, "x", null] }, "c": { "const": true },
        "d": false, "e": { "type": "array", "prefixItems": [{ "type": "string" }], "items": false },
    }});
    let schema = Schema::given(&schema).expect("a schema");
    for (json, problem) in [
        (r#"{"a":null,"b":1,"c":true,"e":["x"]}"#, None),
        (r#"{"b":"x"}"#, None),
        (r#"{"a":7}"#, Some("a is a number")),
        (r#"{"b":2}"#, Some("b is not one of the allowed values")),
        (r#"{"c":false}"#, Some("c is not one of the allowed values")),
        (r#"{"d":1}"#, Some("d is not allowed")),
        (r#"{"e":["x",1]}"#, Some("e[1] is not allowed")),
        (
            r#"{"Mr X":1}"#,
            Some("its top has none of the fields, but `(a key)`"),
        ),
    ] {
        assert_eq!(schema.problem(json).as_deref(), problem, "{json}");
    }
}
