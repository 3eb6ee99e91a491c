//! Two requests, compared as a server reads them.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::recorder::Recorded;

/// The headers of the connection and of the HTTP library.
const IGNORED: [&str; 6] = [
    "host",
    "content-length",
    "transfer-encoding",
    "user-agent",
    "accept-encoding",
    "connection",
];

/// A difference of two requests.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Where: `method`, `path`, `query NAME`, `header NAME`, or `body` with a JSON pointer or the name of a field.
    pub location: String,
    /// The value in our request.
    pub ours: Option<String>,
    /// The value in their request.
    pub theirs: Option<String>,
}

/// The differences of two requests.
pub fn differences(ours: &Recorded, theirs: &Recorded) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut compare = |location: &str, ours: Option<String>, theirs: Option<String>| {
        if ours != theirs {
            let location = location.to_owned();
            found.push(Difference {
                location,
                ours,
                theirs,
            });
        }
    };
    compare(
        "method",
        Some(ours.method.clone()),
        Some(theirs.method.clone()),
    );
    let split = |target: &str| match target.split_once('?') {
        Some((path, query)) => (path.to_owned(), query.to_owned()),
        None => (target.to_owned(), String::new()),
    };
    let ((our_path, our_query), (their_path, their_query)) =
        (split(&ours.target), split(&theirs.target));
    let path = |path: &str| path.split('/').map(decoded).collect::<Vec<_>>();
    if path(&our_path) != path(&their_path) {
        compare("path", Some(our_path), Some(their_path));
    }
    let (our_pairs, their_pairs) = (pairs(&our_query), pairs(&their_query));
    for name in names(&our_pairs, &their_pairs) {
        let values = |pairs: &BTreeMap<String, Vec<String>>| {
            pairs.get(name).map(|values| format!("{values:?}"))
        };
        compare(
            &format!("query {name}"),
            values(&our_pairs),
            values(&their_pairs),
        );
    }
    let (our_headers, their_headers) = (headers(ours), headers(theirs));
    for name in names(&our_headers, &their_headers) {
        let value = |headers: &BTreeMap<String, String>| headers.get(name).cloned();
        compare(
            &format!("header {name}"),
            value(&our_headers),
            value(&their_headers),
        );
    }
    match (
        serde_json::from_slice(&ours.body),
        serde_json::from_slice(&theirs.body),
    ) {
        (Ok(ours), Ok(theirs)) => json("body ", &ours, &theirs, &mut compare),
        _ if is_form(&our_headers) && is_form(&their_headers) => {
            let text = |body: &[u8]| pairs(&String::from_utf8_lossy(body));
            let (ours, theirs) = (text(&ours.body), text(&theirs.body));
            for name in names(&ours, &theirs) {
                let values = |pairs: &BTreeMap<String, Vec<String>>| {
                    pairs.get(name).map(|values| format!("{values:?}"))
                };
                compare(&format!("body {name}"), values(&ours), values(&theirs));
            }
        }
        _ => {
            let text = |body: &[u8]| Some(String::from_utf8_lossy(body).into_owned());
            let some = |body: &[u8]| text(body).filter(|body| !body.is_empty());
            compare("body", some(&ours.body), some(&theirs.body));
        }
    }
    found
}

/// The differences of the JSON that we sent from what the caller set, which has no reason.
pub fn changed(input: &Value, sent: &[u8]) -> Vec<Difference> {
    let sent: Value = serde_json::from_slice(sent).unwrap_or_default();
    let mut found = Vec::new();
    json("changed ", &sent, input, &mut |location, ours, theirs| {
        let location = location.to_owned();
        found.push(Difference {
            location,
            ours,
            theirs,
        });
    });
    found
}

/// Compares JSON by value: numbers as numbers, members in any order.
fn json(
    at: &str,
    ours: &Value,
    theirs: &Value,
    compare: &mut impl FnMut(&str, Option<String>, Option<String>),
) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let keys: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
            for key in keys {
                let at = format!("{at}/{key}");
                match (ours.get(key), theirs.get(key)) {
                    (Some(ours), Some(theirs)) => json(&at, ours, theirs, compare),
                    (ours, theirs) => compare(
                        &at,
                        ours.map(ToString::to_string),
                        theirs.map(ToString::to_string),
                    ),
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                json(&format!("{at}/{index}"), ours, theirs, compare);
            }
        }
        (Value::Number(ours), Value::Number(theirs)) if ours.as_f64() == theirs.as_f64() => {}
        (ours, theirs) if ours == theirs => {}
        (ours, theirs) => compare(at, Some(ours.to_string()), Some(theirs.to_string())),
    }
}

fn names<'a, T>(
    ours: &'a BTreeMap<String, T>,
    theirs: &'a BTreeMap<String, T>,
) -> BTreeSet<&'a String> {
    ours.keys().chain(theirs.keys()).collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Pairs of a query or a form. The order of the values of one name counts.
fn pairs(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut pairs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = |text: &str| decoded(&text.replace('+', " "));
        pairs.entry(decoded(name)).or_default().push(decoded(value));
    }
    pairs
}

fn headers(request: &Recorded) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    for (name, value) in &request.headers {
        if !IGNORED.contains(&&**name) {
            headers
                .entry(name.clone())
                .and_modify(|known: &mut String| {
                    known.push_str(", ");
                    known.push_str(value);
                })
                .or_insert_with(|| value.clone());
        }
    }
    headers
}

fn is_form(headers: &BTreeMap<String, String>) -> bool {
    headers
        .get("content-type")
        .is_some_and(|of| of.starts_with("application/x-www-form-urlencoded"))
}
