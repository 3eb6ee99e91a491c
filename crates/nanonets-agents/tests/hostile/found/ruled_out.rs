//! Runs whose task is not there: when a search may say so.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents::{ErrorKind, Evidence, FoundRun, Marker, RunRecord};
use serde_json::json;

use super::{OTHER, item, lost, page, recorded, version};
use crate::raw_server::{HTML, RawServer, Reply, Request};
use crate::{TASK, client, run, soon};

#[tokio::test]
async fn a_run_is_ruled_out_when_its_task_can_not_appear_any_more() {
    let server = RawServer::start(|request| match request.is("POST", "/run") {
        true => Reply::close(),
        false => page(request, Utc::now(), &[]),
    });
    let client = client(&server);
    let error = lost(&client).await;
    let record = error.run_record().expect("a record");
    let settle = Duration::from_millis(50);
    let found = soon(client.find_run(record).settle(settle).until_decided()).await;
    assert!(matches!(found, Ok(FoundRun::RuledOut)), "{found:?}");
    assert!(server.count("GET", "/tasks") >= 2);
}

#[tokio::test]
async fn a_run_whose_process_was_killed_is_ruled_out_in_the_end() {
    let server = RawServer::start(|request| page(request, Utc::now(), &[]));
    let client = client(&server);
    let (minute, day) = (60, 86_400);
    for (since, deadline, is_ruled_out) in [
        // It may have been under way until the search began, or for a day.
        (2 * minute, None, false),
        (day, None, false),
        (day + 6 * minute, None, true),
        (7 * day, None, true),
        (20 * minute, Some(-10 * minute), false),
        (20 * minute, Some(4 * minute), false),
        (20 * minute, Some(6 * minute), true),
    ] {
        let mut record = recorded(since, 0);
        record.until = None;
        record.deadline = deadline.map(|ago| Utc::now() - TimeDelta::seconds(ago));
        let found = soon(client.find_run(&record)).await;
        let is = matches!(found, Ok(FoundRun::RuledOut));
        assert_eq!(is, is_ruled_out, "{since} {deadline:?}: {found:?}");
    }
}

/// A run whose end nobody has recorded may start its task at any time, until its deadline.
#[tokio::test]
async fn a_run_that_may_still_be_sent_is_not_ruled_out() {
    let server = RawServer::start(|request| page(request, Utc::now(), &[]));
    let client = client(&server);
    for (deadline, end) in [
        (None, TimeDelta::days(1)),
        (Some(600), TimeDelta::seconds(600)),
    ] {
        let mut record = recorded(120, 0);
        record.until = None;
        record.deadline = deadline.map(|after| record.since + TimeDelta::seconds(after));
        let search = || client.find_run(&record).settle(Duration::ZERO);
        let found = soon(search()).await;
        let Ok(FoundRun::NotYet { ruled_out_at }) = found else {
            panic!("{deadline:?}: {found:?}");
        };
        let later = ruled_out_at - record.since - end;
        assert!(later.abs() < TimeDelta::seconds(5), "{deadline:?}: {later}");
        let looks = tokio::time::timeout(Duration::from_millis(200), search().until_decided());
        looks.await.expect_err("it is not decided");
        let found = soon(search().no_longer_sent().until_decided()).await;
        assert!(
            matches!(found, Ok(FoundRun::RuledOut)),
            "{deadline:?}: {found:?}"
        );
        // The settling time counts from the search then.
        let found = soon(client.find_run(&record).no_longer_sent()).await;
        assert!(
            matches!(found, Ok(FoundRun::NotYet { .. })),
            "{deadline:?}: {found:?}"
        );
    }
}

#[tokio::test]
async fn a_clock_that_differs_rules_no_run_out_that_may_still_be_sent() {
    for hours in [-25, -3, 3, 25] {
        let ahead = TimeDelta::hours(hours);
        let server = RawServer::start(move |request| page(request, Utc::now() + ahead, &[]));
        let client = client(&server);
        for deadline in [None, Some(3600)] {
            let mut record = recorded(60, 0);
            record.until = None;
            record.deadline = deadline.map(|after| record.since + TimeDelta::seconds(after));
            let end = record.deadline.unwrap_or(record.since + TimeDelta::days(1));
            let found = soon(client.find_run(&record)).await;
            let is_open =
                matches!(found, Ok(FoundRun::NotYet { ruled_out_at }) if ruled_out_at > end);
            assert!(is_open, "{hours} {deadline:?}: {found:?}");
        }
    }
}

