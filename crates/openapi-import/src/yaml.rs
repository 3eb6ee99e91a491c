//! Values as YAML that people go on to edit.
//!
//! A description that maintainers keep by hand has comments, groups and an order, which no value knows of. So a new
//! value is not written over the old text but into it: whatever is the same keeps its lines, and only what differs is
//! written anew, in the style of the rest. Where the old text can't be taken apart, or there is none, all of it is
//! written anew.

mod emit;
mod merge;
mod order;
mod outline;

pub use emit::document as write;
pub use merge::{identity, partners};
pub use order::Order;

use serde_json::Value;

use openapi_document::read::Document;

/// The text of `old`, changed to hold `new`.
///
/// Members that `old` has keep their places; others come after the member that they follow by `order`. The text that
/// is returned reads as `new`, always.
pub fn rewrite(old: &Document, new: &Value, order: &Order<'_>) -> String {
    if old.root == *new {
        return old.text().to_owned();
    }
    let is_same = |text: &String| {
        let merged = Document::parse("merged.yaml", text.as_str());
        merged.is_ok_and(|merged| merged.root == *new && merged.duplicate_keys().is_empty())
    };
    let merged = merge::merge(old, new, order).filter(is_same);
    let text = merged.unwrap_or_else(|| write(new, order));
    match old.text().contains("\r\n") {
        true => text.replace('\n', "\r\n"),
        false => text,
    }
}
