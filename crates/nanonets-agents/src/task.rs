//! Tasks: their status, their messages, their results.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use nanonets_agents_api::types::{
    AgentId, Message, SendTaskMessageRequest, SendTaskMessageResponse, Task, TaskId, TaskListItem,
    TaskResult, TaskStatus, TaskSummary,
};
use nanonets_agents_api::{Client as ApiClient, Error as ApiError, ResponseValue, Timestamp};
use tokio::time::Instant;
use uuid::Uuid;

use crate::lenient;
use crate::list::List;
use crate::output::Schema;
use crate::page::Page;
use crate::transport::answered::Answered;
use crate::transport::call::{Call, Options, Sent};
use crate::transport::client::Client;
use crate::transport::operation::Operation;
use crate::transport::redact::Redactor;
use crate::transport::request::Request;
use crate::transport::task_state::TaskState;

/// The tasks of a workspace.
#[derive(Clone, Debug)]
pub struct Tasks {
    client: Client,
}

impl Client {
    /// The tasks of the workspace.
    #[must_use]
    pub fn tasks(&self) -> Tasks {
        Tasks::new(self.clone())
    }

    /// One task, by its id: perhaps one that another process started. Nothing is sent yet.
    #[must_use]
    pub fn task(&self, id: TaskId) -> TaskHandle {
        TaskHandle::new(self.clone(), id)
    }
}

/// Which tasks a list is about.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter {
    agent: Option<AgentId>,
    status: Vec<TaskStatus>,
    after: Option<DateTime<Utc>>,
    before: Option<DateTime<Utc>>,
    title: Option<String>,
}

impl Tasks {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Lists tasks, newest first.
    pub fn list(&self) -> List<TaskListItem, TaskFilter> {
        List::new(
            self.client.clone(),
            TaskFilter::default(),
            |client, filter, cursor, limit| {
                Request::new(client, Call::new(Operation::ListTasks), move |api| {
                    let (filter, cursor) = (filter.clone(), cursor.clone());
                    async move {
                        let status = (!filter.status.is_empty()).then_some(filter.status);
                        let request = api
                            .list_tasks()
                            .agent_id(filter.agent)
                            .status(status)
                            .created_after(filter.after)
                            .created_before(filter.before)
                            .q(filter.title)
                            .cursor(cursor)
                            .limit(limit);
                        lenient::page(request.send().await, |page| {
                            Page::new(page.data, Some(page.has_more), page.next_cursor.flatten())
                        })
                    }
                })
            },
        )
    }
}

impl List<TaskListItem, TaskFilter> {
    /// Only tasks of this agent version.
    pub fn agent(mut self, id: AgentId) -> Self {
        self.filter.agent = Some(id);
        self
    }

    /// Only tasks in one of these statuses.
    pub fn status(mut self, status: impl IntoIterator<Item = TaskStatus>) -> Self {
        self.filter.status = status.into_iter().collect();
        self
    }

    /// Only tasks created then or later.
    pub fn created_after(mut self, time: DateTime<Utc>) -> Self {
        self.filter.after = Some(time);
        self
    }

    /// Only tasks created then or earlier.
    pub fn created_before(mut self, time: DateTime<Utc>) -> Self {
        self.filter.before = Some(time);
        self
    }

    /// Only tasks whose title contains this, whatever its case.
    pub fn title_contains(self, title: impl Into<String>) -> Self {
        let title = title.into();
        let mut list = self.private(&title);
        list.filter.title = Some(title);
        list
    }
}

/// How long after its start a task may be unknown to reads (404).
const READ_LAG: Duration = Duration::from_secs(60);

/// Whether a field of an answer has this id, or none.
fn is_or_unknown(task: Option<TaskId>, id: Uuid) -> bool {
    task.is_none_or(|task| task.0 == id)
}

