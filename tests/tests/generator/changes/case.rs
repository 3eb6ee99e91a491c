//! A case of the comparison of documents.

use std::fs;
use std::path::{Path, PathBuf};

use openapi_changes::diff::{self, Change, Diff, Effect};
use openapi_document::read::Document;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A change of a document, and a caller of the old API.
#[derive(Deserialize)]
pub struct Case {
    #[serde(default)]
    pub old: Value,
    pub new: Value,
    /// Every change, as [`in_words`] writes it.
    pub changes: Vec<String>,
    /// The body of a function that gets a client of the old API.
    pub caller: String,
}

/// The folder of the cases.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/changes")
}

/// The document that every case starts from.
pub fn base() -> Value {
    let text = fs::read_to_string(folder().join("base.yaml")).expect("the base");
    serde_yaml::from_str(&text).expect("a document")
}

impl Case {
    /// The document before and after the change.
    pub fn documents(&self) -> (Value, Value) {
        let mut old = base();
        merge(&mut old, &self.old);
        let mut new = old.clone();
        merge(&mut new, &self.new);
        (old, new)
    }

    /// The changes of the document.
    pub fn diff(&self) -> Diff {
        let (old, new) = self.documents();
        let document = |name, root: &Value| Document::parse(name, root.to_string());
        diff::documents(
            &document("old.json", &old).expect("a document"),
            &document("new.json", &new).expect("a document"),
        )
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
    }
}

/// Applies a JSON merge patch (RFC 7396), except that no patch changes nothing.
pub fn merge(target: &mut Value, patch: &Value) {
    match patch {
        Value::Null => {}
        Value::Object(members) => {
            if !target.is_object() {
                *target = Value::Object(Map::new());
            }
            for (name, patch) in members {
                if patch.is_null() {
                    target
                        .as_object_mut()
                        .and_then(|target| target.remove(name));
                } else {
                    merge(&mut target[name], patch);
                }
            }
        }
        value => *target = value.clone(),
    }
}

/// `breaking: schema Thing, field id is gone`.
pub fn in_words(change: &Change) -> String {
    let class = match change.effect {
        Effect::Build => "breaking",
        Effect::Run => "breaking when run",
        Effect::Server => "breaking at the server",
        Effect::More => "additive",
        Effect::None => "neutral",
    };
    format!(
        "{class}: {} {}",
        change.place.in_words(str::to_owned),
        change.what
    )
}
