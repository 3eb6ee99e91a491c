//! An upload may take as long as it moves, and no longer.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::stream;
use nanonets_agents::{Error, File, Run};
use nanonets_agents_api::ConnectionLayer;
use tokio::time::{Instant, interval};

use crate::raw_server::{Connection, RawServer, Reply, Request};
use crate::{AGENT, IDLE, agent, builder, server, soon, started};

const LARGE: usize = 1_200_000;

/// The same content as a file, in memory, from a stream, and as a prompt.
fn uploads(run: &Run, folder: &tempfile::TempDir) -> Vec<(&'static str, Run)> {
    let path = folder.path().join("statement.pdf");
    std::fs::write(&path, vec![b'x'; LARGE]).expect("a file");
    let chunks = || async {
        let chunk = Bytes::from(vec![b'x'; LARGE / 4]);
        Ok(stream::iter([(); 4].map(move |()| Ok(chunk.clone()))))
    };
    let run = || run.clone();
    vec![
        ("file", run().file(path)),
        (
            "memory",
            run().file(File::bytes("a.pdf", vec![b'x'; LARGE])),
        ),
        (
            "stream",
            run().file(File::stream("a.pdf", Some(LARGE as u64), chunks)),
        ),
        (
            "stream of unknown length",
            run().file(File::stream("a.pdf", None, chunks)),
        ),
        ("prompt", run().query("x".repeat(LARGE))),
    ]
}

