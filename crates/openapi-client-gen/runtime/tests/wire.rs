//! The rules by which JSON becomes Rust values, and by which these become JSON again.

use chrono::{DateTime, Utc};
use codegen_runtime::constraint::{Bound, Constraints};
use codegen_runtime::example::{Cat, Collar, Dog, Pet, PetId, PetName, Switch, Tagged};
use codegen_runtime::optional::IntoOption;
use codegen_runtime::wire::{As, Wire};
use codegen_runtime::{Json, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

const ID: &str = "7f7e4431-66f4-4eb9-bc91-473994247fe4";

fn read<T: Wire>(json: &str) -> T {
    let As(value) = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
    value
}

fn written<T: Wire>(value: &T) -> String {
    serde_json::to_string(&As(value)).expect("JSON")
}

fn again<T: Wire>(json: &str) -> String {
    written(&read::<T>(json))
}

fn is_rejected<T: Wire>(json: &str) -> bool {
    serde_json::from_str::<As<T>>(json).is_err()
}

#[test]
fn absent_null_and_a_value_are_three_states() {
    let cat = |owner: &str| format!(r#"{{"id":"{ID}","born":null{owner}}}"#);
    for (owner, expected) in [
        ("", None),
        (r#","owner":null"#, Some(None)),
        (r#","owner":"ann""#, Some(Some("ann".to_owned()))),
    ] {
        let read: Cat = read(&cat(owner));
        assert_eq!(read.owner, expected);
        let value: Value = serde_json::from_str(&written(&read)).expect("JSON");
        assert_eq!(
            value,
            serde_json::from_str::<Value>(&cat(owner)).expect("JSON")
        );
    }
    // Where null is no value, it is read as absent.
    assert_eq!(read::<Cat>(&cat(r#","lives":null"#)).lives, None);
    assert!(is_rejected::<Cat>(&format!(r#"{{"id":"{ID}"}}"#)));
}

#[test]
fn a_value_that_is_sent_keeps_its_constraints_and_one_that_is_read_need_not() {
    for (json, expected) in [
        (r#"{"name":"Ümit","links":[0,5]}"#, None),
        (
            r#"{"name":""}"#,
            Some("`collar.name` must have from 1 to 9 characters, not 0"),
        ),
        (
            r#"{"name":"R2"}"#,
            Some("`collar.name` must match the pattern `^\\p{L}+$`"),
        ),
        (
            r#"{"links":[]}"#,
            Some("`collar.links` must have from 1 to 2 items, not 0"),
        ),
        (
            r#"{"links":[1,6]}"#,
            Some("`collar.links[1]` must be from 0 to 5, not 6"),
        ),
        (
            r#"{"secret":1}"#,
            Some("`collar` has members that the API description does not allow"),
        ),
    ] {
        let collar: Collar = read(json);
        assert_eq!(written(&collar), json);
        let problem = collar.check(&Constraints::NONE).err();
        let message = problem.map(|problem| problem.message("collar"));
        assert_eq!(message.as_deref(), expected);
    }
}

#[test]
fn a_number_keeps_its_bounds() {
    let check = |number: f64, least, greatest| {
        let constraints = Constraints {
            number: (least, greatest),
            ..Constraints::NONE
        };
        let problem = number.check(&constraints).err();
        problem.map(|problem| problem.message("ratio"))
    };
    let (none, one) = (Bound::None, Bound::Inclusive(1.0));
    assert_eq!(check(1.0, one, one), None);
    assert_eq!(check(1.0, Bound::Exclusive(0.5), none), None);
    let outside = "`ratio` must be 1, not 1.5";
    assert_eq!(check(1.5, one, one).as_deref(), Some(outside));
    let outside = "`ratio` must be from 1 to 2, not 2.5";
    assert_eq!(
        check(2.5, one, Bound::Inclusive(2.0)).as_deref(),
        Some(outside)
    );
    let above = "`ratio` must be at most 1, not 1.5";
    assert_eq!(check(1.5, none, one).as_deref(), Some(above));
    let below = "`ratio` must be more than 1, not 1";
    assert_eq!(
        check(1.0, Bound::Exclusive(1.0), none).as_deref(),
        Some(below)
    );
}

#[test]
fn only_what_the_caller_set_is_sent() {
    let mut dog = Dog::default();
    assert_eq!(written(&dog), "{}");
    dog.tricks = Some(Vec::new());
    assert_eq!(written(&dog), r#"{"tricks":[]}"#);
}

#[test]
fn unknown_members_are_kept_as_they_came() {
    for json in [
        r#"{"tricks":["sit"],"age":1.50}"#,
        r#"{"id":123456789012345678901234567890}"#,
        r#"{"nested":{"b":1,"a":[null,1e400]}}"#,
    ] {
        assert_eq!(again::<Dog>(json), json);
    }
}

#[test]
fn numbers_survive() {
    assert_eq!(read::<i64>("1.0"), 1);
    assert_eq!(read::<u8>("2e1"), 20);
    assert_eq!(again::<i128>("9223372036854775808"), "9223372036854775808");
    assert_eq!(
        again::<i128>("-170141183460469231731687303715884105728"),
        i128::MIN.to_string()
    );
    assert_eq!(read::<i128>("1e3"), 1000);
    assert_eq!(read::<f64>("5"), 5.0);
    for not_one in ["1.5", "\"1\"", "true", "null"] {
        assert!(is_rejected::<i64>(not_one), "{not_one}");
        assert!(is_rejected::<i128>(not_one), "{not_one}");
    }
    assert!(is_rejected::<u8>("256") && is_rejected::<u8>("-1") && is_rejected::<i64>("1e30"));
    assert!(serde_json::to_string(&As(&f64::NAN)).is_err());
}

#[test]
fn a_timestamp_is_written_as_it_was_read() {
    for text in [
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.000Z",
        "2026-01-02T03:04:05.123456+02:00",
        "2026-01-02 03:04:05",
    ] {
        let json = format!("\"{text}\"");
        assert_eq!(again::<Timestamp>(&json), json);
    }
    for text in [
        "2026-01-02T03:04:05.120Z",
        "2026-01-02T03:04:05.12Z",
        "2026-01-02T03:04:05.120000Z",
        "2026-01-02T03:04:05.000001Z",
        "2026-01-02T03:04:05.123456789Z",
        "2016-12-31T23:59:60Z",
        "2026-01-02t03:04:05z",
        "2026-01-02T03:04Z",
        "2026-01-02T03:04:05+00:00",
        "2026-01-02",
        "0000-01-01T00:00:00Z",
        "+10000-01-01T00:00:00Z",
    ] {
        let json = format!("\"{text}\"");
        assert_eq!(again::<Timestamp>(&json), json);
    }
    let early: Timestamp = "2026-01-02T03:04:05+02:00".parse().expect("a time");
    let same: Timestamp = "2026-01-02T01:04:05Z".parse().expect("a time");
    assert_eq!(early, same);
    assert_eq!(early.timestamp(), 1_767_315_845);
    assert_eq!(
        Timestamp::from(same.utc()).to_string(),
        "2026-01-02T01:04:05Z"
    );
    assert!(is_rejected::<Timestamp>("\"yesterday\""));
}

#[test]
fn of_the_branches_that_fit_the_one_that_keeps_most_wins() {
    assert!(matches!(read(r#"{"tricks":["sit"]}"#), Pet::Dog(_)));
    assert!(matches!(
        read(&format!(r#"{{"id":"{ID}","born":null}}"#)),
        Pet::Cat(_)
    ));
    assert!(matches!(read(r#"{"id":7,"born":null}"#), Pet::Dog(_)));
}

#[test]
fn an_open_enum_takes_an_unknown_value_after_all_other_branches() {
    assert!(matches!(read(r#""on""#), Pet::Switch(Switch::On)));
    assert!(matches!(read(r#""rex""#), Pet::Name(name) if name == "rex"));
}

#[test]
fn a_value_of_no_branch_is_kept() {
    for json in ["[1,2.50]", "7", "true"] {
        assert!(matches!(read(json), Pet::Unrecognized(_)));
        assert_eq!(again::<Pet>(json), json);
    }
}

#[test]
fn a_discriminator_decides() {
    assert!(matches!(
        read(r#"{"kind":"wolf","id":"x"}"#),
        Tagged::Dog(_)
    ));
    let cat = format!(r#"{{"kind":"cat","id":"{ID}","born":null,"tricks":[]}}"#);
    assert!(matches!(read(&cat), Tagged::Cat(_)));
    assert!(matches!(
        read(r#"{"kind":"fish","tricks":[]}"#),
        Tagged::Unrecognized(_)
    ));
    // Without a discriminator, the branch that fits counts. A value with a wrong one is kept, for a branch is sent with its own.
    assert!(matches!(read(r#"{"tricks":[]}"#), Tagged::Dog(_)));
    assert!(matches!(
        read(r#"{"kind":"cat","tricks":[]}"#),
        Tagged::Unrecognized(_)
    ));
    assert!(matches!(read(r#"{"kind":null}"#), Tagged::Dog(_)));
    for json in [
        r#"{"kind":"fish","tricks":[]}"#,
        r#"{"tricks":[],"kind":"wolf"}"#,
    ] {
        assert_eq!(again::<Tagged>(json).len(), json.len());
    }
}

#[test]
fn generated_types_can_be_part_of_others_and_of_other_formats() {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Dog(Dog),
        Other(#[expect(dead_code, reason = "it only has to be there")] Value),
    }
    #[derive(Deserialize)]
    struct Around {
        #[serde(flatten)]
        dog: Dog,
    }
    let json = json!({ "tricks": ["sit"], "age": 3 });
    let either: Either = serde_json::from_value(json.clone()).expect("either");
    assert!(matches!(&either, Either::Dog(dog) if dog.extra["age"] == json!(3)));
    let around: Around = serde_json::from_value(json.clone()).expect("a dog");
    assert_eq!(around.dog.extra["age"], json!(3));
    assert_eq!(serde_json::to_value(&around.dog).expect("JSON"), json);
    assert!(matches!(
        serde_json::from_value(json!(7)).expect("other"),
        Either::Other(_)
    ));
}

#[test]
fn halves_of_characters_are_replaced_wherever_they_are_decoded() {
    let json: Json = serde_json::from_str(r#"{"tricks":["\ud83d"]}"#).expect("JSON");
    assert_eq!(json.as_json_text(), r#"{"tricks":["\ufffd"]}"#);
    assert_eq!(json, json!({ "tricks": ["\u{fffd}"] }));
    let dog: Pet = read(r#"{"tricks":["\udc00"],"\ud83d":"\ud83d\ude00"}"#);
    assert!(matches!(&dog, Pet::Dog(dog) if dog.tricks.is_some()));
    let value = serde_json::to_value(dog).expect("JSON");
    assert_eq!(
        value,
        json!({ "tricks": ["\u{fffd}"], "\u{fffd}": "\u{1f600}" })
    );
    assert!(matches!(read(r#""\ud83d""#), Pet::Name(name) if name == "\u{fffd}"));
}

#[test]
fn ids_are_made_of_text() {
    assert_eq!(PetId::try_from(ID), ID.parse());
    assert_eq!(PetId::try_from(ID.to_owned()), ID.parse());
    assert!(PetId::try_from("7").is_err());
    assert_eq!(format!("{:>4}", PetName::from("rex")), " rex");
    assert_eq!(PetName::from("rex".to_owned()), PetName::from("rex"));
}

#[test]
fn a_timestamp_is_a_serde_type_and_takes_the_time_of_chrono() {
    let timestamp: Timestamp = serde_json::from_str(r#""2026-01-02 03:04:05""#).expect("a time");
    assert_eq!(
        serde_json::to_value(&timestamp).expect("JSON"),
        json!("2026-01-02 03:04:05")
    );
    let time: DateTime<Utc> = timestamp.utc();
    for given in [time.into_option(), Some(time).into_option()] {
        let given: Timestamp = given.expect("a time");
        assert_eq!(time, given);
    }
    let none: Option<Timestamp> = None::<DateTime<Utc>>.into_option();
    assert_eq!(none, None);
}
