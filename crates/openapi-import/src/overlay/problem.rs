//! The problems of actions.

use openapi_document::diagnostic::Diagnostic;

/// The problem of an action. The action itself adds its location.
pub fn problem(code: &'static str, message: String, hint: &str) -> Diagnostic {
    Diagnostic::error(code, "", message).hint(hint)
}
