//! Finding the task of a run whose answer was lost.

mod listed;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use nanonets_agents_api::types::{TaskId, TaskListItem};
use tokio::time::Instant;

use crate::author::{Prompt, prompt};
use crate::list::List;
use crate::task::TaskFilter;
use crate::transport::client::Client;
use crate::transport::clock;
use crate::transport::error::{Error, ErrorKind, Result};
use crate::transport::group::{Comparison, Groups};
use crate::transport::record::{Marker, RunRecord};
use crate::transport::request::Sending;
use listed::Listed;

/// The longest time until a task is listed, unless [`FindRun::settle`] says otherwise.
const SETTLE: Duration = Duration::from_secs(5 * 60);
/// The largest difference between the clock that stamps tasks and the `Date` of an answer.
const MARGIN: TimeDelta = TimeDelta::seconds(10);
/// The same where a run would be ruled out: tasks may be stamped by a clock that is behind that of the answers.
const LAST_MARGIN: TimeDelta = TimeDelta::minutes(10);
/// The time to look back if the clock of the run was not compared with that of the server, and how far out of the window a
/// task may be listed: its time may be without a zone.
const UNMEASURED_MARGIN: TimeDelta = TimeDelta::hours(24);
/// The pauses between looks.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The number of first messages that are read at the same time.
const CONCURRENT_READS: usize = 8;
/// The longest duration of an attempt, and of reading the messages of a task.
const ATTEMPT: Duration = Duration::from_secs(10);
/// The longest duration of a request with its attempts. A search whose time is nearly over has an attempt left.
const REQUEST: Duration = Duration::from_secs(30);
/// The number of tasks that are waited for although their messages do not come. The others count as tasks that can't be read.
const HANGING_READS: usize = CONCURRENT_READS;
/// The longest duration of one look, which may have to list thousands of tasks and to read their messages.
const LOOK: Duration = Duration::from_secs(5 * 60);

impl Client {
    /// Looks for the task of a run whose answer was lost, or whose process ended before the answer came.
    ///
    /// The record comes from the [error](crate::Error::run_record), or from [`Run::prepare`](crate::Run::prepare) and was
    /// stored. A task that is started after the search is not found by it. So a run whose end is not recorded is not ruled out
    /// before its deadline, unless you say that it is [no longer sent](FindRun::no_longer_sent). The search is at the server that
    /// the run was sent to, with a key of the same workspace.
    ///
    /// ```
    /// # use nanonets_agents_sim::{Fault, Simulator};
    /// use nanonets_agents::{Client, Error, FoundRun, Marker, TaskId};
    ///
    /// /// The task of the run, or nothing if the run can be repeated.
    /// async fn recover(client: &Client, error: Error) -> nanonets_agents::Result<Option<TaskId>> {
    ///     let Some(record) = error.run_record() else {
    ///         return Err(error); // it is certain that no task was started
    ///     };
    ///     let found = match client.find_run(record).until_decided().await {
    ///         Ok(found) => found,
    ///         Err(search) => {
    ///             eprintln!("the search for the task failed: {search}");
    ///             return Err(error); // a task may be running, whatever the search failed of
    ///         }
    ///     };
    ///     match found.task() {
    ///         Some(task) => Ok(Some(task)),
    ///         None if matches!(found, FoundRun::RuledOut) => Ok(None),
    ///         None => Err(error), // several tasks, or one that may be of another run: a person decides
    ///     }
    /// }
    /// # #[tokio::main]
    /// # async fn main() -> nanonets_agents::Result<()> {
    /// # let simulator = Simulator::start().await;
    /// # let agent = simulator.create_agent("Invoices").id;
    /// # simulator.fault(Fault::reset().after_effect().times(1));
    /// # let client = Client::builder(simulator.api_key()).base_url(simulator.base_url()).build()?;
    /// let run = client.agent(agent).run().query("How much?").marker(Marker::random());
    /// # let error = run.start().await.unwrap_err();
    /// # assert_eq!(recover(&client, error).await?, Some(simulator.tasks()[0].id));
    /// # Ok(())
    /// # }
    /// ```
    pub fn find_run(&self, record: &RunRecord) -> FindRun {
        FindRun::new(self.clone(), record.clone())
    }
}

