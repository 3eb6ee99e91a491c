//! The operations of the API: what is served, what faults are aimed at, and what observations are counted by.

use std::fmt;
use std::str::FromStr;

use axum::http::Method;

macro_rules! operations {
    ($($variant:ident $id:literal $method:ident $path:literal;)*) => {
        /// One of the operations of the API, by the `operationId` of its description.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operation {
            $(
                #[doc = concat!("`", stringify!($method), " ", $path, "`")]
                $variant,
            )*
        }

        impl Operation {
            /// All of them, in the order of the API description.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The `operationId`: `run_agent`.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// The method it is called with.
            #[must_use]
            pub fn method(self) -> Method {
                match self { $(Self::$variant => Method::$method,)* }
            }

            /// The template of its path: `/api/v1/agents/{agent_id}/run`.
            #[must_use]
            pub fn path(self) -> &'static str {
                match self { $(Self::$variant => $path,)* }
            }
        }
    };
}

operations! {
    ListAgents "list_agents" GET "/api/v1/agents";
    CreateAgent "create_agent" POST "/api/v1/agents";
    GetAgent "get_agent" GET "/api/v1/agents/{agent_id}";
    UpdateAgent "update_agent" PATCH "/api/v1/agents/{agent_id}";
    RunAgent "run_agent" POST "/api/v1/agents/{agent_id}/run";
    ListAgentVersions "list_agent_versions" GET "/api/v1/agents/{agent_id}/versions";
    PublishAgentVersion "publish_agent_version" POST "/api/v1/agents/{agent_id}/versions/publish";
    ListTasks "list_tasks" GET "/api/v1/tasks";
    GetTask "get_task" GET "/api/v1/tasks/{task_id}";
    GetTaskSummary "get_task_summary" GET "/api/v1/tasks/{task_id}/summary";
    GetTaskResult "get_task_result" GET "/api/v1/tasks/{task_id}/result";
    ListTaskMessages "list_task_messages" GET "/api/v1/tasks/{task_id}/messages";
    SendTaskMessage "send_task_message" POST "/api/v1/tasks/{task_id}/message";
    CancelTask "cancel_task" POST "/api/v1/tasks/{task_id}/cancel";
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(id: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|operation| operation.id() == id);
        found.copied().ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|operation| operation.id()).collect();
            format!(
                "`{id}` is not an operation of the API; those are {}",
                known.join(", ")
            )
        })
    }
}
