//! Finding the task of a run whose answer was lost.

mod ruled_out;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents::{Client, Error, ErrorKind, Evidence, FoundRun, Marker, RunRecord};
use serde_json::{Value, json};

use crate::raw_server::{JSON, RawServer, Reply, Request, date};
use crate::{AGENT, TASK, agent, client, run, soon};

const OTHER: &str = "22222222-2222-4222-8222-222222222222";

fn item(id: &str, created_at: DateTime<Utc>, title: Option<&str>) -> Value {
    json!({
        "task_id": id, "agent_id": AGENT, "status": "running", "title": title,
        "created_at": created_at.to_rfc3339(), "updated_at": created_at.to_rfc3339(),
    })
}

/// The agent that a request asks for, a version of this group or else of its own.
fn version(request: &Request, group: Option<&str>) -> Reply {
    let id = request.path().rsplit('/').next().unwrap_or_default();
    let agent = json!({
        "id": id, "agent_group_id": group.unwrap_or(id), "version_number": 1, "status": "published", "name": "A",
        "config": {}, "is_active": true, "created_at": Utc::now(), "updated_at": Utc::now(),
    });
    Reply::json("200 OK", agent)
}

/// The value of a query parameter.
fn parameter(request: &Request, name: &str) -> Option<String> {
    let url = reqwest::Url::parse(&format!("http://host{}", request.target)).expect("a URL");
    let mut pairs = url.query_pairs();
    pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// The page of those items that the filters of a request let through, as a server with this clock would answer.
fn page(request: &Request, clock: DateTime<Utc>, items: &[Value]) -> Reply {
    let after = parameter(request, "created_after")
        .map(|time| time.parse::<DateTime<Utc>>().expect("a time"));
    let before = parameter(request, "created_before")
        .map(|time| time.parse::<DateTime<Utc>>().expect("a time"));
    let search = parameter(request, "q").map(|text| text.to_lowercase());
    let data: Vec<_> = items
        .iter()
        .filter(|item| {
            let created: DateTime<Utc> = item["created_at"]
                .as_str()
                .expect("a time")
                .parse()
                .expect("a time");
            let title = item["title"].as_str().unwrap_or_default().to_lowercase();
            after.is_none_or(|after| created >= after)
                && before.is_none_or(|before| created <= before)
                && search.as_ref().is_none_or(|search| title.contains(search))
        })
        .collect();
    let body = json!({ "data": data, "has_more": false, "next_cursor": null }).to_string();
    Reply::new("200 OK", &[JSON, &date(clock)], body)
}

async fn lost(client: &Client) -> Error {
    let error = soon(run(client).start()).await;
    error.expect_err("a lost answer")
}

/// The record of a run without an answer, sent so many seconds ago.
fn recorded(ago: i64, clock_offset: i64) -> RunRecord {
    let time = Utc::now() - TimeDelta::seconds(ago);
    let record = json!({
        "agent_id": AGENT, "since": time, "until": time, "clock_offset_ms": clock_offset * 1000,
    });
    serde_json::from_value(record).expect("a record")
}

#[tokio::test]
async fn a_task_is_found_however_far_the_clocks_are_apart() {
    for offset in [-7200, -300, 0, 90, 86_400 * 3] {
        let offset = TimeDelta::seconds(offset);
        let server = RawServer::start(move |request| {
            let clock = Utc::now() + offset;
            match request.is("POST", "/run") {
                true => Reply::close(),
                false => page(
                    request,
                    clock,
                    &[
                        item(TASK, clock, None),
                        item(OTHER, clock - TimeDelta::seconds(60), None),
                    ],
                ),
            }
        });
        let client = client(&server);
        let error = lost(&client).await;
        let record = error.run_record().expect("a record");
        // A process on another machine knows nothing of the clock that the times of the record are from.
        let stored = serde_json::to_string(record).expect("JSON");
        let stored: RunRecord = serde_json::from_str(&stored).expect("a record");
        // The window begins at the earlier of the two times: the offset may be that of a gateway.
        let is_ahead = offset > TimeDelta::zero();
        let own = if is_ahead {
            &[OTHER, TASK][..]
        } else {
            &[TASK]
        };
        for (record, expected) in [(record, own), (&stored, &[OTHER, TASK])] {
            let FoundRun::Found(found) = soon(client.find_run(record)).await.expect("a list")
            else {
                panic!("{offset}: not found");
            };
            let ids: Vec<_> = found
                .iter()
                .map(|candidate| candidate.task.task_id.to_string())
                .collect();
            assert_eq!(ids, expected, "{offset}");
        }
        let list = server.requests().pop().expect("a request");
        assert_eq!(parameter(&list, "created_before"), None, "no upper bound");
    }
}

#[tokio::test]
async fn a_gateway_whose_clock_is_wrong_hides_no_task() {
    for hours in [-3, 3, 72] {
        let server = RawServer::start(move |request| {
            // The times of tasks are right, and the `Date` of each answer is not.
            let clock = Utc::now() + TimeDelta::hours(hours);
            match request.is("POST", "/run") {
                true => Reply::close(),
                false => page(request, clock, &[item(TASK, Utc::now(), None)]),
            }
        });
        let client = client(&server);
        let error = lost(&client).await;
        let record = error.run_record().expect("a record");
        let stored = serde_json::to_string(record).expect("JSON");
        let stored: RunRecord = serde_json::from_str(&stored).expect("a record");
        for record in [record, &stored] {
            let search = client.find_run(record).settle(Duration::ZERO);
            let found = soon(search).await.expect("a list");
            assert!(matches!(found, FoundRun::Found(_)), "{hours}: {found:?}");
        }
    }
}

#[tokio::test]
async fn a_list_without_an_end_ends_the_search() {
    let listed = Arc::new(AtomicUsize::new(0));
    let server = RawServer::start(move |request| match request.is("POST", "/run") {
        true => Reply::close(),
        false => {
            let first = listed.fetch_add(100, Ordering::Relaxed);
            let id = |n: usize| uuid::Uuid::from_u128(n as u128).to_string();
            let items = (first..first + 100).map(|n| item(&id(n), Utc::now(), None));
            let items: Vec<Value> = items.collect();
            let body = json!({ "data": items, "has_more": true, "next_cursor": first.to_string() });
            Reply::json("200 OK", body)
        }
    });
    let client = client(&server);
    let error = lost(&client).await;
    let search = client.find_run(error.run_record().expect("a record"));
    let limit = Duration::from_secs(120);
    let found = tokio::time::timeout(limit, search.into_future()).await;
    let error = found.expect("an end").expect_err("a list without an end");
    assert_eq!(error.kind(), ErrorKind::Pagination);
}

#[tokio::test]
async fn a_task_that_is_listed_late_is_not_found_yet_and_then_found() {
    let looks = Arc::new(AtomicUsize::new(0));
    let server = RawServer::start({
        let looks = looks.clone();
        move |request| match request.is("POST", "/run") {
            true => Reply::close(),
            false => match looks.load(Ordering::Relaxed) {
                0 => page(request, Utc::now(), &[]),
                _ => page(request, Utc::now(), &[item(TASK, Utc::now(), None)]),
            },
        }
    });
    let client = client(&server);
    let error = lost(&client).await;
    let record = error.run_record().expect("a record");
    let FoundRun::NotYet { ruled_out_at } = soon(client.find_run(record)).await.expect("a list")
    else {
        panic!("it can still appear");
    };
    let left = ruled_out_at - Utc::now();
    assert!(
        left > TimeDelta::minutes(4) && left <= TimeDelta::minutes(5),
        "{left}"
    );
    looks.store(1, Ordering::Relaxed);
    let found = soon(client.find_run(record).until_decided()).await;
    assert!(matches!(found, Ok(FoundRun::Found(_))), "{found:?}");
}

#[tokio::test]
async fn a_prepared_run_is_not_sent_after_the_deadline_of_its_record() {
    let server = RawServer::start(|request| page(request, Utc::now(), &[]));
    let client = client(&server);
    let prepare = async |timeout| soon(run(&client).timeout(timeout).prepare()).await;
    let minute = prepare(Duration::from_secs(60)).await.expect("a record");
    let record = minute.record();
    assert_eq!(record.deadline, Some(record.since + TimeDelta::minutes(1)));
    let passed = prepare(Duration::from_nanos(1)).await.expect("a record");
    let error = soon(passed.start()).await.expect_err("too late");
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(server.count("POST", "/run"), 0);
    let unlimited = soon(run(&client).prepare()).await.expect("a record");
    assert_eq!(unlimited.record().deadline, None);
}

#[tokio::test]
async fn a_marker_finds_one_task_among_those_of_eight_runs_in_flight() {
    let marker = Marker::new("order-4").expect("a marker");
    // Titles keep the beginning of the prompt, or they don't; then the first message tells.
    for (titles, evidence) in [(true, Evidence::Title), (false, Evidence::FirstMessage)] {
        let server = RawServer::start(move |request| {
            if request.is("POST", "/run") {
                return Reply::close();
            }
            let number = |id: &str| id.as_bytes()[0];
            if request.is("GET", "/messages") {
                let id = request.target.split('/').nth(4).expect("an id");
                let text = format!("[order-{}]\nExtract the total.", char::from(number(id)));
                let message =
                    json!({ "id": OTHER, "task_id": id, "role": "user", "content": text });
                return Reply::json("200 OK", json!({ "data": [message] }));
            }
            let items: Vec<_> = (1..=8)
                .map(|number| {
                    let id = format!("{number}7e44310-66f4-4eb9-bc91-473994247fe4");
                    let title = format!("[order-{number}] Extract the total.");
                    item(
                        &id,
                        Utc::now(),
                        Some(if titles { &title } else { "Invoice" }),
                    )
                })
                .collect();
            page(request, Utc::now(), &items)
        });
        let client = client(&server);
        let run = client
            .agent(agent())
            .run()
            .query("Extract the total.")
            .marker(marker.clone());
        let error = soon(run.start()).await.expect_err("a lost answer");
        let sent: Value = serde_json::from_slice(&server.requests()[0].body).expect("JSON");
        assert_eq!(sent["query"], "[order-4]\nExtract the total.");
        let record = error.run_record().expect("a record");
        let FoundRun::Found(found) = soon(client.find_run(record)).await.expect("a list") else {
            panic!("not found");
        };
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].task.task_id.to_string().starts_with('4'));
        assert_eq!(found[0].evidence, evidence);
    }
}

