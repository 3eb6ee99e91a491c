//! JSON that is decoded and encoded again.

use crate::server::Server;
use progenitor_client::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use workspace_tests::fixtures::{
    all_of, defaults, free_form, nullable, open_enums, private, recursive, string_formats, unions,
    unknown_fields,
};

/// The message of a request that was not sent.
fn message<E: std::fmt::Debug>(error: Error<E>) -> String {
    match error {
        Error::InvalidRequest(message) => message,
        other => panic!("{other:?}"),
    }
}

/// Decodes and encodes, and returns both.
fn round<T: DeserializeOwned + Serialize>(json: &Value) -> (T, Value) {
    let value: T = serde_json::from_value(json.clone()).expect("a value of the type");
    let again = serde_json::to_value(&value).expect("JSON");
    (value, again)
}

#[test]
fn values_that_an_enum_does_not_list_survive_a_round_trip() {
    use open_enums::types::{State, Thing, ThingEither, ThingEitherKnown};

    let json = json!({
        "state": "brand new", "inline": "sideways", "list": ["x", "z"], "nullable": "perhaps",
        "with_default": "warm", "ref_with_default": "new too", "single": "other", "code": "+1", "odd": "unrecognized",
        "either": "later", "by_state": { "ready": "brand new" }, "nested": []
    });
    let (thing, again) = round::<Thing>(&json);
    assert_eq!(again, json);
    assert_eq!(thing.state.as_str(), "brand new");
    assert!(matches!(thing.state, State::Unrecognized(_)));
    assert_eq!(round::<ThingEither>(&json!(7)).0, ThingEither::Integer(7));
    let known = ThingEither::Known(ThingEitherKnown::Auto);
    assert_eq!(round::<ThingEither>(&json!("auto")).0, known);
}

#[test]
fn every_listed_value_has_a_variant_that_spells_it() {
    use open_enums::types::{Code, State, Unrecognized};

    let values = [
        "ready",
        "in progress",
        "on-hold",
        "2nd try",
        "Ünïcode",
        "quo\"te",
        "back\\slash",
        "{brace}",
        "tick`s",
    ];
    let known: Vec<&str> = State::KNOWN.iter().map(State::as_str).collect();
    assert_eq!(known, values);
    for value in values {
        assert!(
            !matches!(State::from(value), State::Unrecognized(_)),
            "{value}"
        );
        assert_eq!(State::from(value).to_string(), value);
    }
    assert_eq!(Code::from("-1"), Code::Minus1);
    assert_eq!(
        Unrecognized::from("unrecognized"),
        Unrecognized::Unrecognized
    );
    assert_eq!(Unrecognized::from("other").as_str(), "other");
}

#[test]
fn an_absent_enum_with_a_default_stays_absent() {
    use open_enums::types::Thing;

    let json = json!({ "state": "ready", "inline": "left" });
    let (thing, again) = round::<Thing>(&json);
    assert!(thing.with_default.is_none() && thing.ref_with_default.is_none());
    assert_eq!(again, json);
}

#[test]
fn a_list_whose_enum_is_of_strings_is_a_list() {
    let json = json!({ "state": "ready", "inline": "left", "regions": ["LA", "SF"] });
    let (thing, again) = round::<open_enums::types::Thing>(&json);
    assert_eq!(thing.regions.map(|regions| regions.len()), Some(2));
    assert_eq!(again, json);
}

#[test]
fn unknown_fields_are_kept_where_the_document_says_so() {
    use unknown_fields::types::{Kept, KeptToo, Silent, Typed};

    let json = json!({ "name": "n", "later": { "deep": [1] } });
    assert_eq!(round::<Kept>(&json).1, json);
    assert_eq!(round::<KeptToo>(&json).1, json);
    assert_eq!(round::<Silent>(&json).1, json);
    let json = json!({ "name": "n", "later": 7 });
    assert_eq!(round::<Typed>(&json).1, json);
    assert!(Kept::new("n".to_owned()).extra.is_empty());
}

#[tokio::test]
async fn a_closed_object_is_read_with_unknown_fields_and_not_sent_with_them() {
    use unknown_fields::types::Refused;

    let json = json!({ "name": "n", "later": 7 });
    let (refused, again) = round::<Refused>(&json);
    assert_eq!(again, json);
    let server = Server::silent().await;
    let client = unknown_fields::Client::new(&server.url).expect("a client");
    let error = client.refuse(refused).send().await.expect_err("a refusal");
    assert_eq!(
        message(error),
        "`body` has members that the API description does not allow"
    );
    assert!(server.received().is_empty());
}

#[test]
fn unknown_fields_are_kept_beside_a_property_called_extra() {
    use unknown_fields::types::{Clashing, ClashingTyped};

    let json = json!({ "extra": "known", "later": { "deep": [1] } });
    let (value, again) = round::<Clashing>(&json);
    assert_eq!(again, json);
    assert_eq!(value.extra.as_deref(), Some("known"));
    assert_eq!(value.extra_["later"], json!({ "deep": [1] }));
    assert_eq!(
        round::<ClashingTyped>(&json!({ "extra": "known", "later": 7 })).1,
        json!({ "extra": "known", "later": 7 })
    );

    let built = Clashing {
        extra_: value.extra_,
        ..Clashing::default()
    };
    assert_eq!(
        serde_json::to_value(built).expect("JSON"),
        json!({ "later": { "deep": [1] } })
    );
}

