//! Reading the summary of a task.

use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use crate::output::{TaskSummaryRaw, task_id};
use crate::task::TaskHandle;
use crate::transport::answer::bounded;
use crate::transport::call::Call;
use crate::transport::error::{Error, ErrorKind, Origin, Result};
use crate::transport::operation::Operation;

/// Reads the summary of a task, in one attempt, which may take long but is not idle for longer than this.
///
/// # Errors
///
/// Those of the request. [`ErrorKind::Unreadable`] if the answer is not a JSON object, such as the page of a gateway, or
/// broke off: that is temporary. An object with a defect inside is a summary whose output is an error.
pub(super) async fn read(task: &TaskHandle, idle: Duration) -> Result<TaskSummaryRaw> {
    let subject = |body: &Bytes, id: Uuid| task_id(body).is_none_or(|task| task == id);
    let request = task.summary().once().idle_timeout(idle);
    let response = request.raw_about(Some(subject)).await?;
    TaskSummaryRaw::parse(response.body.clone()).map_err(|problem| {
        let call = Call::new(Operation::GetTaskSummary).task(task.id());
        let message = format!("the answer does not decode: {}", problem.reason);
        let error = Error::new(ErrorKind::Unreadable, message)
            .with_origin(Origin::Gateway)
            .with_answer(response.status, response.headers, bounded(&response.body));
        let error = match problem.broke_off {
            true => error.broken_off(),
            false => error,
        };
        error.during(call, 1)
    })
}