#[tokio::test]
async fn a_single_task_is_certain_by_the_marker_alone() {
    let marker = Marker::new("order-4").expect("a marker");
    let of = |role: &str, content: &str| json!([{ "role": role, "content": content }]);
    let own = "[order-4]\nExtract.";
    let cases = [
        (json!([]), Some(Evidence::Window)),
        (of("assistant", "[order-4] is done"), Some(Evidence::Window)),
        (of("tool", own), Some(Evidence::Window)),
        (of("visitor", "Extract."), Some(Evidence::Window)),
        (of("visitor", own), Some(Evidence::FirstMessage)),
        (of("human", own), Some(Evidence::FirstMessage)),
        (of("human", "Extract."), None),
        (of("user", "Extract."), None),
        // A user speaks of the order in the conversation of another task.
        (
            json!([{ "role": "user", "content": "Extract." }, { "role": "user", "content": "As order-4" }]),
            None,
        ),
    ];
    for (messages, expected) in cases {
        let said = json!({ "data": messages });
        let server = RawServer::start(move |request| match request {
            request if request.is("POST", "/run") => Reply::close(),
            request if request.is("GET", "/messages") => Reply::json("200 OK", &said),
            request => page(request, Utc::now(), &[item(TASK, Utc::now(), Some("x"))]),
        });
        let client = client(&server);
        for marker in [Some(&marker), None] {
            let run = match marker {
                Some(marker) => run(&client).marker(marker.clone()),
                None => run(&client),
            };
            let error = soon(run.start()).await.expect_err("a lost answer");
            let search = client.find_run(error.run_record().expect("a record"));
            let found = soon(search).await.expect("a list");
            let evidence = match &found {
                FoundRun::Found(candidates) => Some(candidates[0].evidence),
                _ => None,
            };
            // Without a marker, any task of this time may be the one, and none is certain.
            let expected = marker.map_or(Some(Evidence::Window), |_| expected);
            assert_eq!(evidence, expected, "{messages}");
            let is_certain = evidence.is_some_and(|evidence| evidence < Evidence::Window);
            assert_eq!(found.task().is_some(), is_certain, "{messages}");
        }
    }
}

