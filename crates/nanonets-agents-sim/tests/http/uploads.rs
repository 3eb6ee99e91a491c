//! Multipart bodies, whole and broken.

use nanonets_agents_sim::{Operation, SeenBody, Simulator};
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::client::{Api, json, refused};

/// A body written by hand, with `x` as its boundary.
async fn raw(api: &Api, path: &str, body: impl Into<reqwest::Body>) -> (StatusCode, String) {
    let request = api
        .post(path)
        .header(CONTENT_TYPE, "multipart/form-data; boundary=x");
    refused(request.body(body)).await
}

#[tokio::test]
async fn files_are_counted_and_hashed_and_their_names_noted() {
    let api = Api::start().await;
    let agent = api.agent("Invoices");
    let form = Form::new()
        .text("query", "Read these.")
        .text(
            "output_config",
            json!({ "output_schema": "{\"total\": \"number\"}" }).to_string(),
        )
        .part(
            "files",
            Part::bytes(b"abc".to_vec())
                .file_name("a \"b\".pdf")
                .mime_str("application/pdf")
                .expect("a media type"),
        )
        .part("files", Part::bytes(Vec::new()).file_name("empty.png"))
        .part(
            "file",
            Part::bytes(vec![7; 100_000]).file_name("legacy.bin"),
        )
        .text("request_metadata", "not documented");
    let run = json(api.post(&format!("/agents/{agent}/run")).multipart(form)).await;
    let task = run["task_id"].as_str().expect("a task id");
    let summary = json(api.get(&format!("/tasks/{task}/summary"))).await;
    assert!(summary["extracted_data"]["total"].is_number());

    let request = api.simulator.requests_to(Operation::RunAgent).remove(0);
    assert_eq!(request.status, Some(StatusCode::CREATED));
    assert_eq!(request.started, Some(api.simulator.tasks()[0].id));
    let SeenBody::Multipart(parts) = request.body else {
        panic!("a multipart body was sent");
    };
    let seen: Vec<_> = parts
        .iter()
        .map(|part| (part.name.as_str(), part.file_name.as_deref(), part.size))
        .collect();
    assert_eq!(seen[2].0, "files");
    assert_eq!(seen[2].2, 3);
    assert_eq!(seen[3], ("files", Some("empty.png"), 0));
    assert_eq!(seen[4], ("file", Some("legacy.bin"), 100_000));
    assert_eq!(parts[2].content_type.as_deref(), Some("application/pdf"));
    assert_eq!(
        parts[2].sha256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(api.simulator.tasks()[0].files.len(), 3);
}

#[tokio::test]
async fn neither_key_nor_contents_are_kept_among_the_observations() {
    let api = Api::of(
        Simulator::builder()
            .api_key("top-secret")
            .start()
            .await
            .expect("a simulator"),
    );
    let agent = api.agent("Invoices");
    let form = Form::new().text("query", "very-private").part(
        "files",
        Part::bytes(b"very-private".to_vec()).file_name("a"),
    );
    json(api.post(&format!("/agents/{agent}/run")).multipart(form)).await;
    let seen = format!(
        "{:?} {:?} {:?}",
        api.simulator.requests(),
        api.simulator.tasks(),
        api.simulator.requests()[0].body
    );
    assert!(
        !seen.contains("top-secret") && !seen.contains("very-private"),
        "{seen}"
    );
}

#[tokio::test]
async fn a_body_without_a_boundary_or_with_a_part_cut_short_is_400() {
    let api = Api::start().await;
    let run = format!("/agents/{}/run", api.agent("Invoices"));
    let no_boundary = api
        .post(&run)
        .header(CONTENT_TYPE, "multipart/form-data")
        .body("--x--");
    assert_eq!(refused(no_boundary).await.0, StatusCode::BAD_REQUEST);
    for body in [
        "",
        "--x",
        "--x\r\nContent-Disposition: form-data; name=\"query\"",
        "--x\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nhalf a que",
        "no boundary at all",
        "--x\r\nContent-Disposition: form-data; name=\"output_config\"\r\n\r\nnot JSON\r\n--x--\r\n",
        "--x\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\n\r\n--x--\r\n",
    ] {
        assert_eq!(
            raw(&api, &run, body).await.0,
            StatusCode::BAD_REQUEST,
            "{body}"
        );
    }
    assert!(api.simulator.tasks().is_empty());
}

#[tokio::test]
async fn ten_thousand_parts_are_400_and_the_server_goes_on() {
    let api = Api::start().await;
    let run = format!("/agents/{}/run", api.agent("Invoices"));
    let part = "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a\"\r\n\r\na\r\n";
    let (status, message) = raw(&api, &run, format!("{}--x--\r\n", part.repeat(10_000))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(message.contains("1000 parts"), "{message}");
    json(api.get("/agents")).await;
}

#[tokio::test]
async fn a_refused_upload_sees_the_refusal_before_its_end() {
    let api = Api::start().await;
    // A body that never ends.
    let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0; 64 * 1024]));
    let request = api.post("/agents/00000000-0000-4000-8000-000000000000/run");
    let request = request.header(CONTENT_TYPE, "multipart/form-data; boundary=x");
    let request = request.body(reqwest::Body::wrap_stream(endless));
    assert_eq!(refused(request).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_large_file_is_taken_as_fast_as_it_comes() {
    let api = Api::start().await;
    let run = format!("/agents/{}/run", api.agent("Invoices"));
    let form = Form::new().part(
        "files",
        Part::bytes(vec![7; 48 * 1024 * 1024]).file_name("large.pdf"),
    );
    json(api.post(&run).multipart(form)).await;
    let task = api.simulator.tasks().remove(0);
    assert_eq!(task.files[0].size, 48 * 1024 * 1024);
    assert_eq!(
        task.files[0].sha256,
        "3286bb4e2aacb6726e3f153666203cdab7d8708d9de8a1c9cbe29a6f8e7fe074"
    );
}

#[tokio::test]
async fn a_name_that_is_too_long_to_be_kept_is_400() {
    let api = Api::start().await;
    let run = format!("/agents/{}/run", api.agent("Invoices"));
    let name = "n".repeat(5000);
    let part = format!(
        "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\na\r\n--x--\r\n"
    );
    let (status, message) = raw(&api, &run, part).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(message.contains("1024 bytes"), "{message}");
}

#[tokio::test]
async fn headers_without_end_are_400() {
    let api = Api::start().await;
    let run = format!("/agents/{}/run", api.agent("Invoices"));
    let (status, message) = raw(
        &api,
        &run,
        format!("--x\r\nX-Long: {}", "y".repeat(3_000_000)),
    )
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(message.contains("headers"), "{message}");
}

#[tokio::test]
async fn a_file_beyond_the_limit_is_400() {
    let simulator = Simulator::builder()
        .max_file_size(10)
        .start()
        .await
        .expect("a simulator");
    let api = Api::of(simulator);
    let run = format!("/agents/{}/run", api.agent("Invoices"));
    let form = |size| Form::new().part("files", Part::bytes(vec![0; size]).file_name("a"));
    json(api.post(&run).multipart(form(10))).await;
    let (status, message) = refused(api.post(&run).multipart(form(11))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(message.contains("too large"), "{message}");
}

#[tokio::test]
async fn the_line_of_the_reference_page_is_understood_in_all_its_fields() {
    let api = Api::start().await;
    let run = format!("/agents/{}/run", api.agent("Invoices"));
    let form = Form::new()
        .text("query", "q")
        .text("files", "text")
        .text("output_config", "{}")
        .part(
            "files.items",
            Part::bytes(b"abc".to_vec()).file_name("example-file"),
        );
    let task: Value = json(api.post(&run).multipart(form)).await;
    assert_eq!(task["status"], "completed");
    assert_eq!(api.simulator.tasks()[0].files.len(), 2);
}
