//! Outputs stay as they came, and defects are told.

use std::collections::HashMap;

use nanonets_agents::{ErrorKind, Outcome};
use serde_json::json;
use serde_json::value::RawValue;

use crate::raw_server::Reply;
use crate::{Service, completed};

const NUMBERS: &str = r#"{"zip":340282366920938463463374607431768211455, "amount":0.1234567890123456789012345,
    "exponent":1E400,"account":-170141183460469231731687303715884105728,"again":{"b":1.0,"a":-0}}"#;

#[tokio::test]
async fn numbers_and_the_order_of_keys_stay_as_they_came() {
    #[derive(serde::Deserialize)]
    struct Ledger {
        zip: u128,
        amount: Box<RawValue>,
        exponent: Box<RawValue>,
        account: i128,
    }
    #[derive(serde::Serialize)]
    struct Row<'o> {
        file: &'static str,
        output: &'o nanonets_agents::Output,
    }
    let text = serde_json::to_string(NUMBERS).expect("a string");
    for summary in [
        format!(r#"{{"extracted_data":{NUMBERS}}}"#),
        format!(r#"{{"result":{{"extracted_data":{text},"completed_at":"t"}}}}"#),
        format!(r#"{{"result":{text}}}"#),
    ] {
        let done = completed(summary.clone()).await;
        assert_eq!(done.raw_summary(), summary.as_bytes());
        let output = done.output().expect("an output");
        assert_eq!(output.json(), NUMBERS);
        let ledger: Ledger = done.extracted().expect("a ledger");
        assert_eq!((ledger.zip, ledger.account), (u128::MAX, i128::MIN));
        assert_eq!(ledger.amount.get(), "0.1234567890123456789012345");
        assert_eq!(ledger.exponent.get(), "1E400");
        let map: HashMap<String, Box<RawValue>> = done.extracted().expect("a map");
        assert_eq!(map["again"].get(), r#"{"b":1.0,"a":-0}"#);
        // To a file, alone or as part of something else.
        let row = serde_json::to_string(&Row {
            file: "a.pdf",
            output,
        })
        .expect("JSON");
        assert_eq!(row, format!(r#"{{"file":"a.pdf","output":{NUMBERS}}}"#));
        assert_eq!(
            output.compact(),
            r#"{"zip":340282366920938463463374607431768211455,"amount":0.1234567890123456789012345,"exponent":1E400,"account":-170141183460469231731687303715884105728,"again":{"b":1.0,"a":-0}}"#
        );
        let pretty = output.pretty();
        assert!(
            pretty.starts_with("{\n  \"zip\": 340282366920938463463374607431768211455,\n"),
            "{pretty}"
        );
        assert!(
            pretty.ends_with("  \"again\": {\n    \"b\": 1.0,\n    \"a\": -0\n  }\n}"),
            "{pretty}"
        );
        // A number that no value can hold is an error there, and nowhere else.
        assert_eq!(
            output.value().expect_err("1E400").kind(),
            ErrorKind::Mismatch
        );
    }
}

#[tokio::test]
async fn indenting_changes_blanks_alone() {
    for (json, pretty) in [
        ("7", "7"),
        ("[ ]", "[]"),
        (
            r#"{ "a" : [ ] , "b":{ } }"#,
            "{\n  \"a\": [],\n  \"b\": {}\n}",
        ),
        (
            r#"["a,b:{}[]\"\\",null]"#,
            "[\n  \"a,b:{}[]\\\"\\\\\",\n  null\n]",
        ),
    ] {
        let done = completed(format!(
            r#"{{"extracted_data":{json},"result":"in words"}}"#
        ));
        assert_eq!(done.await.output().expect("an output").pretty(), pretty);
    }
}

#[tokio::test]
async fn a_defect_where_nobody_looks_is_no_defect() {
    for summary in [
        &br#"{"title":"\ud83d","extracted_data":{"total":7}}"#[..],
        br#"{"created_at":"yesterday","task_id":7,"status":null,"extracted_data":{"total":7}}"#,
        b"{\"title\":\"\xff\xfe\",\"extracted_data\":{\"total\":7}}",
        b"\xef\xbb\xbf{\"extracted_data\":{\"total\":7}}",
        br#"{"extracted_data":{"total":8},"extracted_data":{"total":7}}"#,
        br#"{"extracted_data":{"total":7},"result":{"summary":"\udc00","completed_at":"t"}}"#,
    ] {
        let done = completed(summary).await;
        let output = done.output().map(nanonets_agents::Output::json);
        assert_eq!(output, Some(r#"{"total":7}"#), "{}", summary.escape_ascii());
        let _ = done.summary();
    }
}

#[tokio::test]
async fn a_summary_is_decoded_as_far_as_it_goes() {
    let summary = r#"{"created_at":"yesterday","status":"completed","title":"\ud83d","model":"large",
        "result":{"summary":"in words","completed_at":"t"}}"#;
    let done = completed(summary).await;
    let typed = done.summary();
    assert_eq!(
        typed.status,
        Some(Some(nanonets_agents::TaskStatus::Completed))
    );
    assert_eq!(typed.created_at, None);
    assert_eq!(typed.title, Some(Some("\u{fffd}".to_owned())));
    assert_eq!(typed.extra["created_at"], json!("yesterday"));
    assert_eq!(typed.extra["model"], json!("large"));
    let result = typed.result.as_ref().expect("an answer");
    assert_eq!(
        *result,
        json!({ "summary": "in words", "completed_at": "t" })
    );
}

#[tokio::test]
async fn half_a_surrogate_pair_in_the_output_is_an_error_of_its_field() {
    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "it is only decoded")]
    struct Invoice {
        vendor: String,
        total: f64,
    }
    #[derive(serde::Deserialize)]
    struct Total {
        total: f64,
    }
    let json = r#"{"vendor":"secret \ud83d","total":7}"#;
    let done = completed(format!(r#"{{"extracted_data":{json}}}"#)).await;
    let error = done.extracted::<Invoice>().expect_err("half a pair");
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(error.to_string().contains("at vendor"), "{error}");
    assert!(
        !format!("{error} {error:?}").contains("secret"),
        "{error:?}"
    );
    let raw = error.raw_output().expect("what came");
    assert_eq!(raw.json(), json);
    assert_eq!(raw.decode::<Total>().expect("a total").total, 7.0);
}

#[tokio::test]
async fn a_summary_that_is_no_json_object_is_told_at_once() {
    let deep = format!(r#"{{"extracted_data":{}}}"#, "[".repeat(100_000));
    for summary in [
        r#"{"extracted_data":{"vendor":"secret","total":NaN}}"#,
        r#"{"extracted_data":{"vendor":"secret","total":Infinity}}"#,
        r#"{"extracted_data":{"vendor":"secret",}}"#,
        r#"{'extracted_data': 'secret'}"#,
        r#"{"extracted_data":{}} {"more":1}"#,
        "{\"extracted_data\":\"secret\n\"}",
        &deep,
        &deep["{\"extracted_data\":".len()..],
        r#"["secret"]"#,
        r#""secret""#,
    ] {
        let service = Service::completed(summary);
        let done = service.done(service.task()).await;
        assert_eq!(service.server.count("GET", "/summary"), 1);
        assert!(done.output().is_none());
        assert_eq!(done.raw_summary(), summary.as_bytes());
        let error = done.extracted::<serde_json::Value>().expect_err("no JSON");
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        assert!(error.to_string().contains("the summary"), "{error}");
        assert!(
            !format!("{error} {error:?}").contains("secret"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn what_is_no_summary_or_broke_off_is_read_again() {
    for first in [
        "<html>Please wait.</html>",
        "",
        "null",
        r#"{"extracted_data":{"total":"#,
    ] {
        let count = std::sync::atomic::AtomicUsize::new(0);
        let service = Service::start("completed", move |_| {
            match count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0 => Reply::json(200, first),
                _ => Reply::json(200, r#"{"extracted_data":7}"#),
            }
        });
        let outcome = service.outcome(service.task()).await.expect("an outcome");
        let Outcome::Completed(done) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(done.extracted::<f64>().expect("a number"), 7.0, "{first}");
        assert_eq!(service.server.count("GET", "/summary"), 2, "{first}");
    }
}

#[tokio::test]
async fn a_raw_answer_is_never_decoded() {
    for body in [r#"{"status":NaN}"#, "", "[[[[", r#"{"result":1}"#] {
        let service = Service::completed(body);
        let raw = service.task().summary().raw().await.expect("an answer");
        assert_eq!((raw.status.as_u16(), &raw.body[..]), (200, body.as_bytes()));
        let raw = service.task().result().raw().await.expect("an answer");
        assert_eq!(&raw.body[..], body.as_bytes());
        assert_eq!(service.server.count("GET", "/summary"), 1);
    }
}
