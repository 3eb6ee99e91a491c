//! Enums of several types: no value is lost, whatever its type.

use workspace_tests::fixtures::mixed_enums::types::{Fixed, GetVVer, Switch};
use workspace_tests::fixtures::round_trip;
use workspace_tests::fixtures::rust_names;

#[test]
fn a_value_of_an_enum_of_several_types_comes_back_as_it_came() {
    for (schema, values) in [
        (
            "Limits",
            &[
                r#"{"limit":10,"tls":true}"#,
                r#"{"limit":"unlimited","tls":"auto"}"#,
                r#"{"limit":10.50}"#,
            ][..],
        ),
        ("Count", &["1", "\"two\"", "4", "1.50"]),
        (
            "Any",
            &[
                "1",
                "\"a\"",
                "null",
                "true",
                "[\"b\"]",
                r#"{"c":"d"}"#,
                "\"new\"",
            ],
        ),
        ("Level", &["1", "\"low\"", "2", "\"high\"", "false"]),
        (
            "Switch",
            &["\"on\"", "\"true\"", "\"0x10\"", "\"off\"", "null"],
        ),
        ("Fixed", &["\"1.50\"", "\"1.5\""]),
    ] {
        for json in values {
            let again = round_trip("mixed_enums", schema, json).expect(schema);
            assert_eq!(again.expect(json), *json, "{schema}");
        }
    }
}

#[test]
fn text_that_is_not_in_quotes_is_taken_as_it_is_written() {
    let known: Vec<&str> = GetVVer::KNOWN.iter().map(GetVVer::as_str).collect();
    assert_eq!(known, ["1.0", "1.10", "12e3"]);
    let known: Vec<&str> = Switch::KNOWN.iter().map(Switch::as_str).collect();
    assert_eq!(known, ["on", "true", "0x10"]);
    assert_eq!(Fixed::KNOWN[0].as_str(), "1.50");
}

#[test]
fn names_of_the_document_become_distinct_names_of_rust() {
    let client = rust_names::Client::new("http://127.0.0.1:1").expect("a client");
    let _ = (
        client._404(),
        client._2fa(),
        client.match_(),
        client.new_2(),
    );
    let _ = (client.get_item(), client.get_item_2(), client.client_2());
    let user = rust_names::types::User {
        user_id: Some("first".to_owned()),
        user_id_: Some("second".to_owned()),
        user_id__: Some("third".to_owned()),
        ..rust_names::types::User::default()
    };
    assert_eq!(
        serde_json::to_value(user).expect("JSON"),
        serde_json::json!({ "userId": "first", "user_id": "second", "UserID": "third" })
    );
}
