//! Constraints: each keyword that is checked has values that break it, and none of these is sent.

use std::path::Path;

use openapi_document::keywords::{Role, role};
use openapi_document::read::Document;
use openapi_document::shape::{Kind, Version, fields_in};
use serde_json::Value;
use workspace_tests::fixtures::constraints::support::FilePart;
use workspace_tests::fixtures::constraints::types::Album;
use workspace_tests::fixtures::constraints::{Client, Error};
use workspace_tests::fixtures::{round_trip, violation};

fn schemas() -> serde_json::Map<String, Value> {
    let document = Document::open(Path::new("fixtures/values/constraints.yaml"));
    let document = document.expect("a document");
    let schemas = document.root.pointer("/components/schemas");
    schemas.and_then(Value::as_object).expect("schemas").clone()
}

#[test]
fn a_value_that_breaks_a_constraint_is_read_and_not_sent() {
    for (name, schema) in schemas() {
        let values = |key: &str| schema[key].as_array().cloned().unwrap_or_default();
        for (key, is_broken) in [("x-keeps", false), ("x-breaks", true)] {
            for value in values(key) {
                let json = value.to_string();
                let again = round_trip("constraints", &name, &json).expect(&name);
                assert!(again.is_ok(), "{name} {json}");
                let violation = violation("constraints", &name, &json);
                assert_eq!(violation.is_some(), is_broken, "{json} {violation:?}");
            }
        }
    }
}

#[test]
fn each_keyword_that_is_checked_has_a_value_that_breaks_it() {
    fn has(schema: &Value, keyword: &str) -> bool {
        let members = schema.as_object().into_iter().flatten();
        let mut members = members.filter(|(key, _)| !key.starts_with("x-"));
        members.any(|(key, value)| key == keyword || has(value, keyword))
    }
    let schemas = schemas();
    let broken: Vec<&Value> = schemas
        .values()
        .filter(|schema| schema["x-breaks"].is_array())
        .collect();
    let fields = fields_in(Kind::Schema, Version::V31).map(|(name, ..)| name);
    for keyword in fields.chain(["const"]) {
        if matches!(role(keyword), Some(Role::Checked | Role::Partly)) {
            assert!(
                broken.iter().any(|schema| has(schema, keyword)),
                "{keyword}"
            );
        }
    }
}

#[test]
fn a_violation_says_which_constraint_is_broken_and_shows_no_text() {
    for (schema, json, expected) in [
        (
            "Multiples",
            r#"{"cents":0.071}"#,
            "`Multiples.cents` must be a multiple of 0.01, not 0.071",
        ),
        (
            "Multiples",
            r#"{"tens":15}"#,
            "`Multiples.tens` must be a multiple of 10, not 15",
        ),
        (
            "Unique",
            r#"["secret","secret"]"#,
            "`Unique[1]` must not equal an item before it",
        ),
        (
            "Members",
            "{}",
            "`Members` must have from 1 to 2 members, not 0",
        ),
        (
            "Names",
            r#"{"secret":1}"#,
            "`Names` has a member whose name must have at most 3 characters, not 6",
        ),
    ] {
        let violation = violation("constraints", schema, json);
        assert_eq!(violation.as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn repeated_parts_and_fields_of_forms_keep_the_constraints_of_lists() {
    // Nothing listens there: a request that is not rejected fails otherwise.
    let client = Client::new("http://127.0.0.1:1").expect("a client");
    let photo = || FilePart::from_bytes("a.png", vec![1_u8]);
    let none: [&str; 0] = [];
    for (photos, tags, notes, expected) in [
        (
            0,
            &["a"][..],
            &none[..],
            "`photos` must have from 1 to 2 items, not 0",
        ),
        (
            3,
            &["a"],
            &none,
            "`photos` must have from 1 to 2 items, not 3",
        ),
        (1, &[], &none, "`tags` must have at least 1 items, not 0"),
        (
            1,
            &["a", "a"],
            &none,
            "`tags[1]` must not equal an item before it",
        ),
        (
            1,
            &["a"],
            &["n"],
            "`notes` must have at least 2 items, not 1",
        ),
    ] {
        let photos: Vec<FilePart> = (0..photos).map(|_| photo()).collect();
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let notes: Vec<String> = notes.iter().map(|note| (*note).to_owned()).collect();
        let request = client.add_album_multipart(photos, tags).notes(notes);
        let error = request.send().await.expect_err("a rejection");
        assert!(
            matches!(&error, Error::InvalidRequest(message) if message == expected),
            "{error:?}"
        );
    }
    let album = |tags: &[&str]| Album {
        tags: Some(tags.iter().map(|tag| (*tag).to_owned()).collect()),
        ..Album::default()
    };
    for (tags, expected) in [
        (&[][..], "`body.tags` must have from 1 to 2 items, not 0"),
        (
            &["a", "b", "c"],
            "`body.tags` must have from 1 to 2 items, not 3",
        ),
        (
            &["a", "a"],
            "`body.tags[1]` must not equal an item before it",
        ),
    ] {
        let error = client
            .add_album(album(tags))
            .send()
            .await
            .expect_err("a rejection");
        assert!(
            matches!(&error, Error::InvalidRequest(message) if message == expected),
            "{error:?}"
        );
    }
    let sent = client
        .add_album_multipart([photo()], ["a".to_owned()])
        .send()
        .await;
    assert!(matches!(sent, Err(Error::CommunicationError(_))));
}
