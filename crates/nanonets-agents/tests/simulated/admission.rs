//! Starts wait for their turn instead of failing.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use futures_util::future::join_all;
use nanonets_agents::{
    Admission, AgentId, Client, ErrorKind, File, Outcome, Result, TaskStatus, Update,
};
use nanonets_agents_sim::{Fault, Operation, Script, Simulator};

use crate::raw_server::{RawServer, Reply};
use crate::{QUICK, builder, soon};

#[tokio::test]
async fn three_hundred_runs_of_which_each_is_refused_once_all_start() {
    for retry_after in [None, Some(Duration::ZERO)] {
        let simulator = Simulator::start().await;
        let agent = simulator.create_agent("Invoices").id;
        let mut fault = Fault::status(429).on(Operation::RunAgent).times(300);
        if let Some(time) = retry_after {
            fault = fault.retry_after(time);
        }
        simulator.fault(fault);
        // The default client, as anybody would make it.
        let client = Client::builder(simulator.api_key()).base_url(simulator.base_url());
        let client = client.build().expect("a client");
        let runs = (0..300).map(|_| client.agent(agent).run().query("q").start());
        for run in soon(join_all(runs)).await {
            run.expect("a task");
        }
        assert_eq!(simulator.tasks().len(), 300);
        assert_eq!(simulator.count(Operation::RunAgent), 600);
        let status = client.admission();
        assert_eq!((status.accepted, status.refused), (300, 300));
        assert_eq!((status.waiting, status.in_flight), (0, 0));
    }
}

#[tokio::test]
async fn a_server_that_refuses_every_start_is_given_up() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    simulator.fault(Fault::status(429).on(Operation::RunAgent));
    let admission = Admission::new().give_up_after(Duration::from_secs(1));
    let client = builder(&simulator).admission(admission);
    let client = client.build().expect("a client");
    let run = client.agent(agent).run().query("q");
    let error = soon(run.start()).await.expect_err("refusals");
    assert!(error.is_rate_limited(), "{error}");
    assert!(!error.is_ambiguous(), "{error}");
    let source = std::error::Error::source(&error).expect("a reason");
    assert!(
        source.to_string().contains("refused every start"),
        "{source}"
    );
    assert!(simulator.count(Operation::RunAgent) < 10);
}

#[tokio::test]
async fn a_run_whose_time_is_up_before_its_turn_is_not_sent() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let admission = Admission::new().starts_per_second(0.01);
    let client = builder(&simulator).admission(admission);
    let client = client.build().expect("a client");
    let run = || client.agent(agent).run().query("q");
    run().start().await.expect("a task");
    let clone = client.clone();
    let late = clone
        .agent(agent)
        .run()
        .query("q")
        .timeout(Duration::from_millis(50));
    let error = soon(late.start()).await.expect_err("no time");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.is_timeout() && !error.is_ambiguous(), "{error}");
    assert!(error.to_string().contains("nothing was sent"), "{error}");
    assert_eq!(simulator.count(Operation::RunAgent), 1);
    // Everything but starts passes.
    client.agent(agent).get().await.expect("an agent");
}

#[tokio::test]
async fn no_more_uploads_than_allowed_are_under_way() {
    let simulator = Simulator::builder().latency(Duration::from_millis(20));
    let simulator = simulator.start().await.expect("a simulator");
    let agent = simulator.create_agent("Invoices").id;
    let client = builder(&simulator).admission(Admission::new().uploads(3));
    let client = client.build().expect("a client");
    let most = Mutex::new(0);
    let look = || {
        let uploads = client.admission().uploads;
        let mut most = most.lock().expect("a number");
        *most = uploads.max(*most);
    };
    let runs = (0..30).map(|number| {
        let file = File::bytes(format!("invoice-{number}.txt"), "ACME Ltd, total 12.50");
        let run = client.agent(agent).run().file(file);
        async {
            let task = run.start().await;
            look();
            task
        }
    });
    for run in soon(join_all(runs)).await {
        run.expect("a task");
    }
    assert_eq!(client.admission().uploads, 0);
    assert!(*most.lock().expect("a number") <= 3);
}

