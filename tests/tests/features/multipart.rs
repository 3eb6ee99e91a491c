//! The parts of multipart bodies on the wire, read back by a parser that is not ours.

use crate::server::{Received, Server};
use serde_json::json;
use workspace_tests::fixtures::{
    multipart_only, multipart_parts, odd_names, two_bodies, two_bodies_edited,
};

/// Name, file name, content type and content of each part, in the order in which they came.
async fn parts(request: &Received) -> Vec<(String, Option<String>, Option<String>, String)> {
    let boundary = multer::parse_boundary(request.header("content-type").expect("a content type"))
        .expect("a boundary");
    let body = request.body.clone();
    let stream = futures_util::stream::once(async move { Ok::<_, std::io::Error>(body) });
    let mut form = multer::Multipart::new(stream, boundary);
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.expect("a part") {
        let name = field.name().expect("a name").to_owned();
        let file = field.file_name().map(str::to_owned);
        let content_type = field.content_type().map(ToString::to_string);
        parts.push((
            name,
            file,
            content_type,
            field.text().await.expect("content"),
        ));
    }
    parts
}

#[tokio::test]
async fn an_operation_with_only_a_multipart_body_has_its_own_name() {
    let server = Server::silent().await;
    let client = multipart_only::Client::new(&server.url).expect("a client");
    let scan =
        multipart_only::FilePart::from_bytes("a.pdf", "%PDF").content_type("application/pdf");
    client
        .upload_scan(scan)
        .name("A")
        .send()
        .await
        .expect("a success");
    let request = server.only();
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/scans")
    );
    assert_eq!(
        parts(&request).await,
        [
            ("name".to_owned(), None, None, "A".to_owned()),
            (
                "scan".to_owned(),
                Some("a.pdf".to_owned()),
                Some("application/pdf".to_owned()),
                "%PDF".to_owned()
            ),
        ]
    );
}

