//! Forms as they arrive: over a socket, taken apart by a parser that is not ours.

mod common;

use std::convert::Infallible;
use std::fs;
use std::io;

use bytes::Bytes;
use codegen_runtime::file_part::FilePart;
use codegen_runtime::multipart::Form;
use codegen_runtime::part_value::PartValue;
use common::{Received, recording};
use futures_util::stream;
use serde::Serialize;
use tokio_util::io::ReaderStream;

/// A part as the independent parser sees it.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    name: String,
    file_name: Option<String>,
    content_type: Option<String>,
    content: Vec<u8>,
}

impl Seen {
    fn text(name: &str, content: &str) -> Self {
        Self {
            name: name.to_owned(),
            file_name: None,
            content_type: None,
            content: content.as_bytes().to_vec(),
        }
    }

    fn file(name: &str, file_name: &str, content_type: &str, content: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            file_name: Some(file_name.to_owned()),
            content_type: Some(content_type.to_owned()),
            content: content.to_vec(),
        }
    }
}

async fn send(form: Form) -> Received {
    let (url, mut received) = recording().await;
    let client = reqwest::Client::new();
    let mut request = client.post(url).build().unwrap();
    form.apply(&mut request).await.unwrap();
    client.execute(request).await.unwrap();
    received.recv().await.unwrap()
}

async fn parse(received: &Received) -> Vec<Seen> {
    let boundary = multer::parse_boundary(received.header("content-type").unwrap()).unwrap();
    let body = received.body.clone().unwrap();
    let body = stream::iter([Ok::<_, Infallible>(body)]);
    let mut multipart = multer::Multipart::new(body, boundary);
    let mut seen = Vec::new();
    while let Some(field) = multipart.next_field().await.unwrap() {
        seen.push(Seen {
            name: field.name().unwrap().to_owned(),
            file_name: field.file_name().map(str::to_owned),
            content_type: field.content_type().map(ToString::to_string),
            content: field.bytes().await.unwrap().to_vec(),
        });
    }
    seen
}

async fn refusal(form: Form) -> String {
    let mut request = reqwest::Client::new()
        .post("http://127.0.0.1:9/")
        .build()
        .unwrap();
    let refusal = form.apply(&mut request).await.unwrap_err();
    assert!(request.body().is_none());
    assert!(request.headers().is_empty());
    refusal
}

/// Bytes that any mistaken handling of text, line ends or boundaries would change.
fn awkward(length: usize) -> Vec<u8> {
    let pattern = b"\r\n--form-\r\n\0\xff\xfe--\n\r\"%22 ";
    pattern.iter().copied().cycle().take(length).collect()
}

#[tokio::test]
async fn every_kind_of_part_arrives_byte_for_byte_and_texts_before_files() {
    #[derive(Serialize)]
    struct Config<'a> {
        instructions: &'a str,
        depth: u8,
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("scan.pdf");
    let on_disk = awkward(200_001);
    fs::write(&path, &on_disk).unwrap();

    let mut form = Form::new();
    form.text("query", "two\r\nlines, \"quoted\", ünïcode")
        .unwrap();
    form.text("copies", &3).unwrap();
    form.text("ratio", &0.1_f32).unwrap();
    form.text("draft", &false).unwrap();
    let config = Config {
        instructions: "as \"text\"\n",
        depth: 2,
    };
    form.json("output_config", "application/json", &config)
        .unwrap();
    form.file(
        "files",
        FilePart::from_path(&path).content_type("application/pdf"),
    );
    form.file("files", FilePart::from_bytes("empty.bin", Bytes::new()));
    form.file("files", FilePart::from_bytes("memory.bin", awkward(70_000)));
    form.text("last", "").unwrap();

    let received = send(form).await;
    assert_eq!(
        parse(&received).await,
        [
            Seen::text("query", "two\r\nlines, \"quoted\", ünïcode"),
            Seen::text("copies", "3"),
            Seen::text("ratio", "0.1"),
            Seen::text("draft", "false"),
            Seen {
                content_type: Some("application/json".to_owned()),
                ..Seen::text(
                    "output_config",
                    r#"{"instructions":"as \"text\"\n","depth":2}"#
                )
            },
            Seen::text("last", ""),
            Seen::file("files", "scan.pdf", "application/pdf", &on_disk),
            Seen::file("files", "empty.bin", "application/octet-stream", b""),
            Seen::file(
                "files",
                "memory.bin",
                "application/octet-stream",
                &awkward(70_000)
            ),
        ]
    );
}

