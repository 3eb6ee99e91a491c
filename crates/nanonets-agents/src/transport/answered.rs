//! The memory of a question that was answered: the status of its task may lag behind.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::{DateTime, Utc};
use nanonets_agents_api::types::{Message, MessageId};

/// The facts that a client remembers of a question that was answered.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    id: Option<MessageId>,
    /// The hash of its content.
    content: u64,
    created_at: Option<DateTime<Utc>>,
    number: usize,
}

impl Answered {
    /// The question in this message of the agent, which has written so many.
    pub fn of(message: Option<&Message>, number: usize) -> Self {
        let content = message.and_then(|message| Some(message.content.as_ref()?.as_json_text()));
        let created_at =
            message.and_then(|message| Some(message.created_at.as_ref()?.as_ref()?.utc()));
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        Self {
            id: message.and_then(Message::id),
            content: hasher.finish(),
            created_at,
            number,
        }
    }

    /// Whether this is the question that was answered: the same id, content and time, as far as both have them. A server may
    /// use an id again, or replace a question by the next one. Without ids, a new question is one more message too.
    pub fn is(&self, other: &Self) -> bool {
        let is_same_id = match (self.id, other.id) {
            (Some(id), Some(other)) => id == other,
            _ => self.number == other.number,
        };
        let is_other_time = self
            .created_at
            .zip(other.created_at)
            .is_some_and(|(time, other)| time != other);
        is_same_id && !is_other_time && self.content == other.content
    }

    /// The content of the question that a wait remembers.
    pub fn content(&self) -> impl std::hash::Hash + use<> {
        (
            self.id.map(|id| id.0),
            self.content,
            self.created_at,
            self.number,
        )
    }
}
