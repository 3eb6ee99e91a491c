//! The notes of an import.

use openapi_document::diagnostic::Diagnostic;

/// Notes that the description keeps a name that upstream changes.
pub fn kept(place: String, message: String) -> Diagnostic {
    Diagnostic::error("kept-name", place, message)
        .hint("to take over upstream's name, rename it in the workspace's description first")
        .note()
}