#[tokio::test]
async fn the_record_of_a_run_that_is_under_way_has_no_end() {
    let server = RawServer::start(|request| match request.is("POST", "/run") {
        true => Reply::hang(),
        false => page(request, Utc::now(), &[]),
    });
    let client = client(&server);
    let limit = Duration::from_secs(3600);
    for timeout in [None, Some(limit)] {
        let run = match timeout {
            Some(timeout) => run(&client).timeout(timeout),
            None => run(&client),
        };
        let before = server.count("POST", "/run");
        let start = tokio::spawn(run.start());
        soon(server.wait_for("POST", "/run", before + 1)).await;
        let record = |client: &nanonets_agents::Client| {
            let unfinished = client.unfinished();
            let error = unfinished.last().expect("a run");
            error.run_record().expect("a record").clone()
        };
        let under_way = record(&client);
        assert_eq!(under_way.until, None);
        let end = timeout.map(|_| under_way.since + TimeDelta::hours(1));
        assert_eq!(under_way.deadline, end);
        let found = soon(client.find_run(&under_way).settle(Duration::ZERO)).await;
        assert!(matches!(found, Ok(FoundRun::NotYet { .. })), "{found:?}");
        start.abort();
        drop(start.await);
        let dropped = record(&client);
        assert!(dropped.until.is_some());
        let found = soon(client.find_run(&dropped).settle(Duration::ZERO)).await;
        assert!(matches!(found, Ok(FoundRun::RuledOut)), "{found:?}");
    }
}

