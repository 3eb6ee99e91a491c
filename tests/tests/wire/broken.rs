//! Connections that break, and servers that take their time.

use std::time::Duration;

use nanonets_agents_api::Error;
use nanonets_agents_api::support::BodyProblem;
use reqwest::StatusCode;
use workspace_tests::server::{Answer, BrokenServer, Fault, Server, refusing};

use crate::bodies;
use crate::calls::{Failure, OPERATIONS, answer, call, client, task_id};

async fn failure(fault: Fault) -> Failure {
    let server = BrokenServer::start(fault).await;
    let outcome = call(&client(&server.url()), "get_task").await;
    outcome.expect_err("a failure")
}

fn bytes(text: &str) -> Fault {
    Fault::Send(text.as_bytes().to_vec())
}

#[tokio::test]
async fn a_404_that_breaks_off_keeps_its_status_and_what_arrived() {
    let half = "HTTP/1.1 404 Not Found\r\nx-request-id: r-1\r\ncontent-length: 99\r\n\r\n{\"error\": \"no su";
    let answer = answer(failure(bytes(half)).await);
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(answer.headers()["x-request-id"], "r-1");
    assert_eq!(*answer.bytes(), "{\"error\": \"no su");
    assert!(matches!(answer.problem(), Some(BodyProblem::Incomplete(_))));
}

#[tokio::test]
async fn a_200_that_breaks_off_keeps_its_status_and_what_arrived() {
    let half = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{\"ta\r\n";
    let answer = answer(failure(bytes(half)).await);
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(*answer.bytes(), "{\"ta");
    assert!(matches!(answer.problem(), Some(BodyProblem::Incomplete(_))));
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_a_communication_error() {
    let failure = failure(bytes("SSH-2.0-OpenSSH_9.9\r\n")).await;
    assert!(matches!(failure, Error::CommunicationError(_)), "{failure}");
}

#[tokio::test]
async fn a_refused_connection_is_told_from_a_lost_answer() {
    let outcome = call(&client(&refusing().await), "get_task").await;
    let Err(Error::CommunicationError(error)) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(error.is_connect());
}

#[tokio::test]
async fn a_connection_that_closes_before_the_request_was_read_is_a_communication_error() {
    let failure = failure(Fault::CloseAtOnce).await;
    assert!(matches!(failure, Error::CommunicationError(_)), "{failure}");
}

#[tokio::test]
async fn an_answer_that_never_comes_is_no_failure_to_connect() {
    let failure = failure(Fault::CloseAfterHead).await;
    let Error::CommunicationError(error) = failure else {
        panic!("{failure}")
    };
    assert!(!error.is_connect());
}

#[tokio::test]
async fn no_operation_is_repeated_after_its_answer_was_lost() {
    for operation in OPERATIONS {
        let mut server = BrokenServer::start(Fault::CloseAfterHead).await;
        call(&client(&server.url()), operation)
            .await
            .expect_err(operation);
        assert_eq!(server.connections(), 1, "{operation}");
    }
}

#[tokio::test]
async fn an_answer_may_take_a_week() {
    let (answer, release) = Answer::ok(&bodies::task()).held();
    let mut server = Server::start([answer]).await;
    let client = client(&server.url());
    tokio::time::pause();
    let call = tokio::spawn(async move { client.get_task(task_id()).send().await });
    server.next().await;
    tokio::time::advance(Duration::from_secs(7 * 24 * 3600)).await;
    release.send(()).unwrap();
    assert!(call.await.unwrap().is_ok());
}