#[tokio::test]
async fn the_body_is_what_the_rfc_shows() {
    let mut form = Form::new();
    form.text("query", "hello").unwrap();
    form.json("config", "application/json; charset=\"utf-8\"", &[1])
        .unwrap();
    form.file(
        "files",
        FilePart::from_bytes("a.txt", "abc").content_type("text/plain"),
    );

    let received = send(form).await;
    let boundary = multer::parse_boundary(received.header("content-type").unwrap()).unwrap();
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nhello\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"config\"\r\n\
         Content-Type: application/json; charset=\"utf-8\"\r\n\r\n[1]\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\
         Content-Type: text/plain\r\n\r\nabc\r\n\
         --{boundary}--\r\n"
    );
    assert_eq!(received.body.unwrap(), expected);
}

#[tokio::test]
async fn a_form_without_parts_is_its_closing_boundary() {
    let received = send(Form::new()).await;
    assert_eq!(parse(&received).await, []);
    let boundary = multer::parse_boundary(received.header("content-type").unwrap()).unwrap();
    assert_eq!(received.body.unwrap(), format!("--{boundary}--\r\n"));
}

#[tokio::test]
async fn every_form_has_a_boundary_of_its_own() {
    let first = send(Form::new()).await;
    let second = send(Form::new()).await;
    assert_ne!(first.header("content-type"), second.header("content-type"));
}

#[tokio::test]
async fn extra_parts_are_encoded_as_others_are_and_texts_come_before_files() {
    let mut form = Form::new();
    form.text("query", "documented").unwrap();
    form.extra("tag", PartValue::from("two\r\nlines, ünïcode"));
    let scan = FilePart::from_bytes("a.pdf", awkward(5000)).content_type("application/pdf");
    form.extra("scan", PartValue::from(scan));
    form.extra("tag", PartValue::from(String::new()));
    form.extra("a\"b", PartValue::from("quoted"));

    let received = send(form).await;
    let length = received.body.as_ref().unwrap().len().to_string();
    assert_eq!(received.header("content-length"), Some(length.as_str()));
    assert_eq!(
        parse(&received).await,
        [
            Seen::text("query", "documented"),
            Seen::text("tag", "two\r\nlines, ünïcode"),
            Seen::text("tag", ""),
            Seen::text("a%22b", "quoted"),
            Seen::file("scan", "a.pdf", "application/pdf", &awkward(5000)),
        ]
    );
}

#[tokio::test]
async fn an_extra_file_that_is_not_there_is_refused_by_the_name_of_its_part() {
    let mut form = Form::new();
    form.extra("scan", FilePart::from_path("/nowhere/a.pdf").into());
    let refusal = refusal(form).await;
    assert!(refusal.starts_with("part `scan`: "), "{refusal}");
}

#[tokio::test]
async fn the_length_is_announced_when_every_length_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.bin");
    fs::write(&path, awkward(100_000)).unwrap();
    let mut form = Form::new();
    form.text("query", "ü").unwrap();
    form.file("files", FilePart::from_path(path));
    form.file(
        "files",
        FilePart::from_factory("b.bin", Some(4), || async {
            Ok(stream::iter([
                Ok(Bytes::from("ab")),
                Ok(Bytes::new()),
                Ok(Bytes::from("cd")),
            ]))
        }),
    );

    let received = send(form).await;
    let length = received.body.as_ref().unwrap().len().to_string();
    assert_eq!(received.header("content-length"), Some(length.as_str()));
    assert_eq!(received.header("transfer-encoding"), None);
    assert_eq!(parse(&received).await.last().unwrap().content, b"abcd");
}

#[tokio::test]
async fn the_body_is_chunked_when_one_length_is_unknown() {
    let mut form = Form::new();
    form.file("files", FilePart::from_bytes("a.bin", "known"));
    form.file(
        "files",
        FilePart::from_factory("b.bin", None, || async {
            Ok(ReaderStream::new(&b"from a tokio reader"[..]))
        }),
    );

    let received = send(form).await;
    assert_eq!(received.header("content-length"), None);
    assert_eq!(received.header("transfer-encoding"), Some("chunked"));
    assert_eq!(
        parse(&received).await.last().unwrap().content,
        b"from a tokio reader"
    );
}

