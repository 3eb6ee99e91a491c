//! Proofs that a run had no effect, and the facts that are kept of one that had.

use std::time::Duration;

use nanonets_agents::{ErrorKind, Origin};
use serde_json::json;

use crate::raw_server::{HTML, JSON, RawServer, Reply};
use crate::{AGENT, NOW, TASK, agent, client, run, soon};

const VARNISH: &str =
    "<?xml version=\"1.0\"?><html><head><title>503 Backend fetch failed</title></head></html>";

/// Errors that a cache, a gateway or a load balancer answers, perhaps after the backend took the request.
fn of_gateways() -> Vec<(&'static str, Vec<&'static str>, &'static str)> {
    let wait = "Retry-After: 0";
    vec![
        (
            "503 Backend fetch failed",
            vec![HTML, wait, "Via: 1.1 varnish"],
            VARNISH,
        ),
        ("503 Service Unavailable", vec![wait], ""),
        (
            "503 Service Unavailable",
            vec![wait, "Content-Type: text/plain"],
            "upstream connect error",
        ),
        (
            "503 Service Unavailable",
            vec![wait, JSON],
            r#"{"message":"no upstream"}"#,
        ),
        (
            "503 Service Unavailable",
            vec![wait, JSON],
            r#"{"timestamp":1,"status":503,"error":"Service Unavailable","path":"/run"}"#,
        ),
        (
            "429 Too Many Requests",
            vec![HTML, wait],
            "<h1>Slow down</h1>",
        ),
        ("429 Too Many Requests", vec![wait], ""),
        (
            "429 Too Many Requests",
            vec![wait, JSON],
            r#"{"message":"API rate limit exceeded"}"#,
        ),
        ("404 Not Found", vec![HTML], "<h1>No such page</h1>"),
        ("403 Forbidden", vec![HTML], "<h1>Blocked</h1>"),
        (
            "400 Bad Request",
            vec!["Content-Type: text/plain"],
            "bad request",
        ),
        ("408 Request Timeout", vec![], ""),
        ("499 Client Closed Request", vec![], ""),
        (
            "500 Internal Server Error",
            vec![JSON],
            r#"{"error":"unexpected"}"#,
        ),
        ("502 Bad Gateway", vec![HTML], "<h1>Bad gateway</h1>"),
        ("504 Gateway Timeout", vec![], ""),
        ("200 OK", vec![HTML], "<h1>Please log in</h1>"),
        ("302 Found", vec!["Location: /login"], ""),
    ]
}

#[tokio::test]
async fn an_error_that_may_not_be_the_api_s_is_ambiguous_and_starts_no_second_task() {
    for (status, headers, body) in of_gateways() {
        let server = RawServer::start(move |_| Reply::new(status, &headers, body));
        let client = client(&server);
        let agent = client.agent(agent());
        let errors = [
            soon(agent.run().query("q").start()).await.map(drop),
            soon(client.agents().create()).await.map(drop),
            soon(agent.publish()).await.map(drop),
            soon(
                client
                    .task(TASK.parse().expect("an id"))
                    .send_message("yes"),
            )
            .await
            .map(drop),
        ];
        for error in errors {
            let error = error.expect_err(status);
            assert!(error.is_ambiguous(), "{status} {body}: {error:?}");
            assert_eq!(error.attempts(), 1, "{status} {body}");
            assert_eq!(error.body(), body.as_bytes(), "{status}");
            let words = format!("{error} {error:?}");
            assert!(words.contains("may have taken effect"), "{words}");
        }
        assert_eq!(server.requests().len(), 4, "{status}");
    }
}

#[tokio::test]
async fn the_api_s_own_refusal_is_no_ambiguity_and_is_repeated_where_it_may_pass() {
    let refused = |status: &'static str| {
        RawServer::start(move |_| {
            let headers = [JSON, "Retry-After: 0"];
            Reply::new(status, &headers, r#"{"error":"not now"}"#)
        })
    };
    for status in [
        "400 Bad Request",
        "403 Forbidden",
        "404 Not Found",
        "409 Conflict",
        "422 Unprocessable",
    ] {
        let server = refused(status);
        let error = run(&client(&server)).start().await;
        let error = error.expect_err("a refusal");
        assert!(!error.is_ambiguous(), "{status}: {error}");
        assert_eq!(
            (error.origin(), error.attempts()),
            (Some(Origin::Api), 1),
            "{status}"
        );
    }
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        let server = refused(status);
        let error = soon(run(&client(&server)).start()).await;
        let error = error.expect_err("a refusal");
        assert!(!error.is_ambiguous(), "{status}: {error}");
        assert!(error.attempts() > 5, "{status}: {}", error.attempts());
    }
}

