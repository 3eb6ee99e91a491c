//! Forms as they arrive, taken apart by a parser that shares no code with the client.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::stream;
use nanonets_agents_api::FilePart;
use nanonets_agents_api::operations::RunAgentMultipart;
use nanonets_agents_api::types::TaskOutputConfig;
use serde_json::{Value, json};
use workspace_tests::server::{Answer, Framing, Part, Received, Server};

use crate::bodies;
use crate::calls::{agent_id, call, client, serving};

/// Bytes that would be mangled by anything that takes them for text, or for the end of a part.
fn awkward(length: usize) -> Bytes {
    b"\r\n--form-\r\n\0\xff\"%\n"
        .iter()
        .copied()
        .cycle()
        .take(length)
        .collect()
}

fn text(name: &str, content: &str) -> Part {
    Part {
        name: name.to_owned(),
        file_name: None,
        content_type: None,
        content: Bytes::copy_from_slice(content.as_bytes()),
    }
}

fn file(file_name: &str, content_type: &str, content: impl Into<Bytes>) -> Part {
    Part {
        name: "files".to_owned(),
        file_name: Some(file_name.to_owned()),
        content_type: Some(content_type.to_owned()),
        content: content.into(),
    }
}

fn streamed(length: Option<u64>, content: Bytes) -> FilePart {
    FilePart::from_factory("stream.bin", length, move || {
        let chunks: Vec<io::Result<Bytes>> = content.chunks(1000).map(copied).collect();
        async move { Ok(stream::iter(chunks)) }
    })
}

fn copied(chunk: &[u8]) -> io::Result<Bytes> {
    Ok(Bytes::copy_from_slice(chunk))
}

async fn sent(set: impl FnOnce(RunAgentMultipart<'_>) -> RunAgentMultipart<'_>) -> Received {
    let (mut server, client) = serving(&bodies::run_agent_response()).await;
    let call = set(client.run_agent_multipart(agent_id()));
    call.send().await.unwrap();
    server.next().await
}

#[tokio::test]
async fn several_files_arrive_byte_for_byte_in_the_order_given() {
    let received = sent(|call| {
        call.files([
            FilePart::from_bytes("b.bin", awkward(5000)),
            FilePart::from_bytes("a.pdf", "%PDF").content_type("application/pdf"),
        ])
        .files([FilePart::from_bytes("empty", "")])
    })
    .await;
    assert_eq!(
        received.parts().await,
        [
            file("b.bin", "application/octet-stream", awkward(5000)),
            file("a.pdf", "application/pdf", "%PDF"),
            file("empty", "application/octet-stream", ""),
        ]
    );
}

#[tokio::test]
async fn a_file_on_disk_arrives_under_the_last_component_of_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scan.tiff");
    std::fs::write(&path, awkward(200_000)).unwrap();
    let part = FilePart::from_path(&path).content_type("image/tiff");
    let received = sent(|call| call.files([part])).await;
    assert_eq!(
        received.parts().await,
        [file("scan.tiff", "image/tiff", awkward(200_000))]
    );
}

#[tokio::test]
async fn a_stream_arrives_whole() {
    let received = sent(|call| call.files([streamed(None, awkward(10_500))])).await;
    assert_eq!(
        received.parts().await,
        [file(
            "stream.bin",
            "application/octet-stream",
            awkward(10_500)
        )]
    );
}

#[tokio::test]
async fn the_prompt_arrives_as_plain_text() {
    let received = sent(|call| call.query("Què?\r\n--你好")).await;
    assert_eq!(received.parts().await, [text("query", "Què?\r\n--你好")]);
}

#[tokio::test]
async fn the_output_config_arrives_as_json() {
    let config = TaskOutputConfig::default()
        .output_schema(json!({"total": "number"}).to_string())
        .instructions("ISO dates");
    let received = sent(|call| call.output_config(config)).await;
    let parts = received.parts().await;
    let [part] = &*parts else { panic!("{parts:?}") };
    assert_eq!(part.name, "output_config");
    assert_eq!(part.file_name, None);
    assert_eq!(part.content_type.as_deref(), Some("application/json"));
    let content: Value = serde_json::from_slice(&part.content).unwrap();
    assert_eq!(
        content,
        json!({"output_schema": "{\"total\":\"number\"}", "instructions": "ISO dates"})
    );
}

