//! Waiters that leave, that nobody polls, and that are woken.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_first_waiter_that_nobody_polls_does_not_block_the_others() {
    let gate = gate(Admission::new().starts_per_second(1.0));
    assert!(admit(&gate, agent(0), false).is_some());
    let (mut place, mut other) = (gate.place(agent(0), false), gate.place(agent(0), false));
    let mut unpolled = pin!(gate.admit(&mut place, None));
    assert!(unpolled.as_mut().now_or_never().is_none());
    let admitted = timeout(10 * SECOND, gate.admit(&mut other, None)).await;
    admitted
        .expect("a turn")
        .expect("no deadline")
        .accepted(None);
    // Its own turn came before.
    assert!(unpolled.now_or_never().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_leaves_passes_its_turn_on() {
    let gate = gate(Admission::new().starts_per_second(1.0));
    assert!(admit(&gate, agent(0), false).is_some());
    let start = Instant::now();
    let mut places: Vec<_> = (0..3).map(|_| gate.place(agent(0), false)).collect();
    let [first, second, third] = &mut places[..] else {
        panic!("three places");
    };
    let leaves = timeout(SECOND / 2, gate.admit(first, None));
    let leaves_granted = async {
        let mut admit = Box::pin(gate.admit(second, None));
        assert!(admit.as_mut().now_or_never().is_none());
        // It is granted by another's timer, and never knows.
        sleep(3 * SECOND).await;
        drop(admit);
        start.elapsed()
    };
    let stays = async {
        gate.admit(third, None)
            .await
            .expect("no deadline")
            .accepted(None);
        start.elapsed()
    };
    let (left, _, stayed) = tokio::join!(leaves, leaves_granted, stays);
    assert!(left.is_err());
    assert!(stayed <= 3200 * MILLI, "{stayed:?}");
    assert_eq!((gate.status().waiting, gate.status().in_flight), (0, 0));
}

/// Futures are dropped at every stage, at random: waiting, admitted and unpolled, under way.
#[tokio::test(start_paused = true)]
async fn no_slot_is_lost_by_cancellation() {
    for seed in 0..50 {
        fastrand::seed(seed);
        let admission = Admission::new().uploads(3).open_tasks_per_agent(4);
        let admission = match seed % 3 {
            0 => admission.starts_per_second(50.0),
            _ => admission,
        };
        let gate = Gate::new(&admission);
        let under_way = Cell::new(0_usize);
        let run = async |number| {
            sleep(MILLI * fastrand::u32(0..2000)).await;
            let has_files = fastrand::bool();
            let mut place = gate.place(agent(number % 3), has_files);
            for _ in 0..10 {
                let Ok(permit) = gate.admit(&mut place, None).await else {
                    return;
                };
                let uploads = under_way.get() + usize::from(has_files);
                under_way.set(uploads);
                assert!(uploads <= 3);
                let guard = Guard(&under_way, usize::from(has_files));
                sleep(MILLI * fastrand::u32(0..200)).await;
                drop(guard);
                match fastrand::u32(0..4) {
                    0 => permit.refused(&mut place, fastrand::bool().then_some(Duration::ZERO)),
                    1 => return permit.failed(),
                    2 => return permit.accepted(None),
                    _ => {
                        permit.accepted(Some((task(number), &TaskStatus::Running)));
                        sleep(MILLI * fastrand::u32(0..500)).await;
                        return gate.observed(task(number), &TaskStatus::Stopped);
                    }
                }
            }
        };
        join_all((0..200).map(|number| {
            let run = run(number);
            async {
                let limit = MILLI * fastrand::u32(1..5000);
                let run = timeout(limit, run);
                // A task may also be too busy to be polled.
                let mut run = pin!(run);
                let mut polls = 0;
                poll_fn(|context| {
                    polls += 1;
                    match polls % 5 {
                        4 if fastrand::bool() => Poll::Ready(None),
                        _ => run.as_mut().poll(context).map(Some),
                    }
                })
                .await
            }
        }))
        .await;
        let status = gate.status();
        assert_eq!(
            (status.waiting, status.in_flight, status.uploads),
            (0, 0, 0),
            "{seed}"
        );
        assert!(gate.0.state().granted.is_empty());
        // All slots are there: for each agent once its forgotten tasks have expired.
        sleep(1000 * SECOND).await;
        let mut places: Vec<_> = (0..4).map(|_| gate.place(agent(9), true)).collect();
        let mut permits = Vec::new();
        for place in &mut places[..3] {
            let admitted = timeout(SECOND, gate.admit(place, None)).await;
            permits.push(admitted.expect("a slot").expect("no deadline"));
        }
        assert!(
            timeout(SECOND, gate.admit(&mut places[3], None))
                .await
                .is_err()
        );
        drop(permits);
        for number in 0..3 {
            let mut place = gate.place(agent(number), false);
            let admitted = timeout(SECOND, gate.admit(&mut place, None)).await;
            admitted.expect("a slot").expect("no deadline").failed();
        }
        assert_eq!(gate.status().open_tasks, 0, "{seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_those_who_may_go_are_woken() {
    let gate = gate(Admission::new().starts_per_second(1000.0));
    let polls = Cell::new(0_u32);
    let run = async |_| {
        let mut place = gate.place(agent(0), false);
        let mut admit = pin!(gate.admit(&mut place, None));
        let permit = poll_fn(|context| {
            polls.set(polls.get() + 1);
            admit.as_mut().poll(context)
        });
        permit.await.expect("no deadline").accepted(None);
    };
    let start = Instant::now();
    join_all((0..10_000).map(run)).await;
    assert!(
        start.elapsed() >= Duration::from_millis(9900),
        "{:?}",
        start.elapsed()
    );
    assert!(
        start.elapsed() <= Duration::from_millis(10_500),
        "{:?}",
        start.elapsed()
    );
    assert!(polls.get() <= 10_000 + 100 * 300, "{} polls", polls.get());
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_long_look_rarely() {
    let gate = gate(Admission::new().uploads(1));
    let _upload = admit(&gate, agent(0), true).expect("a slot");
    let polls = Cell::new(0_u32);
    let run = async |_| {
        let mut place = gate.place(agent(0), true);
        let mut admit = pin!(gate.admit(&mut place, None));
        let permit = poll_fn(|context| {
            polls.set(polls.get() + 1);
            admit.as_mut().poll(context)
        });
        permit.await.is_ok()
    };
    let all = join_all((0..10_000).map(run));
    assert!(timeout(100 * SECOND, all).await.is_err());
    // The starts in front look every second, and the ones behind less often.
    assert!(polls.get() <= 10_000 + 100 * 300, "{} polls", polls.get());
}

/// Threads answer, leave and ask at the same time, by the real clock.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_share_a_gate() {
    let gate = Gate::new(&Admission::new().starts_per_second(20_000.0).uploads(5));
    let mut runs = tokio::task::JoinSet::new();
    for number in 0..4000_u128 {
        let gate = gate.clone();
        runs.spawn(async move {
            let mut place = gate.place(agent(number % 5), number % 4 == 0);
            let mut admit = Box::pin(gate.admit(&mut place, None));
            if number % 7 == 0 && admit.as_mut().now_or_never().is_none() {
                return;
            }
            drop(admit);
            let permit = gate.admit(&mut place, None).await.expect("no deadline");
            tokio::task::yield_now().await;
            match number % 3 {
                0 => permit.failed(),
                _ => permit.accepted(None),
            }
        });
    }
    let all = async { while runs.join_next().await.is_some() {} };
    timeout(60 * SECOND, all).await.expect("all are admitted");
    let status = gate.status();
    assert_eq!(
        (status.waiting, status.in_flight, status.uploads),
        (0, 0, 0)
    );
}

/// A future that was polled once and is then held, as in a `select!` loop or a `join` with other work.
#[tokio::test(start_paused = true)]
async fn a_start_that_nobody_polls_gives_its_turn_to_the_next_and_keeps_its_place() {
    for admission in [
        Admission::new().uploads(1),
        Admission::new().open_tasks_per_agent(1),
        Admission::new().uploads(1).starts_per_second(10.0),
    ] {
        let gate = gate(admission);
        let first = admit(&gate, agent(0), true).expect("a start");
        let mut places = [0; 3].map(|_| gate.place(agent(0), true));
        let [held, next, last] = &mut places;
        let mut held = gate.admit(held, None);
        let mut next = gate.admit(next, None);
        let mut last = gate.admit(last, None);
        assert!((&mut held).now_or_never().is_none());
        assert!((&mut next).now_or_never().is_none());
        assert!((&mut last).now_or_never().is_none());
        drop(first);
        // It is admitted now, and does not know.
        let permit = timeout(4 * SECOND, next)
            .await
            .expect("a turn")
            .expect("a permit");
        assert_eq!(gate.status().in_flight, 1);
        assert!((&mut held).now_or_never().is_none());
        drop(permit);
        let permit = timeout(4 * SECOND, held)
            .await
            .expect("a turn")
            .expect("a permit");
        assert!((&mut last).now_or_never().is_none());
        drop(permit);
        let permit = timeout(4 * SECOND, last)
            .await
            .expect("a turn")
            .expect("a permit");
        drop(permit);
        let status = gate.status();
        assert_eq!(
            (status.in_flight, status.uploads, status.waiting),
            (0, 0, 0)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_alone_keeps_its_turn() {
    let gate = gate(Admission::new().uploads(1));
    let first = admit(&gate, agent(0), true).expect("a start");
    let mut place = gate.place(agent(0), true);
    let mut held = gate.admit(&mut place, None);
    assert!((&mut held).now_or_never().is_none());
    drop(first);
    advance(60 * SECOND).await;
    // One without files has its own slot.
    drop(admit(&gate, agent(0), false).expect("a start"));
    assert!((&mut held).now_or_never().is_some());
}
