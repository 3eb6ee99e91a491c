//! The schema that a run sends for a type.

use serde::Deserialize;
use serde_json::Value;

use crate::Service;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[expect(dead_code, reason = "its schema is sent")]
struct Invoice {
    /// Who is to be paid.
    vendor: Party,
    buyer: Option<Party>,
    line_items: Vec<LineItem>,
    status: Status,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[expect(dead_code, reason = "its schema is sent")]
struct Party {
    name: String,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[expect(dead_code, reason = "its schema is sent")]
struct LineItem {
    amount: f64,
    seller: Option<Party>,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    Paid,
    Open,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[expect(dead_code, reason = "its schema is sent")]
struct Chapter {
    title: String,
    owner: Party,
    parts: Vec<Chapter>,
}

/// Each level has two of the next, so inlining doubles the schema ten times and more.
macro_rules! levels {
    ($($level:ident $next:ident),*) => {
        $(
            #[derive(Debug, Deserialize, schemars::JsonSchema)]
            #[expect(dead_code, reason = "its schema is sent")]
            struct $level { left: $next, right: $next }
        )*
    };
}
levels!(A B, B C, C D, D E, E F, F G, G H, H I, I J, J K, K L, L M, M N, N Party);

/// The schema that is sent for a type.
async fn sent<T: schemars::JsonSchema>() -> Value {
    let service = Service::completed("{}");
    service.run().output::<T>().start().await.expect("a task");
    let body = service.server.requests()[0].body.clone();
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    let schema = body["output_config"]["output_schema"].as_str();
    serde_json::from_str(schema.expect("a string")).expect("a schema")
}

#[tokio::test]
async fn a_schema_has_its_subschemas_in_place_and_names_no_dialect() {
    let schema = sent::<Invoice>().await;
    let text = schema.to_string();
    for keyword in ["$ref", "$defs", "$schema"] {
        assert!(!text.contains(keyword), "{text}");
    }
    assert_eq!(
        schema["properties"]["vendor"]["properties"]["name"]["type"],
        "string"
    );
    assert_eq!(
        schema["properties"]["vendor"]["description"],
        "Who is to be paid."
    );
    let item = &schema["properties"]["line_items"]["items"];
    assert_eq!(item["required"], serde_json::json!(["amount"]));
    assert_eq!(
        schema["properties"]["status"]["enum"],
        serde_json::json!(["paid", "open"])
    );
}

#[tokio::test]
async fn a_recursive_or_huge_schema_keeps_its_definitions() {
    let schema = sent::<Chapter>().await;
    assert_eq!(schema["properties"]["parts"]["items"]["$ref"], "#");
    assert!(schema["$defs"]["Party"].is_object(), "{schema}");
    assert_eq!(schema.get("$schema"), None);
    let schema = sent::<A>().await;
    assert!(schema["$defs"]["N"].is_object());
    assert!(schema.to_string().len() < 10_000);
    // Half of it fits.
    let schema = sent::<H>().await;
    assert_eq!(schema.get("$defs"), None);
}

#[tokio::test]
async fn definitions_are_sent_and_checked_where_they_are_asked_for() {
    let summary = r#"{"extracted_data":{"title":"t","owner":{"name":"n"},"parts":[{"title":"t","owner":{},"parts":[]}]}}"#;
    let service = Service::completed(summary);
    let schema = schemars::schema_for!(Chapter);
    let run = service.run().output_schema(schema.as_value());
    let error = run
        .extract_as::<Value>()
        .await
        .expect_err("a nameless owner");
    assert!(
        error
            .to_string()
            .contains("parts[0].owner lacks the field `name`"),
        "{error}"
    );
    let body = service.server.requests()[0].body.clone();
    assert!(String::from_utf8_lossy(&body).contains("$defs"));
}