#[tokio::test]
async fn texts_come_before_files_in_whatever_order_they_were_set() {
    let received = sent(|call| {
        call.files([FilePart::from_bytes("a", "a")])
            .query("q")
            .output_config(TaskOutputConfig::default())
    })
    .await;
    let parts = received.parts().await;
    let names: Vec<_> = parts.iter().map(|part| &*part.name).collect();
    assert_eq!(names, ["output_config", "query", "files"]);
}

#[tokio::test]
async fn parts_that_are_not_described_follow_those_that_are() {
    let scan = FilePart::from_bytes("scan.tiff", awkward(5000)).content_type("image/tiff");
    let received = sent(|call| {
        call.extra_part("priority", "high")
            .extra_part("scan", scan)
            .extra_part("priority", String::from("Què?"))
            .files([FilePart::from_bytes("a", "a")])
            .query("q")
    })
    .await;
    let scan = Part {
        name: "scan".to_owned(),
        ..file("scan.tiff", "image/tiff", awkward(5000))
    };
    assert_eq!(
        received.parts().await,
        [
            text("query", "q"),
            text("priority", "high"),
            text("priority", "Què?"),
            file("a", "application/octet-stream", "a"),
            scan,
        ]
    );
}

#[tokio::test]
#[expect(deprecated, reason = "the old name has to work as long as it is there")]
async fn the_old_name_of_the_file_part_is_still_sent() {
    let received = sent(|call| call.file(FilePart::from_bytes("a", "a"))).await;
    let [part] = &*received.parts().await else {
        panic!("one part")
    };
    assert_eq!(part.name, "file");
}

#[tokio::test]
async fn the_length_is_announced_when_it_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    std::fs::write(&path, awkward(70_000)).unwrap();
    let received = sent(|call| {
        call.query("q").files([
            FilePart::from_path(path),
            FilePart::from_bytes("b", "b"),
            streamed(Some(3000), awkward(3000)),
        ])
    })
    .await;
    let length = received.body.as_ref().unwrap().len() as u64;
    assert_eq!(received.framing, Framing::Length(length));
}

#[tokio::test]
async fn the_body_is_chunked_when_one_length_is_not_known() {
    let received = sent(|call| {
        call.files([
            FilePart::from_bytes("a", "a"),
            streamed(None, awkward(3000)),
        ])
    })
    .await;
    assert_eq!(received.framing, Framing::Chunked);
}

#[tokio::test]
async fn a_builder_that_was_cloned_sends_the_same_again() {
    let body = bodies::run_agent_response();
    let mut server = Server::start([Answer::ok(&body), Answer::ok(&body)]).await;
    let client = client(&server.url());
    let opened = Arc::new(AtomicUsize::new(0));
    let counter = opened.clone();
    let part = FilePart::from_factory("s", None, move || {
        counter.fetch_add(1, Ordering::SeqCst);
        async { Ok(stream::iter([Ok(Bytes::from_static(b"content"))])) }
    });
    let call = client
        .run_agent_multipart(agent_id())
        .files([part])
        .extra_part("tag", "t");
    call.clone().send().await.unwrap();
    call.send().await.unwrap();
    let (first, second) = (server.next().await, server.next().await);
    assert_eq!(first.parts().await, second.parts().await);
    assert_eq!(opened.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_file_that_breaks_off_is_never_taken_for_a_whole_one() {
    let mut server = Server::start([Answer::ok(&bodies::task())]).await;
    let client = client(&server.url());
    let part = streamed(Some(5000), awkward(3000));
    let upload = client.run_agent_multipart(agent_id()).files([part]);
    upload.send().await.unwrap_err();
    // The server may not have seen so much as the head, so what it saw is bounded by another request.
    call(&client, "get_task").await.expect("a success");
    loop {
        let request = server.next().await;
        match request.body {
            Some(_) => break assert_eq!(request.method, "GET"),
            None => assert_eq!(request.method, "POST"),
        }
    }
}
