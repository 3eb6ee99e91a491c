//! JSON of any shape: kept as it came, and compared without rounding.

use codegen_runtime::Json;
use codegen_runtime::example::Dog;
use codegen_runtime::wire::{As, Wire};
use serde_json::{Value, json};

fn read(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_text_is_kept_and_debug_does_not_show_it() {
    let json = read(r#"{ "b": [1.10], "a": "\u0041" }"#);
    assert_eq!(json.as_json_text(), r#"{ "b": [1.10], "a": "\u0041" }"#);
    assert_eq!(json.get::<Dog>().expect("a dog").extra.len(), 2);
    assert!(!format!("{:?}", Json::from(json!("secret"))).contains("secret"));
}

#[test]
fn a_string_is_decoded_and_its_json_text_has_quotes() {
    let json = read(r#""a \"quoted\" word""#);
    assert_eq!(
        json.get::<String>().expect("a string"),
        r#"a "quoted" word"#
    );
    assert_eq!(json.as_json_text(), r#""a \"quoted\" word""#);
}

#[test]
fn two_spellings_of_the_same_value_are_equal() {
    for (left, right) in [
        (r#"{ "b": [], "a": 1 }"#, r#"{"a":1,"b":[]}"#),
        (r#""\u00fc\/""#, r#""ü/""#),
        ("1", "1.0"),
        ("-0", "0.00e7"),
        ("1e2", "100"),
        ("0.00120", "12E-4"),
        ("10e400", "1e401"),
        ("[1.50, null]", "[1.5,null]"),
        (r#"{"a":{"c":1,"b":2}}"#, r#"{"a":{"b":2,"c":1}}"#),
    ] {
        assert_eq!(read(left), read(right));
    }
    assert_eq!(read("1e2"), json!(100));
}

#[test]
fn values_that_a_serde_json_value_confuses_are_different() {
    for (left, right) in [
        ("1e400", "2e400"),
        ("1e400", "null"),
        ("12345678901234567890", "12345678901234567891"),
        ("123456789012345678901", "123456789012345678902"),
        ("-9223372036854775809", "-9223372036854775808"),
        ("0.12345678901234567891", "0.12345678901234567892"),
        ("1e-400", "0"),
        ("1", "-1"),
        (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
        ("[1e400]", "[2e400]"),
        ("1", r#""1""#),
        ("1e99999999999999999999", "1e99999999999999999998"),
    ] {
        assert_ne!(read(left), read(right));
    }
    assert_ne!(read("1e400"), Value::Null);
}

#[test]
fn values_nested_too_deep_to_compare_are_equal_if_their_texts_are() {
    let deep = |inner: &str| {
        read(&format!(
            "{}{inner}{}",
            "[".repeat(9_000),
            "]".repeat(9_000)
        ))
    };
    assert_eq!(deep("1"), deep("1"));
    assert_ne!(deep("1"), deep("2"));
}

#[test]
fn a_serde_json_value_is_the_same_value_or_an_error() {
    for text in [
        "null",
        "0.1",
        "1.50",
        "18446744073709551615",
        "-9223372036854775808",
        "1e300",
        r#"{"a":[true,{"b":"\ud83d\ude00"}]}"#,
    ] {
        let value = read(text).to_value().expect(text);
        assert_eq!(read(text), value);
    }
    let deep = "[".repeat(200) + &"]".repeat(200);
    for text in [
        "1e400",
        "18446744073709551616",
        "123456789012345678901234567890",
        "0.12345678901234567891",
        r#"{"a":1,"a":2}"#,
        r#"[{"a":-9223372036854775809}]"#,
        &deep,
    ] {
        assert!(read(text).to_value().is_err(), "{text}");
        assert_eq!(read(text).as_json_text(), text);
    }
    // Rounding is asked for by name.
    let rounded: Value = read("18446744073709551616").get().expect("a number");
    assert_eq!(rounded, json!(18_446_744_073_709_551_616.0));
}

#[test]
fn an_optional_member_of_any_json_tells_null_from_absent() {
    let As(null): As<Option<Json>> = serde_json::from_str("null").expect("null");
    assert!(null.as_ref().is_some_and(Json::is_null));
    assert_eq!(serde_json::to_string(&As(&null)).expect("JSON"), "null");
    let As(none): As<Option<String>> = serde_json::from_str("null").expect("null");
    assert_eq!(none, None);
    assert!(Option::<Box<Json>>::of_null().is_none() && Box::<Json>::of_null().is_some());
}
