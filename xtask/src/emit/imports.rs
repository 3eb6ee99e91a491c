//! The imports of a builder's file: only what it uses, and nothing that the builder's own name would hide.
//!
//! Code is first written with full paths. Those that end in a name of this list lose all but that name, unless the file
//! declares a type of the same name, and what was shortened is imported.

use std::collections::BTreeSet;

use quote::{format_ident, quote};
use syn::{Ident, Item, Path, PathSegment, parse_quote, visit_mut::VisitMut};

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
            if name == "super" {
                // progenitor's `super` is the module of the client; it is imported.
                let rest = std::mem::take(&mut path.segments);
                path.segments = rest.into_iter().skip(1).collect();
                return;
            }
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
    shorten::items(&mut items, &BTreeSet::from([declared.to_owned()]));
    let mut import = Import {
        declared,
        used: BTreeSet::from(["ClientHooks".to_owned()]),
        types: false,
    };
    for item in &mut items {
        import.visit_item_mut(item);
    }
    let imported = import.used.iter().map(|name| {
        let ident = format_ident!("{name}");
        // Of a trait, nothing but its methods is needed.
        if name == declared {
            quote!(#ident as _)
        } else {
            quote!(#ident)
        }
    });
    let types = import.types.then(|| quote!(, types));
    let imports: [Item; 2] = [
        parse_quote!(use progenitor_client::{#(#imported),*};),
        parse_quote!(use super::super::{Client, support #types};),
    ];
    items.splice(0..0, imports);
    items
}

struct Import<'a> {
    declared: &'a str,
    used: BTreeSet<String>,
    types: bool,
}

impl VisitMut for Import<'_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        syn::visit_mut::visit_path_mut(self, path);
        let names: Vec<String> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        match names
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .as_slice()
        {
            ["types", ..] => self.types = true,
            ["progenitor_client", name, ..]
                if IMPORTED.contains(name) && *name != self.declared =>
            {
                self.used.insert((*name).to_owned());
                path.segments = path.segments.iter().skip(1).cloned().collect();
            }
            _ => {}
        }
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut syn::ExprMethodCall) {
        if call.method == "form_urlencoded" {
            self.used.insert("RequestBuilderExt".to_owned());
        }
        syn::visit_mut::visit_expr_method_call_mut(self, call);
    }
}