#[tokio::test]
async fn a_task_of_another_version_is_not_ruled_out() {
    let group = "66666666-6666-4666-8666-666666666666";
    let mut listed = item(TASK, Utc::now(), Some("x"));
    listed["agent_id"] = json!(OTHER);
    type Agents = fn(&str, &Request) -> Reply;
    let agents: [(&str, Agents, bool); 6] = [
        (
            "versions",
            |group, request| version(request, Some(group)),
            false,
        ),
        ("other agents", |_, request| version(request, None), true),
        (
            "forbidden",
            |_, _| Reply::json(403, r#"{"error":"no"}"#),
            false,
        ),
        (
            "not there",
            |_, _| Reply::json(404, r#"{"error":"no"}"#),
            false,
        ),
        ("a page", |_, _| Reply::new(502, &[HTML], "<h1>"), false),
        (
            "one of the two",
            |group, request| match request.is("GET", OTHER) {
                true => version(request, Some(group)),
                false => Reply::json(500, "{}"),
            },
            false,
        ),
    ];
    for (name, agents, is_ruled_out) in agents {
        for messages in [
            Reply::json(200, json!({ "data": [] })),
            Reply::json(500, "{}"),
        ] {
            let listed = listed.clone();
            let server = RawServer::start(move |request| match request {
                request if request.is("GET", "/messages") => messages.clone(),
                request if request.is("GET", "/agents/") => agents(group, request),
                request => page(request, Utc::now(), std::slice::from_ref(&listed)),
            });
            let client = client(&server);
            for marker in [None, Some(Marker::random())] {
                let mut record = recorded(3600, 0);
                record.marker = marker;
                let found = soon(client.find_run(&record)).await;
                match found {
                    Ok(FoundRun::RuledOut) if is_ruled_out => {}
                    Ok(FoundRun::Found(found)) if !is_ruled_out => {
                        assert_eq!(found[0].evidence, Evidence::Window, "{name}");
                    }
                    found => panic!("{name}: {found:?}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn agents_that_can_not_be_read_in_time_are_not_ruled_out() {
    let listed: Vec<_> = (0..100)
        .map(|number| {
            let id = uuid::Uuid::from_u128(number).to_string();
            let mut item = item(&id, Utc::now(), None);
            item["agent_id"] = json!(id);
            item
        })
        .collect();
    let server = RawServer::start(move |request| match request.is("GET", "/agents/") {
        true => Reply::hang(),
        false => page(request, Utc::now(), &listed),
    });
    let Ok(FoundRun::Found(found)) = soon(client(&server).find_run(&recorded(3600, 0))).await
    else {
        panic!("each may be the one");
    };
    assert_eq!(found.len(), 100);
    assert!(server.count("GET", "/agents/") < 100);
}

#[tokio::test]
async fn a_failed_search_is_an_error_and_rules_nothing_out() {
    let server = RawServer::start(|_| Reply::close());
    let client = client(&server);
    let error = lost(&client).await;
    let record = error.run_record().expect("a record");
    let found = soon(
        client
            .find_run(record)
            .settle(Duration::ZERO)
            .until_decided(),
    )
    .await;
    assert_eq!(found.expect_err("no list").operation(), Some("list_tasks"));
}

#[tokio::test]
async fn a_task_whose_prompt_can_not_be_read_is_not_ruled_out_by_its_title() {
    for (status, messages) in [
        ("404 Not Found", r#"{"error":"not there"}"#),
        ("200 OK", r#"{"data":[{"role":"user","content":null}]}"#),
    ] {
        let server = RawServer::start(move |request| {
            if request.is("POST", "/run") {
                Reply::close()
            } else if request.is("GET", "/messages") {
                Reply::new(status, &[], messages)
            } else {
                page(
                    request,
                    Utc::now(),
                    &[item(TASK, Utc::now(), Some("Invoice"))],
                )
            }
        });
        let client = client(&server);
        let run = run(&client).marker(Marker::random());
        let error = soon(run.start()).await.expect_err("a lost answer");
        let record = error.run_record().expect("a record");
        let search = client.find_run(record).settle(Duration::ZERO);
        let FoundRun::Found(found) = soon(search).await.expect("a list") else {
            panic!("it may be the one");
        };
        assert_eq!(found[0].evidence, Evidence::Window);
    }
}

#[tokio::test]
async fn a_task_that_does_not_decode_is_not_ruled_out_and_does_not_hide_another() {
    for (items, is_found) in [
        (json!([{ "task_id": 7 }]), false),
        (
            json!([{ "task_id": 7 }, item(TASK, Utc::now(), None)]),
            true,
        ),
    ] {
        let server = RawServer::start(move |request| match request.is("POST", "/run") {
            true => Reply::close(),
            false => Reply::json("200 OK", json!({ "data": items, "has_more": false })),
        });
        let client = client(&server);
        let error = lost(&client).await;
        let record = error.run_record().expect("a record");
        let found = soon(client.find_run(record).settle(Duration::ZERO)).await;
        match is_found {
            true => assert!(matches!(found, Ok(FoundRun::Found(_))), "{found:?}"),
            false => assert!(found.is_err(), "{found:?}"),
        }
    }
}

#[tokio::test]
async fn a_run_is_not_ruled_out_where_it_was_not_sent() {
    let marker = Marker::new("order-4").expect("a marker");
    let own = item(TASK, Utc::now(), Some("[order-4] Extract."));
    let start = || {
        let own = own.clone();
        RawServer::start(move |request| match request.is("POST", "/run") {
            true => Reply::close(),
            false
                if request
                    .header("Authorization")
                    .is_some_and(|key| key.contains("empty")) =>
            {
                page(request, Utc::now(), &[])
            }
            false => page(request, Utc::now(), std::slice::from_ref(&own)),
        })
    };
    let (server, elsewhere) = (start(), start());
    let error = soon(run(&client(&server)).marker(marker).start()).await;
    let error = error.expect_err("a lost answer");
    let stored = serde_json::to_string(error.run_record().expect("a record")).expect("JSON");
    assert!(!stored.contains("key-of-this-test"), "{stored}");
    let mut record: RunRecord = serde_json::from_str(&stored).expect("a record");
    record.since -= TimeDelta::hours(1);
    record.until = Some(record.since);
    let refused = soon(client(&elsewhere).find_run(&record).until_decided()).await;
    let refused = refused.expect_err("another server");
    assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
    assert!(refused.to_string().contains(&server.url()), "{refused}");
    assert!(elsewhere.requests().is_empty());
    // Another key may be of another workspace. What it finds counts, and what it does not find proves nothing.
    let other_key = crate::client_without_retries(&server, "another-key");
    let found = soon(other_key.find_run(&record)).await.expect("a list");
    assert!(found.task().is_some(), "{found:?}");
    let empty = crate::client_without_retries(&server, "key-of-an-empty-workspace");
    let error = soon(empty.find_run(&record))
        .await
        .expect_err("another key");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let same_workspace = soon(empty.find_run(&record).with_other_key()).await;
    assert!(
        matches!(same_workspace, Ok(FoundRun::RuledOut)),
        "{same_workspace:?}"
    );
    // Earlier versions recorded neither.
    (record.origin, record.key_fingerprint) = (None, None);
    let found = soon(empty.find_run(&record)).await;
    assert!(matches!(found, Ok(FoundRun::RuledOut)), "{found:?}");
}

#[tokio::test]
async fn a_list_whose_end_is_not_proved_rules_nothing_out() {
    for (page, is_proof) in [
        (json!({ "data": [], "has_more": false }), true),
        (
            json!({ "data": [], "has_more": false, "next_cursor": null }),
            true,
        ),
        (json!({ "data": [], "has_more": true }), false),
        (
            json!({ "data": [], "has_more": true, "next_cursor": null }),
            false,
        ),
        (
            json!({ "data": [], "has_more": true, "next_cursor": "" }),
            false,
        ),
        (json!({ "data": [], "has_more": "yes" }), false),
        (json!({ "data": [], "next_cursor": null }), false),
        (
            json!({ "data": [], "hasMore": true, "nextCursor": "c" }),
            false,
        ),
        (json!({ "data": [] }), false),
    ] {
        let body = page.to_string();
        let server = RawServer::start(move |_| Reply::json("200 OK", &body));
        let found = soon(client(&server).find_run(&recorded(3600, 0))).await;
        match is_proof {
            true => assert!(matches!(found, Ok(FoundRun::RuledOut)), "{page}: {found:?}"),
            false => {
                let error = found.expect_err("no proof");
                assert_eq!(error.kind(), ErrorKind::Pagination, "{page}");
            }
        }
        // Before the time has passed, the end of the list decides nothing.
        let found = soon(client(&server).find_run(&recorded(60, 0))).await;
        assert!(
            matches!(found, Ok(FoundRun::NotYet { .. })),
            "{page}: {found:?}"
        );
    }
}

#[tokio::test]
async fn a_run_is_ruled_out_by_the_clock_that_says_later() {
    for (ago, offset_then, offset_now, is_ruled_out) in [
        (400, 0, 0, true),
        (200, 0, 0, false),
        // The clock of this machine was set forward, or the server's back: it is not as late as it seems.
        (600, 0, -599, false),
        (600, 599, 0, false),
        (4000, 0, -3600, true),
        // The server's clock jumps ahead, which lets nothing appear sooner.
        (200, 0, 3600, false),
        (400, 0, 3600, true),
        // The clock of this machine was set back by an hour since.
        (-3000, -3600, 0, true),
        (-3500, -3600, 0, false),
    ] {
        let server = RawServer::start(move |request| {
            page(request, Utc::now() + TimeDelta::seconds(offset_now), &[])
        });
        let found = soon(client(&server).find_run(&recorded(ago, offset_then))).await;
        let is = matches!(found, Ok(FoundRun::RuledOut));
        assert_eq!(
            is, is_ruled_out,
            "{ago} {offset_then} {offset_now}: {found:?}"
        );
    }
}

#[tokio::test]
async fn a_record_with_impossible_times_is_no_panic() {
    let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    let server = RawServer::start(|request| page(request, Utc::now(), &[]));
    for since in [first, last] {
        for until in [None, Some(first), Some(last)] {
            for offset in [None, Some(i64::MIN), Some(i64::MAX)] {
                let mut record = recorded(0, 0);
                (record.since, record.until, record.deadline) = (since, until, until);
                record.clock_offset_ms = offset;
                let found = soon(client(&server).find_run(&record)).await;
                assert!(!matches!(found, Ok(FoundRun::Found(_))), "{found:?}");
            }
        }
    }
}

/// The database of the API may have another clock than the server that dates the answers.
#[tokio::test]
async fn a_run_whose_task_has_an_earlier_time_than_the_answers_is_not_ruled_out() {
    for (behind, is_found) in [(30, true), (90, true), (590, true), (86_400, false)] {
        for marker in [None, Some("[order-47] Extract")] {
            let server = RawServer::start(move |request| {
                let sent = Utc::now() - TimeDelta::seconds(600);
                let created_at = sent - TimeDelta::seconds(behind);
                page(request, Utc::now(), &[item(TASK, created_at, marker)])
            });
            let client = client(&server);
            let mut record = recorded(600, 0);
            if marker.is_some() {
                record.marker = Some(Marker::new("order-47").expect("a marker"));
            }
            let found = soon(client.find_run(&record)).await;
            let found = found.expect("a complete list");
            match is_found || marker.is_some() {
                true => assert!(matches!(found, FoundRun::Found(_)), "{behind}: {found:?}"),
                false => assert!(matches!(found, FoundRun::RuledOut), "{behind}: {found:?}"),
            }
        }
    }
}
