//! The functions that give fields their default values: typify makes some that nothing calls.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Path};

/// The module that they are in.
pub const MODULE: &str = "defaults";

/// Keeps those of the functions that one of the items calls, from code or from an attribute.
pub fn keep_called<'a>(functions: &mut Vec<Item>, callers: impl Iterator<Item = &'a Item>) {
    let mut called = Called::default();
    for item in callers {
        called.visit_item(item);
    }
    functions.retain(|item| match item {
        Item::Fn(function) => called.names.contains(&function.sig.ident.to_string()),
        _ => true,
    });
}

#[derive(Default)]
struct Called {
    names: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Called {
    fn visit_path(&mut self, path: &'ast Path) {
        let mut segments = path.segments.iter();
        if segments.any(|segment| segment.ident == MODULE) {
            let name = segments.next().map(|segment| segment.ident.to_string());
            self.names.extend(name);
        }
        visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if !attribute.path().is_ident("serde") {
            return;
        }
        let text = attribute.meta.to_token_stream().to_string();
        let calls = text.split("\"defaults::").skip(1);
        self.names.extend(calls.map(|rest| {
            let end = rest.find(|c: char| c != '_' && !c.is_alphanumeric());
            rest[..end.unwrap_or(rest.len())].to_owned()
        }));
    }
}
