//! The rule that decides whether a state of a task is the answer to a message.
//!
//! A task that had ended, or that waited for a person, may show its state from before a message for a while: the server has
//! queued the message, or another replica answers. So within half a minute after a message, a state in which a wait ends is
//! the outcome by evidence only. *Before* is each such state that is known from before the message. If the task was not seen
//! in one, it is the first such state after the message, unless another status was seen first.
//!
//! | State | Evidence |
//! |---|---|
//! | any status | the status differs from the one before |
//! | `completed` | `completed_at` is later than before; or, if one of these is not known, the output differs from the one before, or the words do and `updated_at` is later |
//! | `waiting_for_input` | the question differs from the one before, or as in the next row |
//! | `failed`, `stopped`, `awaiting_review`, and `completed` if the output before is not known | another status was seen since, and two polls returned the same `updated_at`, which is later than before and than that of the other status |
//!
//! None of these is evidence:
//!
//! - another `updated_at` alone: a server may stamp the task when it takes a message, or whenever it is read;
//! - another status alone: the next poll may see another replica;
//! - anything with an earlier `updated_at` than before: a replica shows what was before that state;
//! - a later `updated_at` of a completed task: its summary may lag behind, with the output from before;
//! - a summary without an answer, or whose words are the text of the message;
//! - other words of a completed task with the same `updated_at`: they may be words of the work that goes on;
//! - a `completed_at` that is not later than before, or than the time of the message, if the receipt has one. A later one than
//!   the latter proves nothing: the receipt may have the time of the task.
//!
//! Some evidence leaves a doubt: a question of a task that was not seen in another status since, or has the same `updated_at`,
//! and words of a completed task without a `completed_at` that was not seen in another status. The agent may have written them after the message, and the status lags. Such a
//! state is the outcome once it was read again for a while, with the same content.
//!
//! Each message of the last half minute has states from before it, and the outcome differs from all of them. The states from
//! before are not forgotten when a poll returns another one, so a replica may show them again at any time. A task that ended
//! in the same way again, with equal output and without a later `completed_at`, is noticed when half a minute is over.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use chrono::{DateTime, Utc};
use nanonets_agents_api::types::TaskStatus;

/// A state in which a wait ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub status: TaskStatus,
    pub updated_at: DateTime<Utc>,
    /// Its output or its question, if that was read and is not blank.
    pub content: Option<Content>,
}

impl State {
    pub fn is_same_but_for_content(&self, other: &Self) -> bool {
        self.status == other.status && self.updated_at == other.updated_at
    }
}

/// The output of a completed task, or the question of one that waits for input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Content {
    hash: u64,
    /// The hash of the answer, if it is words.
    words: Option<u64>,
    completed_at: Option<DateTime<Utc>>,
}

impl Content {
    pub fn of(content: impl Hash) -> Self {
        Self {
            hash: hash(content),
            words: None,
            completed_at: None,
        }
    }

    pub fn with_words(mut self, words: Option<&str>) -> Self {
        self.words = words.map(text);
        self
    }

    pub fn completed_at(mut self, time: Option<DateTime<Utc>>) -> Self {
        self.completed_at = time;
        self
    }
}

impl Content {
    /// Whether it is complete since a later time than another content, if both times are known.
    fn is_completed_after(&self, before: &Self) -> Option<bool> {
        let times = before.completed_at.zip(self.completed_at);
        times.map(|(before, time)| time > before)
    }
}

