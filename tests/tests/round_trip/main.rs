//! Values that are valid for their schemas, decoded as the generated types and encoded again: they come back as they were.

mod constraints;
mod discriminators;
mod enums;
mod formats;
mod values;

use std::path::Path;

use openapi_document::read::Document;
use openapi_document::schema::Schema;
use serde_json::Value;
use workspace_tests::fixtures::{round_trip, violation};

/// Whether two values are the same JSON. Numbers are compared as numbers: `1.0` is an integer.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || left.as_f64() == right.as_f64()
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| is_same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let is_same = |(key, value): (&String, &Value)| {
                right.get(key).is_some_and(|other| is_same(value, other))
            };
            left.len() == right.len() && left.iter().all(is_same)
        }
        (left, right) => left == right,
    }
}

#[test]
fn values_of_every_fixture_come_back_as_they_were() {
    let mut count = 0;
    let (mut changed, mut broken) = (Vec::new(), Vec::new());
    for folder in ["fixtures/features", "fixtures/values"] {
        for entry in std::fs::read_dir(Path::new(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let fixture = path
                .file_stem()
                .and_then(|name| name.to_str())
                .expect("a name");
            let document = Document::open(&path).expect("a document");
            let schemas = document
                .root
                .pointer("/components/schemas")
                .and_then(Value::as_object);
            for name in schemas.into_iter().flat_map(serde_json::Map::keys) {
                let schema = Schema::at(&document.root, &format!("/components/schemas/{name}"))
                    .expect("a schema");
                for value in values::values(&schema) {
                    let Some(again) = round_trip(fixture, name, &value.to_string()) else {
                        continue;
                    };
                    count += 1;
                    // A valid value can be sent, too.
                    broken.extend(violation(fixture, name, &value.to_string()));
                    let again = again.map(|json| serde_json::from_str(&json).expect("JSON"));
                    match again {
                        Ok(again) if is_same(&value, &again) => {}
                        other => {
                            changed.push(format!("{fixture} {name}: {value} became {other:?}"))
                        }
                    }
                }
            }
        }
    }
    assert!(count > 1_500, "{count} values");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(
        changed.is_empty(),
        "{} of {count}:\n{}",
        changed.len(),
        changed.join("\n")
    );
}

#[test]
fn values_that_are_easily_lost_come_back_byte_by_byte() {
    for (schema, values) in [
        (
            "Settings",
            &[
                "{}",
                r#"{"note":null}"#,
                r#"{"note":"n"}"#,
                r#"{"labels":[]}"#,
                r#"{"limits":{}}"#,
                r#"{"limits":{"a":1},"name":"x"}"#,
                r#"{"nested":null}"#,
                r#"{"nested":{"note":null}}"#,
                r#"{"unknown":[1.50,{"b":1,"a":2}]}"#,
            ][..],
        ),
        // A rule that only the sender can keep is no reason to lose an answer.
        (
            "Closed",
            &[r#"{"id":"Too long"}"#, r#"{"id":"a","more":1}"#],
        ),
        (
            "Numbers",
            &[
                r#"{"whole":9223372036854775808}"#,
                r#"{"whole":-170141183460469231731687303715884105728}"#,
                r#"{"wide":9007199254740993}"#,
                r#"{"real":0.1}"#,
                r#"{"any":1.10}"#,
                r#"{"any":123456789012345678901234567890}"#,
                r#"{"any":null}"#,
            ],
        ),
        (
            "Blobs",
            &[
                r#"{"id":null}"#,
                r#"{"id":1,"plain":null}"#,
                r#"{"id":1,"named":null}"#,
                r#"{"id":1,"nullable":null}"#,
                r#"{"id":1,"of_3_0":null}"#,
                r#"{"id":1,"list":[null,1e400]}"#,
                r#"{"id":1,"perhaps_list":null}"#,
                r#"{"id":1,"perhaps_list":[null]}"#,
                r#"{"id":1,"unknown":null}"#,
            ],
        ),
        (
            "Times",
            &[
                r#"{"at":"2026-01-02T03:04:05Z"}"#,
                r#"{"at":"2026-01-02T03:04:05.000+00:00"}"#,
                r#"{"at":"2026-01-02T03:04:05"}"#,
                r#"{"day":"2026-01-02"}"#,
            ],
        ),
        (
            "Chunk",
            &[
                r#"{"id":"1"}"#,
                r#"{"html":"x","id":"1"}"#,
                r#"{"id":"1","other":2}"#,
            ],
        ),
        ("Size", &[r#""m""#, r#""xl""#, r#""unknown""#]),
        (
            "Pet",
            &[
                r#"{"kind":"cat","lives":7}"#,
                r#"{"kind":"wolf","tricks":["sit"]}"#,
                r#"{"kind":"fish","fins":2}"#,
                "{}",
            ],
        ),
        (
            "Vehicle",
            &[
                r#"{"vtype":"car","doors":5}"#,
                r#"{"vtype":"Truck","load":1.5}"#,
                r#"{"vtype":"boat","sails":2}"#,
            ],
        ),
        ("Payload", &["[1]", "null", r#"{"a":null}"#, "1.10"]),
        ("Scalar", &["7", "\"7\"", "true", "1.5"]),
    ] {
        for json in values {
            let again = round_trip("json_values", schema, json).expect(schema);
            assert_eq!(again.expect(json), *json, "{schema}");
        }
    }
    // Null where it is no value is absent, and an integer is one however it is written.
    for (schema, json, expected) in [
        ("Settings", r#"{"name":null}"#, "{}"),
        (
            "Numbers",
            r#"{"whole":1.0,"wide":2e0}"#,
            r#"{"whole":1,"wide":2}"#,
        ),
    ] {
        let again = round_trip("json_values", schema, json).expect(schema);
        assert_eq!(again.expect(json), expected);
    }
}

#[test]
fn null_is_a_value_of_any_json_and_not_absent() {
    use workspace_tests::fixtures::json_values::support::Json;
    use workspace_tests::fixtures::json_values::types::{Blob, Blobs};

    let blobs: Blobs = serde_json::from_str(r#"{"id":null,"plain":null}"#).expect("blobs");
    assert!(blobs.id.is_null());
    assert!(blobs.plain.is_some_and(|plain| plain.is_null()));
    assert_eq!(blobs.named, None);
    // One state each for absent, `null` and a value: no `Option` in an `Option`.
    let (nullable, of_3_0): (Option<Json>, Option<Blob>) = (blobs.nullable, blobs.of_3_0);
    assert!(nullable.is_none() && of_3_0.is_none());
}

#[test]
fn a_value_is_read_as_the_branch_that_is_meant() {
    use workspace_tests::fixtures::json_values::types::{Chunk, Pet, Size, Vehicle};

    let chunk: Chunk = serde_json::from_str(r#"{"id":"1","html":"x"}"#).expect("a chunk");
    assert!(matches!(chunk, Chunk::Full(full) if full.html == "x"));
    let size: Size = serde_json::from_str(r#""xl""#).expect("a size");
    assert!(matches!(size, Size::Wide(_)));
    let pet: Pet = serde_json::from_str(r#"{"kind":"dog","tricks":["sit"]}"#).expect("a pet");
    assert!(matches!(pet, Pet::Dog(dog) if dog.tricks.is_some()));
    let vehicle: Vehicle = serde_json::from_str(r#"{"vtype":"car","doors":5}"#).expect("a vehicle");
    assert!(matches!(vehicle, Vehicle::Car(car) if car.doors == Some(5)));
    let vehicle: Vehicle = serde_json::from_str(r#"{"vtype":"boat"}"#).expect("a vehicle");
    assert!(matches!(vehicle, Vehicle::Unrecognized(_)));
}