#[tokio::test]
async fn a_part_that_breaks_its_constraints_sends_nothing() {
    let server = Server::silent().await;
    let client = multipart_parts::Client::new(&server.url).expect("a client");
    let evidence = multipart_parts::FilePart::from_bytes("1.txt", "one");
    let case = client.open_case([evidence], ["l"], "t").code("secret");
    let error = case.send().await.expect_err("an error").to_string();
    let expected = "`code` must match the pattern `^[A-Z]{2}$`";
    assert!(error.contains(expected), "{error}");
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn every_kind_of_part_arrives_as_described() {
    use multipart_parts::types::{CaseOptions, OpenCaseInline, OpenCaseKind, Severity};
    use multipart_parts::{FilePart, Json};

    let server = Server::json(200, json!({})).await;
    let client = multipart_parts::Client::new(&server.url).expect("a client");
    let options = CaseOptions {
        language: Some("en".to_owned()),
        ..CaseOptions::default()
    };
    let evidence = [
        FilePart::from_bytes("1.txt", "one"),
        FilePart::from_bytes("2.txt", "two"),
    ];
    client
        .open_case(evidence, ["a", "b"], "A \"title\"\r\n")
        .count(7)
        .small(1)
        .ratio(0.5)
        .urgent(true)
        .due(
            "2026-01-02T03:04:05Z"
                .parse::<chrono::DateTime<chrono::Utc>>()
                .expect("a point in time"),
        )
        .owner(uuid::Uuid::nil())
        .kind(OpenCaseKind::from("storm"))
        .severity(Severity::High)
        .wrapped(Severity::Low)
        .code("AB")
        .options(options.clone())
        .anything(Json::from(json!([1, null])))
        .inline(OpenCaseInline {
            note: Some("n".to_owned()),
            ..OpenCaseInline::default()
        })
        .text_as_json("quoted")
        .severities(["low"])
        .severities(["high"])
        .history([options.clone(), options])
        .cover(FilePart::from_bytes("c.png", "png"))
        .type_("keyword")
        .weird_name("odd")
        .send()
        .await
        .expect("a success");
    let parts = parts(&server.only()).await;
    let lines: Vec<String> = parts
        .into_iter()
        .map(|(name, file, content_type, content)| {
            format!(
                "{name} | {} | {} | {content}",
                file.unwrap_or_default(),
                content_type.unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "anything |  | application/json | [1,null]",
            "code |  |  | AB",
            "count |  |  | 7",
            "due |  |  | 2026-01-02T03:04:05Z",
            "history |  | application/vnd.case+json | {\"language\":\"en\"}",
            "history |  | application/vnd.case+json | {\"language\":\"en\"}",
            "inline |  | application/json | {\"note\":\"n\"}",
            "kind |  |  | storm",
            "labels |  |  | a",
            "labels |  |  | b",
            "options |  | application/json | {\"language\":\"en\"}",
            "owner |  |  | 00000000-0000-0000-0000-000000000000",
            "ratio |  |  | 0.5",
            "severities |  |  | low",
            "severities |  |  | high",
            "severity |  |  | high",
            "small |  |  | 1",
            "text_as_json |  | application/json | \"quoted\"",
            "title |  |  | A \"title\"\r\n",
            "type |  |  | keyword",
            "urgent |  |  | true",
            "weird %22name%22\\{} |  |  | odd",
            "wrapped |  |  | low",
            "cover | c.png | image/png | png",
            "evidence | 1.txt | application/octet-stream | one",
            "evidence | 2.txt | application/octet-stream | two",
        ]
    );
}

#[tokio::test]
async fn the_setter_of_other_parts_leaves_its_name_to_one_that_is_documented() {
    let server = Server::silent().await;
    let client = odd_names::Client::new(&server.url).expect("a client");
    let request = odd_names::types::LocalPartsRequest::default();
    client
        .local_parts("f", request)
        .extra_part_("form", "other")
        .extra_part("documented")
        .name("n")
        .send()
        .await
        .expect("a success");
    client
        .local_parameters_of_a_form("path")
        .extra_part("query")
        .extra_part_("extra-part", "part")
        .send()
        .await
        .expect("a success");
    let received = server.received();
    let mut contents = Vec::new();
    for request in &received {
        let parts = parts(request).await;
        contents.push(parts.into_iter().map(|(name, .., content)| [name, content]));
    }
    let contents: Vec<[String; 2]> = contents.into_iter().flatten().collect();
    assert_eq!(
        contents,
        [
            ["extra_part", "documented"],
            ["form", "f"],
            ["name", "n"],
            ["request", "{}"],
            ["form", "other"],
            ["extra-part", "part"],
        ]
    );
    assert_eq!(received[1].query, "extra-part=query");
}

#[tokio::test]
async fn an_operation_with_two_bodies_can_be_sent_either_way() {
    let server = Server::json(201, json!({ "id": uuid::Uuid::nil() })).await;
    let client = two_bodies::Client::new(&server.url).expect("a client");
    let id = uuid::Uuid::nil();
    client
        .run_job(id)
        .body(two_bodies::types::RunRequest::new("go".to_owned()))
        .send()
        .await
        .expect("a success");
    client
        .run_job_multipart(id)
        .prompt("go")
        .send()
        .await
        .expect("a success");
    let received = server.received();
    assert_eq!(received[0].json(), json!({ "prompt": "go" }));
    assert_eq!(
        parts(&received[1]).await,
        [("prompt".to_owned(), None, None, "go".to_owned())]
    );
    assert_eq!(received[0].path, received[1].path);
}

#[tokio::test]
async fn what_was_added_to_a_document_works() {
    use two_bodies_edited::types::{RunOptions, RunOptionsSpeed, RunRequest};

    let id = uuid::Uuid::nil();
    let server = Server::json(200, json!({ "id": id, "cost": 1.5 })).await;
    let client = two_bodies_edited::Client::new(&server.url).expect("a client");
    let job = client.get_job(id).send().await.expect("a success");
    assert_eq!(job.cost, Some(1.5));
    let options = RunOptions {
        speed: Some(RunOptionsSpeed::Steady),
        ..RunOptions::default()
    };
    let request = RunRequest {
        options: Some(options),
        ..RunRequest::new("go".to_owned())
    };
    client
        .send_message(id)
        .body(request)
        .send()
        .await
        .expect("a success");
    let file = two_bodies_edited::FilePart::from_bytes("f", "content");
    client
        .send_message_multipart(id, file)
        .send()
        .await
        .expect("a success");
    let received = server.received();
    assert_eq!(
        received[1].json(),
        json!({ "prompt": "go", "options": { "speed": "steady" } })
    );
    assert_eq!(parts(&received[2]).await[0].3, "content");
}