fn hash(content: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

/// The hash of a text, without the space around it.
pub(crate) fn text(text: &str) -> u64 {
    hash(text.trim())
}

/// A message, and the states of the task around it.
#[derive(Debug)]
pub(super) struct Message {
    /// The hash of its text.
    text: u64,
    /// When the server got it, by its receipt.
    received: Option<DateTime<Utc>>,
    before: Vec<State>,
    /// The last state before the message is among these.
    is_before_known: bool,
    /// The latest `updated_at` of the task in another status since.
    moved: Option<DateTime<Utc>>,
    /// The last state with a later `updated_at` than these, and whether two polls returned it.
    later: Option<(State, bool)>,
}

impl Message {
    /// `last` is the last state in which a wait ended; the task is in it, as far as is known, if that is current.
    pub fn new(text: u64, last: Option<State>, is_current: bool) -> Self {
        Self {
            text,
            received: None,
            is_before_known: is_current && last.is_some(),
            before: last.into_iter().collect(),
            moved: None,
            later: None,
        }
    }

    pub fn received(&mut self, at: DateTime<Utc>) {
        self.received = Some(at);
    }

    /// A poll has returned a state in which no wait ends.
    pub fn saw_going_on(&mut self, state: &State) {
        if !self.before.iter().any(|before| state.is_earlier(before)) {
            self.moved = self.moved.max(Some(state.updated_at));
        }
    }

    /// A poll has returned a state in which a wait ends.
    pub fn saw_end(&mut self, state: &State) {
        let is_same = |before: &State| before.status == state.status;
        if !self.is_before_known && self.moved.is_none() {
            self.before.push(state.clone());
            self.is_before_known = true;
        } else if !self.before.iter().any(is_same) {
            self.saw_going_on(state);
        } else if self.is_later(state) {
            let seen = self.later.as_ref();
            let is_again = seen.is_some_and(|(later, _)| later.is_same_but_for_content(state));
            self.later = Some((state.clone(), is_again));
        }
    }

    /// Whether a state has a later time than the states before, and than the task had in another status since.
    fn is_later(&self, state: &State) -> bool {
        let mut times = self.before.iter().map(|before| before.updated_at);
        self.moved.is_some_and(|moved| state.updated_at > moved)
            && times.all(|time| state.updated_at > time)
    }

    /// The content of a state was read. That of the state before is known from then on.
    pub fn read(&mut self, state: &State) {
        if self.is_followed_by(state) {
            return;
        }
        for before in &mut self.before {
            if before.status == state.status && before.content.is_none() {
                before.content = state.content;
            }
        }
    }

    /// Whether a state in which a wait ends is proved not to be one from before the message.
    pub fn is_followed_by(&self, state: &State) -> bool {
        let content = state.content.as_ref();
        if content.is_some_and(|content| content.words == Some(self.text)) {
            return false;
        }
        let completed_at = content.and_then(|content| content.completed_at);
        let times = completed_at.zip(self.received);
        if times.is_some_and(|(completed_at, received)| completed_at <= received) {
            return false;
        }
        if self.before.iter().any(|before| state.is_earlier(before)) {
            return false;
        }
        let is_possible = match (self.is_before_known, self.moved) {
            (true, _) => true,
            (false, Some(moved)) => state.updated_at >= moved,
            (false, None) => false,
        };
        is_possible && self.before.iter().all(|before| self.differs(before, state))
    }

    /// Whether a state that follows the message may be one from before it, with words that the agent wrote since: a question
    /// of a task that was not seen in another status since, or has not changed, or other words of a completed task that was
    /// not seen in another status since.
    pub fn leaves_in_doubt(&self, state: &State) -> bool {
        let mut same = self
            .before
            .iter()
            .filter(|before| before.status == state.status);
        same.any(|before| match state.status {
            TaskStatus::WaitingForInput => {
                self.moved.is_none() || before.updated_at == state.updated_at
            }
            TaskStatus::Completed => {
                let (old, new) = (before.content.as_ref(), state.content.as_ref());
                let times = old
                    .zip(new)
                    .and_then(|(old, new)| new.is_completed_after(old));
                let is_words = new.is_some_and(|new| new.words.is_some());
                is_words && times.is_none() && !self.is_later(state)
            }
            _ => false,
        })
    }

    fn differs(&self, before: &State, state: &State) -> bool {
        if before.status != state.status {
            return true;
        }
        let is_completed = state.status == TaskStatus::Completed;
        let contents = before.content.zip(state.content);
        if let Some(is_new) = contents.and_then(|(old, new)| new.is_completed_after(&old)) {
            return is_new;
        }
        match contents {
            // Words without a change of the task may be words of the work that goes on.
            Some((old, new)) if old.hash != new.hash => {
                new.words.is_none() || state.updated_at > before.updated_at
            }
            _ if is_completed && before.content.is_some() => false,
            _ => self.is_later(state) && self.was_seen_twice(state),
        }
    }

    fn was_seen_twice(&self, state: &State) -> bool {
        let later = self.later.as_ref();
        later.is_some_and(|(later, is_twice)| *is_twice && later.is_same_but_for_content(state))
    }
}

impl State {
    fn is_earlier(&self, other: &Self) -> bool {
        self.updated_at < other.updated_at
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    /// The state that a poll shows: status, minute of `updated_at`, content, and minute of `completed_at`.
    type Poll = (TaskStatus, i64, Option<&'static str>, Option<i64>);

    const MESSAGE: &str = "Which year?";

    fn minute(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn state((status, updated_at, content, completed_at): Poll) -> State {
        let content = content.map(|words| {
            let content = Content::of(words).with_words(Some(words));
            content.completed_at(completed_at.map(minute))
        });
        State {
            status,
            updated_at: minute(updated_at),
            content,
        }
    }

    fn is_end(status: &TaskStatus) -> bool {
        !matches!(status, TaskStatus::Running | TaskStatus::Queued)
    }

    /// Whether each poll after a message ends the wait.
    fn verdicts(before: Option<Poll>, received: Option<i64>, polls: &[Poll]) -> Vec<bool> {
        let is_current = before.as_ref().is_some_and(|(status, ..)| is_end(status));
        let last = before.filter(|_| is_current).map(state);
        let mut message = Message::new(text(MESSAGE), last, is_current);
        if let Some(received) = received {
            message.received(minute(received));
        }
        let verdict = |poll: &Poll| {
            let state = state(poll.clone());
            if !is_end(&state.status) {
                message.saw_going_on(&state);
                return false;
            }
            let without_content = State {
                content: None,
                ..state.clone()
            };
            message.saw_end(&without_content);
            message.read(&state);
            message.is_followed_by(&state)
        };
        polls.iter().map(verdict).collect()
    }

    /// The statuses in which a wait ends, and whether their content is read.
    fn ends() -> [(TaskStatus, bool); 5] {
        [
            (TaskStatus::Completed, true),
            (TaskStatus::WaitingForInput, true),
            (TaskStatus::Failed, false),
            (TaskStatus::Stopped, false),
            (TaskStatus::AwaitingReview, false),
        ]
    }

    /// The state from before a message at minute 10, stamped by it or not, and the polls `o`: old, `s`: old and stamped,
    /// `r`: running, `q`: running, from before the state before, `n`: the same status with other content and a later time,
    /// `e`: the same status with equal content and a later time, `f`: failed or else stopped, `g` and `a`: another status and
    /// other content, from before the state before.
    fn poll(status: &TaskStatus, has_content: bool, letter: char) -> Poll {
        let (old, new) = match has_content {
            true => (Some("old"), Some("new")),
            false => (None, None),
        };
        let another = match status {
            TaskStatus::Failed => TaskStatus::Stopped,
            _ => TaskStatus::Failed,
        };
        match letter {
            'o' => (status.clone(), 5, old, None),
            's' => (status.clone(), 10, old, None),
            'r' => (TaskStatus::Running, 11, None, None),
            'q' => (TaskStatus::Running, 4, None, None),
            'n' => (status.clone(), 12, new, None),
            'e' => (status.clone(), 12, old, None),
            'f' => (another, 12, None, None),
            'g' => (another, 4, None, None),
            'a' => (status.clone(), 4, has_content.then_some("older"), None),
            _ => panic!("{letter}"),
        }
    }

    /// The polls of an order of these letters, capital or not.
    fn polls(status: &TaskStatus, has_content: bool, order: &str) -> Vec<Poll> {
        let letters = order.chars().map(|letter| letter.to_ascii_lowercase());
        letters
            .map(|letter| poll(status, has_content, letter))
            .collect()
    }

    #[test]
    fn no_order_of_polls_makes_a_state_from_before_the_outcome() {
        let orders = [
            "o", "oo", "s", "ss", "so", "os", "ro", "rs", "roo", "rso", "oro", "srs", "rrsos",
            "qo", "qs", "qrs", "rqs", "ororor", "g", "a", "rga", "grs", "arga", "oargs",
        ];
        for (status, has_content) in ends() {
            for order in orders {
                let polls = polls(&status, has_content, order);
                let before = Some(poll(&status, has_content, 'o'));
                let verdicts = verdicts(before, None, &polls);
                assert!(!verdicts.contains(&true), "{status}: {order}: {verdicts:?}");
            }
        }
    }

    #[test]
    fn the_outcome_is_the_outcome_in_each_order_of_polls() {
        // The polls with the outcome are those with a capital letter.
        for (status, has_content) in ends() {
            let orders: &[&str] = match status {
                // The question decides, or a time that two polls return.
                TaskStatus::WaitingForInput => &[
                    "N", "oN", "sN", "rN", "rsN", "rNoN", "F", "reE", "reoEsE", "ee",
                ],
                // The answer decides, whether the task was seen running or not. Equal content does not.
                _ if has_content => &["N", "oN", "sN", "rN", "rsN", "rNoNsN", "F", "rFoF", "reee"],
                _ => &[
                    "rnN", "rsnN", "ornEE", "srnoNsN", "F", "oF", "sF", "rFoF", "nnn", "qnn",
                ],
            };
            for order in orders {
                let polls = polls(&status, has_content, order);
                let expected: Vec<_> = order.chars().map(char::is_uppercase).collect();
                let before = Some(poll(&status, has_content, 'o'));
                assert_eq!(
                    verdicts(before, None, &polls),
                    expected,
                    "{status}: {order}"
                );
            }
        }
    }

    #[test]
    fn a_time_that_is_another_one_in_each_poll_is_no_evidence() {
        for (status, has_content) in ends() {
            let mut polls = polls(&status, has_content, "rooooooo");
            for (poll, minute) in polls.iter_mut().zip(20..) {
                poll.1 = minute;
            }
            let before = Some(poll(&status, has_content, 'o'));
            let verdicts = verdicts(before, None, &polls);
            assert!(!verdicts.contains(&true), "{status}: {verdicts:?}");
        }
    }

    #[test]
    fn the_first_state_counts_as_the_one_before_if_that_is_not_known() {
        for (status, has_content) in ends() {
            let orders: &[&str] = match has_content {
                true => &["o", "ooN", "oroN", "rN", "rE", "roN", "oF"],
                false => &["o", "oornN", "oronN", "rN", "rE", "roN", "oF"],
            };
            for before in [None, Some((TaskStatus::Running, 1, None, None))] {
                for order in orders {
                    let polls = polls(&status, has_content, order);
                    let expected: Vec<_> = order.chars().map(char::is_uppercase).collect();
                    let verdicts = verdicts(before.clone(), None, &polls);
                    assert_eq!(verdicts, expected, "{status}: {order}");
                }
            }
        }
    }

    #[test]
    fn other_words_without_a_change_of_the_task_are_no_evidence() {
        let status = TaskStatus::Completed;
        let before = poll(&status, true, 'o');
        let words = (status.clone(), before.1, Some("I am on it."), None);
        let polls = [words.clone(), words, poll(&status, true, 'n')];
        let verdicts = verdicts(Some(before), None, &polls);
        assert_eq!(verdicts, [false, false, true]);
    }

    #[test]
    fn words_that_the_agent_may_have_written_after_the_message_leave_a_doubt() {
        use TaskStatus::{Completed, Running, WaitingForInput};
        let completed =
            |minute, words, completed_at| (Completed, minute, Some(words), completed_at);
        let asks = |minute, words| (WaitingForInput, minute, Some(words), None);
        let running = (Running, 11, None, None);
        for (before, polls, expected) in [
            (asks(5, "old"), vec![asks(5, "new")], true),
            // The message may have changed `updated_at`.
            (asks(5, "old"), vec![asks(12, "new")], true),
            (asks(5, "old"), vec![running.clone(), asks(5, "new")], true),
            (
                asks(5, "old"),
                vec![running.clone(), asks(12, "new")],
                false,
            ),
            (
                completed(5, "old", None),
                vec![completed(10, "new", None)],
                true,
            ),
            (
                completed(5, "old", None),
                vec![running.clone(), completed(10, "new", None)],
                true,
            ),
            (
                completed(5, "old", None),
                vec![running, completed(12, "new", None)],
                false,
            ),
            (
                completed(5, "old", Some(5)),
                vec![completed(10, "new", Some(10))],
                false,
            ),
            (completed(5, "old", None), vec![asks(10, "new")], false),
        ] {
            let mut message = Message::new(text(MESSAGE), Some(state(before.clone())), true);
            for poll in &polls {
                let state = state(poll.clone());
                match is_end(&state.status) {
                    true => message.saw_end(&state),
                    false => message.saw_going_on(&state),
                }
            }
            let last = state(polls.last().expect("a poll").clone());
            assert_eq!(
                message.leaves_in_doubt(&last),
                expected,
                "{before:?} {polls:?}"
            );
        }
    }

    #[test]
    fn a_completed_task_is_judged_by_its_answer_and_by_the_time_of_its_completion() {
        let done = |content, completed_at| (TaskStatus::Completed, 12, content, completed_at);
        let old = || Some(done(Some("old"), Some(5)));
        for (before, received, poll, expected) in [
            // Equal content that is completed later, at the same time, and at no time.
            (old(), None, done(Some("old"), Some(12)), true),
            (old(), None, done(Some("old"), Some(5)), false),
            (old(), None, done(Some("old"), None), false),
            // An answer that is blank, and the text of the message, which is the last item of the feed.
            (old(), None, done(None, None), false),
            (old(), None, done(Some(" Which year? "), None), false),
            // A receipt with a time.
            (old(), Some(10), done(Some("other"), Some(9)), false),
            (old(), Some(10), done(Some("other"), Some(12)), true),
            (old(), Some(10), done(Some("other"), None), false),
            (
                old(),
                Some(10),
                (TaskStatus::Completed, 13, Some("other"), None),
                true,
            ),
            // The time of the receipt may be that of the task.
            (None, Some(10), done(Some("other"), Some(12)), false),
            (
                Some(done(None, None)),
                Some(2),
                done(Some("old"), Some(5)),
                false,
            ),
            // The same completion with more of its output.
            (old(), None, done(Some("more of the old"), Some(5)), false),
            (None, Some(10), done(Some("other"), Some(9)), false),
            // The content before was not read.
            (
                Some(done(None, None)),
                None,
                done(Some("other"), None),
                false,
            ),
        ] {
            let verdicts = verdicts(before.clone(), received, std::slice::from_ref(&poll));
            assert_eq!(verdicts, [expected], "{before:?} {received:?} {poll:?}");
        }
    }
}