#[tokio::test]
async fn few_tasks_are_queued_where_open_tasks_are_capped() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    simulator.limit_concurrent_tasks(agent, 4);
    simulator.script(Script::new().running(Duration::from_millis(30)).complete(1));
    let admission = Admission::new().open_tasks_per_agent(1000);
    let client = builder(&simulator).admission(admission);
    let client = client.build().expect("a client");
    let statuses = Mutex::new(Vec::new());
    let runs = (0..100).map(|_| async {
        let task = client.agent(agent).run().query("q").start().await?;
        let wait = task.wait().pauses(QUICK.0, QUICK.1);
        let mut updates = wait.updates();
        while let Some(update) = updates.try_next().await? {
            match update {
                Update::Status(task) => statuses.lock().expect("a list").push(task.status),
                Update::Outcome(outcome) => return Ok(outcome),
                _ => {}
            }
        }
        panic!("a wait without an outcome");
    });
    let outcomes: Vec<Result<_>> = soon(join_all(runs)).await;
    for outcome in outcomes {
        assert!(matches!(outcome, Ok(Outcome::Completed(_))), "{outcome:?}");
    }
    assert_eq!(client.admission().open_tasks, 0);
    let statuses = statuses.into_inner().expect("a list");
    let queued = statuses
        .iter()
        .filter(|&status| *status == TaskStatus::Queued);
    // Without the cap, all but the first four.
    assert!(
        queued.clone().count() < 50,
        "{} were queued",
        queued.count()
    );
}

#[test]
fn a_rate_that_is_no_positive_number_is_a_wrong_configuration() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let client = Client::builder("key").admission(Admission::new().starts_per_second(rate));
        let error = client.build().expect_err("a wrong rate");
        assert_eq!(error.kind(), ErrorKind::Configuration, "{rate}");
    }
}

/// A bucket of tokens that fills up over time.
struct Bucket {
    tokens: f64,
    last: Instant,
}

impl Bucket {
    const RATE: f64 = 100.0;
    const BURST: f64 = 20.0;

    /// Takes a token if there is one.
    fn take(&mut self) -> bool {
        let elapsed = self.last.elapsed();
        self.last += elapsed;
        self.tokens = (self.tokens + elapsed.as_secs_f64() * Self::RATE).min(Self::BURST);
        let is_taken = self.tokens >= 1.0;
        self.tokens -= f64::from(u8::from(is_taken));
        is_taken
    }
}

#[tokio::test]
async fn a_burst_against_a_rate_limit_starts_all_its_runs() {
    const RUNS: usize = 200;
    let bucket = Mutex::new(Bucket {
        tokens: Bucket::BURST,
        last: Instant::now(),
    });
    let server = RawServer::start(move |_| match bucket.lock().expect("a bucket").take() {
        true => Reply::json(
            "201 Created",
            r#"{"task_id": "22222222-2222-4222-8222-222222222222", "status": "running", "message": "Taken.",
                "agent_id": "11111111-1111-4111-8111-111111111111", "created_at": "2026-01-01T00:00:00Z"}"#,
        ),
        false => Reply::json("429 Too Many Requests", r#"{"error": "too many requests"}"#),
    });
    let client = Client::builder("any").base_url(server.url());
    let client = client.build().expect("a client");
    let agent: AgentId = "11111111-1111-4111-8111-111111111111"
        .parse()
        .expect("an id");
    let start = Instant::now();
    let runs = (0..RUNS).map(|_| client.agent(agent).run().query("q").start());
    for run in soon(join_all(runs)).await {
        run.expect("a task");
    }
    let seconds = start.elapsed().as_secs_f64();
    let requests = server.requests().len();
    // 1.8 s at the best.
    assert!(seconds < 6.0, "{seconds} s");
    assert!(requests < RUNS * 13 / 10, "{requests} requests");
}