#[tokio::test]
async fn tasks_of_other_runs_that_were_answered_are_no_candidates() {
    let runs = AtomicUsize::new(0);
    let server = RawServer::start(move |request| {
        if !request.is("POST", "/run") {
            return page(
                request,
                Utc::now(),
                &[item(OTHER, Utc::now(), None), item(TASK, Utc::now(), None)],
            );
        }
        match runs.fetch_add(1, Ordering::Relaxed) {
            0 => Reply::json("201 Created", json!({ "task_id": OTHER })),
            _ => Reply::close(),
        }
    });
    let client = client(&server);
    run(&client).start().await.expect("a task");
    let error = lost(&client).await;
    let record = error.run_record().expect("a record");
    let FoundRun::Found(found) = soon(client.find_run(record)).await.expect("a list") else {
        panic!("not found");
    };
    let ids: Vec<_> = found
        .iter()
        .map(|candidate| candidate.task.task_id.to_string())
        .collect();
    assert_eq!(ids, [TASK]);
    let known = [TASK.parse().expect("an id")];
    let found = soon(client.find_run(record).excluding(known)).await;
    assert!(matches!(found, Ok(FoundRun::NotYet { .. })), "{found:?}");
}

#[tokio::test]
async fn a_prepared_run_has_a_record_before_a_byte_of_it_is_sent() {
    let server = RawServer::start(|request| match request.is("POST", "/run") {
        true => Reply::close(),
        false => page(request, Utc::now() + TimeDelta::minutes(5), &[]),
    });
    let client = client(&server);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("invoice.pdf");
    let prepare = async |content: &str, query: &str| {
        std::fs::write(&path, content).expect("a file");
        let run = client.agent(agent()).run().query(query).file(&path);
        run.prepare().await.expect("a record")
    };
    let prepared = prepare("one", "q").await;
    assert_eq!(server.count("POST", "/run"), 0);
    let record = prepared.record().clone();
    let offset = record.clock_offset_ms.expect("a measured clock");
    assert!((offset - 300_000).abs() < 2_000, "{offset}");
    let fingerprint = |record: &RunRecord| record.fingerprint.clone().expect("a fingerprint");
    assert_eq!(
        fingerprint(prepare("one", "q").await.record()),
        fingerprint(&record)
    );
    for other in [prepare("two", "q").await, prepare("one", "r").await] {
        assert_ne!(fingerprint(other.record()), fingerprint(&record));
    }
    let error = soon(prepared.start()).await.expect_err("a lost answer");
    let known = error.run_record().expect("a record");
    assert_eq!(fingerprint(known), fingerprint(&record));
    assert!(known.until.is_some_and(|until| until >= record.since));
    let text = serde_json::to_string(known).expect("JSON");
    assert!(!text.contains("invoice") && text.len() < 600, "{text}");
}

