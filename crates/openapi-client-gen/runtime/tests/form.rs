//! Bodies of forms, in each style that a field can have.

use codegen_runtime::form::encode;
use codegen_runtime::parameter::Style;
use serde::Serialize;
use serde_json::{Value, json};

fn form(body: &Value, styles: &[(&str, Style)]) -> String {
    encode(body, styles).unwrap()
}

#[test]
fn plain_values_are_pairs_and_null_is_skipped() {
    let body = json!({ "a": "x", "b": 1, "c": true, "d": null });
    assert_eq!(form(&body, &[]), "a=x&b=1&c=true");
}

#[test]
fn a_list_of_plain_values_repeats_its_key() {
    assert_eq!(form(&json!({ "a": ["x", "y"] }), &[]), "a=x&a=y");
}

#[test]
fn what_is_nested_has_its_keys_and_positions_in_brackets() {
    let body = json!({ "a": { "b": { "c": 1 }, "d": ["x"] }, "e": [{ "f": 2 }, { "f": 3 }] });
    assert_eq!(
        form(&body, &[]),
        "a%5Bb%5D%5Bc%5D=1&a%5Bd%5D%5B0%5D=x&e%5B0%5D%5Bf%5D=2&e%5B1%5D%5Bf%5D=3"
    );
}

#[test]
fn each_style_is_written_as_openapi_has_it() {
    let list = json!({ "a": ["x", "y"] });
    let object = json!({ "a": { "r": 1, "g": 2 } });
    for (style, of_list, of_object) in [
        (Style::Fields, "a=x&a=y", "g=2&r=1"),
        (Style::Joined(","), "a=x%2Cy", "a=g%2C2%2Cr%2C1"),
        (Style::Joined(" "), "a=x+y", "a=g+2+r+1"),
        (Style::Joined("|"), "a=x%7Cy", "a=g%7C2%7Cr%7C1"),
        (
            Style::DeepObject,
            "a%5B0%5D=x&a%5B1%5D=y",
            "a%5Bg%5D=2&a%5Br%5D=1",
        ),
        (
            Style::Json,
            "a=%5B%22x%22%2C%22y%22%5D",
            "a=%7B%22g%22%3A2%2C%22r%22%3A1%7D",
        ),
    ] {
        assert_eq!(form(&list, &[("a", style)]), of_list);
        assert_eq!(form(&object, &[("a", style)]), of_object);
    }
}

#[test]
fn what_could_be_taken_for_syntax_is_encoded() {
    let body = json!({ "a&b": "c=d+e f%", "ü": "~*-._\r\n" });
    assert_eq!(
        form(&body, &[]),
        "a%26b=c%3Dd%2Be+f%25&%C3%BC=%7E*-._%0D%0A"
    );
}

#[test]
fn a_number_keeps_the_digits_of_its_type() {
    #[derive(Serialize)]
    struct Body {
        ratio: f32,
    }
    assert_eq!(encode(&Body { ratio: 0.1 }, &[]).unwrap(), "ratio=0.1");
}

#[test]
fn text_is_a_form_already() {
    assert_eq!(form(&json!("a=1&b=2"), &[]), "a=1&b=2");
}

#[test]
fn what_has_no_form_is_rejected_with_its_name() {
    assert_eq!(
        encode(&[1], &[]).unwrap_err(),
        "`body` has no fields, of which a form is made"
    );
    let nested = json!({ "a": [["x"]] });
    assert_eq!(
        encode(&nested, &[("a", Style::Joined(","))]).unwrap_err(),
        "`a` holds more than plain values, which can't be sent"
    );
}
