//! Pauses and limits, by a clock that stands still until a test moves it on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream;
use nanonets_agents::{Client, Error, ErrorKind, File, Outcome, RetryPolicy, TaskStatus};
use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::raw_server::RawServer;

/// Moves time on. Left to itself, a paused clock jumps ahead whenever nothing is left to do, also while an answer is on
/// its way through a real socket; a thread that is kept waiting keeps it from that.
struct Clock {
    here: TcpStream,
    there: TcpStream,
    _hold: std::sync::mpsc::Sender<()>,
}

const STEP: Duration = Duration::from_millis(200);
/// How far the clock may have moved on while a request was on its way.
const SLACK: Duration = Duration::from_secs(2);

impl Clock {
    async fn stopped() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let here = TcpStream::connect(address).await.expect("a connection");
        let (there, _) = listener.accept().await.expect("a connection");
        tokio::time::pause();
        let (hold, held) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || held.recv());
        Self {
            here,
            there,
            _hold: hold,
        }
    }

    /// Lets sockets do what they can do at this time.
    async fn settle(&mut self) {
        for _ in 0..20 {
            self.here.write_all(b".").await.expect("a pipe");
            self.there.read_exact(&mut [0]).await.expect("a pipe");
        }
    }

    /// Moves time on until something is done, and says how long that took.
    async fn run<T: Send + 'static>(
        &mut self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> (T, Duration) {
        let start = Instant::now();
        let work = tokio::spawn(async move {
            let result = work.await;
            (result, start.elapsed())
        });
        while !work.is_finished() {
            self.settle().await;
            tokio::time::advance(STEP).await;
        }
        work.await.expect("it ends")
    }
}

/// A simulator that notes when requests arrive.
async fn simulator() -> (Simulator, Arc<Mutex<Vec<(Option<Operation>, Instant)>>>) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let arrivals = Arc::clone(&log);
    let builder = Simulator::builder().on_request(move |request| {
        let arrival = (request.operation, Instant::now());
        arrivals.lock().expect("a log").push(arrival);
    });
    (builder.start().await.expect("a simulator"), log)
}