/// A search for the task of a run: see [`Client::find_run`].
///
/// Awaiting it looks once. [`until_decided`](Self::until_decided) looks again until the answer is final.
///
/// # Errors
///
/// The errors of listing tasks. [`ErrorKind::InvalidRequest`] if the client does not call the server that the run was sent to.
/// [`ErrorKind::Configuration`] if it has [another key](Self::with_other_key) and found no task. [`ErrorKind::Pagination`] if the list of tasks has no end, or
/// the server does not say that it is the end. An error proves neither that the run started a task nor that it did not.
#[derive(Clone, Debug)]
#[must_use = "nothing is searched until this is awaited"]
pub struct FindRun {
    client: Client,
    record: RunRecord,
    settle: Duration,
    excluded: HashSet<TaskId>,
    has_other_key: bool,
    is_no_longer_sent: bool,
}

/// The result of a search for the task of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FoundRun {
    /// These tasks may be the one, most likely first. With a [`Marker`], either each of them carries it, or the prompt of none
    /// could be read. [`task`](Self::task) has the task of the run, if it is certain.
    Found(Vec<Candidate>),
    /// No task is listed yet. One may still appear until this time, by the clock of this machine.
    NotYet {
        /// When the run is ruled out, unless its task appears before.
        ruled_out_at: DateTime<Utc>,
    },
    /// No task was started, provided that the API lists a task within the [settling time](FindRun::settle). The run can be
    /// repeated. The server said that its list of tasks is complete, and the time has passed by the clock of this machine
    /// and, where both were measured, by that of the server.
    RuledOut,
}

impl FoundRun {
    /// The task of the run, if there is no doubt: the only candidate, and a [certain](Candidate::is_certain) one.
    #[must_use]
    pub fn task(&self) -> Option<TaskId> {
        match self {
            Self::Found(candidates) => match &candidates[..] {
                [candidate] if candidate.is_certain() => Some(candidate.task.task_id),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A task that a run may have started.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Candidate {
    /// The task as it is listed.
    pub task: TaskListItem,
    /// Why it is a candidate.
    pub evidence: Evidence,
}

impl Candidate {
    /// Whether it carries the marker of the run. A task that does not may be that of another run, even if it is the only one.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.evidence < Evidence::Window
    }
}

/// Why a task may be that of a run, from certain to possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Evidence {
    /// Its title has the marker of the run.
    Title,
    /// The first message of a user in it has the marker of the run.
    FirstMessage,
    /// It was created since the run was sent, by the same agent or by one that can't be compared with it. Another run may have
    /// started it: the run has no marker, or the prompt of the task can't be read.
    Window,
}

impl FindRun {
    pub(crate) fn new(client: Client, record: RunRecord) -> Self {
        Self {
            client,
            record,
            settle: SETTLE,
            excluded: HashSet::new(),
            has_other_key: false,
            is_no_longer_sent: false,
        }
    }

    /// The key of this client is another one of the same workspace, because the key of the run was replaced. Without this, a
    /// search with another key rules nothing out, for the key may be of another workspace.
    pub fn with_other_key(mut self) -> Self {
        self.has_other_key = true;
        self
    }

    /// Says that nobody sends the run any more: its future was dropped, or its process has ended. Then it has ended when the
    /// search begins, at the latest. Without this, a run whose end is not recorded counts as under way until its
    /// [deadline](RunRecord::deadline), or for a [day](RunRecord::LONGEST_CALL) without one.
    ///
    /// A run that is still being sent may start its task after it was ruled out. Then repeating it pays twice. To be certain,
    /// let the process hold a lock ([`std::fs::File::lock`]) while it sends the run.
    pub fn no_longer_sent(mut self) -> Self {
        self.is_no_longer_sent = true;
        self
    }

    /// The time after the end of the run for which its task may still appear in the list. The default is five minutes. The API
    /// documents no bound: a longer time makes [`RuledOut`](FoundRun::RuledOut) more reliable.
    ///
    /// The end of the run is in its record ([`until`](RunRecord::until)) if the call ended. Otherwise it is the
    /// [deadline](RunRecord::deadline) of the run, or a [day](RunRecord::LONGEST_CALL) after it began, unless the run is
    /// [no longer sent](Self::no_longer_sent).
    pub fn settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// Ignores these tasks: those that are known to be of other runs. Tasks that this client has started are known already,
    /// as far as the answers to their runs arrived.
    pub fn excluding(mut self, tasks: impl IntoIterator<Item = TaskId>) -> Self {
        self.excluded.extend(tasks);
        self
    }

    /// Looks again and again, with pauses of 2 to 30 seconds, until a task is found or the run is ruled out: until the
    /// [settling time](Self::settle) after the end of the run is over, and half a minute longer if a server does not answer.
    /// The end of a run that is not recorded may be a day away.
    ///
    /// # Errors
    ///
    /// Those of listing tasks.
    pub async fn until_decided(self) -> Result<FoundRun> {
        let search = Search::new(self);
        let mut pause = FIRST_PAUSE;
        loop {
            match search.look(search.time_of_requests()).await? {
                FoundRun::NotYet { ruled_out_at } => {
                    let left = (ruled_out_at - search.now()).to_std().unwrap_or_default();
                    // The last look begins when nothing can appear any more.
                    tokio::time::sleep(pause.min(left)).await;
                    pause = pause.mul_f64(1.5).min(LONGEST_PAUSE);
                }
                decided => return Ok(decided),
            }
        }
    }
}

impl IntoFuture for FindRun {
    type Output = Result<FoundRun>;
    type IntoFuture = Sending<FoundRun>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Search::new(self).look(REQUEST).await })
    }
}

