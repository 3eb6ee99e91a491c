//! Order, cancellation, deadlines and caps, by a paused clock.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;

use futures_util::future::{FutureExt as _, join_all};
use tokio::time::{advance, sleep, timeout};

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);

fn agent(number: u128) -> AgentId {
    AgentId(uuid::Uuid::from_u128(number))
}

fn task(number: u128) -> TaskId {
    TaskId(uuid::Uuid::from_u128(number))
}

fn gate(admission: Admission) -> Gate {
    fastrand::seed(1);
    Gate::new(&admission)
}

/// Admits a start at once.
fn admit(gate: &Gate, agent: AgentId, has_files: bool) -> Option<Permit> {
    let mut place = gate.place(agent, has_files);
    let admitted = gate.admit(&mut place, None).now_or_never();
    admitted.map(|permit| permit.expect("no deadline has passed"))
}

/// Has a start refused, so that the gate is in paced mode.
fn refuse(gate: &Gate, retry_after: Option<Duration>) -> Place {
    let mut place = gate.place(agent(0), false);
    let admitted = gate.admit(&mut place, None).now_or_never();
    let permit = admitted.expect("at once").expect("no deadline");
    permit.refused(&mut place, retry_after);
    place
}

#[tokio::test(start_paused = true)]
async fn a_burst_waits_for_answers_and_not_for_long() {
    let gate = gate(Admission::new());
    let permits: Vec<_> = (0..16)
        .map_while(|_| admit(&gate, agent(0), false))
        .collect();
    assert_eq!(permits.len(), 16);
    assert!(admit(&gate, agent(0), false).is_none());
    // Without answers, others follow.
    advance(Duration::from_millis(400)).await;
    let late: Vec<_> = (0..16)
        .map_while(|_| admit(&gate, agent(0), false))
        .collect();
    assert_eq!(late.len(), 16);
    assert!(admit(&gate, agent(0), false).is_none());
    // With answers, at once.
    late.into_iter().for_each(|permit| permit.accepted(None));
    assert!(admit(&gate, agent(0), false).is_some());
    assert_eq!(gate.status().rate, None);
}

#[tokio::test(start_paused = true)]
async fn an_admission_that_is_off_admits_everything() {
    let gate = gate(Admission::off());
    let permits: Vec<_> = (0..1000)
        .map_while(|_| admit(&gate, agent(0), true))
        .collect();
    assert_eq!(permits.len(), 1000);
    let mut place = gate.place(agent(0), false);
    for permit in permits {
        permit.refused(&mut place, Some(100 * SECOND));
    }
    assert!(admit(&gate, agent(0), false).is_some());
}

