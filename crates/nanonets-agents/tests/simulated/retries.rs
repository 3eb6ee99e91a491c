//! Failures that are repeated, and those that never are.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nanonets_agents::{AgentId, Client, ErrorKind, FoundRun, RetryPolicy};
use nanonets_agents_sim::{Fault, Operation, Script, Simulator};

use crate::{builder, client, soon};

/// The number of attempts of a read that fails.
async fn failed_attempts(client: &Client, agent: AgentId) -> u32 {
    let read = client.agent(agent).get().await;
    read.expect_err("a failure").attempts()
}

#[tokio::test]
async fn a_read_is_tried_again_until_it_succeeds() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    for fault in [
        Fault::status(500),
        Fault::status(502).html("<h1>Bad gateway</h1>"),
        Fault::status(429).retry_after(Duration::ZERO),
        Fault::reset(),
        Fault::truncate(),
        Fault::cut_off(),
    ] {
        simulator.forget_requests();
        simulator.fault(fault.times(2));
        client(&simulator)
            .agent(agent)
            .get()
            .await
            .expect("an agent");
        assert_eq!(simulator.count(Operation::GetAgent), 3);
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_run_is_ambiguous_and_starts_no_second_task() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    for fault in [
        Fault::reset(),
        Fault::status(500),
        Fault::status(503),
        Fault::status(502).html("<h1>Bad gateway</h1>"),
        Fault::truncate(),
        Fault::cut_off(),
    ] {
        let before = simulator.tasks().len();
        simulator.fault(fault.after_effect().times(1));
        let run = client(&simulator).agent(agent).run().query("q");
        let error = run.start().await.expect_err("a lost answer");
        assert!(error.is_ambiguous(), "{error}");
        let ambiguity = error.ambiguity().expect("where to look");
        assert_eq!(ambiguity.agent_id, Some(agent));
        assert!(ambiguity.since <= ambiguity.until);
        assert_eq!(simulator.tasks().len(), before + 1, "{error}");
    }
}

#[tokio::test]
async fn the_task_of_an_ambiguous_run_is_found() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = client(&simulator);
    let other = client.agent(simulator.create_agent("Receipts").id).run();
    other.query("q").start().await.expect("a task");
    client
        .agent(agent)
        .run()
        .query("q")
        .start()
        .await
        .expect("a task");
    let fault = Fault::reset().on(Operation::RunAgent).times(1);
    simulator.fault(fault.after_effect());
    let run = client.agent(agent).run().query("q").start().await;
    let error = run.expect_err("a lost answer");
    let record = error.run_record().expect("a record");
    let found = client.find_run(record).await.expect("a list");
    let FoundRun::Found(found) = found else {
        panic!("not found: {found:?}");
    };
    let ids: Vec<_> = found
        .iter()
        .map(|candidate| candidate.task.task_id)
        .collect();
    let mut started = simulator.tasks().into_iter().map(|task| task.id);
    assert_eq!(ids, [started.next_back().expect("a task")]);

    simulator.fault(Fault::status(400).on(Operation::RunAgent).times(1));
    let run = client.agent(agent).run().query("q").start().await;
    assert!(run.expect_err("a refusal").run_record().is_none());
}

#[tokio::test]
async fn rate_limits_are_waited_for_however_many_runs_they_refuse() {
    const RUNS: usize = 300;
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let policy = RetryPolicy::default().pauses([Duration::from_millis(1)]);
    let client = builder(&simulator)
        .retry(policy.budget(5))
        .build()
        .expect("a client");
    simulator.fault(
        Fault::status(429)
            .on(Operation::RunAgent)
            .times(RUNS as u64),
    );
    let runs = (0..RUNS).map(|_| client.agent(agent).run().query("q").start());
    let tasks = soon(futures_util::future::join_all(runs)).await;
    assert!(
        tasks.iter().all(Result::is_ok),
        "{:?}",
        tasks.iter().find(|task| task.is_err())
    );
    assert_eq!(simulator.tasks().len(), RUNS);
}

#[tokio::test]
async fn a_server_that_repeats_the_key_is_not_repeated() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let words = format!("no such key: {}", simulator.api_key());
    let fault = Fault::status(401).body("text/plain", words.clone());
    simulator.fault(fault.header("x-echo", &words));
    let error = client(&simulator).agent(agent).get().await;
    let error = error.expect_err("a refusal");
    assert!(
        error.to_string().contains("no such key: (secret)"),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains(simulator.api_key()));
}

