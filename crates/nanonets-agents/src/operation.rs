//! The operations of the API, and the ids of what they create.

pub(crate) use nanonets_agents_api::Operation;

/// The field of the answer that identifies what an operation created, if it creates something.
pub(crate) fn created_field(operation: Operation) -> Option<&'static str> {
    match operation {
        Operation::RunAgent => Some("task_id"),
        Operation::CreateAgent | Operation::PublishAgentVersion => Some("id"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Operation, created_field};

    /// The API has no idempotency key: repeating one of these starts a second task, creates a second agent or sends a message
    /// twice. One that is new in the API description needs a decision here.
    #[test]
    fn what_is_not_repeated_is_known_and_so_is_the_id_of_what_it_creates() {
        let once: Vec<_> = Operation::ALL
            .iter()
            .filter(|operation| !operation.is_idempotent())
            .map(|operation| (operation.id(), created_field(*operation)))
            .collect();
        assert_eq!(
            once,
            [
                ("create_agent", Some("id")),
                ("publish_agent_version", Some("id")),
                ("run_agent", Some("task_id")),
                ("send_task_message", None),
            ]
        );
    }
}