/// The receipt for a message, which may have no field. A success with an error in it is none.
#[expect(
    clippy::result_large_err,
    reason = "the error is that of the generated client"
)]
fn receipt(response: ResponseValue<SendTaskMessageResponse>) -> Sent<SendTaskMessageResponse> {
    let has_field =
        response.message_id.is_some() || response.task_id.is_some() || response.status.is_some();
    match response.extra.get("error").filter(|_| !has_field) {
        Some(error) => Err(ApiError::InvalidResponsePayload(
            error.as_json_text().to_owned().into(),
            serde::de::Error::custom("it is an error, with the status of a success"),
        )),
        None => Ok(response),
    }
}

/// When the server created the message of a receipt, if it says so.
fn created_at(receipt: &SendTaskMessageResponse) -> Option<DateTime<Utc>> {
    let time: Timestamp = receipt.extra.get("created_at")?.get().ok()?;
    Some(time.utc())
}

/// One task. Dropping it does nothing to the task.
#[derive(Clone)]
pub struct TaskHandle {
    client: Client,
    state: TaskState,
}

impl fmt::Debug for TaskHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskHandle")
            .field("id", &self.state.id)
            .field("agent", &self.state.agent)
            .finish_non_exhaustive()
    }
}

impl TaskHandle {
    pub(crate) fn new(client: Client, id: TaskId) -> Self {
        Self::of(client, TaskState::new(id))
    }

    /// The task with this state, by the requests of this client.
    pub(crate) fn of(client: Client, state: TaskState) -> Self {
        Self { client, state }
    }

    pub(crate) fn into_state(self) -> TaskState {
        self.state
    }

    /// A task that was started just now. Reads may not see it yet.
    pub(crate) fn started(client: Client, id: TaskId, agent: AgentId) -> Self {
        let mut state = TaskState::new(id);
        state.agent = Some(agent);
        state.started = Some(Instant::now());
        Self::of(client, state)
    }

    /// Whether this process started the task.
    pub(crate) fn was_started_here(&self) -> bool {
        self.state.started.is_some()
    }

    /// Whether the task was started so recently that a read may not see it yet.
    pub(crate) fn is_fresh(&self) -> bool {
        self.state
            .started
            .is_some_and(|started| started.elapsed() < READ_LAG)
    }

    pub(crate) fn after_answer(mut self, answered: Answered) -> Self {
        self.state.memory.answered = Some(answered);
        self
    }

    /// A status that was reported is not reported again as long as the task has it.
    pub(crate) fn forget_other_than(&mut self, status: &TaskStatus) {
        self.state.memory.forget_other_than(status);
    }

    pub(crate) fn in_review(mut self) -> Self {
        self.state.memory.review_is_known = true;
        self
    }

    pub(crate) fn review_is_known(&self) -> bool {
        self.state.memory.review_is_known
    }

    pub(crate) fn answered(&self) -> Option<&Answered> {
        self.state.memory.answered.as_ref()
    }

    pub(crate) fn expecting(mut self, schema: Option<Schema>) -> Self {
        self.state.schema = schema;
        self
    }

    /// Keeps texts out of the errors of requests for this task: the server may repeat them at any time.
    pub(crate) fn keeping_private(mut self, texts: Vec<Arc<str>>) -> Self {
        self.state.keep_private(texts);
        self
    }

    /// A text of the server about this task on one line, fit for a message: without the key, without what was sent to start the
    /// task, without characters that a terminal takes for commands or does not show, and cut to 200 characters.
    #[must_use]
    pub fn redacted(&self, text: &str) -> String {
        Redactor::new(self.client.base_context(), &self.state.private).clean(text)
    }

    /// A status that is fit for a message. One that this version does not know is a text of the server.
    pub(crate) fn shown_status(&self, status: TaskStatus) -> TaskStatus {
        match &status {
            TaskStatus::Unrecognized(_) => TaskStatus::from(self.redacted(status.as_str())),
            _ => status,
        }
    }

