//! Nodes of one description in another: the counterpart of a node has the same location, if items of lists go by their
//! names and paths by their shape.

use std::collections::HashMap;

use serde_json::Value;

use crate::yaml::identity;
use openapi_document::pointer;
use openapi_document::view::{self, shape};

/// Finds the nodes of one document in another.
pub struct Counterparts<'a> {
    old: &'a Value,
    new: &'a Value,
    /// The paths of the new one by their shape.
    paths: HashMap<String, &'a str>,
}

impl<'a> Counterparts<'a> {
    /// From `old` to `new`.
    pub fn new(old: &'a Value, new: &'a Value) -> Self {
        let paths = view::members(new, "paths");
        let paths = paths.map(|(path, _)| (shape(path), &**path)).collect();
        Self { old, new, paths }
    }

    /// The pointer in the new document of the node at `place` in the old one.
    pub fn find(&self, place: &str) -> Option<String> {
        let (mut old, mut new) = (self.old, self.new);
        let mut found = String::new();
        for token in pointer::tokens(place) {
            let name = match (old, new) {
                (Value::Object(_), Value::Object(members)) => {
                    let is_path = found == "/paths" && !members.contains_key(&token);
                    match self.paths.get(&shape(&token)).filter(|_| is_path) {
                        Some(path) => (*path).to_owned(),
                        None => token.clone(),
                    }
                }
                (Value::Array(was), Value::Array(is)) => {
                    let index = token.parse().ok()?;
                    partner(was, is, index)?.to_string()
                }
                _ => return None,
            };
            old = pointer::get(old, &pointer::join("", &token))?;
            new = pointer::get(new, &pointer::join("", &name))?;
            pointer::push(&mut found, &name);
        }
        Some(found)
    }
}

/// The item that goes by the same name; of items without names, the one at the same index.
fn partner(was: &[Value], is: &[Value], index: usize) -> Option<usize> {
    match identity(was.get(index)?) {
        Some(name) => is
            .iter()
            .position(|item| identity(item).as_ref() == Some(&name)),
        None => identity(is.get(index)?).is_none().then_some(index),
    }
}