/// Sends all uploads at the same time. Each of them starts a task.
async fn assert_all_arrive(uploads: Vec<(&'static str, Run)>) {
    let uploads = uploads.into_iter().map(|(name, run)| async move {
        if let Err(error) = soon(run.start()).await {
            panic!("{name}: {error:?}");
        }
    });
    join_all(uploads).await;
}

/// Reads a body steadily, in so many pieces with so long between them, and answers.
async fn read_steadily(connection: &mut Connection, head: Request, pieces: usize, pause: Duration) {
    let length = head.length();
    let mut pauses = interval(pause);
    // A body of unknown length has about the same.
    let mut rest = length.max(LARGE);
    while rest > 0 {
        pauses.tick().await;
        let piece = rest.min(LARGE / pieces);
        if connection.read(piece).await < piece {
            return;
        }
        rest -= piece;
    }
    connection.send(&started()).await;
}

/// The upload ended for being idle, at the idle limit or at most so long after it.
fn assert_given_up(name: &str, error: &Error, elapsed: Duration, late: Duration) {
    let is_given_up = error.is_timeout() && error.is_ambiguous();
    assert!(is_given_up, "{name}: {error:?}");
    let in_time = IDLE <= elapsed && elapsed <= IDLE + late;
    assert!(in_time, "{name}: {elapsed:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_reads_slowly_gets_everything() {
    let server = server(|mut connection| async move {
        let head = connection.head().await.expect("a request");
        read_steadily(&mut connection, head, 50, IDLE / 10).await;
    });
    let agent = agent(builder(&server));
    let folder = tempfile::tempdir().expect("a folder");
    let uploads = uploads(&agent.run(), &folder);
    let uploads = uploads.into_iter().map(|(name, run)| async move {
        let start = Instant::now();
        if let Err(error) = soon(run.start()).await {
            panic!("{name}: {error:?} after {:?}", start.elapsed());
        }
        let elapsed = start.elapsed();
        assert!(elapsed > 4 * IDLE, "{name} was not slow: {elapsed:?}");
    });
    join_all(uploads).await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_may_pause_again_and_again_for_less_than_the_idle_limit() {
    let server = server(|mut connection| async move {
        let head = connection.head().await.expect("a request");
        read_steadily(&mut connection, head, 5, IDLE * 7 / 10).await;
    });
    let agent = agent(builder(&server));
    let folder = tempfile::tempdir().expect("a folder");
    assert_all_arrive(uploads(&agent.run(), &folder)).await;
}

/// The server stops reading the runs of this agent.
const STOPPING: &str = "33333333-3333-4333-8333-333333333333";

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_reading_is_given_up_beside_others_that_read() {
    let server = server(|mut connection| async move {
        let head = connection.head().await.expect("a request");
        if !head.target.contains(STOPPING) {
            return read_steadily(&mut connection, head, 50, IDLE / 10).await;
        }
        connection.read(LARGE / 4).await;
        connection.hang().await;
    });
    let client = builder(&server).build().expect("a client");
    let folder = tempfile::tempdir().expect("a folder");
    let runs = |agent: &str| {
        let agent = client.agent(agent.parse().expect("an id"));
        uploads(&agent.run(), &folder)
    };
    let stopping = runs(STOPPING).into_iter().map(|(name, run)| async move {
        let start = Instant::now();
        let error = soon(run.start()).await.expect_err("an idle upload");
        assert_given_up(name, &error, start.elapsed(), IDLE * 3 / 4);
    });
    tokio::join!(assert_all_arrive(runs(AGENT)), join_all(stopping));
}

#[tokio::test]
async fn a_large_prompt_is_sent_with_its_length() {
    let server = server(|mut connection| async move {
        let head = connection.head().await.expect("a request");
        if head.length() > LARGE && connection.read(head.length()).await == head.length() {
            connection.send(&started()).await;
        }
    });
    let run = agent(builder(&server)).run().query("x".repeat(LARGE));
    soon(run.start()).await.expect("a task");
}

/// It could as well be a server that reads its receive buffer slowly, so it has the time for that.
#[tokio::test]
async fn a_server_that_reads_everything_and_never_answers_is_given_up() {
    let server = server(|mut connection| async move {
        let head = connection.head().await.expect("a request");
        connection.read(head.length()).await;
        connection.hang().await;
    });
    let run = agent(builder(&server)).run();
    let start = Instant::now();
    let run = run.file(File::bytes("a.pdf", vec![b'x'; 32 << 10]));
    let error = soon(run.start()).await.expect_err("no answer");
    assert_given_up("memory", &error, start.elapsed() - 2 * IDLE, IDLE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_may_read_slowly_what_its_kernel_took_at_once() {
    let server = RawServer::play_with_receive_buffer(4 << 20, |mut connection| async move {
        let head = connection.head().await.expect("a request");
        read_steadily(&mut connection, head, 50, IDLE / 10).await;
    });
    let agent = agent(builder(&server));
    let folder = tempfile::tempdir().expect("a folder");
    assert_all_arrive(uploads(&agent.run(), &folder)).await;
}

/// An HTTP client of the caller's own, with a proxy that plays the server.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_upload_through_a_proxy_is_watched_on_the_connection_to_the_proxy() {
    let server = server(|mut connection| async move {
        let head = connection.head().await.expect("a request");
        assert!(head.target.contains("http://api.example/"), "no proxy");
        read_steadily(&mut connection, head, 30, IDLE / 10).await;
    });
    let proxy = reqwest::Proxy::http(server.url()).expect("a proxy");
    let http = reqwest::Client::builder()
        .proxy(proxy)
        .connector_layer(ConnectionLayer)
        .pool_max_idle_per_host(0);
    let client = builder(&server)
        .base_url("http://api.example")
        .allow_plain_http()
        .http_client(http.build().expect("an HTTP client"));
    let run = agent(client).run();
    let run = run.file(File::bytes("a.pdf", vec![b'x'; LARGE]));
    soon(run.start()).await.expect("a task");
}

/// An HTTP client that doesn't tell its connections.
#[tokio::test]
async fn bytes_that_may_be_in_buffers_have_time_where_nothing_shows_them() {
    let server = server(|mut connection| async move {
        let head = connection.head().await.expect("a request");
        connection.read(head.length() - 1).await;
        connection.hang().await;
    });
    let run = agent(builder(&server).http_client(reqwest::Client::new())).run();
    let start = Instant::now();
    let run = run.file(File::bytes("a.pdf", vec![b'x'; 32 << 10]));
    let error = soon(run.start()).await.expect_err("no answer");
    assert_given_up("memory", &error, start.elapsed() - 2 * IDLE, IDLE);
}

/// With such a limit, the kernel ends a connection whose peer answers probes and reads nothing.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_kernel_has_no_limit_of_its_own_for_a_server_that_reads_nothing() {
    let server = server(|mut connection| async move {
        let head = connection.head().await.expect("a request");
        let client = connection.stream().peer_addr().expect("an address");
        let limit = user_timeout(client).expect("the client's socket");
        assert_eq!(limit, 0, "{}", head.target);
        connection.read(head.length()).await;
        let reply = match head.method.as_str() {
            "GET" => Reply::json("200 OK", r#"{"data":[],"has_more":false}"#),
            _ => started(),
        };
        connection.send(&reply).await;
    });
    let client = builder(&server).build().expect("a client");
    let agent = client.agent(AGENT.parse().expect("an id"));
    soon(agent.run().query("q").start()).await.expect("a task");
    soon(client.tasks().list().page()).await.expect("a page");
}

/// `TCP_USER_TIMEOUT` of a socket of this process, in milliseconds.
#[cfg(target_os = "linux")]
fn user_timeout(local: std::net::SocketAddr) -> Option<u32> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    let process = pidfd_open(getpid(), PidfdFlags::empty()).ok()?;
    let descriptors = std::fs::read_dir("/proc/self/fd").ok()?;
    let sockets = descriptors.filter_map(|entry| {
        let number = entry.ok()?.file_name().to_str()?.parse().ok()?;
        pidfd_getfd(&process, number, PidfdGetfdFlags::empty()).ok()
    });
    for socket in sockets {
        let address = rustix::net::getsockname(&socket);
        if address.is_ok_and(|address| address == local.into()) {
            return rustix::net::sockopt::tcp_user_timeout(&socket).ok();
        }
    }
    None
}
