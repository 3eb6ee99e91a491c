//! Where an output is looked for, and what is none.

use nanonets_agents::{ErrorKind, OutputSource};
use serde_json::json;

use crate::completed;

#[tokio::test]
async fn each_location_has_its_output_and_its_name() {
    use OutputSource::*;
    let block = "Here it is:\n```json\n{\"total\": 7}\n```\nAnything else?";
    for (summary, source) in [
        (json!({ "extracted_data": { "total": 7 } }), ExtractedData),
        (
            json!({ "extracted_data": r#" {"total":7} "# }),
            ExtractedData,
        ),
        (json!({ "extracted_data": block }), ExtractedData),
        (
            json!({ "result": { "extracted_data": { "total": 7 } } }),
            ResultExtractedData,
        ),
        (
            json!({ "result": { "extracted_data": "{\"total\":7}", "summary": "s", "completed_at": "t" } }),
            ResultExtractedData,
        ),
        (
            json!({ "result": { "summary": { "total": 7 }, "completed_at": "t" } }),
            ResultSummary,
        ),
        (
            json!({ "result": { "summary": "{\"total\":7}", "completed_at": "t" } }),
            ResultSummaryText,
        ),
        (
            json!({ "result": { "summary": block, "completed_at": "t", "model": "large" } }),
            ResultSummaryText,
        ),
        (json!({ "result": { "summary": block } }), ResultSummaryText),
        (
            json!({ "result": { "summary": { "total": 7 }, "extracted_data": null } }),
            ResultSummary,
        ),
        (
            json!({ "result": { "summary": block, "extracted_data": {}, "model": "large" } }),
            ResultSummaryText,
        ),
        (json!({ "result": "{\"total\":7}" }), ResultText),
        (json!({ "result": block }), ResultText),
        (json!({ "result": { "total": 7 } }), Result),
    ] {
        let done = completed(summary.to_string()).await;
        let output = done.output().unwrap_or_else(|| panic!("{summary}"));
        assert_eq!(output.value().expect("JSON"), json!({ "total": 7 }));
        assert_eq!(done.output_source(), Some(source), "{summary}");
        assert!(
            summary
                .pointer(&format!("/{}", source.path().replace('.', "/")))
                .is_some()
        );
    }
}

#[tokio::test]
async fn the_first_location_wins_and_an_empty_one_counts_last() {
    use OutputSource::*;
    let text = json!({ "summary": "{\"from\":\"text\"}", "completed_at": "t" });
    for (summary, expected, source) in [
        (
            json!({ "extracted_data": { "from": "data" }, "result": text }),
            r#"{"from":"data"}"#,
            ExtractedData,
        ),
        (
            json!({ "extracted_data": null, "result": text }),
            r#"{"from":"text"}"#,
            ResultSummaryText,
        ),
        (
            json!({ "extracted_data": {}, "result": text }),
            r#"{"from":"text"}"#,
            ResultSummaryText,
        ),
        (
            json!({ "extracted_data": "", "result": text }),
            r#"{"from":"text"}"#,
            ResultSummaryText,
        ),
        (
            json!({ "result": { "extracted_data": null, "summary": "{\"from\":\"text\"}", "completed_at": "t" } }),
            r#"{"from":"text"}"#,
            ResultSummaryText,
        ),
        (
            json!({ "extracted_data": [], "result": { "summary": "Nothing.", "completed_at": "t" } }),
            "[]",
            ExtractedData,
        ),
        (
            json!({ "extracted_data": [{ "a": 1 }, 2] }),
            r#"[{"a":1},2]"#,
            ExtractedData,
        ),
        (
            json!({ "extracted_data": "in words" }),
            "\"in words\"",
            ExtractedData,
        ),
        (json!({ "extracted_data": false }), "false", ExtractedData),
        (json!({ "result": "in words" }), "\"in words\"", Result),
        (json!({ "result": [1, 2] }), "[1,2]", Result),
        // Fields of a type, which have the names of others.
        (
            json!({ "result": { "result": { "total": 7 } } }),
            r#"{"result":{"total":7}}"#,
            Result,
        ),
        (
            json!({ "result": { "summary": "s", "total": 7 } }),
            r#"{"summary":"s","total":7}"#,
            Result,
        ),
    ] {
        let done = completed(summary.to_string()).await;
        let output = done.output().unwrap_or_else(|| panic!("{summary}"));
        assert_eq!(
            (output.compact().as_str(), output.source()),
            (expected, source),
            "{summary}"
        );
    }
}

#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "it is only decoded")]
struct Optional {
    total: Option<f64>,
    summary: Option<String>,
    completed_at: Option<String>,
}

#[tokio::test]
async fn the_documented_answer_is_no_output_and_the_error_shows_its_shape_alone() {
    for result in [
        json!({ "summary": "Mr Secret owes 7.", "completed_at": "2026-01-01T00:00:00Z" }),
        json!({ "summary": null, "completed_at": "secret" }),
        json!({ "summary": "", "completed_at": null }),
        json!({ "summary": 7, "completed_at": "secret", "model": "secret", "cost": 7 }),
        json!({ "summary": "secret {\"total\": 7}", "completed_at": "secret" }),
        json!({ "summary": "```json\n{\"total\": \n```", "completed_at": "secret" }),
        json!({ "extracted_data": null, "notes": "secret" }),
        // As much of it as is there.
        json!({ "summary": "secret" }),
        json!({ "summary": 7 }),
        json!({ "summary": true, "extracted_data": null }),
        json!({ "completed_at": "secret" }),
        json!({ "extracted_data": "", "completed_at": "secret" }),
    ] {
        let done = completed(json!({ "status": "completed", "result": result }).to_string()).await;
        assert!(done.output().is_none(), "{result}");
        let error = done.extracted::<Optional>().expect_err("no output");
        assert_eq!(error.kind(), ErrorKind::Mismatch);
        let shown = format!("{error} {error:?}").to_lowercase();
        assert!(shown.contains("result: {"), "{shown}");
        assert!(
            !shown.contains("secret") && !shown.contains("mr "),
            "{shown}"
        );
        // The output is still there.
        let client = nanonets_agents::Client::new("key").expect("a client");
        let Some(nanonets_agents::Outcome::Completed(done)) = client.outcome_of(&error) else {
            panic!("{error:?}");
        };
        assert_eq!(done.summary().result, Some(result.into()));
    }
}

#[tokio::test]
async fn a_summary_that_lags_behind_has_no_output_and_is_an_error() {
    for summary in [
        json!({}),
        json!({ "status": "completed" }),
        json!({ "result": null, "extracted_data": null }),
        json!({ "result": "" }),
    ] {
        let done = completed(summary.to_string()).await;
        assert!(done.output().is_none(), "{summary}");
        let error = done.extracted::<Optional>().expect_err("no output");
        assert_eq!(error.kind(), ErrorKind::Mismatch);
        assert_eq!(error.task_id(), Some(done.task().id()));
    }
}

#[tokio::test]
async fn text_has_an_output_if_it_is_json_or_has_one_block_of_it() {
    let object = Some("{\"a\":1}");
    for (text, expected) in [
        ("{\"a\":1}", object),
        ("\n  {\"a\":1}\n", object),
        ("```json\n{\"a\":1}\n```", object),
        ("```\n{\"a\":1}\n```", object),
        ("```JSON\r\n{\"a\":1}\r\n```\r\n", object),
        ("~~~json\n{\"a\":1}\n~~~", object),
        ("````json\n{\"a\":1}\n````", object),
        ("Sure: ```json {\"a\":1}``` as you like.", object),
        ("```json\n{\"a\":1}", object),
        // Other code, and examples, beside it.
        ("```python\nprint(1)\n```\n```json\n{\"a\":1}\n```", object),
        (
            "As in\n```\n{\"a\":0}\n```\nit is\n```json\n{\"a\":1}\n```",
            object,
        ),
        (
            "```json\n{\"a\":1}\n```\nonce more\n```json\n{\"a\":1}\n```",
            object,
        ),
        ("```json\n{\"a\":\"```\"}\n```", Some("{\"a\":\"```\"}")),
        ("```json\n[1, 2]\n```", Some("[1,2]")),
        // Nothing is picked of several.
        ("```json\n{\"a\":1}\n```\n```json\n{\"a\":2}\n```", None),
        ("```\n{\"a\":1}\n```\n```\n{\"a\":2}\n```", None),
        // Prose with brackets is prose.
        ("The total is {\"a\":1}", None),
        ("{\"a\":1} is the total", None),
        ("{a: 1}", None),
        ("```json\n{\"a\":1\n```", None),
        ("```json\n{\"a\":1} and {\"a\":2}\n```", None),
        ("42", None),
        ("", None),
    ] {
        let summary = json!({ "result": { "summary": text, "completed_at": "t" } });
        let done = completed(summary.to_string()).await;
        let output = done.output().map(nanonets_agents::Output::compact);
        assert_eq!(output.as_deref(), expected, "{text}");
    }
}
