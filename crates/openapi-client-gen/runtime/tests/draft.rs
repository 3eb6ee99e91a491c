//! Requests that are built step by step.

use std::collections::BTreeMap;

use codegen_runtime::constraint::Constraints;
use codegen_runtime::draft::{Draft, Path};
use codegen_runtime::example::Switch;
use codegen_runtime::optional::IntoOption;
use codegen_runtime::parameter::Style;
use reqwest::{Method, Request};

fn draft(path: Path) -> Draft {
    Draft::new(Method::GET, path, "application/json")
}

fn base() -> Path {
    Path::new("http://example.com/base")
}

fn request(steps: impl FnOnce(&mut Draft)) -> Request {
    let mut draft = draft(base());
    steps(&mut draft);
    draft.finish().expect("a request")
}

fn problem(draft: Draft) -> String {
    draft.finish().expect_err("a problem")
}

#[test]
fn path_parameters_are_segments() {
    let path = base()
        .text("/a/")
        .parameter("id", &"x/y ?".to_owned())
        .text("/")
        .parameter("n", &7_i64);
    let request = draft(path).finish().expect("a request");
    assert_eq!(
        request.url().as_str(),
        "http://example.com/base/a/x%2Fy%20%3F/7"
    );
    for value in ["", ".", ".."] {
        let path = base()
            .text("/a/")
            .parameter("id", &value.to_owned())
            .text("/b");
        assert!(problem(draft(path)).contains("`id`"), "{value:?}");
    }
    assert!(problem(draft(Path::new("no url"))).contains("base URL"));
}

#[test]
fn query_parameters_have_their_style() {
    let list = vec!["a,b".to_owned(), "c d".to_owned()];
    let object = BTreeMap::from([("k".to_owned(), 1_i64), ("l".to_owned(), 2)]);
    for (style, of_list, of_object) in [
        (Style::Fields, "p=a%2Cb&p=c+d", "k=1&l=2"),
        (Style::Joined(","), "p=a%2Cb,c%20d", "p=k%2C1%2Cl%2C2"),
        (Style::Joined("|"), "p=a%2Cb|c%20d", "p=k%7C1%7Cl%7C2"),
        (Style::Joined(" "), "p=a%2Cb%20c%20d", "p=k+1+l+2"),
        (
            Style::DeepObject,
            "p%5B0%5D=a%2Cb&p%5B1%5D=c+d",
            "p%5Bk%5D=1&p%5Bl%5D=2",
        ),
        (
            Style::Json,
            "p=%5B%22a%2Cb%22%2C%22c+d%22%5D",
            "p=%7B%22k%22%3A1%2C%22l%22%3A2%7D",
        ),
    ] {
        let request_of_list = request(|draft| draft.query("p", style, Some(&list)));
        assert_eq!(request_of_list.url().query(), Some(of_list), "{style:?}");
        let request_of_object = request(|draft| draft.query("p", style, Some(&object)));
        assert_eq!(
            request_of_object.url().query(),
            Some(of_object),
            "{style:?}"
        );
    }
    let switch = request(|draft| draft.query("p", Style::Fields, Some(&Switch::On)));
    assert_eq!(switch.url().query(), Some("p=on"));
    assert_eq!(
        request(|draft| draft.query::<String>("p", Style::Fields, None))
            .url()
            .query(),
        None
    );
}

#[test]
fn headers_and_cookies_hold_one_line() {
    let request = request(|draft| {
        draft.header("X-Ids", Style::Joined(","), Some(&vec![1_i64, 2]));
        draft.header(
            "X-Pairs",
            Style::JoinedPairs,
            Some(&BTreeMap::from([("k".to_owned(), true)])),
        );
        draft.header("X-Json", Style::Json, Some(&vec!["a".to_owned()]));
        draft.cookie("one", Style::Fields, Some(&1_i64));
        draft.cookie("two", Style::Fields, Some(&"b".to_owned()));
    });
    let header = |name: &str| request.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("x-ids"), "1,2");
    assert_eq!(header("x-pairs"), "k=true");
    assert_eq!(header("x-json"), r#"["a"]"#);
    assert_eq!(header("cookie"), "one=1; two=b");
    let mut broken = draft(base());
    broken.header("X-Key", Style::Fields, Some(&"a\r\nb: secret".to_owned()));
    let problem = problem(broken);
    assert!(
        problem.contains("X-Key") && !problem.contains("secret"),
        "{problem}"
    );
}

