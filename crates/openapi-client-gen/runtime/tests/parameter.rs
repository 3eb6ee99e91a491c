//! Parameters that are objects or lists, in each place and style.

use codegen_runtime::parameter::{Style, add_cookie, append_query, set_header};
use serde_json::{Value, json};

fn request() -> reqwest::Request {
    reqwest::Client::new()
        .get("http://h/p?a=b")
        .build()
        .unwrap()
}

/// The query after `a=b`, decoded.
fn query(style: Style, value: &Value) -> Vec<(String, String)> {
    let mut request = request();
    append_query(&mut request, "f", style, value).unwrap();
    let pairs = request.url().query_pairs().into_owned();
    pairs.skip(1).collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    pairs.into_iter().map(owned).collect()
}

fn filter() -> Value {
    json!({ "name": "a&b", "size": { "min": 1 }, "tags": ["x", "y"], "unset": null })
}

#[test]
fn a_deep_object_names_the_way_to_each_value_in_brackets() {
    assert_eq!(
        query(Style::DeepObject, &filter()),
        pairs([
            ("f[name]", "a&b"),
            ("f[size][min]", "1"),
            ("f[tags][0]", "x"),
            ("f[tags][1]", "y")
        ])
    );
}

#[test]
fn the_fields_of_an_exploded_object_are_parameters_of_their_own() {
    let expected = pairs([("a", "1"), ("b", "true")]);
    assert_eq!(
        query(Style::Fields, &json!({ "a": 1, "b": true })),
        expected
    );
    assert_eq!(
        query(Style::Fields, &json!(["x", "y"])),
        pairs([("f", "x"), ("f", "y")])
    );
}

#[test]
fn an_object_that_is_not_exploded_is_one_value() {
    assert_eq!(
        query(Style::Joined(","), &json!({ "a": 1, "b": "c" })),
        pairs([("f", "a,1,b,c")])
    );
    assert_eq!(
        query(Style::Joined(","), &json!([1, 2])),
        pairs([("f", "1,2")])
    );
}

#[test]
fn json_is_sent_whole() {
    assert_eq!(
        query(Style::Json, &json!({ "a": [1] })),
        pairs([("f", r#"{"a":[1]}"#)])
    );
}

#[test]
fn null_is_skipped() {
    for style in [
        Style::Fields,
        Style::Joined(","),
        Style::DeepObject,
        Style::Json,
    ] {
        assert_eq!(query(style, &Value::Null), []);
    }
    let mut request = request();
    set_header(&mut request, "X-A", false, &Value::Null).unwrap();
    add_cookie(&mut request, "a", &Value::Null).unwrap();
    assert!(request.headers().is_empty());
}

#[test]
fn a_value_that_a_style_has_no_form_for_is_refused_and_nothing_is_sent_of_it() {
    let mut request = request();
    let problem = append_query(&mut request, "f", Style::Joined(","), &filter()).unwrap_err();
    assert_eq!(
        problem,
        "`f` holds more than plain values, which can't be sent"
    );
    assert_eq!(request.url().query(), Some("a=b"));
}

#[test]
fn a_header_joins_items_and_pairs() {
    let mut request = request();
    set_header(&mut request, "X-List", false, &[1, 2]).unwrap();
    set_header(&mut request, "X-Pairs", true, &json!({ "a": 1, "b": 2 })).unwrap();
    set_header(&mut request, "X-Flat", false, &json!({ "a": 1 })).unwrap();
    assert_eq!(request.headers()["x-list"], "1,2");
    assert_eq!(request.headers()["x-pairs"], "a=1,b=2");
    assert_eq!(request.headers()["x-flat"], "a,1");
}

#[test]
fn cookies_add_up_and_are_not_shown() {
    let mut request = request();
    add_cookie(&mut request, "a", &"1").unwrap();
    add_cookie(&mut request, "b", &[2, 3]).unwrap();
    assert_eq!(request.headers()["cookie"], "a=1; b=2,3");
    assert!(request.headers()["cookie"].is_sensitive());
}

#[test]
fn a_cookie_can_not_bring_another_one() {
    for value in ["1; b=2", "a b", "a\r\nX-Evil: 1", "\u{fc}"] {
        let mut request = request();
        let problem = add_cookie(&mut request, "a", &value).unwrap_err();
        assert_eq!(problem, "the cookie `a` can't hold this value");
        assert!(request.headers().is_empty());
    }
}