/// A search that has begun.
struct Search {
    find: FindRun,
    begun: DateTime<Utc>,
    clock: Instant,
}

impl Search {
    fn new(find: FindRun) -> Self {
        Self {
            find,
            begun: Utc::now(),
            clock: Instant::now(),
        }
    }

    /// The time by the clock of this machine, which does not jump during a search.
    fn now(&self) -> DateTime<Utc> {
        let elapsed = TimeDelta::from_std(self.clock.elapsed()).unwrap_or(TimeDelta::MAX);
        self.begun.checked_add_signed(elapsed).unwrap_or(self.begun)
    }

    /// When the run is ruled out.
    fn ruled_out_at(&self, offset_now: Option<TimeDelta>) -> DateTime<Utc> {
        let record = &self.find.record;
        let ended = record.ended();
        // The end by the clock that this machine has now, if either clock was set since.
        let moved = record.clock_offset().zip(offset_now);
        let moved = moved.and_then(|(then, now)| ended.checked_add_signed(then.checked_sub(&now)?));
        let ended = match moved {
            // The clock of this machine was set back since the run ended. A deadline may be in the future.
            Some(moved) if record.until.is_some() && ended > self.begun => moved,
            Some(moved) => ended.max(moved),
            None => ended,
        };
        // The process may be sending the run still, unless somebody knows better.
        let is_over = record.until.is_some() || self.find.is_no_longer_sent;
        let ended = if is_over {
            ended.min(self.begun)
        } else {
            ended
        };
        let settle = TimeDelta::from_std(self.find.settle).unwrap_or(TimeDelta::MAX);
        ended
            .checked_add_signed(settle)
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// The longest duration of a request: as long as the run may still appear, within limits.
    fn time_of_requests(&self) -> Duration {
        let left = self.ruled_out_at(None) - self.now();
        left.to_std().unwrap_or_default().clamp(ATTEMPT, REQUEST)
    }

    async fn look(&self, time_of_requests: Duration) -> Result<FoundRun> {
        self.check_origin()?;
        // A task that appears after this time is seen by the next look.
        let looked_at = self.now();
        let mut listed = Listed::default();
        let candidates = async {
            let found = self
                .candidates(&mut listed, time_of_requests, MARGIN)
                .await?;
            if !found.is_empty() || looked_at < self.ruled_out_at(listed.offset) {
                return Ok(found);
            }
            // The clock of a task's creation may differ from that of the answers. Only a wider search rules the run out.
            self.candidates(&mut listed, time_of_requests, LAST_MARGIN)
                .await
        };
        let mut found = match tokio::time::timeout(LOOK, candidates).await {
            Ok(found) => found?,
            Err(_) => {
                let message = "the search for the task of the run took too long";
                return Err(Error::new(ErrorKind::Timeout, message));
            }
        };
        let agent = self.find.record.agent_id;
        found.sort_by_key(|candidate| {
            let task = &candidate.task;
            (
                candidate.evidence,
                task.agent_id != agent,
                task.created_at.utc(),
            )
        });
        let ruled_out_at = self.ruled_out_at(listed.offset);
        match listed.odd {
            _ if !found.is_empty() => Ok(FoundRun::Found(found)),
            // An item that does not decode may be the task.
            Some(error) => Err(error),
            None if looked_at < ruled_out_at => Ok(FoundRun::NotYet { ruled_out_at }),
            None if !listed.is_complete => Err(Error::new(
                ErrorKind::Pagination,
                "the server does not say that the list of tasks ends here, so the task may be missing",
            )),
            None => self.check_key().map(|()| FoundRun::RuledOut),
        }
    }

    /// A task is listed by the server that has started it, and by no other.
    fn check_origin(&self) -> Result<()> {
        let here = &self.find.client.address().origin;
        match &self.find.record.origin {
            Some(origin) if origin != here => Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("the run was sent to {origin}, and this client calls {here}"),
            )),
            _ => Ok(()),
        }
    }

    /// A key lists the tasks of its workspace alone.
    fn check_key(&self) -> Result<()> {
        let here = &self.find.client.address().key_fingerprint;
        match &self.find.record.key_fingerprint {
            Some(key) if key != here && !self.find.has_other_key => Err(Error::new(
                ErrorKind::Configuration,
                "no task was found, but the run was sent with another API key or base URL, perhaps to another workspace",
            )),
            _ => Ok(()),
        }
    }

    async fn candidates(
        &self,
        listed: &mut Listed,
        time_of_requests: Duration,
        margin: TimeDelta,
    ) -> Result<Vec<Candidate>> {
        let FindRun { client, record, .. } = &self.find;
        let excluded: HashSet<TaskId> = client
            .started_tasks()
            .union(&self.find.excluded)
            .copied()
            .collect();
        let list = client.tasks().list().agent(record.agent_id).page_size(100);
        let list = list.timeout(time_of_requests).attempt_timeout(ATTEMPT);
        let since = self.since(&list, listed, margin).await?;
        // A server or a cache may ignore a filter.
        let is_in_window = |task: &TaskListItem| {
            let earliest = since.and_then(|since| since.checked_sub_signed(UNMEASURED_MARGIN));
            earliest.is_none_or(|earliest| task.created_at.utc() >= earliest)
        };
        let is_new = |task: &TaskListItem| !excluded.contains(&task.task_id) && is_in_window(task);
        let in_window = match since {
            Some(since) => list.clone().created_after(since),
            None => list.clone(),
        };
        let Some(marker) = &record.marker else {
            let tasks = listed.tasks(in_window).await?;
            let tasks = tasks.into_iter().filter(is_new);
            let candidates = tasks.map(|task| candidate(task, Evidence::Window));
            return Ok(self.of_agent(candidates.collect()).await);
        };
        // The marker finds the task of a busy agent by one request, if titles keep it.
        let titled = list.title_contains(marker.name());
        let titled: Vec<_> = listed
            .tasks(titled)
            .await?
            .into_iter()
            .filter(|task| is_new(task) && has_marker(task.title(), marker))
            .map(|task| candidate(task, Evidence::Title))
            .collect();
        if !titled.is_empty() {
            return Ok(titled);
        }
        let tasks = listed.tasks(in_window).await?;
        let hanging = AtomicUsize::new(0);
        let examined = tasks
            .into_iter()
            .filter(is_new)
            .map(|task| self.examine(task, marker, &hanging));
        let examined: Vec<_> = stream::iter(examined)
            .buffer_unordered(CONCURRENT_READS)
            .collect()
            .await;
        let (certain, possible): (Vec<_>, Vec<_>) = examined
            .into_iter()
            .flatten()
            .partition(Candidate::is_certain);
        // A task that carries the marker settles it: those that could not be read are of other runs.
        match certain.is_empty() {
            true => Ok(self.of_agent(possible).await),
            false => Ok(certain),
        }
    }

    /// The candidates without those of other agents. A task may name another version than the run did, so agents are compared
    /// by their group. A task stays a candidate if its agent can't be compared.
    async fn of_agent(&self, candidates: Vec<Candidate>) -> Vec<Candidate> {
        let mut groups = Groups::of(&self.find.client, self.find.record.agent_id);
        groups
            .read(candidates.iter().map(|candidate| candidate.task.agent_id))
            .await;
        candidates
            .into_iter()
            .filter(|candidate| groups.compare(candidate.task.agent_id) != Comparison::Different)
            .collect()
    }

    /// Whether a task whose title was not found by the marker is that of the run.
    async fn examine(
        &self,
        task: TaskListItem,
        marker: &Marker,
        hanging: &AtomicUsize,
    ) -> Option<Candidate> {
        if has_marker(task.title(), marker) {
            return Some(candidate(task, Evidence::Title));
        }
        // A task that can't be read is not ruled out.
        if hanging.load(Ordering::Relaxed) >= HANGING_READS {
            return Some(candidate(task, Evidence::Window));
        }
        let messages = self.find.client.task(task.task_id).messages();
        let Ok(messages) = tokio::time::timeout(ATTEMPT, messages.into_future()).await else {
            hanging.fetch_add(1, Ordering::Relaxed);
            return Some(candidate(task, Evidence::Window));
        };
        let Ok(messages) = messages else {
            return Some(candidate(task, Evidence::Window));
        };
        match prompt(&messages) {
            Prompt::OfUser(text) | Prompt::Possible(text) if has_marker(Some(&text), marker) => {
                Some(candidate(task, Evidence::FirstMessage))
            }
            Prompt::OfUser(_) => None,
            // Its prompt is not known, so the task is not ruled out.
            Prompt::Possible(_) | Prompt::None => Some(candidate(task, Evidence::Window)),
        }
    }

    /// The earliest time of a task of the run, by the clock of the server. There is no latest: a task may be created long after
    /// the connection broke.
    async fn since(
        &self,
        list: &List<TaskListItem, TaskFilter>,
        listed: &mut Listed,
        margin: TimeDelta,
    ) -> Result<Option<DateTime<Utc>>> {
        let record = &self.find.record;
        let sent = Utc::now();
        let page = list.clone().page_size(1).page().send().await?;
        let now = clock::offset(sent, page.headers()).map(|(offset, _)| offset);
        listed.offset = now;
        // A record from the future is of a clock that was set back since. Nothing is known of the time of the run.
        if record.clock_offset().is_none() && record.since > self.begun {
            return Ok(None);
        }
        // A record without an offset may be of a machine whose clock nobody compared with that of the server. One with an
        // offset may have it from a gateway. The earlier time is the safer one, and so is the time of this machine: an
        // offset that is wrong may move the window back, and never forward over the task.
        let offset = match record.clock_offset() {
            Some(recorded) => Some(now.map_or(recorded, |now| now.min(recorded))),
            None if record.is_local() => now,
            None => None,
        };
        let margin = if offset.is_some() {
            margin
        } else {
            UNMEASURED_MARGIN
        };
        let moved = offset.or(now).unwrap_or_default().min(TimeDelta::zero());
        let since = record.since.checked_add_signed(moved);
        Ok(since.and_then(|since| since.checked_sub_signed(margin)))
    }
}

fn candidate(task: TaskListItem, evidence: Evidence) -> Candidate {
    Candidate { task, evidence }
}

/// Whether a text has the marker, and not one that begins or ends with the same name. Its brackets may be lost on the way.
fn has_marker(text: Option<&str>, marker: &Marker) -> bool {
    let (text, name) = (
        text.unwrap_or_default().to_ascii_lowercase(),
        marker.name().to_ascii_lowercase(),
    );
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    text.match_indices(&name).any(|(start, name)| {
        let (before, after) = (&text[..start], &text[start + name.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_whole_or_not_at_all() {
        let marker = Marker::new("order-47").expect("a marker");
        for text in [
            "[order-47] Extract",
            "ORDER-47\nExtract",
            "\"[order-47]\\nExtract\"",
        ] {
            assert!(has_marker(Some(text), &marker), "{text}");
        }
        for text in [
            "[order-471] Extract",
            "reorder-47",
            "order-47.2",
            "Extract",
            "",
        ] {
            assert!(!has_marker(Some(text), &marker), "{text}");
        }
        assert!(!has_marker(None, &marker));
    }
}
