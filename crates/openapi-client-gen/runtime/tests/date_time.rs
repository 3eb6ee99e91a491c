//! Dates and times as servers write them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use codegen_runtime::date_time::{self, parse};
use serde::Deserialize;
use serde_json::json;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

#[test]
fn a_date_and_time_is_read_as_the_world_writes_it() {
    for (text, expected) in [
        ("2024-03-09T14:05:06Z", "2024-03-09T14:05:06Z"),
        ("2024-03-09T14:05:06", "2024-03-09T14:05:06Z"),
        ("2024-03-09 14:05:06", "2024-03-09T14:05:06Z"),
        ("2024-03-09t14:05:06z", "2024-03-09T14:05:06Z"),
        ("2024-03-09T14:05:06+00:00", "2024-03-09T14:05:06Z"),
        ("2024-03-09T14:05:06+0000", "2024-03-09T14:05:06Z"),
        ("2024-03-09T14:05:06+00", "2024-03-09T14:05:06Z"),
        ("2024-03-09T14:05:06-00:00", "2024-03-09T14:05:06Z"),
        ("2024-03-09 14:05:06 +0530", "2024-03-09T08:35:06Z"),
        ("2024-03-09T14:05:06-0800", "2024-03-09T22:05:06Z"),
        ("2024-03-09 14:05:06 UTC", "2024-03-09T14:05:06Z"),
        ("2024-03-09 14:05:06 GMT", "2024-03-09T14:05:06Z"),
        ("2024-03-09T14:05:06.123456", "2024-03-09T14:05:06.123456Z"),
        (
            "2024-03-09T14:05:06.123456+00:00",
            "2024-03-09T14:05:06.123456Z",
        ),
        (
            "2024-03-09T14:05:06.123456789Z",
            "2024-03-09T14:05:06.123456789Z",
        ),
        (
            "2024-03-09T14:05:06.1234567891234",
            "2024-03-09T14:05:06.123456789Z",
        ),
        ("2024-03-09T14:05:06,5", "2024-03-09T14:05:06.5Z"),
        ("2024-03-09T14:05:60Z", "2024-03-09T14:05:60Z"),
        ("2016-12-31T23:59:60", "2016-12-31T23:59:60Z"),
        ("2024-03-09T14:05Z", "2024-03-09T14:05:00Z"),
        ("2024-03-09 14:05", "2024-03-09T14:05:00Z"),
        ("2024-03-09", "2024-03-09T00:00:00Z"),
        ("  2024-03-09T14:05:06Z\n", "2024-03-09T14:05:06Z"),
        ("+12024-03-09T14:05:06Z", "+12024-03-09T14:05:06Z"),
        ("Sat, 09 Mar 2024 14:05:06 GMT", "2024-03-09T14:05:06Z"),
    ] {
        assert_eq!(parse(text), Some(time(expected)), "{text:?}");
    }
}

#[test]
fn what_is_no_date_and_time_is_none() {
    for text in [
        "",
        "soon",
        "2024",
        "2024-13-09T14:05:06Z",
        "2024-02-30T14:05:06Z",
        "2024-03-09T25:05:06Z",
        "2024-03-09T14:05:06X",
        "2024-03-09T14:05:06+1",
        "2024-03-09T14:05:06+9900",
        "2024-03-09T14:05:06+00:00:00",
        "2024-03-09x14:05:06Z",
        "2024-03-0é14:05:06Z",
        "9999999999-01-01T00:00:00Z",
        "1709993106",
        "2024-03-09T14:05:06+é0",
        "é-é-é-é-é-é",
    ] {
        assert_eq!(parse(text), None, "{text:?}");
    }
}

#[derive(Debug, Deserialize, PartialEq)]
struct Times {
    #[serde(deserialize_with = "date_time::deserialize")]
    one: DateTime<Utc>,
    #[serde(default, deserialize_with = "date_time::deserialize")]
    optional: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "date_time::deserialize")]
    many: Vec<Option<DateTime<Utc>>>,
    #[serde(default, deserialize_with = "date_time::deserialize")]
    named: HashMap<String, Box<DateTime<Utc>>>,
}

#[test]
fn fields_are_read_leniently_wherever_they_hold_the_time() {
    let expected = time("2024-03-09T14:05:06Z");
    let text = "2024-03-09 14:05:06";
    let times =
        json!({ "one": text, "optional": text, "many": [text, null], "named": { "a": text } });
    let times: Times = serde_json::from_value(times).expect("times");
    assert_eq!(times.one, expected);
    assert_eq!(times.optional, Some(expected));
    assert_eq!(times.many, [Some(expected), None]);
    assert_eq!(*times.named["a"], expected);
    for times in [
        json!({ "one": text }),
        json!({ "one": text, "optional": null }),
    ] {
        let times: Times = serde_json::from_value(times).expect("times");
        assert_eq!(times.optional, None);
    }
}

#[test]
fn what_is_no_time_is_an_error_that_does_not_quote_it() {
    let error = serde_json::from_str::<Times>("{\"one\":\"the secret\"}");
    assert!(
        error
            .expect_err("no time")
            .to_string()
            .starts_with("not a date and time")
    );
    for one in [json!(null), json!(1), json!(["2024-03-09T14:05:06Z"])] {
        let times = serde_json::from_value::<Times>(json!({ "one": one }));
        times.expect_err("no time");
    }
}
