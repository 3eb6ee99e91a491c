//! Targets and `Host` headers that no HTTP library sends.

use crate::client::Api;
use crate::raw::exchange;

/// The status of the answer to a request with a target, an HTTP version and headers.
async fn status(api: &Api, method: &str, target: &str, version: &str, headers: &str) -> String {
    let request = format!(
        "{method} {target} HTTP/{version}\r\nAuthorization: Bearer simulated-key\r\nConnection: close\r\n{headers}\r\n"
    );
    let answer = exchange(api.simulator.address(), request.as_bytes()).await;
    answer.get(9..12).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_request_without_a_host_or_with_an_invalid_one_is_400() {
    let api = Api::start().await;
    let path = "/api/v1/agents";
    for (version, headers, expected) in [
        ("1.1", "", "400"),
        ("1.0", "", "200"),
        ("1.1", "Host: a\r\nHost: a\r\n", "400"),
        ("1.1", "Host: a\r\nhost: b\r\n", "400"),
        ("1.0", "Host: a\r\nHost: a\r\n", "400"),
        ("1.1", "Host:\r\n", "200"),
        ("1.1", "Host: anything.example\r\n", "200"),
        ("1.1", "Host: [::1]:80\r\n", "200"),
        ("1.1", "Host: a b\r\n", "400"),
        ("1.1", "Host: a, b\r\n", "400"),
        ("1.1", "Host: a:eighty\r\n", "400"),
        ("1.1", "Host: a:99999\r\n", "400"),
        ("1.1", "Host: user@a\r\n", "400"),
        ("1.1", "Host: http://a\r\n", "400"),
        ("1.1", "Host: \u{9b}31m\r\n", "400"),
        ("1.1", "Host: [::1\r\n", "400"),
        ("1.0", "Host: a b\r\n", "400"),
    ] {
        let found = status(&api, "GET", path, version, headers).await;
        assert_eq!(found, expected, "{version} {headers:?}");
    }
}

#[tokio::test]
async fn an_absolute_target_names_the_host_and_other_forms_are_400() {
    let api = Api::start().await;
    let host = "Host: 127.0.0.1\r\n";
    for (method, target, headers, expected) in [
        ("GET", "http://other.example/api/v1/agents", host, "200"),
        (
            "GET",
            "http://other.example:8080/api/v1/agents",
            host,
            "200",
        ),
        ("GET", "HTTP://other.example/api/v1/agents", host, "200"),
        ("GET", "http://other.example/api/v1/agents", "", "400"),
        (
            "GET",
            "http://other.example/api/v1/agents",
            "Host: a b\r\n",
            "400",
        ),
        (
            "GET",
            "http://user:pass@other.example/api/v1/agents",
            host,
            "400",
        ),
        (
            "GET",
            "http://other.example:99999/api/v1/agents",
            host,
            "400",
        ),
        ("GET", "http://other.example:x/api/v1/agents", host, "400"),
        ("GET", "http:///api/v1/agents", host, "400"),
        ("GET", "https://other.example/api/v1/agents", host, "400"),
        ("GET", "ftp://other.example/api/v1/agents", host, "400"),
        ("GET", "other.example:443", host, "400"),
        ("GET", "*", host, "400"),
        ("GET", "api/v1/agents", host, "400"),
        ("GET", "//other.example/api/v1/agents", host, "404"),
        ("GET", "http://other.example", host, "404"),
        ("OPTIONS", "*", host, "404"),
        ("CONNECT", "other.example:443", host, "404"),
    ] {
        let found = status(&api, method, target, "1.1", headers).await;
        assert_eq!(found, expected, "{method} {target} {headers:?}");
    }
}
