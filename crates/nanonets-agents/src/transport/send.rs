//! Sending a call: its attempts, and the check that the answer to a run is of the agent that was asked for.

use std::future::Future;

use nanonets_agents_api::types::TaskId;
use nanonets_agents_api::{Client as ApiClient, ResponseValue};

use crate::transport::answer;
use crate::transport::call::{Call, Names, Options, Sent, Subject};
use crate::transport::client::Client;
use crate::transport::effect::Created;
use crate::transport::error::Result;
use crate::transport::exchange::Exchange;
use crate::transport::group::{Comparison, Groups};
use crate::transport::operation::Operation;
use crate::transport::redact::Redactor;

/// The task that a run has started, as far as its answer says so.
fn started_task<T>(
    call: Call,
    names: Option<Names<T>>,
    result: &Result<ResponseValue<T>>,
) -> Option<TaskId> {
    if call.operation != Operation::RunAgent {
        return None;
    }
    let created = match result {
        Ok(response) => names.and_then(|names| names(call.operation, response).created),
        Err(error) => error.created(),
    };
    created.and_then(Created::task)
}

impl Client {
    /// Calls an operation, and repeats it as the retry policy says. A run waits for its admission before each attempt;
    /// `names` reads from its answer what it has created. The client remembers the task of a run.
    pub(crate) async fn send<T, Send, Answer>(
        &self,
        call: Call,
        options: Options,
        names: Option<Names<T>>,
        subject: Option<Subject<T>>,
        send: Send,
    ) -> Result<ResponseValue<T>>
    where
        Send: Fn(ApiClient) -> Answer,
        Answer: Future<Output = Sent<T>>,
    {
        let (exchange, mut result) = self.exchange(call, &options, names, subject, send).await?;
        // Most operations create nothing, and moving an answer costs more than this.
        if names.is_some() {
            result = self
                .of_asked_agent(call, &options, names, &exchange, result)
                .await;
        }
        let result = exchange.end(result);
        if let Some(task) = started_task(call, names, &result) {
            self.remember(task);
        }
        result
    }

    /// The result of a run, unless its answer names an agent that is not the one that was asked for. Each id of a task that an
    /// answer has, also one that does not decode as a whole, is compared here.
    async fn of_asked_agent<T>(
        &self,
        call: Call,
        options: &Options,
        names: Option<Names<T>>,
        exchange: &Exchange<'_>,
        result: Result<ResponseValue<T>>,
    ) -> Result<ResponseValue<T>> {
        let (created, agent) = match &result {
            Ok(response) => {
                let named = names.map(|names| names(call.operation, response));
                (
                    named.and_then(|named| named.created),
                    named.and_then(|named| named.agent_id),
                )
            }
            Err(error) => (error.created(), answer::named_agent(error, call.operation)),
        };
        let task = created.and_then(Created::task);
        let ids = (task, agent, call.agent_id);
        let (Some(task), Some(agent), Some(asked)) = ids else {
            return result;
        };
        if agent == asked {
            return result;
        }
        exchange.running.has_created(Created::Task(task));
        let groups = Groups::of(self, asked).until(exchange.limits.deadline);
        match Box::pin(groups.compared(agent)).await {
            Comparison::Same | Comparison::Unknown => return result,
            Comparison::Different => {}
        }
        self.distrust_connections();
        let context = self.context(options);
        let redactor = Redactor::new(&context, &options.private);
        let error = match result {
            Ok(response) => {
                answer::of_other_agent(call, &response, task, &exchange.activity, &redactor)
            }
            Err(error) => answer::of_other_agent_undecoded(call, error, task),
        };
        exchange.running.end_attempt(&error);
        Err(error)
    }
}
