//! A task as the operations show it.

use std::collections::BTreeMap;

use nanonets_agents_api::types::{
    FeedItem, Message, MessageId, MessageRole, Task, TaskListItem, TaskResult, TaskStatus,
    TaskSummary, UserId,
};
use serde_json::{Value, json};

use super::{Event, EventKind, Simulated};
use crate::placeholder::placeholder;
use crate::script::{Outcome, Step};

/// The longest title, in characters.
const TITLE: usize = 80;
/// The summary of a task whose script has none.
const SUMMARY: &str = "Simulated: no document was read and no model was asked.";

impl Simulated {
    /// As `get_task` shows it.
    pub fn view(&self) -> Task {
        Task {
            agent_id: self.agent,
            created_at: self.created_at.into(),
            status: self.status.clone(),
            task_id: self.id,
            title: self.title().map(Some),
            updated_at: self.updated_at.into(),
            extra: BTreeMap::new(),
        }
    }

    /// As `list_tasks` shows it.
    pub fn item(&self, agent_name: Option<String>) -> TaskListItem {
        TaskListItem {
            agent_id: self.agent,
            agent_name: agent_name.map(Some),
            created_at: self.created_at.into(),
            status: Some(Some(self.status.clone())),
            task_id: self.id,
            title: self.title().map(Some),
            updated_at: self.updated_at.into(),
            extra: BTreeMap::new(),
        }
    }

    /// As `get_task_summary` shows it. The first reads after completion, as many as the lag has, show no answer yet.
    pub fn read_summary(&mut self, lag: u32) -> TaskSummary {
        let mut summary = self.summary();
        if self.status == TaskStatus::Completed && self.summary_reads < lag {
            self.summary_reads += 1;
            (summary.result, summary.extracted_data) = (None, None);
        }
        summary
    }

    /// The summary once it has caught up: the summary of the last `task_complete` step, or else the content of the last
    /// item of the feed, or else no answer.
    fn summary(&self) -> TaskSummary {
        let completion = self.events.iter().rev().find_map(|event| {
            let outcome = self.outcome(event)?;
            Some((event, outcome))
        });
        let result = match completion {
            Some((event, outcome)) => Some(json!({
                "summary": summary_text(outcome),
                "completed_at": event.at,
            })),
            None => self
                .events
                .last()
                .and_then(|event| self.feed_items(event).pop())
                .map(|mut item| item["content"].take()),
        };
        TaskSummary {
            agent_id: Some(Some(self.agent)),
            created_at: Some(Some(self.created_at.into())),
            extracted_data: completion.map(|(_, outcome)| self.data(outcome).into()),
            result: result.map(Into::into),
            status: Some(Some(self.status.clone())),
            task_id: Some(Some(self.id)),
            title: self.title().map(Some),
            updated_at: Some(Some(self.updated_at.into())),
            extra: BTreeMap::new(),
        }
    }

    /// As `get_task_result` shows it.
    pub fn result(&self) -> TaskResult {
        let feed = self.events.iter().flat_map(|event| self.feed_items(event));
        TaskResult {
            agent_id: Some(Some(self.agent)),
            created_at: Some(Some(self.created_at.into())),
            feed: Some(Some(feed.map(|item| FeedItem(item.into())).collect())),
            status: Some(Some(self.status.clone())),
            task_id: Some(Some(self.id)),
            title: self.title().map(Some),
            updated_at: Some(Some(self.updated_at.into())),
            extra: BTreeMap::new(),
        }
    }