#[tokio::test(start_paused = true)]
async fn starts_of_all_clones_and_agents_are_admitted_in_order_at_the_configured_rate() {
    let gate = gate(Admission::new().starts_per_second(20.0));
    let start = Instant::now();
    let order = RefCell::new(Vec::new());
    join_all((0..100).map(|number| {
        let (gate, order) = (gate.clone(), &order);
        async move {
            let mut place = gate.place(agent(number % 7), number % 3 == 0);
            let permit = gate.admit(&mut place, None).await.expect("no deadline");
            order.borrow_mut().push((number, start.elapsed()));
            permit.accepted(None);
        }
    }))
    .await;
    for (expected, (number, time)) in (0..).zip(order.into_inner()) {
        assert_eq!(number, u128::from(expected));
        let due = SECOND * expected / 20;
        assert!(
            due <= time && time <= due + 2 * MILLI,
            "{number} at {time:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_start_keeps_its_place() {
    let gate = gate(Admission::new().starts_per_second(10.0));
    let mut refused = refuse(&gate, Some(SECOND));
    let order = RefCell::new(Vec::new());
    let newcomer = async |number| {
        let mut place = gate.place(agent(0), false);
        let permit = gate.admit(&mut place, None).await.expect("no deadline");
        order.borrow_mut().push(number);
        permit.accepted(None);
    };
    let again = async {
        // It asks later than all others.
        sleep(SECOND / 2).await;
        let permit = gate.admit(&mut refused, None).await.expect("no deadline");
        order.borrow_mut().push(0);
        permit.accepted(None);
    };
    tokio::join!(newcomer(1), newcomer(2), newcomer(3), again);
    assert_eq!(order.into_inner(), [0, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn retry_after_holds_all_starts_and_is_bounded() {
    for (asked, earliest, latest) in [
        (0, 100 * MILLI, 125 * MILLI),
        (2, 2 * SECOND, 2400 * MILLI),
        (86_400, 300 * SECOND, 360 * SECOND),
    ] {
        let gate = gate(Admission::new());
        refuse(&gate, Some(Duration::from_secs(asked)));
        let start = Instant::now();
        let held_for = gate.status().held_for.expect("a hold");
        assert!(earliest <= held_for && held_for <= latest, "{held_for:?}");
        let mut place = gate.place(agent(1), false);
        gate.admit(&mut place, None)
            .await
            .expect("no deadline")
            .accepted(None);
        let time = start.elapsed();
        assert!(held_for <= time && time <= held_for + 2 * MILLI, "{time:?}");
        assert_eq!(gate.status().held_for, None);
    }
}

#[tokio::test(start_paused = true)]
async fn clients_that_were_refused_together_do_not_come_back_together() {
    fastrand::seed(1);
    let holds = (0..100).map(|_| {
        let gate = Gate::new(&Admission::new());
        refuse(&gate, Some(2 * SECOND));
        gate.status().held_for.expect("a hold")
    });
    let (shortest, longest) = holds.fold(
        (Duration::MAX, Duration::ZERO),
        |(shortest, longest), hold| (hold.min(shortest), hold.max(longest)),
    );
    assert!(
        longest - shortest > 300 * MILLI,
        "{shortest:?} to {longest:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_start_whose_deadline_passes_is_not_sent() {
    let gate = gate(Admission::new().starts_per_second(0.1));
    assert!(admit(&gate, agent(0), false).is_some());
    let start = Instant::now();
    let mut place = gate.place(agent(0), false);
    let rejection = gate.admit(&mut place, Some(start + 3 * SECOND)).await;
    let rejection = rejection.expect_err("a deadline");
    assert_eq!(start.elapsed(), 3 * SECOND);
    assert_eq!(rejection, NotAdmitted::TimedOut { refusals: 0 });
    let message = "timed out while waiting for admission; nothing was sent";
    assert_eq!(rejection.to_string(), message);
    // It is gone: the next one takes its turn.
    assert_eq!(gate.status().waiting, 0);
    gate.admit(&mut place, None)
        .await
        .expect("no deadline")
        .accepted(None);
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_within_a_hold_passes_at_once() {
    let gate = gate(Admission::new());
    let mut place = refuse(&gate, Some(60 * SECOND));
    let start = Instant::now();
    let rejection = gate.admit(&mut place, Some(start + 59 * SECOND)).await;
    assert_eq!(rejection.err(), Some(NotAdmitted::TimedOut { refusals: 1 }));
    assert_eq!(start.elapsed(), Duration::ZERO);
    let admitted = gate.admit(&mut place, Some(start + 90 * SECOND)).await;
    admitted.expect("the hold ends before").accepted(None);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_when_a_server_refuses_everything_for_too_long() {
    let gate = gate(Admission::new().give_up_after(120 * SECOND));
    admit(&gate, agent(0), false)
        .expect("no limit")
        .accepted(None);
    let start = Instant::now();
    let refused = Cell::new(0);
    let run = async |delay| {
        sleep(delay).await;
        let mut place = gate.place(agent(0), false);
        loop {
            match gate.admit(&mut place, None).await {
                Ok(permit) => permit.refused(&mut place, None),
                Err(NotAdmitted::Refused { time }) => break (time, start.elapsed()),
                Err(other) => panic!("{other}"),
            }
            refused.set(refused.get() + 1);
        }
    };
    let early = join_all((0..50).map(|_| run(Duration::ZERO)));
    let (early, (_, late)) = tokio::join!(early, run(100 * SECOND));
    for (time, end) in early {
        assert!(
            time >= 120 * SECOND && end <= 123 * SECOND,
            "{time:?}, {end:?}"
        );
    }
    assert!(late >= 220 * SECOND && late <= 223 * SECOND, "{late:?}");
    // And the server was not asked often.
    assert!(refused.get() < 300, "{}", refused.get());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_accepted_anything_is_given_up_soon() {
    for (waiting, asked, shortest, longest, most) in [
        (1, None, 10, 11, 9),
        (1, Some(Duration::ZERO), 10, 11, 9),
        // It said when to come back, and is believed a few times.
        (1, Some(60 * SECOND), 240, 300, 5),
        (100, None, 10, 31, 200),
        (1000, None, 10, 220, 800),
    ] {
        let gate = gate(Admission::new());
        let start = Instant::now();
        let refused = Cell::new(0_u32);
        let run = async |_| {
            let mut place = gate.place(agent(0), false);
            while let Ok(permit) = gate.admit(&mut place, None).await {
                refused.set(refused.get() + 1);
                permit.refused(&mut place, asked);
            }
            start.elapsed()
        };
        let ends = join_all((0..waiting).map(run)).await;
        let first = ends.iter().min().expect("an end");
        let last = ends.iter().max().expect("an end");
        assert!(*first >= shortest * SECOND, "{waiting} waiting: {first:?}");
        assert!(*last <= longest * SECOND, "{waiting} waiting: {last:?}");
        assert!(
            refused.get() <= most,
            "{waiting} waiting: {} refusals",
            refused.get()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn uploads_are_capped_and_let_others_pass() {
    let gate = gate(Admission::new().uploads(2));
    let first = admit(&gate, agent(0), true).expect("a slot");
    let _second = admit(&gate, agent(0), true).expect("a slot");
    let mut place = gate.place(agent(0), true);
    let mut third = pin!(gate.admit(&mut place, None));
    assert!(third.as_mut().now_or_never().is_none());
    assert!(admit(&gate, agent(0), false).is_some());
    assert_eq!(gate.status().uploads, 2);
    first.failed();
    let third = third.now_or_never().expect("a slot").expect("no deadline");
    assert_eq!(gate.status().uploads, 2);
    drop(third);
    assert_eq!(gate.status().uploads, 1);
}

#[tokio::test(start_paused = true)]
async fn open_tasks_are_capped_per_agent_and_let_others_pass() {
    let gate = gate(Admission::new().open_tasks_per_agent(2));
    for number in 0..2 {
        let permit = admit(&gate, agent(1), false).expect("a slot");
        permit.accepted(Some((task(number), &TaskStatus::Running)));
    }
    let mut place = gate.place(agent(1), false);
    let mut blocked = pin!(gate.admit(&mut place, None));
    assert!(blocked.as_mut().now_or_never().is_none());
    // Another agent has tasks of its own, also while its start is under way.
    let other = admit(&gate, agent(2), false).expect("a slot");
    let another = admit(&gate, agent(2), false).expect("a slot");
    assert!(admit(&gate, agent(2), false).is_none());
    drop((other, another));
    assert_eq!(gate.status().open_tasks, 2);
    gate.observed(task(0), &TaskStatus::Running);
    assert!(blocked.as_mut().now_or_never().is_none());
    gate.observed(task(0), &TaskStatus::Completed);
    assert!(blocked.now_or_never().is_some());
    // What is over already does not count twice.
    gate.observed(task(0), &TaskStatus::Completed);
    gate.observed(task(7), &TaskStatus::Completed);
    assert_eq!(gate.status().open_tasks, 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_over_or_waits_for_a_person_is_not_open() {
    let gate = gate(Admission::new().open_tasks_per_agent(1));
    for status in [
        TaskStatus::Completed,
        TaskStatus::Failed,
        TaskStatus::Stopped,
        TaskStatus::WaitingForInput,
        TaskStatus::AwaitingReview,
    ] {
        let permit = admit(&gate, agent(1), false).expect("a slot");
        permit.accepted(Some((task(1), &TaskStatus::Running)));
        assert!(admit(&gate, agent(1), false).is_none());
        gate.observed(task(1), &status);
        // A task can be over in the answer to its start.
        let permit = admit(&gate, agent(1), false).expect("a slot");
        permit.accepted(Some((task(2), &status)));
    }
    assert_eq!(gate.status().open_tasks, 0);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_nobody_looks_at_expires() {
    let admission = Admission::new().open_tasks_per_agent(1);
    let gate = gate(admission.open_tasks_expire_after(60 * SECOND));
    let permit = admit(&gate, agent(1), false).expect("a slot");
    permit.accepted(Some((task(1), &TaskStatus::Running)));
    sleep(40 * SECOND).await;
    gate.observed(task(1), &TaskStatus::Running);
    let start = Instant::now();
    let mut place = gate.place(agent(1), false);
    let permit = gate.admit(&mut place, None).await.expect("no deadline");
    assert!(start.elapsed() >= 60 * SECOND && start.elapsed() <= 61 * SECOND);
    permit.accepted(None);
    assert_eq!(gate.status().open_tasks, 0);
}

/// The API runs five tasks of an agent at a time, and queues the others.
#[tokio::test(start_paused = true)]
async fn the_cap_of_open_tasks_adapts_to_the_limit_of_the_agent() {
    let gate = gate(Admission::new().open_tasks_per_agent(1000));
    let (open, queued, largest) = (Cell::new(0_u32), Cell::new(0_u32), Cell::new(0_u32));
    let run = async |number| {
        let mut place = gate.place(agent(1), false);
        let permit = gate.admit(&mut place, None).await.expect("no deadline");
        open.set(open.get() + 1);
        let mut status = TaskStatus::Running;
        if open.get() > 5 {
            status = TaskStatus::Queued;
            queued.set(queued.get() + 1);
        }
        if number > 50 {
            largest.set(largest.get().max(open.get()));
        }
        permit.accepted(Some((task(number), &status)));
        sleep(SECOND).await;
        open.set(open.get() - 1);
        gate.observed(task(number), &TaskStatus::Completed);
    };
    let start = Instant::now();
    join_all((0..400).map(run)).await;
    assert!((4..=9).contains(&largest.get()), "{}", largest.get());
    assert!(queued.get() < 80, "{}", queued.get());
    assert!(start.elapsed() < 130 * SECOND, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_cap_of_open_tasks_grows_where_none_is_queued() {
    let gate = gate(Admission::new().open_tasks_per_agent(100));
    let mut tasks = 0;
    for _ in 0..8 {
        while let Some(permit) = admit(&gate, agent(1), false) {
            tasks += 1;
            permit.accepted(Some((task(tasks), &TaskStatus::Running)));
        }
    }
    assert_eq!(gate.status().open_tasks, 100);
}

#[tokio::test(start_paused = true)]
async fn pacing_ends_after_a_quiet_time() {
    let gate = gate(Admission::new());
    let run = async |number| {
        let mut place = gate.place(agent(0), false);
        loop {
            let permit = gate.admit(&mut place, None).await.expect("no deadline");
            sleep(SECOND / 10).await;
            match number < 40 || place.refusals > 0 {
                true => return permit.accepted(None),
                false => permit.refused(&mut place, None),
            }
        }
    };
    join_all((0..41).map(run)).await;
    assert!(gate.status().rate.is_some_and(|rate| rate > 10.0));
    sleep(125 * SECOND).await;
    assert!(admit(&gate, agent(0), false).is_some());
    assert_eq!(gate.status().rate, None);
}

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

/// Counts down, however its future ends.
struct Guard<'a>(&'a Cell<usize>, usize);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - self.1);
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
    // Those who are in front look every second, those behind less often.
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
