//! Delimited lists in the query of a URL.

use codegen_runtime::query::append_list;
use serde::Serialize;

fn request(url: &str) -> reqwest::Request {
    reqwest::Client::new().get(url).build().unwrap()
}

fn query_of<T: Serialize>(url: &str, name: &str, delimiter: &str, values: &[T]) -> Option<String> {
    let mut request = request(url);
    append_list(&mut request, name, delimiter, values).unwrap();
    request.url().query().map(str::to_owned)
}

#[test]
fn a_list_is_one_pair_with_literal_delimiters() {
    let query = query_of("http://h/p", "status", ",", &["draft", "published"]);
    assert_eq!(query.as_deref(), Some("status=draft,published"));
}

#[test]
fn an_empty_list_adds_nothing() {
    assert_eq!(query_of("http://h/p", "status", ",", &[] as &[&str]), None);
    assert_eq!(
        query_of("http://h/p?a=b", "status", ",", &[] as &[&str]).as_deref(),
        Some("a=b")
    );
}

#[test]
fn what_is_there_already_stays_as_it_is() {
    let query = query_of("http://h/p?q=a+b%2C%25&r=%C3%BC", "status", ",", &["x"]);
    assert_eq!(query.as_deref(), Some("q=a+b%2C%25&r=%C3%BC&status=x"));
    let query = query_of("http://h/p?", "status", ",", &["x"]);
    assert_eq!(query.as_deref(), Some("status=x"));
}

#[test]
fn the_path_and_the_host_stay_as_they_are() {
    let mut request = request("http://h:81/a%2Fb");
    append_list(&mut request, "s", ",", &["x"]).unwrap();
    assert_eq!(request.url().as_str(), "http://h:81/a%2Fb?s=x");
}

#[test]
fn what_could_be_taken_for_syntax_is_encoded() {
    let values = [
        "a,b",
        "c&d=e",
        "#f",
        "g+h",
        "i j",
        "k%2C",
        "ü",
        "'\"<>|\r\n",
        "-._~",
    ];
    let query = query_of("http://h/p", "näme[&]", ",", &values);
    assert_eq!(
        query.as_deref(),
        Some(
            "n%C3%A4me%5B%26%5D=a%2Cb,c%26d%3De,%23f,g%2Bh,i%20j,k%252C,%C3%BC,%27%22%3C%3E%7C%0D%0A,-._~"
        )
    );
}

#[test]
fn an_independent_reading_gives_the_values_back() {
    let mut request = request("http://h/p?a=1");
    append_list(&mut request, "näme", ",", &["x y", "ü&#"]).unwrap();
    let pairs: Vec<_> = request.url().query_pairs().into_owned().collect();
    assert_eq!(
        pairs,
        [
            ("a".to_owned(), "1".to_owned()),
            ("näme".to_owned(), "x y,ü&#".to_owned())
        ]
    );
}

#[test]
fn the_other_delimiters_of_openapi_work_too() {
    assert_eq!(
        query_of("http://h/", "a", "|", &["x|", "y"]).as_deref(),
        Some("a=x%7C|y")
    );
    assert_eq!(
        query_of("http://h/", "a", " ", &["x ", "y"]).as_deref(),
        Some("a=x%20%20y")
    );
}

#[test]
fn values_are_written_as_scalars() {
    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Status {
        WaitingForInput,
    }
    assert_eq!(
        query_of("http://h/", "s", ",", &[Status::WaitingForInput]).as_deref(),
        Some("s=waiting_for_input")
    );
    assert_eq!(
        query_of("http://h/", "n", ",", &[1.5, -2.0]).as_deref(),
        Some("n=1.5,-2.0")
    );
    assert_eq!(
        query_of("http://h/", "b", ",", &[true, false]).as_deref(),
        Some("b=true,false")
    );
    assert_eq!(
        query_of("http://h/", "e", ",", &["", ""]).as_deref(),
        Some("e=,")
    );
}

#[test]
fn a_value_that_is_not_a_scalar_is_refused_and_the_request_left_alone() {
    let mut request = request("http://h/?a=b");
    let refusal = append_list(&mut request, "s", ",", &[Some("x"), None]).unwrap_err();
    assert_eq!(
        refusal,
        "query parameter `s`: value 2 is null, where a value is needed"
    );
    let refusal = append_list(&mut request, "s", ",", &[["secret"]]).unwrap_err();
    assert_eq!(
        refusal,
        "query parameter `s`: value 1 is a list, where a single value is needed"
    );
    assert_eq!(request.url().query(), Some("a=b"));
}
