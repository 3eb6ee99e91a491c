//! Operations without a description or a tag.

use crate::check::{Subject, error};
use openapi_document::diagnostic::Diagnostic;

pub fn check(subject: &Subject<'_>, warnings: &mut Vec<Diagnostic>) {
    for operation in &subject.operations {
        let mut warn = |code, message: &str, hint: &str| {
            let warning = error(code, operation.pointer(), message, hint);
            warnings.push(warning.operation(operation.effective_id()));
        };
        let has_text = |field: &str| {
            let text = operation.value[field].as_str();
            text.is_some_and(|text| !text.trim().is_empty())
        };
        let tags = operation.value["tags"].as_array();
        if tags.is_none_or(Vec::is_empty) {
            let hint =
                "tag it with the resource that it is about: readers look for operations by that";
            warn("untagged-operation", "the operation has no tag", hint);
        }
        if !has_text("summary") && !has_text("description") {
            let message = "the operation has neither summary nor description";
            let hint = "its method will be documented by method and path alone";
            warn("undescribed-operation", message, hint);
        }
    }
}
