//! A blank value is no answer: neither an output nor a success.

use std::sync::atomic::{AtomicUsize, Ordering};

use nanonets_agents::{ErrorKind, OutputSource};
use serde_json::{Value, json};

use crate::raw_server::Reply;
use crate::{Service, completed};

#[derive(Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(default)]
struct Invoice {
    vendor: Option<String>,
    summary: Option<String>,
}

/// Values without anything in them, and texts that say these.
fn blank_values() -> Vec<Value> {
    vec![
        json!({}),
        json!([null]),
        json!([{}, {}]),
        json!(["", " "]),
        json!([[], [null]]),
        json!(""),
        json!(" \n\t\u{a0}"),
        json!("{}"),
        json!(" [null]\n"),
        json!("```json\n{}\n```"),
        json!("```\n[{}]\n```\n"),
    ]
}

#[tokio::test]
async fn a_blank_value_is_read_again_and_is_an_error_at_last() {
    let envelope = |summary: &Value| json!({ "summary": summary, "completed_at": "t" });
    for blank in blank_values() {
        for (summary, location) in [
            (json!({ "extracted_data": blank }), "extracted_data"),
            (
                json!({ "extracted_data": blank, "result": null }),
                "extracted_data",
            ),
            (json!({ "result": blank }), "result"),
            (json!({ "result": envelope(&blank) }), "result.summary"),
            (
                json!({ "result": { "summary": blank, "completed_at": "t", "model": "m" } }),
                "result.summary",
            ),
            (
                json!({ "result": { "extracted_data": blank } }),
                "result.extracted_data",
            ),
            (
                json!({ "extracted_data": blank, "result": envelope(&json!("")) }),
                "extracted_data",
            ),
        ] {
            let service = Service::completed(summary.to_string());
            let done = service.done(service.task()).await;
            assert_eq!(service.server.count("GET", "/summary"), 6, "{summary}");
            assert!(!done.has_answer() && done.output().is_none(), "{summary}");
            for error in [
                done.require_output().err(),
                done.extracted::<Invoice>().err(),
                done.extracted::<Option<Value>>().err(),
            ] {
                let error = error.expect("a blank value is no output");
                assert_eq!(error.kind(), ErrorKind::Mismatch);
                let lack = format!("its output in `{location}` is empty; its summary is {{");
                // An object without keys is as good as one without a summary.
                let bare = "its output in `result` is empty; its summary is {";
                let message = error.to_string();
                assert!(
                    message.contains(&lack) || message.contains(bare),
                    "{message}"
                );
            }
        }
    }
}

#[tokio::test]
async fn an_envelope_without_a_summary_is_no_answer() {
    for result in [
        json!({ "summary": null, "completed_at": "t" }),
        json!({ "summary": "  ", "completed_at": "t" }),
        json!({ "summary": [], "completed_at": "t" }),
        json!({ "completed_at": "t" }),
        json!({ "extracted_data": {}, "summary": "", "model": "m" }),
        json!({ "extracted_data": [null], "completed_at": "t", "model": "m" }),
        json!({ "summary": null }),
        json!({ "extracted_data": null, "summary": null, "completed_at": null }),
    ] {
        for data in [json!(null), json!({}), json!([])] {
            let summary = json!({ "extracted_data": data, "result": result });
            let service = Service::completed(summary.to_string());
            let done = service.done(service.task()).await;
            let error = done.extracted::<Invoice>().expect_err("no output");
            assert_eq!(error.kind(), ErrorKind::Mismatch, "{summary}");
            assert!(error.to_string().contains("is empty"), "{error}");
            assert_eq!(service.server.count("GET", "/summary"), 6, "{summary}");
        }
    }
}

#[tokio::test]
async fn locations_behind_a_blank_one_are_looked_at() {
    use OutputSource::*;
    let full = json!({ "vendor": "v" });
    for blank in blank_values().into_iter().chain([json!(null), json!([])]) {
        for (summary, source) in [
            (
                json!({ "extracted_data": blank, "result": { "extracted_data": full, "summary": "s", "completed_at": "t" } }),
                ResultExtractedData,
            ),
            (
                json!({ "extracted_data": blank, "result": { "summary": full, "completed_at": "t" } }),
                ResultSummary,
            ),
            (
                json!({ "result": { "extracted_data": blank, "summary": full.to_string(), "completed_at": "t" } }),
                ResultSummaryText,
            ),
            (
                json!({ "extracted_data": blank, "result": full.to_string() }),
                ResultText,
            ),
            (json!({ "extracted_data": blank, "result": full }), Result),
        ] {
            let done = completed(summary.to_string()).await;
            assert_eq!(done.output_source(), Some(source), "{summary}");
            let output = done.extracted::<Value>().expect("an output");
            assert_eq!(output, full, "{summary}");
        }
    }
}