fn within(least: i128, greatest: i128) -> Constraints {
    Constraints {
        integer: (least, greatest),
        ..Constraints::NONE
    }
}

#[test]
fn an_integer_out_of_range_is_an_error() {
    for (value, least, greatest, expected) in [
        (0_i64, 1, 100, "`limit` must be from 1 to 100, not 0"),
        (0, 1, i128::MAX, "`limit` must be at least 1, not 0"),
        (9, i128::MIN, 8, "`limit` must be at most 8, not 9"),
    ] {
        let mut draft = draft(base());
        draft.check("limit", Some(&value), &within(least, greatest));
        assert_eq!(problem(draft), expected);
    }
    request(|draft| draft.check("limit", Some(&100_i64), &within(1, 100)));
    request(|draft| draft.check::<i64>("limit", None, &within(1, 100)));
}

#[test]
fn the_first_problem_is_the_one_that_is_reported() {
    let mut draft = draft(base());
    draft.check("first", Some(&0_i64), &within(1, 2));
    draft.check("second", Some(&0_i64), &within(1, 2));
    draft.header("third", Style::Fields, Some(&"\n".to_owned()));
    assert!(problem(draft).contains("`first`"));
}

#[test]
fn bodies_have_a_media_type() {
    let json = request(|draft| draft.json("application/vnd.api+json", Some(&vec![1_i64])));
    assert_eq!(json.headers()["content-type"], "application/vnd.api+json");
    assert_eq!(
        json.body().and_then(reqwest::Body::as_bytes),
        Some(b"[1]".as_slice())
    );
    let form = BTreeMap::from([("a b".to_owned(), vec!["1".to_owned(), "2".to_owned()])]);
    let form = request(|draft| draft.form("application/x-www-form-urlencoded", &[], Some(&form)));
    assert_eq!(
        form.body().and_then(reqwest::Body::as_bytes),
        Some(b"a+b=1&a+b=2".as_slice())
    );
    let none = request(|draft| draft.json::<String>("application/json", None));
    assert!(none.body().is_none() && none.headers().get("content-type").is_none());
}

#[test]
fn setters_take_a_value_or_an_option_of_one() {
    let text = |value: Option<String>| value;
    assert_eq!(text("a".into_option()), Some("a".to_owned()));
    assert_eq!(text(Some("a").into_option()), Some("a".to_owned()));
    assert_eq!(text(None::<String>.into_option()), None);
    let list = |value: Option<Vec<i64>>| value;
    assert_eq!(list([1_i32, 2].into_option()), Some(vec![1, 2]));
    assert_eq!(list(vec![1_i64].into_option()), Some(vec![1]));
    assert_eq!(list(None::<Vec<i64>>.into_option()), None);
}

#[test]
fn a_request_that_could_have_a_body_says_that_it_has_none() {
    let length = |method: Method, body: Option<&String>| {
        let mut draft = Draft::new(method, base(), "application/json");
        draft.json("application/json", body);
        let request = draft.finish().expect("a request");
        request.headers().get("content-length").cloned()
    };
    for method in [Method::POST, Method::PUT, Method::PATCH] {
        assert_eq!(length(method.clone(), None).expect("a length"), "0");
        assert_eq!(length(method, Some(&"body".to_owned())), None);
    }
    for method in [Method::GET, Method::HEAD, Method::DELETE] {
        assert_eq!(length(method, None), None);
    }
}

#[test]
fn a_header_parameter_can_name_the_media_type_of_a_body() {
    let archive = "application/x-tar".to_owned();
    for (parameter, expected) in [
        (Some(&archive), "application/x-tar"),
        (None, "application/octet-stream"),
    ] {
        let request = request(|draft| {
            draft.header("content-type", Style::Fields, parameter);
            draft.raw("application/octet-stream", Some("bytes".into()));
        });
        assert_eq!(request.headers()["content-type"], expected);
    }
}
