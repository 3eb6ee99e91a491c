//! What becomes of JSON that is decoded and encoded again.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use workspace_tests::fixtures::{
    all_of, defaults, free_form, nullable, open_enums, private, recursive, string_formats, unions,
    unknown_fields,
};

/// Decodes and encodes, and returns both.
fn round<T: DeserializeOwned + Serialize>(json: &Value) -> (T, Value) {
    let value: T = serde_json::from_value(json.clone()).expect("a value of the type");
    let again = serde_json::to_value(&value).expect("JSON");
    (value, again)
}

#[test]
fn values_that_an_enum_does_not_list_survive_a_round_trip() {
    use open_enums::types::{State, Thing, ThingEither};

    let json = json!({
        "state": "brand new", "inline": "sideways", "list": ["x", "z"], "nullable": "perhaps",
        "with_default": "warm", "ref_with_default": "new too", "single": "other", "code": "+1", "odd": "unrecognized",
        "either": "later", "by_state": { "ready": "brand new" }, "nested": []
    });
    let (thing, mut again) = round::<Thing>(&json);
    again["nested"] = json!([]);
    assert_eq!(again, json);
    assert_eq!(thing.state.as_str(), "brand new");
    assert!(matches!(thing.state, State::Unrecognized(_)));
    assert_eq!(round::<ThingEither>(&json!(7)).0, ThingEither::Integer(7));
    assert_eq!(
        "7".parse::<ThingEither>().expect("a union"),
        ThingEither::Integer(7)
    );
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
fn an_absent_enum_has_its_default() {
    use open_enums::types::{State, Thing, ThingWithDefault};

    let (thing, _) = round::<Thing>(&json!({ "state": "ready", "inline": "left" }));
    assert_eq!(thing.with_default, ThingWithDefault::Cold);
    assert_eq!(thing.ref_with_default, State::OnHold);
}

#[test]
fn unknown_fields_are_kept_where_the_document_says_so() {
    use unknown_fields::types::{Kept, KeptToo, Refused, Typed};

    let json = json!({ "name": "n", "later": { "deep": [1] } });
    assert_eq!(round::<Kept>(&json).1, json);
    assert_eq!(round::<KeptToo>(&json).1, json);
    let json = json!({ "name": "n", "later": 7 });
    assert_eq!(round::<Typed>(&json).1, json);
    assert!(serde_json::from_value::<Refused>(json).is_err());
    let built: Kept = Kept::builder()
        .name("n")
        .try_into()
        .expect("a value without unknown fields");
    assert!(built.extra.is_empty());
}

#[test]
fn unknown_fields_are_kept_beside_a_property_called_extra() {
    use unknown_fields::types::{Clashing, ClashingTyped};

    let json = json!({ "extra": "known", "later": { "deep": [1] } });
    let (value, again) = round::<Clashing>(&json);
    assert_eq!(again, json);
    assert_eq!(value.extra.as_deref(), Some("known"));
    assert_eq!(value.extra_fields["later"], json!({ "deep": [1] }));
    assert_eq!(
        round::<ClashingTyped>(&json!({ "extra": "known", "later": 7 })).1,
        json!({ "extra": "known", "later": 7 })
    );

    let built: Clashing = Clashing::builder()
        .extra("known".to_owned())
        .try_into()
        .expect("a value without unknown fields");
    assert_eq!(built.extra.as_deref(), Some("known"));
    assert!(built.extra_fields.is_empty());
    let built: Clashing = Clashing::builder()
        .extra_fields(value.extra_fields)
        .try_into()
        .expect("a value with unknown fields only");
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
    assert_eq!(round::<Tagged>(&json).1, json);
    assert_eq!(
        round::<UnionsInline>(&json!("text")).0,
        UnionsInline::String("text".to_owned())
    );
}

#[test]
fn schemas_that_contain_themselves_or_build_on_others_decode() {
    let json = json!({ "children": [{ "children": [] }], "leaf": { "tree": { "children": [] } } });
    assert_eq!(round::<recursive::types::Tree>(&json).0.children.len(), 1);
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
    let (_, again) = round::<nullable::types::Nulls>(&json);
    assert_eq!(again["list"], json["list"]);
    assert_eq!(again["required_ref"], Value::Null);
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
fn defaults_fill_what_is_absent() {
    let (value, _) = round::<defaults::types::Defaults>(&json!({}));
    assert_eq!(value.text, "some \"text\" {} \\");
    assert_eq!(
        (value.count, value.small, value.ratio, value.yes),
        (20, -3, 0.5, true)
    );
    assert_eq!(value.list, ["a", "b"]);
    assert_eq!(value.colour.as_str(), "green");
    assert_eq!(value.anything, json!({ "a": [1, null] }));
}

#[test]
fn strings_are_checked_where_the_document_constrains_them() {
    use string_formats::types::{Code, StringsShort};

    assert!(StringsShort::try_from("abc").is_ok() && StringsShort::try_from("a").is_err());
    assert!(Code::try_from("{AB}").is_ok() && Code::try_from("AB").is_err());
}

#[test]
fn debug_does_not_show_what_is_private_or_unknown() {
    use private::types::{Note, builder};

    let json = json!({
        "id": 7, "text": "secret", "answer": ["secret"], "author": { "name": "secret", "verified": true },
        "lines": ["secret"], "later": "secret"
    });
    let (note, again) = round::<Note>(&json);
    assert_eq!(again, json);
    let text = format!("{note:?} {note:#?} {:?}", builder::Note::from(note.clone()));
    assert!(!text.contains("secret"), "{text}");
    assert!(text.contains("id: Some(7)"), "{text}");
    assert!(text.contains("verified: Some(true)"), "{text}");
}
