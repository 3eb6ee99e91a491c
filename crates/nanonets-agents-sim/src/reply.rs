//! The answer of an operation, and the documented envelope of every error.

use axum::http::StatusCode;
use nanonets_agents_api::types::{ErrorEnvelope, TaskId};
use serde::Serialize;
use serde_json::Value;

/// The answer of an operation.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: StatusCode,
    pub body: Value,
    /// The task that the operation started.
    pub started: Option<TaskId>,
    /// The value of `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
}

impl Reply {
    /// 200 with a body.
    pub fn ok(body: &impl Serialize) -> Result<Self, Failure> {
        Self::with(StatusCode::OK, body)
    }

    /// Another status with a body.
    pub fn with(status: StatusCode, body: &impl Serialize) -> Result<Self, Failure> {
        let body = serde_json::to_value(body)
            .map_err(|error| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        Ok(Self {
            status,
            body,
            started: None,
            retry_after: None,
        })
    }
}

/// An error answer, in words for people.
#[derive(Debug)]
pub(crate) struct Failure {
    pub status: StatusCode,
    pub message: String,
}

impl Failure {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    /// Whether the client took too long to send the request.
    pub fn is_timeout(&self) -> bool {
        self.status == StatusCode::REQUEST_TIMEOUT
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }
}

impl From<Failure> for Reply {
    fn from(failure: Failure) -> Self {
        let envelope = ErrorEnvelope::new(failure.message);
        Self {
            status: failure.status,
            // A string is always JSON.
            body: serde_json::to_value(envelope).unwrap_or_default(),
            started: None,
            retry_after: None,
        }
    }
}