    /// As `list_task_messages` shows them, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        let said = self
            .events
            .iter()
            .filter_map(|event| Some((event, self.said(event)?)));
        let messages = (0..).zip(said).map(|(number, (event, (role, content)))| {
            let is_user = role == MessageRole::User;
            let id = |number| MessageId(self.derived_id(number));
            Message {
                agent_id: Some(Some(self.agent)),
                content: Some(content.into()),
                created_at: Some(Some(event.at.into())),
                id: Some(Some(id(number))),
                parent_id: number.checked_sub(1).map(|number| Some(id(number))),
                role: Some(Some(role)),
                task_id: Some(Some(self.id)),
                user_id: is_user.then(|| Some(UserId(self.derived_id(u64::MAX)))),
                extra: BTreeMap::new(),
            }
        });
        messages.collect()
    }

    /// The number of messages.
    pub fn message_count(&self) -> usize {
        usize::try_from(self.messages).unwrap_or(usize::MAX)
    }

    /// The beginning of the first message of the user, with each run of white space as one space.
    pub fn title(&self) -> Option<String> {
        self.events.iter().find_map(|event| match &event.kind {
            EventKind::Message(text) => Some(title(text)),
            EventKind::Step(_) => None,
        })
    }

    /// The items of the feed that an event brings.
    fn feed_items(&self, event: &Event) -> Vec<Value> {
        let message = self.said(event).map(|(role, content)| {
            json!({
                "type": "message",
                "role": role,
                "content": content,
                "created_at": event.at,
            })
        });
        let step = match &event.kind {
            EventKind::Message(_) => None,
            EventKind::Step(index) => match self.script.step(*index) {
                Some(Step::Review(_)) => Some(json!({
                    "type": "review_requested",
                    "content": "Simulated step that a person has to approve.",
                    "created_at": event.at,
                })),
                Some(Step::Fail(reason)) => Some(json!({
                    "type": "error",
                    "content": reason,
                    "created_at": event.at,
                })),
                _ => self.outcome(event).map(|outcome| {
                    let summary = summary_text(outcome);
                    json!({
                        "type": "task_complete",
                        "content": summary,
                        "structuredContent": { "summary": summary },
                        "result": { "summary": summary, "extracted_data": self.data(outcome) },
                        "created_at": event.at,
                    })
                }),
            },
        };
        message.into_iter().chain(step).collect()
    }

    /// The message that an event brings.
    fn said(&self, event: &Event) -> Option<(MessageRole, Value)> {
        let index = match &event.kind {
            EventKind::Message(text) => return Some((MessageRole::User, Value::from(&**text))),
            EventKind::Step(index) => *index,
        };
        let content = match self.script.step(index) {
            Some(Step::Ask(question)) => question.clone(),
            _ => Value::from(summary_text(self.outcome(event)?)),
        };
        Some((MessageRole::Assistant, content))
    }

    /// The outcome, if the event is the completion of the task.
    fn outcome(&self, event: &Event) -> Option<&Outcome> {
        let EventKind::Step(index) = &event.kind else {
            return None;
        };
        match self.script.step(*index) {
            Some(Step::Complete(outcome)) => Some(outcome),
            Some(_) => None,
            // The end of a script without a final step.
            None => Some(&Outcome::PLACEHOLDER),
        }
    }

    fn data(&self, outcome: &Outcome) -> Value {
        outcome
            .extracted_data
            .clone()
            .unwrap_or_else(|| placeholder(self.output_schema.as_deref(), self.seed))
    }
}

fn summary_text(outcome: &Outcome) -> &str {
    outcome.summary.as_deref().unwrap_or(SUMMARY)
}

/// The title that a message gives a task. It does not read more of a long message than it needs.
fn title(text: &str) -> String {
    let mut title = String::with_capacity(text.len().min(TITLE));
    let mut length = 0;
    let mut is_space_due = false;
    for character in text.chars() {
        if character.is_whitespace() {
            is_space_due = length > 0;
            continue;
        }
        if std::mem::take(&mut is_space_due) {
            title.push(' ');
            length += 1;
        }
        if length < TITLE {
            title.push(character);
            length += 1;
        }
        if length >= TITLE {
            break;
        }
    }
    title
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn a_title_is_the_beginning_of_the_message_on_one_line() {
        assert_eq!(title(""), "");
        assert_eq!(title(" \n"), "");
        assert_eq!(
            title("[run-ab12cd34]  Add\n\tit up. "),
            "[run-ab12cd34] Add it up."
        );
        assert_eq!(title(&"é".repeat(100)), "é".repeat(80));
        assert_eq!(
            title(&format!("{} b", "a".repeat(79))),
            format!("{} ", "a".repeat(79))
        );
        assert_eq!(title(&format!("{} b", "a".repeat(80))), "a".repeat(80));
    }
}
