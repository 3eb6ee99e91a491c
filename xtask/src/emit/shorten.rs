//! Full paths that the prelude makes unnecessary are shortened: generated code is read in review.

use std::collections::BTreeSet;

use syn::{ExprPath, Item, Path, TypePath, visit_mut::VisitMut};

/// Paths and what the prelude calls them.
const PRELUDE: [(&str, &str); 11] = [
    ("string", "String"),
    ("option", "Option"),
    ("result", "Result"),
    ("vec", "Vec"),
    ("convert", "AsRef"),
    ("convert", "From"),
    ("convert", "Into"),
    ("convert", "TryFrom"),
    ("convert", "TryInto"),
    ("default", "Default"),
    ("ops", "FnOnce"),
];

/// Shortens the paths in an item, but for names that `declared` gives another meaning.
pub fn item(item: &mut Item, declared: &BTreeSet<String>) {
    Shorten { declared }.visit_item_mut(item);
}

struct Shorten<'a> {
    declared: &'a BTreeSet<String>,
}

impl VisitMut for Shorten<'_> {
    fn visit_type_path_mut(&mut self, ty: &mut TypePath) {
        let before = ty.path.segments.len();
        syn::visit_mut::visit_type_path_mut(self, ty);
        // In `<T as a::b::Trait>::Item` the position says where the trait's path ends.
        if let Some(qualified) = &mut ty.qself {
            qualified.position = qualified
                .position
                .saturating_sub(before - ty.path.segments.len());
        }
    }

    fn visit_expr_path_mut(&mut self, expression: &mut ExprPath) {
        let before = expression.path.segments.len();
        syn::visit_mut::visit_expr_path_mut(self, expression);
        if let Some(qualified) = &mut expression.qself {
            qualified.position = qualified
                .position
                .saturating_sub(before - expression.path.segments.len());
        }
    }

    fn visit_path_mut(&mut self, path: &mut Path) {
        syn::visit_mut::visit_path_mut(self, path);
        let mut segments = path.segments.iter();
        let (Some(root), Some(module), Some(name)) =
            (segments.next(), segments.next(), segments.next())
        else {
            return;
        };
        let in_prelude = |(prelude_module, prelude_name): &(&str, &str)| {
            module.ident == prelude_module && name.ident == prelude_name
        };
        if root.ident == "std"
            && PRELUDE.iter().any(in_prelude)
            && !self.declared.contains(&name.ident.to_string())
        {
            path.segments = path.segments.iter().skip(2).cloned().collect();
            path.leading_colon = None;
        }
    }
}