    pub(crate) fn schema(&self) -> Option<&Schema> {
        self.state.schema.as_ref()
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Its id. Keep it: any process can go on with the task by [`Client::task`].
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.state.id
    }

    fn call(&self, operation: Operation) -> Call {
        let call = Call::new(operation).task(self.state.id);
        match self.state.agent {
            Some(agent) => call.agent(agent),
            None => call,
        }
    }

    fn request<T: Send + 'static, Answer>(
        &self,
        operation: Operation,
        send: impl Fn(ApiClient) -> Answer + Send + Sync + 'static,
    ) -> Request<T>
    where
        Answer: Future<Output = Sent<T>> + Send + 'static,
    {
        let options = Options {
            private: self.state.private.to_vec(),
            ..Options::default()
        };
        Request::new(self.client.clone(), self.call(operation), send).with_options(options)
    }

    /// Reads its status, times and title: the cheapest read.
    pub fn get(&self) -> Request<Task> {
        let id = self.state.id;
        self.request(Operation::GetTask, move |api| async move {
            api.get_task(id).send().await
        })
        .about(|task, id| task.task_id.0 == id)
    }

    /// Reads its answer, as far as there is one. It takes a multiple of the size of the answer; [`Request::raw`] does not.
    pub fn summary(&self) -> Request<TaskSummary> {
        let id = self.state.id;
        self.request(Operation::GetTaskSummary, move |api| async move {
            lenient::answer(api.get_task_summary(id).send().await)
        })
        .about(|summary, id| is_or_unknown(summary.task_id(), id))
    }

    /// Reads everything that it did.
    pub fn result(&self) -> Request<TaskResult> {
        let id = self.state.id;
        self.request(Operation::GetTaskResult, move |api| async move {
            lenient::answer(api.get_task_result(id).send().await)
        })
        .about(|result, id| is_or_unknown(result.task_id(), id))
    }

    /// Reads the conversation, oldest message first. Fields of a message that do not decode are in its
    /// field `extra`, as they came.
    pub fn messages(&self) -> Request<Vec<Message>> {
        let id = self.state.id;
        self.request(Operation::ListTaskMessages, move |api| async move {
            let list = api.list_task_messages(id).send().await;
            lenient::messages(list, |list| list.data)
        })
        .about(|messages, id| {
            let mut ids = messages.iter().map(Message::task_id);
            ids.all(|task| is_or_unknown(task, id))
        })
    }

    /// Sends it a message. To answer a question, [`Question::reply`](crate::Question::reply) is safer.
    ///
    /// The status lags behind a message. A wait of this client does not take the state from before it for the answer to it:
    /// see [`Wait`](crate::Wait).
    pub fn send_message(&self, message: impl Into<String>) -> Request<SendTaskMessageResponse> {
        let (id, message): (_, String) = (self.state.id, message.into());
        let is_empty = message.trim().is_empty();
        let (text, client) = (message.clone(), self.client.clone());
        let request = self.request(Operation::SendTaskMessage, move |api| {
            let client = client.clone();
            let body = SendTaskMessageRequest::default().message(&message);
            async move {
                let sent = lenient::answer(api.send_task_message(id, body).send().await);
                let receipt = sent.and_then(receipt)?;
                if let Some(time) = created_at(&receipt) {
                    client.memory().received(id, time);
                }
                Ok(receipt)
            }
        });
        let request = request
            .private(&text)
            .message(&text)
            .about(|sent, id| is_or_unknown(sent.task_id(), id));
        match is_empty {
            true => request.refused("the message is empty"),
            false => request,
        }
    }

    /// Cancels it. A step under way still finishes, so the task need not be stopped yet in the answer.
    pub fn cancel(&self) -> Request<Task> {
        let id = self.state.id;
        self.request(Operation::CancelTask, move |api| async move {
            api.cancel_task(id).send().await
        })
        .about(|task, id| task.task_id.0 == id)
    }
}
