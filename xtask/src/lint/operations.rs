//! Operations that say nothing of themselves: what they are for, and what they belong to.

use serde_json::Value;

use super::Subject;
use crate::diagnostic::Diagnostic;

pub fn check(subject: &Subject<'_>, warnings: &mut Vec<Diagnostic>) {
    for operation in &subject.operations {
        let id = operation.effective_id();
        let said = |field: &str| {
            let text = operation.value.get(field).and_then(Value::as_str);
            text.is_some_and(|text| !text.trim().is_empty())
        };
        let tags = operation.value.get("tags").and_then(Value::as_array);
        if tags.is_none_or(Vec::is_empty) {
            warnings.push(
                Diagnostic::error(
                    "untagged-operation",
                    operation.pointer(),
                    "the operation has no tag",
                )
                .operation(id.clone())
                .hint("tag it with the resource that it is about: readers look for operations by that"),
            );
        }
        if !said("summary") && !said("description") {
            warnings.push(
                Diagnostic::error(
                    "undescribed-operation",
                    operation.pointer(),
                    "the operation has neither summary nor description",
                )
                .operation(id)
                .hint("its method will be documented by method and path alone"),
            );
        }
    }
}
