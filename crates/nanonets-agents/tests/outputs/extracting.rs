//! A success of `extract` has something in it, and is what was asked for.

use std::collections::HashMap;

use nanonets_agents::{Error, ErrorKind, OutputSource};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{Service, completed};

#[derive(Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(default)]
struct Invoice {
    vendor: Option<String>,
    #[serde(alias = "amount")]
    total: Option<f64>,
    line_items: Vec<LineItem>,
}

#[derive(Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
struct LineItem {
    sku: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
struct Wrapped(Invoice);

#[derive(Debug, PartialEq, Deserialize)]
struct Newtype(Invoice);

async fn of<T: DeserializeOwned>(output: &Value) -> Result<T, Error> {
    let done = completed(json!({ "extracted_data": output }).to_string()).await;
    done.extracted()
}

#[tokio::test]
async fn an_object_without_any_field_of_the_type_is_an_error() {
    for output in [
        json!({ "data": { "vendor": "Secret" } }),
        json!({ "Vendor": "Secret", "Total": 7 }),
        json!({ "error": "Secret" }),
    ] {
        let errors = [
            of::<Invoice>(&output).await.err(),
            of::<Wrapped>(&output).await.err(),
            of::<Newtype>(&output).await.err(),
            of::<Option<Invoice>>(&output).await.err(),
            of::<Box<Invoice>>(&output).await.err(),
        ];
        for error in errors {
            let error = error.expect("nothing of it is an invoice");
            assert_eq!(error.kind(), ErrorKind::Mismatch);
            assert!(
                error
                    .to_string()
                    .contains("its top has none of the type's fields"),
                "{error}"
            );
            assert!(
                !format!("{error} {error:?}").contains("Secret"),
                "{error:?}"
            );
            let raw = error.raw_output().expect("what came");
            assert_eq!(raw.value().expect("JSON"), output);
            assert_eq!(raw.source(), OutputSource::ExtractedData);
        }
    }
}

#[tokio::test]
async fn an_object_with_a_field_of_the_type_is_one() {
    for (output, expected) in [
        (json!({ "vendor": null }), Invoice::default()),
        (
            json!({ "amount": 7, "currency": "EUR" }),
            Invoice {
                total: Some(7.0),
                ..Invoice::default()
            },
        ),
    ] {
        assert_eq!(of::<Invoice>(&output).await.expect("an invoice"), expected);
    }
    // Types that take any field.
    #[derive(Deserialize)]
    struct Open {
        vendor: Option<String>,
        #[serde(flatten)]
        rest: HashMap<String, Value>,
    }
    let other = json!({ "anything": 7 });
    let open: Open = of(&other).await.expect("an object");
    assert_eq!((open.vendor, open.rest.len()), (None, 1));
    let map: HashMap<String, Option<f64>> = of(&other).await.expect("a map");
    assert_eq!(map["anything"], Some(7.0));
    assert_eq!(of::<Value>(&other).await.expect("JSON"), other);
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    enum Document {
        Invoice { total: Option<f64> },
    }
    let tagged: Document = of(&json!({ "kind": "invoice" })).await.expect("a document");
    assert_eq!(tagged, Document::Invoice { total: None });
}

#[tokio::test]
async fn the_error_shows_the_shape_of_what_came_and_no_value() {
    let output = json!({
        "data": { "vendor": "Secret", "paid": true, "lines": [{ "sku": "Secret", "qty": 7 }, {}], "due": null },
        "Mr Secret": 7,
        "empty": [],
    });
    let error = of::<Invoice>(&output).await.expect_err("a mismatch");
    let expected = "{(a key): number, data: {due: null, lines: [{qty: number, sku: string}, ...], \
        paid: boolean, vendor: string}, empty: []}";
    assert!(error.to_string().contains(expected), "{error}");
    // It is short, whatever came.
    let wide: HashMap<String, u32> = (0..1_000).map(|id| (format!("p{id}"), id)).collect();
    let long: Vec<_> = (0..40).map(|id| json!({ "a".repeat(60): id })).collect();
    let deep = (0..50).fold(json!(7), |inner, _| json!([{ "a": inner }]));
    for output in [
        json!(wide),
        json!(long),
        json!({ "deep": deep }),
        json!("Secret".repeat(9_999)),
    ] {
        let error = of::<Invoice>(&output).await.expect_err("a mismatch");
        let text = error.to_string();
        assert!(text.len() < 900, "{text}");
        assert!(!text.contains("Secret") && !text.contains("p999"), "{text}");
    }
}

#[tokio::test]
async fn an_output_is_valid_against_the_schema_that_was_sent() {
    let service =
        Service::completed(r#"{"extracted_data":{"vendor":"Secret","total":"7 Secret"}}"#);
    let schema = json!({
        "type": "object",
        "properties": { "vendor": { "type": "string" }, "total": { "type": ["number", "null"] } },
        "required": ["vendor", "total"],
    });
    let run = service.run().output_schema(&schema);
    let error = run.extract_as::<Value>().await.expect_err("a string");
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(error.to_string().contains("total is a string"), "{error}");
    assert!(
        !format!("{error} {error:?}").contains("Secret"),
        "{error:?}"
    );
    // The output is still there, and can be decoded without the check.
    let raw = error.raw_output().expect("what came");
    assert_eq!(raw.decode::<Value>().expect("JSON")["vendor"], "Secret");
    // A task that is waited for by its id has no schema.
    let done = service.done(service.task()).await;
    done.extracted::<Value>().expect("JSON");
    // And neither has one that was asked in words, or with an example.
    for run in [
        service.run().output_in_words("a number as the total"),
        service
            .run()
            .output_schema(&json!({ "vendor": "string", "total": "number" })),
        service
            .run()
            .output_schema(&json!({ "type": "string", "properties": "string" })),
        service
            .run()
            .output_schema(&schema)
            .output_in_words("the vendor"),
    ] {
        run.extract_as::<Value>().await.expect("JSON");
    }
}

#[tokio::test]
async fn a_type_that_takes_anything_does_not_make_a_success() {
    /// It decodes from anything, as types with lenient fields do.
    #[derive(Debug, schemars::JsonSchema)]
    #[expect(dead_code, reason = "its schema is sent")]
    struct Lenient {
        vendor: String,
        pages: Option<Vec<LineItem>>,
    }
    impl<'de> Deserialize<'de> for Lenient {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            serde::de::IgnoredAny::deserialize(deserializer)?;
            Ok(Self {
                vendor: String::new(),
                pages: None,
            })
        }
    }
    for (output, problem) in [
        (json!({ "vendor": "v", "pages": null }), None),
        (
            json!({ "vendor": "v", "pages": [{ "sku": "s" }], "more": 7 }),
            None,
        ),
        (
            json!({ "pages": [] }),
            Some("its top lacks the field `vendor`"),
        ),
        (json!({ "vendor": 7 }), Some("vendor is a number")),
        (
            json!({ "vendor": "v", "pages": [{}, { "sku": 7 }] }),
            Some("pages[1].sku is a number"),
        ),
        (
            json!({ "data": {} }),
            Some("its top lacks the field `vendor`"),
        ),
        (json!("in words"), Some("its top is a string")),
    ] {
        let service = Service::completed(json!({ "extracted_data": output }).to_string());
        let result = service.run().extract::<Lenient>().await;
        match (result, problem) {
            (Ok(_), None) => {}
            (Err(error), Some(problem)) => {
                assert!(error.to_string().contains(problem), "{error}");
            }
            (result, _) => panic!("{output}: {result:?}"),
        }
    }
}

#[tokio::test]
async fn fields_that_are_all_optional_and_unknown_to_the_schema_are_an_error() {
    let schema = json!({ "type": "object", "properties": { "vendor": { "type": "string" } } });
    for (output, is_success) in [
        (json!({ "data": { "vendor": "v" } }), false),
        (json!({ "vendor": "v", "more": 7 }), true),
        (json!({}), false),
    ] {
        let service = Service::completed(json!({ "extracted_data": output }).to_string());
        let run = service.run().output_schema(&schema);
        let result = run.extract_as::<HashMap<String, Value>>().await;
        assert_eq!(result.is_ok(), is_success, "{result:?}");
    }
}
