//! The steps of a task: the part of the API that takes documents, models and people, under a test's control.

use std::time::Duration;

use nanonets_agents_api::types::TaskStatus;
use serde_json::Value;

/// A course that tasks take.
///
/// Steps follow one another in the order in which they are added. A script that ends without a final step completes
/// with placeholder data.
///
/// ```
/// use nanonets_agents_sim::Script;
/// use serde_json::json;
///
/// let script = Script::new()
///     .pending(1)
///     .running(2)
///     .ask("Which currency are the amounts in?")
///     .running(1)
///     .complete(json!({ "total": 12.5, "currency": "EUR" }));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub(crate) steps: Vec<Step>,
    pub(crate) on_cancel: OnCancel,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Have a status for a while.
    Hold(TaskStatus, Until),
    /// Ask something and wait for a message.
    Ask(Value),
    /// Wait for approval, which comes by itself after a time if one is given.
    Review(Option<Duration>),
    /// Succeed.
    Complete(Outcome),
    /// Fail for a reason.
    Fail(String),
    /// Be stopped by the system.
    Stop,
}

impl Script {
    /// The step of this index; there is none after the last.
    pub(crate) fn step(&self, index: u32) -> Option<&Step> {
        self.steps.get(usize::try_from(index).ok()?)
    }
}

impl Step {
    /// Whether it leaves the task in a terminal status.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Complete(_) | Self::Fail(_) | Self::Stop)
    }
}

/// How long a task keeps a status.
///
/// A number is a number of reads: answers that show the task's status, alone or in a list. So a test decides how often
/// a client has to poll, and no time passes. A [`Duration`] counts from the moment at which the step began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// For so many reads.
    Reads(u32),
    /// For so long.
    Elapsed(Duration),
}

impl From<u32> for Until {
    fn from(reads: u32) -> Self {
        Self::Reads(reads)
    }
}

impl From<Duration> for Until {
    fn from(time: Duration) -> Self {
        Self::Elapsed(time)
    }
}

/// The output of a completed task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Placeholder data if it isn't given.
    pub extracted_data: Option<Value>,
    /// The text of the summary.
    pub summary: Option<String>,
}

impl Outcome {
    /// Placeholder data and no words of its own.
    pub const PLACEHOLDER: Self = Self {
        extracted_data: None,
        summary: None,
    };
}

/// The effect of cancelling a task that is not terminal. The documentation has it both ways: the task is marked as
/// stopped, and the step under way still finishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnCancel {
    /// The task is stopped at once.
    #[default]
    Stop,
    /// The task keeps its status until the step under way ends by itself; then it is stopped.
    FinishStep,
    /// It is too late: the task goes on to its end as if nobody had cancelled it.
    TooLate,
}

impl Script {
    /// A script without a step.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Be `pending`: created, and not taken up yet.
    #[must_use]
    pub fn pending(self, until: impl Into<Until>) -> Self {
        self.hold(TaskStatus::Pending, until)
    }

    /// Be `queued`: held back by a limit. For a limit that does it, see
    /// [`limit_concurrent_tasks`](crate::Simulator::limit_concurrent_tasks).
    #[must_use]
    pub fn queued(self, until: impl Into<Until>) -> Self {
        self.hold(TaskStatus::Queued, until)
    }

    /// Be `running`.
    #[must_use]
    pub fn running(self, until: impl Into<Until>) -> Self {
        self.hold(TaskStatus::Running, until)
    }

    /// Have any status, known or not, and then go on: a terminal one is shown, but does not end the script.
    #[must_use]
    pub fn hold(self, status: impl Into<TaskStatus>, until: impl Into<Until>) -> Self {
        self.then(Step::Hold(status.into(), until.into()))
    }

    /// Ask the user something, as text or as any JSON, and be `waiting_for_input` until a message comes.
    #[must_use]
    pub fn ask(self, question: impl Into<Value>) -> Self {
        self.then(Step::Ask(question.into()))
    }

    /// Be `awaiting_review` until [`approve`](crate::Simulator::approve) is called.
    #[must_use]
    pub fn await_review(self) -> Self {
        self.then(Step::Review(None))
    }

    /// Be `awaiting_review` until somebody approves, or until so much time has passed.
    #[must_use]
    pub fn await_review_for(self, time: Duration) -> Self {
        self.then(Step::Review(Some(time)))
    }

    /// Complete with this as `extracted_data`.
    #[must_use]
    pub fn complete(self, extracted_data: impl Into<Value>) -> Self {
        self.then(Step::Complete(Outcome {
            extracted_data: Some(extracted_data.into()),
            summary: None,
        }))
    }

    /// Complete with a summary in words besides the data.
    #[must_use]
    pub fn complete_with_summary(
        self,
        extracted_data: impl Into<Value>,
        summary: impl Into<String>,
    ) -> Self {
        self.then(Step::Complete(Outcome {
            extracted_data: Some(extracted_data.into()),
            summary: Some(summary.into()),
        }))
    }

    /// Complete with placeholder data in the shape that the task's `output_schema` asks for.
    #[must_use]
    pub fn complete_simulated(self) -> Self {
        self.then(Step::Complete(Outcome::default()))
    }

    /// Fail; the reason stands in the feed of the result.
    #[must_use]
    pub fn fail(self, reason: impl Into<String>) -> Self {
        self.then(Step::Fail(reason.into()))
    }

    /// Be stopped by the system, as if cancelled.
    #[must_use]
    pub fn stop(self) -> Self {
        self.then(Step::Stop)
    }

    /// Says what cancelling does.
    #[must_use]
    pub fn on_cancel(mut self, on_cancel: OnCancel) -> Self {
        self.on_cancel = on_cancel;
        self
    }
}
