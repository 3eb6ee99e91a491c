//! Requests that stand still, and how they end.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nanonets_agents_sim::{Fault, Operation, Simulator, SimulatorBuilder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::client::Api;
use crate::raw::{PATIENCE, send, until_closed};

const LIMIT: Duration = Duration::from_millis(400);

/// The head of a run whose body has many bytes.
fn head(address: SocketAddr, agent: &str, more: &str) -> String {
    format!(
        "POST /api/v1/agents/{agent}/run HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer simulated-key\r\n\
         Content-Length: 3000000\r\n{more}\r\n\r\n"
    )
}

async fn start(builder: SimulatorBuilder) -> (Api, SocketAddr, String) {
    let api = Api::of(builder.start().await.expect("a simulator"));
    let agent = api.agent("Invoices");
    let address = api.simulator.address();
    (api, address, agent)
}

/// Beginnings of requests, and whether an answer can be expected.
fn beginnings(address: SocketAddr, agent: &str) -> Vec<(String, bool)> {
    let json = head(address, agent, "Content-Type: application/json");
    let multipart = head(
        address,
        agent,
        "Content-Type: multipart/form-data; boundary=x",
    );
    let part = |name: &str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"");
    let large = "x".repeat(200_000);
    vec![
        (String::new(), false),
        ("PO".to_owned(), false),
        (json[..60].to_owned(), false),
        (json.clone(), true),
        (format!("{json}{{\"query\": \"{large}"), true),
        (
            head(address, agent, "Content-Type: application/json")
                .replace("Content-Length: 3000000", "Transfer-Encoding: chunked")
                + "fffff\r\n{\"query\": \"Add",
            true,
        ),
        (
            head(
                address,
                agent,
                "Content-Type: application/json\r\nExpect: 100-continue",
            ),
            true,
        ),
        (multipart.clone(), true),
        (format!("{multipart}{}", part("files")), true),
        (format!("{multipart}{}\r\n\r\n{large}", part("files")), true),
        (format!("{multipart}{}\r\n\r\n{large}", part("query")), true),
        (
            format!("{multipart}{}\r\n\r\n{{}}\r\n--x", part("output_config")),
            true,
        ),
    ]
}

#[tokio::test]
async fn hundreds_of_half_sent_requests_end_with_408_or_a_closed_connection() {
    let (api, address, agent) = start(Simulator::builder().read_timeout(LIMIT)).await;
    let mut requests = JoinSet::new();
    let mut answers = 0;
    for _ in 0..25 {
        for (beginning, has_answer) in beginnings(address, &agent) {
            answers += usize::from(has_answer);
            requests.spawn(async move {
                let stream = send(address, beginning.as_bytes()).await;
                let answer = until_closed(stream).await;
                if has_answer {
                    let answer = answer.trim_start_matches("HTTP/1.1 100 Continue\r\n\r\n");
                    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
                    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
                    assert!(
                        answer.ends_with("{\"error\":\"timed out while reading the body\"}"),
                        "{answer}"
                    );
                } else {
                    assert!(!answer.contains(" 200 "), "{answer}");
                }
            });
        }
    }
    while let Some(request) = requests.join_next().await {
        request.expect("a request that ended as it should");
    }
    assert!(api.simulator.tasks().is_empty());
    let seen = api.simulator.requests_to(Operation::RunAgent);
    assert_eq!(seen.len(), answers);
    assert!(
        seen.iter()
            .all(|request| request.status.is_some_and(|status| status == 408))
    );
    assert_eq!(
        api.run(&agent).await.len(),
        36,
        "the simulator serves others"
    );
}

#[tokio::test]
async fn a_body_of_a_byte_now_and_then_ends_and_a_slow_one_does_not() {
    let builder = Simulator::builder().read_timeout(LIMIT).min_body_rate(2000);
    let (api, address, agent) = start(builder).await;
    let multipart = head(
        address,
        &agent,
        "Content-Type: multipart/form-data; boundary=x",
    );
    let head = multipart + "--x\r\nContent-Disposition: form-data; name=\"files\"\r\n\r\n";
    let (mut read, mut write) = send(address, head.as_bytes()).await.into_split();
    let trickle = tokio::spawn(async move {
        while write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let mut answer = Vec::new();
    let end = timeout(PATIENCE, read.read_to_end(&mut answer)).await;
    drop(end.expect("the server closes the connection"));
    assert!(answer.starts_with(b"HTTP/1.1 408 "));
    trickle.await.expect("the client gave up");

    // Longer than the timeout in all, and never below the rate.
    let start = Instant::now();
    let body = futures_util::stream::unfold(0, |sent| async move {
        if sent == 20 {
            return None;
        }
        tokio::time::sleep(LIMIT / 10).await;
        Some((Ok::<_, std::io::Error>("x".repeat(1000)), sent + 1))
    });
    let part = reqwest::multipart::Part::stream(reqwest::Body::wrap_stream(body));
    let form = reqwest::multipart::Form::new().part("files", part.file_name("slow.pdf"));
    let request = api.post(&format!("/agents/{agent}/run")).multipart(form);
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 201);
    assert!(start.elapsed() > 2 * LIMIT);
}

#[tokio::test]
async fn large_bodies_that_stand_still_make_way_for_others() {
    let (api, address, agent) = start(Simulator::builder().read_timeout(LIMIT)).await;
    let json = head(address, &agent, "Content-Type: application/json");
    let beginning = format!("{json}{{\"query\": \"{}", "x".repeat(100_000));
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(send(address, beginning.as_bytes()).await);
    }
    let body = serde_json::json!({ "query": "y".repeat(1_000_000) });
    let request = api.post(&format!("/agents/{agent}/run")).json(&body);
    // 64 are read at once, and the rest waits no longer than those take.
    let answer = request.send().await.expect("an answer");
    assert!(matches!(answer.status().as_u16(), 201 | 503));
    for stream in streams {
        let answer = until_closed(stream).await;
        let status = answer.get(9..12);
        assert!(matches!(status, Some("408" | "503")), "{answer}");
    }
    let request = api.post(&format!("/agents/{agent}/run")).json(&body);
    assert_eq!(request.send().await.expect("an answer").status(), 201);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_its_answer_is_disconnected() {
    let (api, address, _) = start(Simulator::builder()).await;
    api.simulator
        .fault(Fault::status(200).json_of(200_000_000).times(1));
    let request = format!("GET /api/v1/agents HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut stream = send(address, request.as_bytes()).await;
    // The clock is a virtual one.
    tokio::time::sleep(Duration::from_secs(130)).await;
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer).await;
    assert!(answer.len() < 100_000_000, "{}", answer.len());
    assert!(end.is_err(), "the connection was reset");
}
