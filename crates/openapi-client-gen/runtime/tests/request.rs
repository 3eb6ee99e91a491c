//! Values that would make a request another one are refused.

use codegen_runtime::request::{header, segment};

#[test]
fn a_segment_is_encoded() {
    assert_eq!(segment("id", "a/b ?").unwrap(), "a%2Fb%20%3F");
}

#[test]
fn a_segment_that_would_change_the_path_is_rejected_with_its_name() {
    for value in ["", ".", ".."] {
        let error = segment("id", value).unwrap_err();
        assert!(error.contains("`id`"), "{error}");
    }
}

#[test]
fn a_header_that_would_add_another_is_refused_without_showing_its_value() {
    let error = header("X-Trace", "secret\r\nX-Other: 1").unwrap_err();
    assert!(
        error.contains("X-Trace") && !error.contains("secret"),
        "{error}"
    );
}
