//! Where a thing of one description is in another: at the same place, if items of lists go by their names and paths by
//! their shape.

use std::collections::HashMap;

use serde_json::Value;

use crate::pointer;
use crate::view::shape;
use crate::yaml::identity;

/// Finds the places of one document in another.
pub struct Counterparts<'a> {
    old: &'a Value,
    new: &'a Value,
    /// The paths of the new one by their shape.
    paths: HashMap<String, &'a str>,
}

impl<'a> Counterparts<'a> {
    /// From `old` to `new`.
    pub fn new(old: &'a Value, new: &'a Value) -> Self {
        let paths = new.get("paths").and_then(Value::as_object);
        let paths = paths.into_iter().flatten();
        Self {
            old,
            new,
            paths: paths
                .map(|(path, _)| (shape(path), path.as_str()))
                .collect(),
        }
    }

    /// The place in the new document of what stands at `place` in the old one.
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

/// The item that goes by the same name; of items without names, the one in the same place.
fn partner(was: &[Value], is: &[Value], index: usize) -> Option<usize> {
    let item = was.get(index)?;
    match identity(item) {
        Some(name) => is
            .iter()
            .position(|item| identity(item).as_ref() == Some(&name)),
        None => is
            .get(index)
            .filter(|item| identity(item).is_none())
            .map(|_| index),
    }
}
