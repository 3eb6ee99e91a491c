//! Facts that an error carries: of an ambiguous request, and of a wait that timed out.

use std::time::Duration;

use chrono::{DateTime, Utc};
use nanonets_agents_api::types::{AgentId, TaskId, TaskStatus};

use crate::transport::record::RunRecord;

/// The facts about a request that may or may not have taken effect.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ambiguity {
    /// The agent that the request was for.
    pub agent_id: Option<AgentId>,
    /// The task that the request was for.
    pub task_id: Option<TaskId>,
    /// When the first attempt began, by the clock of this machine.
    pub since: DateTime<Utc>,
    /// When the last attempt ended, by the clock of this machine.
    pub until: DateTime<Utc>,
    /// For a run: what [`Client::find_run`](crate::Client::find_run) needs to look for its task.
    pub run: Option<RunRecord>,
}

/// How far a wait came whose timeout has passed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Waited {
    /// The task. It is still running: any process can wait for it again by this id.
    pub task_id: TaskId,
    /// The status that the last successful poll returned.
    pub last_status: Option<TaskStatus>,
    /// How long the wait lasted.
    pub elapsed: Duration,
    /// The number of polls that were sent.
    pub polls: u32,
}
