//! The author of a message. Every part of the client that asks whose words a message has asks here.

use nanonets_agents_api::types::Message;

/// Who wrote a message, as far as that can be told. The API documents no roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Author {
    /// The agent: the role is `assistant` or another word for it (`agent`, `ai`, `bot`, `model`), or there is neither a role
    /// nor a user.
    Agent,
    /// A user: the role is `user` or another word for it (`human`, `person`, `customer`, `end_user`), or there is no role but
    /// a user.
    User,
    /// Neither of them: the role is `system`, `developer`, `tool` or `function`.
    Other,
    /// The role is another word.
    Unknown,
}

impl Author {
    /// The author of this message.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        let role = match message.role() {
            Some(role) => role.as_str().to_ascii_lowercase(),
            // Without a role, a user's id suggests a user.
            None if message.user_id().is_none() => return Self::Agent,
            None => return Self::User,
        };
        match role.as_str() {
            "assistant" | "agent" | "ai" | "bot" | "model" => Self::Agent,
            "user" | "human" | "person" | "customer" | "end_user" | "end-user" | "enduser" => {
                Self::User
            }
            "system" | "developer" | "tool" | "function" => Self::Other,
            _ => Self::Unknown,
        }
    }
}

/// The prompt of a conversation, as far as it can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// The text of the first message, which a user wrote.
    OfUser(String),
    /// The text of the first message that may be of a user.
    Possible(String),
    /// No message with a content may be of a user.
    None,
}

/// The first message that a user wrote or may have written. The documentation has the oldest first; where times say
/// otherwise, they count. A message without a time is as old as the one before it.
pub(crate) fn prompt(messages: &[Message]) -> Prompt {
    let mut time = None;
    let first = messages
        .iter()
        .enumerate()
        .map(|(index, message)| {
            let created_at = message.created_at.as_ref().and_then(Option::as_ref);
            time = created_at.map(|created_at| created_at.utc()).or(time);
            ((time, index), message)
        })
        .filter(|(_, message)| match Author::of(message) {
            Author::User | Author::Unknown => true,
            // It is the agent's only by the lack of a role.
            Author::Agent => message.role().is_none(),
            Author::Other => false,
        })
        .min_by_key(|(age, _)| *age);
    let Some((_, message)) = first else {
        return Prompt::None;
    };
    let text = match &message.content {
        None => return Prompt::None,
        Some(content) if content.is_null() => return Prompt::None,
        Some(content) => match content.get() {
            Ok(text) => text,
            Err(_) => content.as_json_text().to_owned(),
        },
    };
    match Author::of(message) {
        _ if text.trim().is_empty() => Prompt::None,
        Author::User => Prompt::OfUser(text),
        _ => Prompt::Possible(text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn messages(json: Value) -> Vec<Message> {
        serde_json::from_value(json).expect("messages")
    }

    #[test]
    fn the_prompt_is_the_first_message_of_a_user() {
        let of_user = |text: &str| Prompt::OfUser(text.to_owned());
        let possible = |text: &str| Prompt::Possible(text.to_owned());
        for role in [
            "user", "User", "human", "HUMAN", "person", "customer", "end_user",
        ] {
            let found = prompt(&messages(json!([
                { "role": "system", "content": "Be brief." },
                { "role": role, "content": "one" },
                { "role": role, "content": "two" },
            ])));
            assert_eq!(found, of_user("one"), "{role}");
        }
        let user = "7f7e4431-66f4-4eb9-bc91-473994247fe4";
        for (list, expected) in [
            (json!([]), Prompt::None),
            (
                json!([{ "role": "assistant", "content": "hi" }]),
                Prompt::None,
            ),
            (json!([{ "role": "user", "content": null }]), Prompt::None),
            (json!([{ "role": "user", "content": " " }]), Prompt::None),
            (
                json!([{ "role": "visitor", "content": "one" }]),
                possible("one"),
            ),
            (json!([{ "content": "one" }]), possible("one")),
            (
                json!([{ "content": "one", "user_id": user }]),
                of_user("one"),
            ),
            (
                json!([
                    { "role": "user", "content": "two", "created_at": "2026-01-31T09:31:00Z" },
                    { "role": "user", "content": "one", "created_at": "2026-01-31T09:30:00Z" },
                ]),
                of_user("one"),
            ),
        ] {
            assert_eq!(prompt(&messages(list.clone())), expected, "{list}");
        }
    }
}