#[test]
fn a_value_of_one_tag_is_not_taken_for_another_member_of_the_union() {
    use unions::types::{Shape, Tagged, UnionsInline};

    let circle = json!({ "kind": "circle", "radius": 1.0, "side": 2.0 });
    assert!(matches!(round::<Shape>(&circle).0, Shape::Circle(_)));
    let square = json!({ "kind": "square", "radius": 1.0, "side": 2.0 });
    assert!(matches!(round::<Shape>(&square).0, Shape::Square(_)));
    let json = json!({ "count": 1 });
    let (tagged, again) = round::<Tagged>(&json);
    assert!(matches!(tagged, Tagged::Count(tagged) if tagged.count == 1));
    assert_eq!(again, json);
    assert_eq!(
        round::<UnionsInline>(&json!("text")).0,
        UnionsInline::String("text".to_owned())
    );
}

#[test]
fn schemas_that_contain_themselves_or_build_on_others_decode() {
    let json = json!({ "children": [{ "children": [] }], "leaf": { "tree": { "children": [] } } });
    let (tree, again) = round::<recursive::types::Tree>(&json);
    assert_eq!((tree.children.len(), again), (1, json));
    let leaf = round::<recursive::types::Tree>(&json!({ "children": [] })).1;
    assert_eq!(
        leaf,
        json!({ "children": [] }),
        "what is not set is not sent"
    );
    let json = json!({ "name": "Rex", "legs": 4, "bark": "wow", "owner": { "name": "Ada" } });
    assert_eq!(round::<all_of::types::Dog>(&json).1, json);
}

#[test]
fn null_is_decoded_wherever_it_is_allowed() {
    let json = json!({
        "required_scalar": null, "required_ref": null, "optional_scalar": null, "optional_ref": null,
        "optional_enum": null, "named_nullable": null, "list": [null, "a"], "object": null, "map": { "a": null }
    });
    assert_eq!(round::<nullable::types::Nulls>(&json).1, json);
    let least = json!({ "required_scalar": null, "required_ref": null });
    assert_eq!(round::<nullable::types::Nulls>(&least).1, least);
}

#[test]
fn free_form_json_survives_a_round_trip() {
    let json = json!({
        "anything": [1, { "a": null }], "perhaps": 1, "object": { "a": 1 }, "named": { "b": [] },
        "named_anything": "x", "map": { "a": 1 }, "list": [1, "a"], "nothing": {}, "empty": {}
    });
    assert_eq!(round::<free_form::types::Free>(&json).1, json);
}

#[test]
fn defaults_are_sent_by_nobody_who_did_not_set_them() {
    use defaults::types::Defaults;

    assert_eq!(round::<Defaults>(&json!({})).1, json!({}));
    let built = serde_json::to_value(Defaults::default()).expect("JSON");
    assert_eq!(built, json!({}));
    let json = json!({ "text": "", "no_list": [], "map": {}, "nothing": null, "yes": false });
    assert_eq!(round::<Defaults>(&json).1, json);
}

#[test]
fn strings_are_read_whatever_the_document_requires_of_them() {
    use string_formats::types::Strings;

    let json = json!({
        "short": "far too long", "at_most": "far too long", "patterned": "UPPER", "named": "x", "email": "nobody",
        "uri": "not a uri", "ipv4": "::1", "unknown": "?", "byte": "not base64!"
    });
    assert_eq!(round::<Strings>(&json).1, json);
}

#[tokio::test]
async fn strings_are_checked_when_they_are_sent() {
    use string_formats::types::{Code, Strings};

    let server = Server::silent().await;
    let client = string_formats::Client::new(&server.url).expect("a client");
    let strings = |change: fn(&mut Strings)| {
        let mut strings = Strings {
            short: Some("abc".to_owned()),
            patterned: Some("a{}\"".to_owned()),
            named: Some(Code::from("{AB}")),
            ..Strings::default()
        };
        change(&mut strings);
        strings
    };
    let sent = client.send_strings(strings(|_| {})).send().await;
    sent.expect("a success");
    for (strings, expected) in [
        (
            strings(|strings| strings.short = Some("ü".to_owned())),
            "`body.short` must have from 2 to 4 characters, not 1",
        ),
        (
            strings(|strings| strings.at_most = Some("secret".to_owned())),
            "`body.at_most` must have at most 4 characters, not 6",
        ),
        (
            strings(|strings| strings.patterned = Some("SECRET".to_owned())),
            "`body.patterned` must match the pattern `^[a-z\"\\\\{}]+$`",
        ),
        (
            strings(|strings| strings.named = Some(Code::from("SECRET"))),
            "`body.named` must match the pattern `^\\{[A-Z]{2}\\}$`",
        ),
    ] {
        let error = client.send_strings(strings).send().await;
        assert_eq!(message(error.expect_err("a refusal")), expected);
    }
    assert_eq!(server.received().len(), 1);
}

#[test]
fn debug_does_not_show_what_is_private_or_unknown() {
    use private::types::Note;

    let json = json!({
        "id": 7, "text": "secret", "answer": ["secret"], "author": { "name": "secret", "verified": true },
        "lines": ["secret"], "later": "secret"
    });
    let (note, again) = round::<Note>(&json);
    assert_eq!(again, json);
    let client = private::Client::new("http://127.0.0.1").expect("a client");
    let request = client.add_note().body(note.clone());
    let text = format!("{note:?} {note:#?} {request:?}");
    assert!(!text.contains("secret"), "{text}");
    assert!(text.contains("id: Some(7)"), "{text}");
    assert!(text.contains("verified: Some(true)"), "{text}");
}
