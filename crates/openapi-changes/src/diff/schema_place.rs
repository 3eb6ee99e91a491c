//! The place of a schema that is compared.

use super::checked::Checked;
use super::place::{Owner, Place};

/// How deep schemas without a name may be nested in one another.
const MAX_DEPTH: usize = 32;

/// The place of a schema.
#[derive(Clone, Debug)]
pub struct SchemaPlace<'d> {
    pub place: Place,
    /// The path to the schema from there, such as `items/`.
    pub path: String,
    /// Whether callers send its values.
    pub is_sent: bool,
    /// The values in the model of the new side, if it has any.
    pub checked: Option<Checked<'d>>,
    /// The generated types at the place and around it, which have changes of their own.
    pub owners: Vec<Owner>,
    depth: usize,
}

impl<'d> SchemaPlace<'d> {
    /// The place of a schema.
    pub fn of(place: Place, is_sent: bool, checked: Option<Checked<'d>>) -> Self {
        Self {
            place,
            path: String::new(),
            is_sent,
            owners: checked.iter().filter_map(Checked::owner).collect(),
            checked,
            depth: 0,
        }
    }

    /// The place of a schema inside of this one, which has no place of its own.
    pub fn inside(&self, keyword: &str, checked: Option<Checked<'d>>) -> Self {
        let types = checked.iter().filter_map(Checked::owner);
        Self {
            owners: self.owners.iter().cloned().chain(types).collect(),
            place: self.place.clone(),
            path: format!("{}{keyword}/", self.path),
            is_sent: self.is_sent,
            checked,
            depth: self.depth + 1,
        }
    }

    /// Whether it is too deep to be compared.
    pub fn is_too_deep(&self) -> bool {
        self.depth > MAX_DEPTH
    }
}