fn gaps(log: &Mutex<Vec<(Option<Operation>, Instant)>>, operation: Operation) -> Vec<Duration> {
    let log = log.lock().expect("a log");
    let times: Vec<Instant> = log
        .iter()
        .filter(|(seen, _)| *seen == Some(operation))
        .map(|(_, time)| *time)
        .collect();
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn client(simulator: &Simulator, retry: RetryPolicy) -> Client {
    Client::builder(simulator.api_key())
        .base_url(simulator.base_url())
        .retry(retry)
        .build()
        .expect("a client")
}

fn assert_within(time: Duration, least: f64, most: f64) {
    let most = Duration::from_secs_f64(most) + SLACK;
    assert!(
        time >= Duration::from_secs_f64(least) && time <= most,
        "{time:?} is not between {least} s and {most:?}"
    );
}

#[tokio::test]
async fn polls_grow_apart_from_one_second_to_ten() {
    let (simulator, log) = simulator().await;
    simulator.script(Script::new().running(40).complete(1));
    let agent = simulator.create_agent("Invoices").id;
    let run = client(&simulator, RetryPolicy::never()).agent(agent).run();
    let task = run.query("q").start().await.expect("a task");
    let mut clock = Clock::stopped().await;
    let (outcome, _) = clock.run(async move { task.wait().await }).await;
    outcome.expect("an outcome");
    let gaps = gaps(&log, Operation::GetTask);
    assert!(gaps.len() >= 39, "{gaps:?}");
    let mut pause: f64 = 1.0;
    let mut shorter = 0;
    for gap in gaps {
        assert_within(gap, 0.75 * pause, 1.25 * pause);
        if gap.as_secs_f64() < 0.97 * pause {
            shorter += 1;
        }
        pause = (1.5 * pause).min(10.0);
    }
    // Without jitter, each would be a little longer than its pause.
    assert!(shorter > 0);
}

#[tokio::test]
async fn a_review_is_waited_for_as_anything_else_is() {
    let (simulator, log) = simulator().await;
    simulator.script(
        Script::new()
            .hold(TaskStatus::AwaitingReview, 8)
            .complete(1),
    );
    let agent = simulator.create_agent("Invoices").id;
    let run = client(&simulator, RetryPolicy::never()).agent(agent).run();
    let task = run.query("q").start().await.expect("a task");
    let Ok(Outcome::NeedsReview(task)) = task.wait().await else {
        panic!("a review was expected");
    };
    log.lock().expect("a log").clear();
    let mut clock = Clock::stopped().await;
    let (outcome, _) = clock.run(async move { task.wait().await }).await;
    assert!(matches!(outcome, Ok(Outcome::Completed(_))), "{outcome:?}");
    let gaps = gaps(&log, Operation::GetTask);
    assert!((4..=8).contains(&gaps.len()), "{gaps:?}");
    for gap in gaps {
        assert!(gap >= Duration::from_millis(750), "{gap:?}");
    }
}

#[tokio::test]
async fn a_poll_that_is_told_to_come_later_comes_later() {
    let (simulator, log) = simulator().await;
    simulator.script(Script::new().running(2).complete(1));
    let agent = simulator.create_agent("Invoices").id;
    let run = client(&simulator, RetryPolicy::default())
        .agent(agent)
        .run();
    let task = run.query("q").start().await.expect("a task");
    let fault = Fault::status(429).retry_after(Duration::from_secs(60));
    simulator.fault(fault.on(Operation::GetTask).times(1));
    let mut clock = Clock::stopped().await;
    let (outcome, _) = clock.run(async move { task.wait().await }).await;
    outcome.expect("an outcome");
    let gaps = gaps(&log, Operation::GetTask);
    assert_within(gaps[0], 45.0, 75.0);
    assert_within(gaps[1], 0.75, 12.5);
}

#[tokio::test]
async fn a_wait_ends_at_its_deadline_and_says_how_far_it_came() {
    let (simulator, _) = simulator().await;
    simulator.script(Script::new().running(u32::MAX));
    let agent = simulator.create_agent("Invoices").id;
    let run = client(&simulator, RetryPolicy::never()).agent(agent).run();
    let task = run.query("q").start().await.expect("a task");
    let id = task.id();
    let mut clock = Clock::stopped().await;
    let wait = task.wait().timeout(Duration::from_secs(120));
    let (outcome, elapsed) = clock.run(async move { wait.await }).await;
    let error = outcome.expect_err("a timeout");
    assert_within(elapsed, 120.0, 120.0);
    assert!(error.is_timeout());
    assert_eq!(error.task_id(), Some(id));
    let waited = error.waited().expect("what was waited for");
    assert_within(waited.elapsed, 120.0, 120.0);
    assert_eq!(waited.last_status, Some(TaskStatus::Running));
    // Pauses of 1, 1.5, 2.25 ... and of 10 seconds, give or take.
    assert!((11..=25).contains(&waited.polls), "{waited:?}");
    assert_eq!(simulator.count(Operation::CancelTask), 0);
}

#[tokio::test]
async fn the_server_is_given_the_pause_that_it_asks_for() {
    let (simulator, log) = simulator().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = client(&simulator, RetryPolicy::default());
    let mut clock = Clock::stopped().await;
    type Make = fn() -> Fault;
    let faults: [(Make, f64, f64); 2] = [
        (
            || Fault::status(429).retry_after(Duration::from_secs(7)),
            7.0,
            10.5,
        ),
        // The clock of the simulator is ahead by what was waited for before. A date has no fractions.
        (
            || {
                let date = chrono::Utc::now() + chrono::TimeDelta::seconds(40);
                Fault::status(503).retry_after_date(date)
            },
            20.0,
            60.0,
        ),
    ];
    for (fault, least, most) in faults {
        log.lock().expect("a log").clear();
        simulator.fault(fault().times(1));
        let request = client.agent(agent).get();
        let (agent, _) = clock.run(async move { request.await }).await;
        agent.expect("an agent");
        let gaps = gaps(&log, Operation::GetAgent);
        assert_eq!(gaps.len(), 1);
        assert_within(gaps[0], least, most);
    }
}

#[tokio::test]
async fn pauses_between_attempts_grow_and_vary() {
    let (simulator, log) = simulator().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = client(&simulator, RetryPolicy::default());
    simulator.fault(Fault::status(500));
    let mut clock = Clock::stopped().await;
    let request = client.agent(agent).get();
    let (result, _) = clock.run(async move { request.await }).await;
    result.expect_err("a failure");
    let gaps = gaps(&log, Operation::GetAgent);
    assert_eq!(gaps.len(), 4);
    for (gap, most) in gaps.iter().zip([1.0, 2.0, 5.0, 10.0]) {
        assert_within(*gap, 0.0, most);
    }
    assert!(gaps.iter().any(|gap| *gap > STEP * 2), "{gaps:?}");
}

#[tokio::test]
async fn a_pause_that_goes_beyond_the_deadline_is_not_made() {
    let (simulator, log) = simulator().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = client(&simulator, RetryPolicy::default());
    simulator.fault(Fault::status(429).retry_after(Duration::from_secs(20)));
    let mut clock = Clock::stopped().await;
    let request = client.agent(agent).get().timeout(Duration::from_secs(10));
    let (result, elapsed) = clock.run(async move { request.await }).await;
    let error = result.expect_err("a refusal");
    assert!(error.is_rate_limited(), "{error}");
    assert_eq!(error.attempts(), 1);
    assert_within(elapsed, 0.0, 0.0);
    assert!(gaps(&log, Operation::GetAgent).is_empty());
}

#[tokio::test]
async fn a_call_ends_at_its_deadline_and_an_attempt_at_its_own() {
    let (simulator, log) = simulator().await;
    let agent = simulator.create_agent("Invoices").id;
    let policy = RetryPolicy::default().pauses([Duration::ZERO]);
    let client = client(&simulator, policy);
    simulator.fault(Fault::delay_headers(Duration::from_secs(3600)));
    let mut clock = Clock::stopped().await;
    let request = client.agent(agent).get().timeout(Duration::from_secs(25));
    let request = request.attempt_timeout(Duration::from_secs(10));
    let (result, elapsed) = clock.run(async move { request.await }).await;
    let error: Error = result.expect_err("no answer");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Lost, 3));
    assert!(error.is_timeout() && !error.is_ambiguous(), "{error:?}");
    assert_within(elapsed, 25.0, 25.0);
    for gap in gaps(&log, Operation::GetAgent) {
        assert_within(gap, 10.0, 10.0);
    }
}