#[tokio::test]
async fn a_form_replaces_the_headers_that_described_another_body() {
    let (url, mut received) = recording().await;
    let client = reqwest::Client::new();
    let mut request = client
        .post(url)
        .header("content-type", "application/json")
        .header("content-length", "2")
        .build()
        .unwrap();
    let mut form = Form::new();
    form.file(
        "files",
        FilePart::from_factory("b.bin", None, || async {
            Ok(ReaderStream::new(&b"abc"[..]))
        }),
    );
    form.apply(&mut request).await.unwrap();
    client.execute(request).await.unwrap();
    let received = received.recv().await.unwrap();
    assert_eq!(received.headers.get_all("content-type").iter().count(), 1);
    assert_eq!(parse(&received).await.len(), 1);
}

#[tokio::test]
async fn file_names_arrive_safely() {
    let names = [
        ("plain.pdf", "plain.pdf"),
        ("with \"quotes\".pdf", "with %22quotes%22.pdf"),
        (
            "line\r\nContent-Type: text/html\r\n\r\n.pdf",
            "line%0D%0AContent-Type: text%0D%0A%0D%0A.pdf",
        ),
        (
            "nul\0 tab\t del\x7f c1\u{85}.pdf",
            "nul%00 tab%09 del%7F c1%C2%85.pdf",
        ),
        ("Rechnung März 発票 🧾.pdf", "Rechnung März 発票 🧾.pdf"),
        ("100%.pdf", "100%.pdf"),
        ("semi;colon=.pdf", "semi;colon=.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.pdf", "a.pdf"),
        ("a\\b/c.pdf", "c.pdf"),
        ("", "file"),
        (".", "file"),
        ("a/..", "file"),
        ("directory/", "file"),
    ];
    // A header injected by a name would appear as another file name than expected, or as another part.
    for (name, expected) in names {
        let expected = if name.starts_with("line") {
            // The text after the last slash of `text/html`.
            "html%0D%0A%0D%0A.pdf"
        } else {
            expected
        };
        let mut form = Form::new();
        form.file("files", FilePart::from_bytes(name, "x"));
        let seen = parse(&send(form).await).await;
        let octets = "application/octet-stream";
        assert_eq!(
            seen,
            [Seen::file("files", expected, octets, b"x")],
            "{name:?}"
        );
    }
}

#[tokio::test]
async fn part_names_arrive_safely() {
    let names = [
        ("a\"b", "a%22b"),
        ("a\r\nX-Injected: yes", "a%0D%0AX-Injected: yes"),
        ("größe", "größe"),
        ("items[0].name", "items[0].name"),
    ];
    for (name, expected) in names {
        let mut form = Form::new();
        form.text(name, "x").unwrap();
        assert_eq!(
            parse(&send(form).await).await,
            [Seen::text(expected, "x")],
            "{name:?}"
        );
    }
}

#[tokio::test]
async fn a_path_gives_the_file_name_unless_another_is_set() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("on disk.pdf");
    fs::write(&path, "x").unwrap();
    let mut form = Form::new();
    form.file("files", FilePart::from_path(&path));
    form.file("files", FilePart::from_path(&path).file_name("other.pdf"));
    let names: Vec<_> = parse(&send(form).await)
        .await
        .into_iter()
        .map(|part| part.file_name.unwrap())
        .collect();
    assert_eq!(names, ["on disk.pdf", "other.pdf"]);
}

#[tokio::test]
async fn a_content_type_of_last_resort_takes_none_from_a_file_that_has_one() {
    let mut form = Form::new();
    let file = FilePart::from_bytes("a.bin", "a");
    form.file("files", file.clone().or_content_type("image/png"));
    let jpeg = file.content_type("image/jpeg");
    form.file("files", jpeg.or_content_type("image/png"));
    let received = send(form).await;
    let types: Vec<Option<String>> = parse(&received)
        .await
        .into_iter()
        .map(|part| part.content_type)
        .collect();
    let expected = ["image/png", "image/jpeg"].map(|text| Some(text.to_owned()));
    assert_eq!(types, expected);
}