#[tokio::test]
async fn a_run_that_certainly_had_no_effect_is_tried_again() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    for fault in [
        Fault::status(429),
        Fault::status(503).retry_after(Duration::ZERO),
    ] {
        simulator.fault(fault.on(Operation::RunAgent).times(2));
        let run = client(&simulator).agent(agent).run().query("q");
        run.start().await.expect("a task");
    }
    assert_eq!(simulator.count(Operation::RunAgent), 6);
    assert_eq!(simulator.tasks().len(), 2);
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    for status in [400, 401, 403, 404, 409] {
        simulator.forget_requests();
        simulator.fault(Fault::status(status).times(1));
        let error = client(&simulator)
            .agent(agent)
            .get()
            .await
            .expect_err("a refusal");
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Status, 1));
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(error.operation(), Some("get_agent"));
        assert_eq!(simulator.count(Operation::GetAgent), 1);
    }
}

#[tokio::test]
async fn after_the_last_attempt_the_error_says_how_many_there_were() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    simulator.fault(Fault::status(500).body("application/json", r#"{"error": "out of order"}"#));
    let error = client(&simulator)
        .agent(agent)
        .get()
        .await
        .expect_err("a failure");
    assert_eq!(
        error.to_string(),
        "get_agent: 500: out of order (after 5 attempts)"
    );
    assert_eq!(simulator.count(Operation::GetAgent), 5);
    simulator.clear_faults();
    simulator.refuse_connections().await;
    let error = client(&simulator)
        .agent(agent)
        .run()
        .query("q")
        .start()
        .await
        .expect_err("no connection");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 5));
    assert!(!error.is_ambiguous());
}

#[tokio::test]
async fn a_server_that_asks_for_too_long_a_pause_is_not_waited_for() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    simulator.fault(Fault::status(429).retry_after(Duration::from_secs(3600)));
    let error = client(&simulator)
        .agent(agent)
        .get()
        .await
        .expect_err("a refusal");
    assert!(error.is_rate_limited());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn a_call_can_have_a_time_limit_and_headers_of_its_own() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = builder(&simulator)
        .retry(RetryPolicy::never())
        .build()
        .expect("a client");
    let handle = simulator.fault(Fault::delay_headers(Duration::from_secs(3600)));
    let error = client
        .agent(agent)
        .get()
        .timeout(Duration::from_millis(50))
        .await
        .expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::Lost);
    handle.remove();
    client
        .agent(agent)
        .get()
        .header("x-trace", "7")
        .await
        .expect("an agent");
    let request = simulator.requests_to(Operation::GetAgent).remove(1);
    assert_eq!(request.headers["x-trace"], "7");
    assert!(
        request.headers["user-agent"]
            .to_str()
            .is_ok_and(|agent| agent.starts_with("nanonets-agents/"))
    );
}

#[tokio::test]
async fn an_answer_can_be_had_as_it_came() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = builder(&simulator)
        .response_limit(10_000)
        .build()
        .expect("a client");
    simulator.fault(Fault::unknown_fields().times(1));
    let raw = client.agent(agent).get().raw().await.expect("an answer");
    assert_eq!(raw.status, 200);
    assert_eq!(raw.headers["content-type"], "application/json");
    let body: serde_json::Value = serde_json::from_slice(&raw.body).expect("JSON");
    assert!(body["unheard_of"].is_object());
    assert!(!format!("{raw:?}").contains("Invoices"));

    simulator.fault(Fault::status(200).body("text/plain", "no JSON").times(1));
    let raw = client.agent(agent).get().raw().await.expect("an answer");
    assert_eq!(raw.body, "no JSON");
    simulator.fault(Fault::status(200).json_of(20_000));
    let error = client.agent(agent).get().raw().await.expect_err("too much");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    simulator.clear_faults();
    simulator.fault(Fault::status(404));
    let error = client.agent(agent).get().raw().await;
    assert!(error.expect_err("a refusal").is_not_found());
}

#[tokio::test]
async fn a_budget_that_is_used_up_ends_retries_until_requests_succeed() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let policy = RetryPolicy::default().pauses([Duration::ZERO]).budget(6);
    let client = builder(&simulator).retry(policy).build().expect("a client");
    let fault = simulator.fault(Fault::status(500));
    let mut attempts = Vec::new();
    for _ in 0..3 {
        attempts.push(failed_attempts(&client, agent).await);
    }
    assert_eq!(attempts, [5, 3, 1]);
    fault.remove();
    for _ in 0..10 {
        client.agent(agent).get().await.expect("an agent");
    }
    simulator.fault(Fault::status(500));
    assert_eq!(failed_attempts(&client, agent).await, 2);
}

