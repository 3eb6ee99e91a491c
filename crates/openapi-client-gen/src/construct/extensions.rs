//! Inheritance: component schemas that have others in their `allOf`.

use std::collections::BTreeMap;

use serde_json::Value;

use openapi_document::{pointer, view};

/// The component schemas that extend others.
#[derive(Debug)]
pub struct Extensions {
    /// By the JSON pointer of the schema that they extend.
    extending: BTreeMap<String, Vec<String>>,
}

impl Extensions {
    /// The component schemas that have another one in their `allOf`.
    pub fn of(root: &Value, components: &[String]) -> Self {
        let mut extending: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for at in components {
            let all_of = pointer::get(root, at).and_then(|schema| schema.get("allOf")?.as_array());
            for base in all_of.into_iter().flatten().filter_map(view::target) {
                extending
                    .entry(base.to_owned())
                    .or_default()
                    .push(at.clone());
            }
        }
        Self { extending }
    }

    /// Whether other schemas extend the one at a pointer.
    pub fn is_base(&self, at: &str) -> bool {
        self.extending.contains_key(at)
    }

    /// The schemas that extend a base, directly or by others that are `passed`. The schema at `root` is none of them.
    pub fn extending(
        &self,
        base: &str,
        root: &str,
        is_passed: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let direct = |base: &str| self.extending.get(base).into_iter().flatten();
        let mut extending: Vec<String> = direct(base).cloned().collect();
        let mut next = 0;
        while let Some(pointer) = extending.get(next).cloned() {
            next += 1;
            for extension in direct(&pointer).filter(|_| is_passed(&pointer)) {
                if extension != root && !extending.contains(extension) {
                    extending.push(extension.clone());
                }
            }
        }
        extending
    }
}