#[tokio::test]
async fn an_empty_list_is_an_output_beside_an_answer_and_not_alone() {
    let words = json!({ "summary": "No line items.", "completed_at": "t" });
    for (summary, is_output) in [
        (json!({ "extracted_data": [], "result": words }), true),
        (json!({ "extracted_data": "[]", "result": words }), true),
        (json!({ "extracted_data": [], "result": "None." }), true),
        (
            json!({ "extracted_data": [], "result": { "summary": "None." } }),
            true,
        ),
        (
            json!({ "result": { "extracted_data": [], "summary": "None.", "completed_at": "t" } }),
            true,
        ),
        (
            json!({ "result": { "summary": "[]", "completed_at": "t" } }),
            true,
        ),
        (json!({ "result": "```json\n[]\n```" }), true),
        (
            json!({ "result": "There are none:\n```json\n[]\n```" }),
            true,
        ),
        (json!({ "extracted_data": [] }), false),
        (json!({ "extracted_data": "[]", "result": null }), false),
        (json!({ "extracted_data": [], "result": "" }), false),
        (json!({ "extracted_data": [], "result": {} }), false),
        (json!({ "extracted_data": [], "result": "{}" }), false),
        (json!({ "result": [] }), false),
        (json!({ "result": { "extracted_data": [] } }), false),
    ] {
        let service = Service::completed(summary.to_string());
        let done = service.done(service.task()).await;
        let reads = service.server.count("GET", "/summary");
        let list = done.extracted::<Vec<Invoice>>();
        assert_eq!(list.is_ok(), is_output, "{summary}: {list:?}");
        assert_eq!(reads, if is_output { 1 } else { 6 }, "{summary}");
        // It is no struct, although serde takes one from an array.
        done.extracted::<Invoice>().expect_err("an array");
    }
}

#[tokio::test]
async fn words_beside_a_blank_value_are_an_answer_without_an_output() {
    for result in [
        json!({ "summary": "in words", "completed_at": "t" }),
        json!({ "summary": "in words" }),
        json!({ "summary": "in words:\n```json\n{}\n```", "completed_at": "t" }),
        json!({ "summary": 7, "completed_at": "t" }),
        json!({ "extracted_data": null, "notes": "in words" }),
    ] {
        let summary = json!({ "extracted_data": {}, "result": result });
        let service = Service::completed(summary.to_string());
        let done = service.done(service.task()).await;
        assert_eq!(service.server.count("GET", "/summary"), 1, "{summary}");
        assert!(done.has_answer() && done.output().is_none(), "{summary}");
        let error = done.extracted::<Invoice>().expect_err("no output");
        assert_eq!(error.kind(), ErrorKind::Mismatch);
        let message = error.to_string();
        assert!(
            message.contains("`extracted_data` is empty")
                && message.contains("{extracted_data: {}"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn an_object_with_a_key_is_an_output_although_its_values_are_null() {
    for data in [
        json!({ "vendor": null }),
        json!([{ "vendor": null }]),
        json!({ "vendor": {} }),
    ] {
        let done = completed(json!({ "extracted_data": data }).to_string()).await;
        assert_eq!(done.extracted::<Value>().expect("an output"), data);
    }
}

#[tokio::test]
async fn a_blank_value_that_is_filled_later_is_waited_for() {
    for lagging in [
        json!({ "extracted_data": {} }),
        json!({ "extracted_data": [null], "result": null }),
        json!({ "extracted_data": [], "result": "" }),
        json!({ "result": { "summary": "", "completed_at": "t" } }),
    ] {
        let reads = AtomicUsize::new(0);
        let first = lagging.to_string();
        let service = Service::start("completed", move |_| {
            match reads.fetch_add(1, Ordering::Relaxed) {
                0..3 => Reply::json(200, &first),
                _ => Reply::json(200, r#"{"extracted_data":{"vendor":"v"}}"#),
            }
        });
        let done = service.done(service.task()).await;
        let invoice: Invoice = done.extracted().expect("an invoice");
        assert_eq!(invoice.vendor.as_deref(), Some("v"), "{lagging}");
        assert_eq!(service.server.count("GET", "/summary"), 4, "{lagging}");
    }
}
