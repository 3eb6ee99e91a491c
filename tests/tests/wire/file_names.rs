//! File names come from anywhere. Whatever they hold, a form has the parts it should have.

use nanonets_agents_api::FilePart;
use workspace_tests::server::Received;

use crate::bodies;
use crate::calls::{agent_id, serving};

async fn sent_as(file_name: &str) -> Received {
    let (mut server, client) = serving(&bodies::run_agent_response()).await;
    let part = FilePart::from_bytes(file_name, "content");
    let call = client.run_agent_multipart(agent_id());
    call.files([part]).send().await.unwrap();
    server.next().await
}

/// The file name as it arrives, in a form that has this one part and nothing else.
async fn arrives_as(file_name: &str) -> String {
    let parts = sent_as(file_name).await.parts().await;
    let [part] = &*parts else { panic!("{parts:?}") };
    assert_eq!(part.name, "files");
    assert_eq!(
        part.content_type.as_deref(),
        Some("application/octet-stream")
    );
    assert_eq!(part.content, "content");
    part.file_name.clone().expect("a file name")
}

#[tokio::test]
async fn a_quote_does_not_end_the_name() {
    assert_eq!(arrives_as("a\"; name=\"query").await, "a%22; name=%22query");
}

#[tokio::test]
async fn a_line_break_does_not_begin_a_header() {
    assert_eq!(
        arrives_as("a\r\nContent-Type: text\r\n\r\n.pdf").await,
        "a%0D%0AContent-Type: text%0D%0A%0D%0A.pdf"
    );
}

#[tokio::test]
async fn a_name_that_is_not_ascii_arrives_as_it_is() {
    assert_eq!(
        arrives_as("Fáctura № 5 – 请求.pdf").await,
        "Fáctura № 5 – 请求.pdf"
    );
}

#[tokio::test]
async fn a_name_that_is_not_ascii_is_sent_in_utf_8() {
    let body = sent_as("é.pdf").await.body.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains("filename=\"é.pdf\"\r\n"));
}

#[tokio::test]
async fn only_what_follows_the_last_slash_is_sent() {
    assert_eq!(arrives_as("../../etc/passwd").await, "passwd");
}

#[tokio::test]
async fn only_what_follows_the_last_backslash_is_sent() {
    assert_eq!(arrives_as("C:\\Users\\me\\a.pdf").await, "a.pdf");
}

#[tokio::test]
async fn a_file_without_a_name_is_sent_under_one() {
    assert_eq!(arrives_as("").await, "file");
}

#[tokio::test]
async fn a_name_that_is_all_dots_is_replaced() {
    assert_eq!(arrives_as("a/..").await, "file");
}

#[tokio::test]
async fn a_percent_sign_arrives_as_it_is() {
    assert_eq!(arrives_as("100%25.pdf").await, "100%25.pdf");
}