/// A file of five bytes, each after a pause.
fn slow(pause: Duration) -> File {
    File::stream("slow.txt", Some(5), move || async move {
        Ok(stream::unfold(0, move |sent| async move {
            tokio::time::sleep(pause).await;
            (sent < 5).then(|| (Ok("x".into()), sent + 1))
        }))
    })
}

#[tokio::test]
async fn an_upload_that_moves_takes_as_long_as_it_takes_and_one_that_stands_still_is_given_up() {
    let (simulator, _) = simulator().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = client(&simulator, RetryPolicy::default());
    // The kernel confirms what arrived in its own time, which does not stop. This client does not ask the kernel.
    let blind = Client::builder(simulator.api_key())
        .base_url(simulator.base_url())
        .retry(RetryPolicy::never())
        .http_client(reqwest::Client::new());
    let blind = blind.build().expect("a client");
    let mut clock = Clock::stopped().await;
    let run = client
        .agent(agent)
        .run()
        .file(slow(Duration::from_secs(40)));
    let (task, elapsed) = clock.run(run.start()).await;
    task.expect("a task");
    // The clock moves on a little while each byte is on its way.
    assert_within(elapsed, 200.0, 300.0);

    let run = blind.agent(agent).run().file(slow(Duration::from_secs(70)));
    let (task, elapsed) = clock.run(run.start()).await;
    let error = task.expect_err("a stalled upload");
    // The source stands still, so the server never had all of it.
    assert!(error.is_timeout() && error.proves_no_effect(), "{error:?}");
    assert_within(elapsed, 60.0, 60.0);
}

#[tokio::test]
async fn an_answer_that_stops_half_way_is_given_up() {
    let (simulator, _) = simulator().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = client(&simulator, RetryPolicy::never());
    simulator.fault(Fault::delay_body(Duration::from_secs(3600)));
    let mut clock = Clock::stopped().await;
    let request = client.agent(agent).get();
    let (result, elapsed) = clock.run(async move { request.await }).await;
    let error = result.expect_err("half an answer");
    assert!(error.is_timeout(), "{error:?}");
    assert_within(elapsed, 60.0, 60.0);
}

#[tokio::test]
async fn an_answer_that_moves_takes_as_long_as_it_takes() {
    let server = RawServer::play(|mut connection| async move {
        connection.request().await;
        let blanks = " ".repeat(200_000);
        let body = format!(r#"{{"data":[],{blanks}"has_more":false}}"#);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        connection.write(head.as_bytes()).await;
        for part in body.as_bytes().chunks(50_010) {
            tokio::time::sleep(Duration::from_secs(40)).await;
            connection.write(part).await;
        }
    });
    let client = Client::builder("key").base_url(server.url());
    let client = client.build().expect("a client");
    let mut clock = Clock::stopped().await;
    let request = client.tasks().list().page();
    let (page, elapsed) = clock.run(async move { request.await }).await;
    assert!(page.expect("a page").items.is_empty());
    assert_within(elapsed, 160.0, 200.0);
}
