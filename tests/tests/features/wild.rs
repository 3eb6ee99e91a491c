//! Clients of documents in the wild: bodies of many types, answers of many kinds, parameters of many styles.

use crate::server::Server;
use futures_util::TryStreamExt;
use progenitor_client::Error;
use serde_json::json;
use workspace_tests::fixtures::{
    bodies_by_type, compositions, differing_successes, events, own_parameters, unnamed_targets,
};

#[tokio::test]
async fn each_media_type_of_a_body_has_a_method() {
    let server = Server::silent().await;
    let client = bodies_by_type::Client::new(&server.url).expect("a client");
    let note = |text: &str| bodies_by_type::types::Note::new(text.to_owned());
    let json = client.add_note(note("a"));
    json.send().await.expect("a success");
    let form = client.add_note_form(note("a b"));
    form.send().await.expect("a success");
    let text = client.add_note_text("a");
    text.send().await.expect("a success");
    let xml = client.add_note_xml("<a/>");
    xml.send().await.expect("a success");
    let patch = client.patch_note().body(note("a"));
    patch.send().await.expect("a success");
    let image = client.put_image().body("png");
    image.send().await.expect("a success");
    let anything = client.put_anything().body("any");
    anything.send().await.expect("a success");
    let number = client.put_number().body("7");
    number.send().await.expect("a success");
    let received: Vec<(String, String)> = server
        .received()
        .iter()
        .map(|request| {
            let content_type = request.header("content-type").unwrap_or_default();
            let body = String::from_utf8_lossy(&request.body);
            (content_type.to_owned(), body.into_owned())
        })
        .collect();
    let expected = [
        ("application/json", "{\"text\":\"a\"}"),
        ("application/x-www-form-urlencoded", "text=a+b"),
        ("text/plain", "a"),
        ("application/xml", "<a/>"),
        ("application/merge-patch+json", "{\"text\":\"a\"}"),
        ("image/png", "png"),
        ("application/octet-stream", "any"),
        ("text/plain", "7"),
    ];
    let expected = expected.map(|(left, right)| (left.to_owned(), right.to_owned()));
    assert_eq!(received, expected);
}

#[tokio::test]
async fn parts_that_nobody_describes_can_be_sent() {
    let server = Server::silent().await;
    let client = bodies_by_type::Client::new(&server.url).expect("a client");
    let form = client.post_form().extra_part("name", "value");
    form.send().await.expect("a success");
    let request = server.only();
    let body = String::from_utf8_lossy(&request.body);
    assert!(body.contains("name=\"name\"\r\n\r\nvalue\r\n"), "{body}");
}

#[tokio::test]
async fn each_status_has_the_body_that_is_its_own() {
    use differing_successes::operations::GetJobSuccess;
    let server = Server::json(200, json!({ "name": "n" })).await;
    let client = differing_successes::Client::new(&server.url).expect("a client");
    let answer = client.get_job().send().await.expect("a success");
    assert!(matches!(answer.into_inner(), GetJobSuccess::Status200(job) if job.name == "n"));

    let server = Server::json(202, json!({ "after": 5 })).await;
    let client = differing_successes::Client::new(&server.url).expect("a client");
    let answer = client.get_job().send().await.expect("a success");
    assert!(matches!(answer.into_inner(), GetJobSuccess::Status202(later) if later.after == 5));

    let server = Server::silent().await;
    let client = differing_successes::Client::new(&server.url).expect("a client");
    let answer = client.get_job().send().await.expect("a success");
    assert!(matches!(answer.into_inner(), GetJobSuccess::Status204));
    assert_eq!(server.only().header("accept"), Some("application/json"));
}

#[tokio::test]
async fn a_success_that_is_not_described_comes_as_it_is() {
    use differing_successes::operations::GetJobSuccess;
    let server = Server::new(203, "text/plain", "from a proxy").await;
    let client = differing_successes::Client::new(&server.url).expect("a client");
    let answer = client.get_job().send().await.expect("a success");
    assert_eq!(answer.status(), 203);
    let GetJobSuccess::Other(body) = answer.into_inner() else {
        panic!("the body of another success was expected")
    };
    let chunks: Vec<_> = body.into_inner().try_collect().await.expect("a body");
    assert_eq!(chunks.concat(), b"from a proxy");
}

#[tokio::test]
async fn an_error_beside_differing_successes_is_the_one_described() {
    let server = Server::json(404, json!({ "message": "no" })).await;
    let client = differing_successes::Client::new(&server.url).expect("a client");
    let error = client.get_job().send().await.expect_err("an error");
    let Error::ErrorResponse(answer) = error else {
        panic!("an answer was expected")
    };
    assert_eq!(answer.decoded().expect("a problem").message, "no");
}

