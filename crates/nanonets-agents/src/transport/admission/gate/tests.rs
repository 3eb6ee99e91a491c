//! Order, cancellation, deadlines and caps, by a paused clock.

mod waiters;

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
    // A task that is over already does not count twice.
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

/// Counts down, however its future ends.
struct Guard<'a>(&'a Cell<usize>, usize);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - self.1);
    }
}