#[tokio::test]
async fn a_record_of_a_clock_that_was_set_back_hides_no_task() {
    let server = RawServer::start(|request| {
        let long_ago = Utc::now() - TimeDelta::hours(2);
        page(request, Utc::now(), &[item(TASK, long_ago, None)])
    });
    let since = Utc::now() + TimeDelta::days(1);
    let record = json!({ "agent_id": AGENT, "since": since });
    let record: RunRecord = serde_json::from_value(record).expect("a record");
    let search = client(&server).find_run(&record).settle(Duration::ZERO);
    let found = soon(search).await;
    assert!(matches!(found, Ok(FoundRun::Found(_))), "{found:?}");
}

#[tokio::test]
async fn a_gateway_whose_clock_is_ahead_hides_no_task() {
    let ahead = |request: &Request| match request.is("POST", "/run") {
        true => {
            let date = date(Utc::now() + TimeDelta::hours(1));
            Reply::new("502 Bad Gateway", &[&date], "<h1>Bad gateway</h1>")
        }
        false => page(request, Utc::now(), &[item(TASK, Utc::now(), None)]),
    };
    let server = RawServer::start(ahead);
    let client = client(&server);
    let error = lost(&client).await;
    let mut record = error.run_record().expect("a record").clone();
    for recorded in [record.clock_offset_ms, Some(3_600_000)] {
        record.clock_offset_ms = recorded;
        let search = client.find_run(&record).settle(Duration::ZERO);
        let found = soon(search).await;
        assert!(
            matches!(found, Ok(FoundRun::Found(_))),
            "{recorded:?}: {found:?}"
        );
    }
}