#[tokio::test]
async fn a_function_can_decide_what_is_tried_again() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let policy = RetryPolicy::default().decide_by(|attempt| {
        let gone = attempt.error.is_not_found() && attempt.number < 3;
        gone.then_some(Duration::ZERO)
    });
    let client = builder(&simulator).retry(policy).build().expect("a client");
    simulator.fault(Fault::status(404).times(2));
    client.agent(agent).get().await.expect("an agent");
    simulator.fault(Fault::status(500).times(1));
    assert_eq!(failed_attempts(&client, agent).await, 1);
}

#[tokio::test]
async fn what_can_not_be_undone_is_sent_once_if_it_may_have_taken_effect() {
    let simulator = Simulator::start().await;
    let client = client(&simulator);
    simulator.script(Script::new().ask("Sure?"));
    let faults = [
        Fault::status(500),
        Fault::status(503),
        Fault::reset(),
        Fault::truncate(),
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let agent = simulator.create_agent(&format!("Invoices {number}")).id;
        let run = client.agent(agent).run().query("q");
        let task = run.start().await.expect("a task");
        let running = client.agent(simulator.create_agent(&format!("Receipts {number}")).id);
        simulator.create_draft(agent);
        simulator.forget_requests();
        let fault = simulator.fault(fault.after_effect());
        let errors = [
            client.agents().create().await.map(drop),
            client.agent(agent).publish().await.map(drop),
            task.send_message("yes").await.map(drop),
            running.run().query("q").await.map(drop),
        ];
        fault.remove();
        for error in errors {
            let error = error.expect_err("a lost answer");
            assert!(error.is_ambiguous(), "{error}");
            assert_eq!(error.attempts(), 1, "{error}");
        }
        for operation in [
            Operation::CreateAgent,
            Operation::PublishAgentVersion,
            Operation::SendTaskMessage,
            Operation::RunAgent,
        ] {
            assert_eq!(simulator.count(operation), 1, "{operation}");
        }
    }
}

#[tokio::test]
async fn an_attempt_that_may_have_taken_effect_is_not_forgotten_for_a_later_one_that_did_not() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let policy = RetryPolicy::default();
    let policy = policy.decide_by(|attempt| (attempt.number < 2).then_some(Duration::ZERO));
    let client = builder(&simulator).retry(policy).build().expect("a client");
    simulator.fault(Fault::reset().after_effect().times(1));
    simulator.fault(Fault::status(400).after(1));
    let error = client.agent(agent).run().query("q").start().await;
    let error = error.expect_err("a refusal");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
    assert!(error.is_ambiguous(), "{error}");
}

#[tokio::test]
async fn an_answer_that_no_attempt_will_change_is_not_asked_for_again() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = builder(&simulator).response_limit(10_000).build();
    let client = client.expect("a client");
    for (fault, kind) in [
        (Fault::status(200).json_of(20_000), ErrorKind::TooLarge),
        (
            Fault::status(200).body("text/plain", "ok"),
            ErrorKind::Unreadable,
        ),
    ] {
        simulator.forget_requests();
        let fault = simulator.fault(fault);
        let error = client.agent(agent).get().await.expect_err("no agent");
        assert_eq!(error.kind(), kind);
        assert_eq!(simulator.count(Operation::GetAgent), 1);
        fault.remove();
    }
}

#[tokio::test]
async fn a_client_has_its_own_timeout_user_agent_and_http_client() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let headers = [(
        "x-own".parse().expect("a name"),
        "yes".parse().expect("a value"),
    )];
    let http = reqwest::Client::builder().default_headers(headers.into_iter().collect());
    let client = builder(&simulator)
        .http_client(http.build().expect("an HTTP client"))
        .user_agent("reports/2.1")
        .timeout(Duration::from_millis(50))
        .build()
        .expect("a client");
    simulator.fault(Fault::delay_headers(Duration::from_secs(3600)));
    let error = soon(client.agent(agent).get()).await;
    let error = error.expect_err("no answer");
    assert!(error.is_timeout(), "{error}");
    let request = simulator.requests_to(Operation::GetAgent).remove(0);
    assert_eq!(request.headers["x-own"], "yes");
    assert_eq!(request.headers["user-agent"], "reports/2.1");
}

