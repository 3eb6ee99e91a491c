//! The imports of a builder's file: only what it uses, and nothing that the builder's own name would hide.
//!
//! Code is first written with full paths. Those that end in a name of this list lose all but that name, unless the file
//! declares a type of the same name, and what was shortened is imported.

use std::collections::BTreeSet;

use proc_macro2::Span;
use quote::format_ident;
use syn::{
    Ident, Item, ItemUse, Path, PathSegment, UseGroup, UseName, UsePath, UseRename, UseTree,
    Visibility, visit_mut::VisitMut,
};

use super::shorten;

/// What builders use of progenitor's run-time half, but for traits.
const IMPORTED: [&str; 6] = [
    "ByteStream",
    "Error",
    "OperationInfo",
    "QueryParam",
    "ResponseValue",
    "encode_path",
];

/// Names of the prelude that progenitor writes without a path, and their paths.
const PRELUDE: [(&str, &str); 4] = [
    ("Option", "option"),
    ("Result", "result"),
    ("String", "string"),
    ("Vec", "vec"),
];

/// Whether a type of this name would hide one that builders use without a path.
pub fn hides_something(name: &str) -> bool {
    IMPORTED.contains(&name) || PRELUDE.iter().any(|(known, _)| *known == name)
}

/// Gives the names that progenitor takes for imported their full paths.
pub fn qualify(items: &mut [Item]) {
    struct Qualify;
    impl VisitMut for Qualify {
        fn visit_path_mut(&mut self, path: &mut Path) {
            syn::visit_mut::visit_path_mut(self, path);
            let Some(first) = path.segments.first() else {
                return;
            };
            let name = first.ident.to_string();
            let mut prefix: Vec<Ident> = Vec::new();
            if IMPORTED.contains(&name.as_str()) {
                prefix.push(format_ident!("progenitor_client"));
            } else if let Some((_, module)) = PRELUDE.iter().find(|(known, _)| *known == name) {
                prefix.extend([format_ident!("std"), format_ident!("{module}")]);
                path.leading_colon = Some(Default::default());
            } else {
                return;
            }
            let rest = std::mem::take(&mut path.segments);
            path.segments = prefix
                .into_iter()
                .map(PathSegment::from)
                .chain(rest)
                .collect();
        }
    }
    for item in items {
        Qualify.visit_item_mut(item);
    }
}

/// Shortens the paths in the items of a file that declares the type `declared`, and puts the imports before them.
pub fn finish(mut items: Vec<Item>, declared: &str) -> Vec<Item> {
    let declared_types = BTreeSet::from([declared.to_owned()]);
    let mut import = Import {
        declared,
        used: BTreeSet::new(),
        types: false,
    };
    for item in &mut items {
        shorten::item(item, &declared_types);
        import.visit_item_mut(item);
    }
    let used = import.used.iter().map(|name| {
        // Of a trait, nothing but its methods is needed.
        let rename = (name == declared).then_some("_");
        (name.as_str(), rename)
    });
    let mut imports = vec![group(&["progenitor_client"], used.collect())];
    let mut own = vec![("Client", None), ("support", None)];
    own.extend(import.types.then_some(("types", None)));
    imports.push(group(&["super", "super"], own));
    items.splice(0..0, imports);
    items
}

/// `use path::{names};`, built rather than parsed: there are three in every builder's file.
fn group(path: &[&str], names: Vec<(&str, Option<&str>)>) -> Item {
    let names = names.into_iter().map(|(name, rename)| {
        let ident = format_ident!("{name}");
        match rename {
            None => UseTree::Name(UseName { ident }),
            Some(rename) => UseTree::Rename(UseRename {
                ident,
                as_token: Default::default(),
                rename: Ident::new(rename, Span::call_site()),
            }),
        }
    });
    let group = UseTree::Group(UseGroup {
        brace_token: Default::default(),
        items: names.collect(),
    });
    let tree = path.iter().rev().fold(group, |tree, name| {
        UseTree::Path(UsePath {
            ident: format_ident!("{name}"),
            colon2_token: Default::default(),
            tree: Box::new(tree),
        })
    });
    Item::Use(ItemUse {
        attrs: Vec::new(),
        vis: Visibility::Inherited,
        use_token: Default::default(),
        leading_colon: None,
        tree,
        semi_token: Default::default(),
    })
}

struct Import<'a> {
    declared: &'a str,
    used: BTreeSet<String>,
    types: bool,
}

impl VisitMut for Import<'_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        syn::visit_mut::visit_path_mut(self, path);
        let mut segments = path.segments.iter();
        let (Some(first), second) = (segments.next(), segments.next()) else {
            return;
        };
        let imported = |segment: &PathSegment| {
            let name = IMPORTED.into_iter().find(|name| segment.ident == name);
            name.filter(|name| *name != self.declared)
        };
        if first.ident == "types" {
            self.types = true;
        } else if first.ident == "progenitor_client" {
            if let Some(name) = second.and_then(imported) {
                self.used.insert(name.to_owned());
                path.segments = path.segments.iter().skip(1).cloned().collect();
            }
        } else if path.leading_colon.is_none()
            && let Some(name) = imported(first)
        {
            self.used.insert(name.to_owned());
        }
    }
}