#[tokio::test]
async fn a_list_that_repeats_itself_has_one_candidate_and_an_end() {
    for pages in [3, usize::MAX] {
        let server = RawServer::start({
            let count = AtomicUsize::new(0);
            move |request| match request.is("POST", "/run") {
                true => Reply::close(),
                false => {
                    let number = count.fetch_add(1, Ordering::Relaxed);
                    let body = json!({
                        "data": [item(TASK, Utc::now(), None)],
                        "has_more": number < pages, "next_cursor": format!("cursor {number}"),
                    });
                    Reply::json("200 OK", &body)
                }
            }
        });
        let client = client(&server);
        let error = lost(&client).await;
        let record = error.run_record().expect("a record");
        match (pages, soon(client.find_run(record)).await) {
            (3, Ok(FoundRun::Found(found))) => assert_eq!(found.len(), 1),
            (usize::MAX, Err(error)) => assert_eq!(error.kind(), ErrorKind::Pagination),
            (pages, found) => panic!("{pages} pages: {found:?}"),
        }
        assert!(server.requests().len() < 40);
    }
}

#[tokio::test]
async fn a_filter_that_the_server_ignores_is_applied_here() {
    let long_ago = "2020-01-01T00:00:00Z".parse().expect("a time");
    let mut of_other_agent = item(TASK, Utc::now(), Some("x"));
    of_other_agent["agent_id"] = json!(OTHER);
    for listed in [
        item(TASK, long_ago, Some("x")),
        item(TASK, long_ago, Some("[order-4] Extract.")),
        of_other_agent,
    ] {
        let said = json!({ "data": [{ "role": "assistant", "content": "hi" }] });
        let server = RawServer::start({
            let listed = json!({ "data": [listed], "has_more": false }).to_string();
            move |request| match request {
                request if request.is("GET", "/messages") => Reply::json("200 OK", &said),
                // Each agent is its own group.
                request if request.is("GET", "/agents/") => version(request, None),
                _ => Reply::json("200 OK", &listed),
            }
        });
        for marker in [None, Some(Marker::new("order-4").expect("a marker"))] {
            let mut record = recorded(3600, 0);
            record.marker = marker;
            let found = soon(client(&server).find_run(&record)).await;
            assert!(
                matches!(found, Ok(FoundRun::RuledOut)),
                "{listed}: {found:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_search_ends_although_reads_hang() {
    let tasks: Vec<Value> = (0..100)
        .map(|n| item(&uuid::Uuid::from_u128(n).to_string(), Utc::now(), Some("x")))
        .collect();
    let server = RawServer::start(move |request| match request.is("GET", "/messages") {
        true => Reply::hang(),
        false => page(request, Utc::now(), &tasks),
    });
    let mut record = recorded(3600, 0);
    record.marker = Some(Marker::random());
    // Two rounds of reads that take ten seconds, and not one for every eight tasks.
    let limit = Duration::from_secs(40);
    let search = client(&server).find_run(&record).until_decided();
    let search = tokio::time::timeout(limit, search);
    // A list that hangs is not waited for either, if the time is over.
    let hanging = RawServer::start(|_| Reply::hang());
    let lists = soon(client(&hanging).find_run(&record).until_decided());
    let (found, list) = tokio::join!(search, lists);
    let FoundRun::Found(found) = found.expect("an end").expect("a list") else {
        panic!("each may be the one");
    };
    assert_eq!(found.len(), 100);
    assert!(server.count("GET", "/messages") < 20);
    list.expect_err("no list in time");
}
