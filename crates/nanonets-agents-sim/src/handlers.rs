//! The operations of the API, from a request to a reply.

use axum::http::StatusCode;
use nanonets_agents_api::Operation;
use nanonets_agents_api::types::{
    AgentId, AgentStatus, CreateAgentRequest, MessageList, RunAgentResponse,
    SendTaskMessageRequest, SendTaskMessageResponse, TaskId, TaskStatus, UpdateAgentRequest,
};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::app::{App, Call, lock};
use crate::page::Page;
use crate::query::uuid;
use crate::reply::{Failure, Reply};
use crate::world::{AgentFilter, TaskFilter};

/// The fields of an agent that can be set, and not to null.
const NOT_NULL: [&str; 4] = ["/name", "/system_prompt", "/config", "/is_active"];

pub(crate) async fn carry_out(
    app: &App,
    operation: Operation,
    call: Call<'_>,
) -> Result<Reply, Failure> {
    match operation {
        Operation::ListAgents => list_agents(app, &call),
        Operation::CreateAgent => create_agent(app, call).await,
        Operation::GetAgent => {
            let agent = lock(&app.world).agent(call.workspace, call.agent()?)?;
            Reply::ok(&agent)
        }
        Operation::UpdateAgent => update_agent(app, call).await,
        Operation::RunAgent => run_agent(app, call).await,
        Operation::ListAgentVersions => list_versions(app, &call),
        Operation::PublishAgentVersion => {
            let version = lock(&app.world).publish(call.workspace, call.agent()?)?;
            Reply::ok(&version)
        }
        Operation::ListTasks => list_tasks(app, &call),
        Operation::GetTask => read(app, &call, |task| Reply::ok(&task.view())),
        Operation::GetTaskSummary => {
            let summary = lock(&app.world).summary(call.workspace, call.task()?)?;
            Reply::ok(&summary)
        }
        Operation::GetTaskResult => read(app, &call, |task| Reply::ok(&task.result())),
        Operation::ListTaskMessages => {
            let mut world = lock(&app.world);
            let data = world.task(call.workspace, call.task()?)?.messages();
            Reply::ok(&MessageList::new(data))
        }
        Operation::SendTaskMessage => send_message(app, call).await,
        Operation::CancelTask => {
            let task = lock(&app.world).cancel(call.workspace, call.task()?)?;
            Reply::ok(&task)
        }
        other => Err(Failure::new(
            StatusCode::NOT_IMPLEMENTED,
            format!("the simulator does not play `{other}`"),
        )),
    }
}

impl Call<'_> {
    fn agent(&self) -> Result<AgentId, Failure> {
        self.uuid("agent_id").map(AgentId)
    }

    fn task(&self) -> Result<TaskId, Failure> {
        self.uuid("task_id").map(TaskId)
    }

    fn uuid(&self, name: &str) -> Result<Uuid, Failure> {
        let id = self.id.and_then(uuid);
        id.ok_or_else(|| Failure::bad_request(format!("`{name}` in the path is not a UUID")))
    }
}

/// Answers with something that shows the status of a task, which counts as a read.
fn read(
    app: &App,
    call: &Call<'_>,
    view: impl FnOnce(&crate::task::Simulated) -> Result<Reply, Failure>,
) -> Result<Reply, Failure> {
    let mut world = lock(&app.world);
    let now = world.clock().now();
    let task = world.task(call.workspace, call.task()?)?;
    let reply = view(task)?;
    task.shown(now);
    Ok(reply)
}

/// A page as it goes over the wire. `next_cursor` is null at the end, as the reference has it.
fn page<T: Serialize>(app: &App, operation: Operation, page: &Page<T>) -> Result<Reply, Failure> {
    let cursor = page
        .next
        .map(|index| app.cursors.encode(operation.id(), index));
    Reply::ok(&json!({
        "data": serde_json::to_value(&page.items).unwrap_or_default(),
        "has_more": cursor.is_some(),
        "next_cursor": cursor,
    }))
}

fn list_agents(app: &App, call: &Call<'_>) -> Result<Reply, Failure> {
    let operation = Operation::ListAgents;
    let paging = call.query.paging(operation.id(), &app.cursors)?;
    let filter = AgentFilter {
        name: call.query.text("q")?.map(str::to_owned),
        status: call.query.list("status", AgentStatus::KNOWN)?,
    };
    let found = lock(&app.world).list_agents(call.workspace, &filter, paging);
    page(app, operation, &found)
}

fn list_versions(app: &App, call: &Call<'_>) -> Result<Reply, Failure> {
    let operation = Operation::ListAgentVersions;
    let paging = call.query.paging(operation.id(), &app.cursors)?;
    let found = lock(&app.world).versions_of(call.workspace, call.agent()?, paging)?;
    page(app, operation, &found)
}

fn list_tasks(app: &App, call: &Call<'_>) -> Result<Reply, Failure> {
    let operation = Operation::ListTasks;
    let query = &call.query;
    let paging = query.paging(operation.id(), &app.cursors)?;
    let filter = TaskFilter {
        agent: query.uuid("agent_id")?.map(AgentId),
        status: query.list("status", TaskStatus::KNOWN)?,
        after: query.time("created_after")?,
        before: query.time("created_before")?,
        title: query.text("q")?.map(str::to_owned),
    };
    let found = lock(&app.world).list_tasks(call.workspace, &filter, paging);
    page(app, operation, &found)
}

async fn create_agent(app: &App, call: Call<'_>) -> Result<Reply, Failure> {
    let request: CreateAgentRequest = call.body.json(call.headers, &NOT_NULL).await?;
    let agent = lock(&app.world).create_agent(call.workspace, request)?;
    Reply::with(StatusCode::CREATED, &agent)
}

async fn update_agent(app: &App, call: Call<'_>) -> Result<Reply, Failure> {
    let id = call.agent()?;
    let request: UpdateAgentRequest = call.body.json(call.headers, &NOT_NULL).await?;
    let agent = lock(&app.world).update_agent(call.workspace, id, request)?;
    Reply::ok(&agent)
}

async fn run_agent(app: &App, call: Call<'_>) -> Result<Reply, Failure> {
    let id = call.agent()?;
    // A request that is refused without its files is refused before they are sent.
    lock(&app.world).runnable(call.workspace, id)?;
    let input = call.body.run(call.headers, app.settings.max_file).await?;
    let task = lock(&app.world).run(call.workspace, id, input)?;
    let message = format!(
        "Simulated task created. Use GET /v1/tasks/{} to check its status.",
        task.task_id
    );
    let response = RunAgentResponse::new(
        task.agent_id,
        task.created_at,
        message,
        task.status,
        task.task_id,
    );
    let mut reply = Reply::with(StatusCode::CREATED, &response)?;
    reply.started = Some(task.task_id);
    Ok(reply)
}

async fn send_message(app: &App, call: Call<'_>) -> Result<Reply, Failure> {
    let id = call.task()?;
    let request: SendTaskMessageRequest = call.body.json(call.headers, &[]).await?;
    let text = request.message.flatten();
    let text = text.filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| Failure::bad_request("`message` is missing or empty"))?;
    let (message, status) = lock(&app.world).send_message(call.workspace, id, &text)?;
    let response = SendTaskMessageResponse {
        message: Some(Some(
            "Simulated: the message is queued for the agent.".to_owned(),
        )),
        message_id: Some(Some(message)),
        status: Some(Some(status)),
        task_id: Some(Some(id)),
        ..SendTaskMessageResponse::default()
    };
    Reply::with(StatusCode::ACCEPTED, &response)
}