#[test]
fn a_client_that_would_show_the_key_or_reach_nothing_is_not_built() {
    for (base_url, expected) in [
        ("http://agents.nanonets.com", "allow_plain_http"),
        (
            "https://user:pass@agents.nanonets.com",
            "a user name or a password",
        ),
        ("https://agents.nanonets.com/api/v1", "before `/api/v1`"),
        ("https://agents.nanonets.com?a=b", "before `/api/v1`"),
        ("agents.nanonets.com", "base URL"),
        ("ftp://agents.nanonets.com", "https://"),
    ] {
        let error = Client::builder("key").base_url(base_url).build();
        let error = error.expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error:?}").contains("pass@"), "{error:?}");
    }
    let plain = Client::builder("key").base_url("http://agents.nanonets.com");
    plain.allow_plain_http().build().expect("a client");
}

#[tokio::test]
async fn what_can_not_be_sent_is_refused_before_it_is() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = client(&simulator);
    let get = || client.agent(agent).get();
    let task = client.task(
        "7f7e4431-66f4-4eb9-bc91-473994247fe4"
            .parse()
            .expect("an id"),
    );
    let errors = [
        get().header("two words", "1").await.map(drop),
        get().header("x-a", "line\nbreak").await.map(drop),
        get().timeout(Duration::ZERO).await.map(drop),
        task.send_message(" ").await.map(drop),
        client.agents().create().config(7).await.map(drop),
        client
            .agent(agent)
            .merge_config("no object")
            .await
            .map(drop),
    ];
    for error in errors {
        let error = error.expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    }
    assert!(simulator.requests().is_empty());
    let secret = client.agents().create().header("authorization", "hush");
    assert!(!format!("{secret:?}").contains("hush"), "{secret:?}");
}

#[tokio::test]
async fn an_error_has_the_words_of_the_server_and_the_id_of_the_request() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let fault = Fault::status(409).body("application/json", r#"{"error": "not now"}"#);
    simulator.fault(fault.header("x-request-id", "r-17"));
    let error = client(&simulator).agent(agent).get().await;
    let error = error.expect_err("a refusal");
    assert_eq!(error.server_message(), Some("not now"));
    assert_eq!(error.request_id(), Some("r-17"));
    assert_eq!(error.to_string(), "get_agent: 409: not now (request r-17)");
    assert!(format!("{error:?}").contains("r-17"));
}

#[tokio::test]
async fn pauses_are_drawn_from_all_of_their_length() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let drawn = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&drawn);
    let policy = RetryPolicy::default().attempts(40).budget(1000);
    let policy = policy.decide_by(move |attempt| {
        log.lock().expect("a log").push(attempt.pause?);
        Some(Duration::ZERO)
    });
    let client = builder(&simulator).retry(policy).build().expect("a client");
    simulator.fault(Fault::status(500));
    client.agent(agent).get().await.expect_err("a failure");
    let drawn = drawn.lock().expect("a log").clone();
    // From the fifth on, up to half a minute.
    let late: Vec<f64> = drawn[4..].iter().map(Duration::as_secs_f64).collect();
    assert_eq!(late.len(), 35);
    assert!(
        late.iter().all(|pause| (0.0..=30.0).contains(pause)),
        "{late:?}"
    );
    assert!(late.iter().any(|pause| *pause < 15.0) && late.iter().any(|pause| *pause > 15.0));
}

/// A listener whose queue is full answers nobody, on Linux at least.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_connection_that_does_not_come_about_is_given_up_in_time() {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    let any = "127.0.0.1:0".parse().expect("an address");
    socket.bind(any).expect("a port");
    let listener = socket.listen(1).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let mut queue = Vec::new();
    while let Ok(connection) = tokio::time::timeout(
        Duration::from_millis(200),
        tokio::net::TcpStream::connect(address),
    )
    .await
    {
        queue.push(connection.expect("a connection"));
    }
    let client = Client::builder("key")
        .base_url(format!("http://{address}"))
        .retry(RetryPolicy::never())
        .connect_timeout(Duration::from_millis(100));
    let client = client.build().expect("a client");
    let patience = Duration::from_secs(5);
    let page = client.tasks().list().page().into_future();
    let result = tokio::time::timeout(patience, page).await;
    let error = result.expect("it ends in time").expect_err("no connection");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.is_timeout() && !error.is_ambiguous(), "{error:?}");
}
