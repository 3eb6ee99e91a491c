//! What two documents say that the generated code doesn't show.
//!
//! The code is compared by what callers see of it, and most of what a document says is in there. What isn't, a caller may
//! notice all the same when the server does as its document says: other credentials, a header, a limit. To list such
//! cases would be to forget one. So both documents are walked side by side for whatever differs ([`walk`]), what was told
//! of the code is taken away ([`told`]), and what remains is told as it stands there ([`words`]): all of it neutral, for
//! no caller has to change a line.

mod documents;
mod operations;
mod schemas;
mod site;
mod told;
mod walk;
mod words;

use std::collections::BTreeMap;

use serde_json::Value;

use super::Change;
use super::operations::Pairs;
use crate::surface::Surface;

/// What is compared: two documents, and what is known of the code that was generated from them.
pub struct Sides<'a> {
    pub old_root: &'a Value,
    pub new_root: &'a Value,
    /// With the names that its types have on the other side.
    pub old: &'a Surface,
    pub new: &'a Surface,
    /// The methods that both sides have.
    pub pairs: &'a Pairs,
    /// Schemas that have another name: old one and new one.
    pub renamed: &'a BTreeMap<String, String>,
}

/// Adds what the documents differ in beyond `changes`.
pub fn compare(sides: &Sides<'_>, changes: &mut Vec<Change>) {
    let one_name = operations::one_name(sides);
    let told = told::Told::of(sides, &one_name, changes);
    let mut walk = walk::Walk::new(sides);
    documents::compare(&mut walk, changes);
    operations::compare(&mut walk, sides, &one_name, changes);
    schemas::compare(&mut walk, sides);
    let rest = walk.found.into_iter().filter(|found| !told.covers(found));
    words::tell(rest.collect(), changes);
}