#[tokio::test]
async fn a_content_type_that_is_none_is_refused_before_anything_is_sent() {
    let bad = [
        "",
        "pdf",
        "/pdf",
        "application/",
        "text/plain\r\nX-Injected: yes",
        "text/plain; a=b\nX-Injected: yes",
        "text/plain; a=\"b\r\nX-Injected: yes\"",
        "text/plain; a=\"b",
        "text/plain; a",
        "text/plain; =b",
        "text/plain; a=",
        "text/plain a=b",
        "text/pläin",
        "text/plain\0",
    ];
    for content_type in bad {
        let mut form = Form::new();
        form.file(
            "files",
            FilePart::from_bytes("a", "x").content_type(content_type),
        );
        let refusal = refusal(form).await;
        assert!(refusal.starts_with("part `files`: "), "{refusal}");
        assert!(!refusal.contains(['\r', '\n', '\0']), "{refusal}");

        let refusal = Form::new().json("config", content_type, &1).unwrap_err();
        assert!(refusal.starts_with("part `config`: "), "{refusal}");
    }
}

#[tokio::test]
async fn a_content_type_with_parameters_is_sent_as_given() {
    for content_type in [
        "text/plain;charset=utf-8",
        "image/svg+xml ; a=\"b; \\\"c\\\"\"; d=e",
    ] {
        let mut form = Form::new();
        form.file(
            "files",
            FilePart::from_bytes("a", "x").content_type(content_type),
        );
        let body = send(form).await.body.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(
            body.contains(&format!("\r\nContent-Type: {content_type}\r\n\r\nx\r\n")),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_text_part_that_is_not_a_scalar_is_rejected_with_its_name() {
    let mut form = Form::new();
    let refusals = [
        form.text("a", &None::<u8>).unwrap_err(),
        form.text("b", &[1, 2]).unwrap_err(),
        form.text("c", &std::collections::BTreeMap::from([("k", "secret")]))
            .unwrap_err(),
        form.text("d", &f64::NAN).unwrap_err(),
    ];
    assert_eq!(
        refusals,
        [
            "part `a` is null, where a value is needed",
            "part `b` is a list, where a single value is needed",
            "part `c` is an object, where a single value is needed",
            "part `d` is null, where a value is needed",
        ]
    );
    assert_eq!(format!("{form:?}"), "[]");
}

#[tokio::test]
async fn debug_shows_no_content() {
    let secret = "secret-content";
    let part = FilePart::from_bytes("a.pdf", secret).content_type("application/pdf");
    assert_eq!(
        format!("{part:?}"),
        r#"FilePart { file_name: "a.pdf", content_type: "application/pdf", source: "bytes", length: Some(14) }"#
    );
    let part = FilePart::from_path("/home/secret-content/b.pdf");
    assert_eq!(
        format!("{part:?}"),
        r#"FilePart { file_name: "b.pdf", content_type: "application/octet-stream", source: "path", length: None }"#
    );
    let part = FilePart::from_factory("c.pdf", Some(7), || async {
        Ok(stream::empty::<io::Result<Bytes>>())
    });
    assert_eq!(
        format!("{part:?}"),
        r#"FilePart { file_name: "c.pdf", content_type: "application/octet-stream", source: "factory", length: Some(7) }"#
    );
    let mut form = Form::new();
    form.text("query", secret).unwrap();
    form.extra("tag", PartValue::from(secret));
    assert_eq!(format!("{form:?}"), r#"["query", "tag"]"#);
    assert_eq!(format!("{:?}", PartValue::from(secret)), "Text(..)");
    let part = FilePart::from_bytes("a.pdf", secret);
    assert_eq!(
        format!("{:?}", PartValue::from(part.clone())),
        format!("File({part:?})")
    );
}

#[test]
fn what_a_request_awaits_can_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    fn is_send_and_sync<T: Send + Sync>() {}

    let mut request = reqwest::Request::new(
        reqwest::Method::POST,
        reqwest::Url::parse("http://127.0.0.1/").unwrap(),
    );
    is_send(&Form::new().apply(&mut request));
    is_send_and_sync::<FilePart>();
    is_send_and_sync::<PartValue>();
    is_send_and_sync::<Form>();
}