#[tokio::test]
async fn events_are_streamed_with_their_data_decoded() {
    let body = "id: 1\ndata: {\"count\":1}\n\ndata: {\"count\":2}\n\n";
    let server = Server::new(200, "text/event-stream", body).await;
    let client = events::Client::new(&server.url).expect("a client");
    let answer = client.ticks().send().await.expect("a success");
    let ticks: Vec<_> = answer.into_inner().try_collect().await.expect("events");
    let counts: Vec<i128> = ticks.iter().map(|tick| tick.data.count).collect();
    assert_eq!((counts, ticks[1].id.as_str()), (vec![1, 2], "1"));
    assert_eq!(server.only().header("accept"), Some("text/event-stream"));

    let answer = client.words().send().await.expect("a success");
    let words: Vec<_> = answer.into_inner().try_collect().await.expect("events");
    assert_eq!(words[0].data, "{\"count\":1}");

    let beside = client.answer_events().body(events::types::Tick::new(3));
    let answer = beside.send().await.expect("a success");
    let ticks: Vec<_> = answer.into_inner().try_collect().await.expect("events");
    assert_eq!(ticks.len(), 2);
}

#[tokio::test]
async fn parameters_are_written_in_their_style() {
    let server = Server::silent().await;
    let client = own_parameters::Client::new(&server.url).expect("a client");
    let types = |value: serde_json::Value| serde_json::from_value(value).expect("a value");
    let filter: own_parameters::types::Filter =
        types(json!({ "name": "n", "tags": ["a", "b"], "size": { "min": 1 } }));
    let page: own_parameters::types::FindPage =
        serde_json::from_value(json!({ "size": 5, "after": "x" })).expect("a page");
    let request = client
        .find("1,2", "s1")
        .limit(9)
        .filter(filter.clone())
        .page(page)
        .query(filter);
    request.send().await.expect("a success");
    let request = server.only();
    assert_eq!(request.path, "/things/1,2");
    assert_eq!(
        request.query,
        "filter%5Bname%5D=n&filter%5Bsize%5D%5Bmin%5D=1&filter%5Btags%5D%5B0%5D=a&filter%5Btags%5D%5B1%5D=b\
         &after=x&size=5&query=%7B%22name%22%3A%22n%22%2C%22size%22%3A%7B%22min%22%3A1%7D%2C%22tags%22%3A%5B%22a%22%2C%22b%22%5D%7D&limit=9"
    );
    assert_eq!(request.header("cookie"), Some("session=s1"));
}

#[tokio::test]
async fn a_cookie_that_no_cookie_can_hold_is_named_before_anything_is_sent() {
    let server = Server::silent().await;
    let client = own_parameters::Client::new(&server.url).expect("a client");
    let error = client
        .find("1", "secret;")
        .send()
        .await
        .expect_err("an error");
    let Error::InvalidRequest(message) = error else {
        panic!("a refusal was expected")
    };
    assert_eq!(message, "the cookie `session` can't hold this value");
    assert!(server.received().is_empty());
}

#[test]
fn composed_objects_hold_the_fields_of_all_their_parts() {
    let node: compositions::types::Node =
        serde_json::from_value(json!({ "kind": "k", "next": { "kind": "l" }, "unknown": 1 }))
            .expect("a node");
    assert_eq!(node.next.as_ref().map(|next| next.kind.as_str()), Some("l"));
    assert_eq!(node.extra["unknown"], json!(1));
    let closed: compositions::types::Closed =
        serde_json::from_value(json!({ "kind": "shut", "own": 1, "note": "n" })).expect("closed");
    assert_eq!(closed.kind, compositions::types::ClosedKind::Shut);
}

#[test]
fn null_is_one_of_the_values_of_a_nullable_composition() {
    use compositions::types::MaybeUnion;

    let all: compositions::types::All = serde_json::from_value(
        json!({ "perhaps": null, "union": null, "merged": null, "ruled": { "a": "x" } }),
    )
    .expect("all of it");
    assert_eq!((all.perhaps, all.union), (Some(None), Some(None)));
    assert_eq!(all.merged, Some(None));
    let all: compositions::types::All =
        serde_json::from_value(json!({ "union": 7, "merged": { "kind": "k", "more": "m" } }))
            .expect("all of it");
    assert_eq!(all.union, Some(Some(MaybeUnion::Integer(7))));
    assert!(matches!(all.merged, Some(Some(merged)) if merged.more.as_deref() == Some("m")));
}

#[tokio::test]
async fn what_has_no_name_is_one_type_wherever_it_is_referred_to() {
    let server = Server::json(200, json!({ "ok": true })).await;
    let client = unnamed_targets::Client::new(&server.url).expect("a client");
    let a = client.get_a("1").send().await.expect("a success");
    let b = client.get_b().send().await.expect("a success");
    // They would not fit into one array if they were two types.
    for answer in [a.into_inner(), b.into_inner()] {
        assert_eq!(answer.ok, Some(true));
    }
}