#[tokio::test]
async fn a_status_that_alone_says_that_nothing_was_done_needs_no_envelope() {
    for status in [
        "401 Unauthorized",
        "413 Payload Too Large",
        "411 Length Required",
        "431 Headers",
        "308 Permanent Redirect",
    ] {
        let server = RawServer::start(move |_| Reply::new(status, &[HTML], "<h1>No</h1>"));
        let error = run(&client(&server)).start().await;
        let error = error.expect_err("a refusal");
        assert!(!error.is_ambiguous(), "{status}: {error}");
        assert_eq!(error.origin(), Some(Origin::Gateway));
    }
}

#[tokio::test]
async fn a_read_is_repeated_after_any_answer() {
    for status in [
        "408 Request Timeout",
        "425 Too Early",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "429 Too Many",
    ] {
        let server = RawServer::start({
            let count = std::sync::atomic::AtomicUsize::new(0);
            move |_| match count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0 | 1 => Reply::new(status, &[HTML], "<h1>Later</h1>"),
                _ => Reply::json("200 OK", crate::task("running")),
            }
        });
        let task = client(&server).task(TASK.parse().expect("an id"));
        soon(task.get()).await.expect(status);
        assert_eq!(server.requests().len(), 3, "{status}");
    }
}

#[tokio::test]
async fn a_task_that_was_started_is_known_however_odd_the_rest_of_the_answer_is() {
    for body in [
        format!(r#"{{"task_id":"{TASK}"}}"#),
        format!(
            r#"{{"task_id":"{TASK}","agent_id":"{AGENT}","status":"running","message":null,"created_at":"{NOW}"}}"#
        ),
        format!(
            r#"{{"task_id":"{TASK}","agent_id":7,"status":null,"message":[],"created_at":"yesterday"}}"#
        ),
        format!(r#"{{"data":{{"task_id":"{TASK}"}}}}"#),
        format!(r#"{{"task_id":"{TASK}","message":"\ud83d"}}"#),
        format!(r#"{{"task_id":"{TASK}","message":NaN}}"#),
        format!(r#"{{"task_id":"{TASK}","message":"cut o"#),
    ] {
        let answer = body.clone();
        let server = RawServer::start(move |_| Reply::new("201 Created", &[JSON], &answer));
        let client = client(&server);
        let task = soon(run(&client).start()).await;
        assert_eq!(task.expect(&body).id().to_string(), TASK, "{body}");
        assert_eq!(server.requests().len(), 1, "{body}");
        // A caller who wants the whole answer gets an error that has the id.
        if let Err(error) = run(&client).send().await {
            assert_eq!(error.kind(), ErrorKind::Unreadable);
            assert_eq!(
                error.task_id().map(|id| id.to_string()).as_deref(),
                Some(TASK)
            );
            assert!(!error.is_ambiguous(), "{error}");
            assert!(error.to_string().contains("was started"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_task_is_known_although_its_answer_breaks_off() {
    let server = RawServer::start(|_| {
        let body = format!(r#"{{"task_id":"{TASK}","agent_id":"#);
        Reply::json("201 Created", body).cut_off()
    });
    let task = soon(run(&client(&server)).start()).await;
    assert_eq!(task.expect("a task").id().to_string(), TASK);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_id_that_has_arrived_is_known_although_the_answer_does_not_end() {
    let unfinished = [
        // Chunked without a last chunk, a length that is too long, and no length at all.
        format!(
            "Transfer-Encoding: chunked\r\n\r\n40\r\n{{\"task_id\":\"{TASK}\",\"id\":\"{AGENT}"
        ),
        format!("Content-Length: 4000\r\n\r\n{{\"task_id\":\"{TASK}\",\"id\":\"{AGENT}\"}}"),
        format!("\r\n{{\"task_id\":\"{TASK}\",\"id\":\"{AGENT}\"}}"),
    ];
    for rest in unfinished {
        let answer = format!("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n{rest}");
        let server = RawServer::play(move |mut connection| {
            let answer = answer.clone();
            async move {
                connection.request().await;
                connection.write(answer.as_bytes()).await;
                connection.hang().await;
            }
        });
        let client = client(&server);
        let limit = Duration::from_millis(300);
        let run = || run(&client).attempt_timeout(limit);
        let started = soon(run().start()).await.expect("a task");
        assert_eq!(started.id().to_string(), TASK);
        let errors = [
            soon(run().send()).await.map(drop),
            soon(run().raw()).await.map(drop),
        ];
        for error in errors {
            let error = error.expect_err("an answer that does not end");
            assert_eq!(
                error.task_id().map(|id| id.to_string()).as_deref(),
                Some(TASK)
            );
            assert!(!error.is_ambiguous(), "{error}");
            assert!(!error.body().is_empty());
        }
        let create = client.agents().create().attempt_timeout(limit);
        let error = soon(create.into_future())
            .await
            .expect_err("an answer that does not end");
        match rest.starts_with("Transfer") {
            // The id of the agent is cut.
            true => assert!(error.is_ambiguous(), "{error}"),
            false => assert_eq!(
                error.agent_id().map(|id| id.to_string()).as_deref(),
                Some(AGENT)
            ),
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_read_as_it_came_loses_no_id_either() {
    let server = RawServer::start(|_| {
        Reply::json("201 Created", json!({ "task_id": TASK, "agent_id": AGENT })).cut_off()
    });
    let client = client(&server);
    let error = soon(run(&client).raw()).await.expect_err("a cut answer");
    assert_eq!(
        error.task_id().map(|id| id.to_string()).as_deref(),
        Some(TASK)
    );
    assert!(!error.is_ambiguous(), "{error}");
    assert!(!error.body().is_empty());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_agent_that_was_created_is_known_although_its_answer_is_odd() {
    let server = RawServer::start(|_| {
        Reply::json(
            "201 Created",
            json!({ "id": AGENT, "created_at": "soon", "config": null }),
        )
    });
    let client = client(&server);
    for error in [
        client.agents().create().await.map(drop),
        client
            .agent(TASK.parse().expect("an id"))
            .publish()
            .await
            .map(drop),
    ] {
        let error = error.expect_err("an odd answer");
        assert_eq!(
            error.agent_id().map(|id| id.to_string()).as_deref(),
            Some(AGENT)
        );
        assert!(!error.is_ambiguous(), "{error}");
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn extract_reports_the_task_before_it_waits() {
    let server = RawServer::start(|request| match request.is("POST", "/run") {
        true => Reply::json("201 Created", json!({ "task_id": TASK })),
        false => Reply::hang(),
    });
    let client = client(&server);
    let (tell, told) = std::sync::mpsc::channel();
    let extract = run(&client).extract_as::<serde_json::Value>();
    let extract = extract.on_started(move |task| tell.send(task.id()).expect("a listener"));
    let wait = tokio::spawn(extract.into_future());
    soon(server.wait_for("GET", "/tasks/", 1)).await;
    // A caller that drops the future has the id.
    wait.abort();
    assert_eq!(told.try_recv().expect("an id").to_string(), TASK);
}

#[tokio::test]
async fn a_permanent_failure_to_connect_is_not_repeated_and_names_its_cause() {
    let plain = RawServer::without_tls();
    let url = format!("https://{}", plain.address());
    let client = nanonets_agents::Client::builder("key").base_url(url);
    let client = client.build().expect("a client");
    let error = soon(client.agent(agent()).get()).await.expect_err("no TLS");
    assert_eq!(
        (error.kind(), error.origin()),
        (ErrorKind::Connect, Some(Origin::Tls)),
        "{error:?}"
    );
    assert_eq!(error.attempts(), 1);
    assert!(error.to_string().contains("TLS"), "{error}");

    let client = nanonets_agents::Client::builder("key").base_url("https://no-such-host.invalid");
    let client = client.build().expect("a client");
    let error = soon(client.agent(agent()).get())
        .await
        .expect_err("no host");
    assert_eq!(error.kind(), ErrorKind::Connect);
    // A machine without a name server can only say that it does not know at present.
    if error.origin() == Some(Origin::Dns) {
        assert_eq!(error.attempts(), 1);
        assert!(error.to_string().contains("not resolved"), "{error}");
    }
}

#[tokio::test]
async fn a_proxy_that_asks_for_a_password_is_not_asked_again() {
    let proxy = RawServer::start(|_| {
        Reply::new(
            "407 Proxy Authentication Required",
            &["Proxy-Authenticate: Basic"],
            "",
        )
    });
    for base_url in ["https://agents.example", "http://agents.example"] {
        let through = reqwest::Proxy::all(proxy.url()).expect("a proxy");
        let http = reqwest::Client::builder().proxy(through).build();
        let client = nanonets_agents::Client::builder("key")
            .base_url(base_url)
            .allow_plain_http()
            .http_client(http.expect("an HTTP client"));
        let client = client.build().expect("a client");
        let error = soon(run(&client).start()).await;
        let error = error.expect_err("a refusal");
        assert_eq!(error.origin(), Some(Origin::Proxy), "{error:?}");
        assert_eq!(error.attempts(), 1, "{error}");
        assert!(!error.is_ambiguous() && !error.is_retryable(), "{error}");
    }
}
