//! Parts of generated files, chosen so that a reviewer reads what matters and little else.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{File, ImplItem, Item, parse_quote};
use xtask::codegen::Files;
use xtask::format::format;

/// Everything that the document shaped, as it is.
pub fn whole(files: &Files) -> String {
    let shaped = files
        .iter()
        .filter(|(path, _)| !path.starts_with("support/") && *path != "types/error.rs");
    join(shaped.map(|(path, text)| {
        if path == "client.rs" {
            (
                path.clone(),
                methods(text).into_values().collect::<Vec<_>>().join("\n"),
            )
        } else {
            (path.clone(), print(&parse(text)))
        }
    }))
}

/// The same without what always looks alike: the bodies of plain setters, implementations of traits (their names are
/// listed), and the builders of types.
pub fn outline(files: &Files) -> String {
    let shaped = files.iter().filter(|(path, _)| {
        path.starts_with("builder/") && *path != "builder/mod.rs"
            || ["client.rs", "types/mod.rs", "types/defaults.rs"].contains(&path.as_str())
    });
    join(shaped.map(|(path, text)| {
        let text = match path.as_str() {
            "client.rs" => methods(text).into_values().collect::<Vec<_>>().join("\n"),
            "types/mod.rs" => groups(&parse(text))
                .into_values()
                .map(|items| outline_type(&items))
                .collect::<Vec<_>>()
                .join("\n"),
            "types/defaults.rs" => print(&parse(text)),
            _ => outline_builder(parse(text)),
        };
        (path.clone(), text)
    }))
}

/// For each operation, its method and its builder.
pub fn operations(files: &Files) -> BTreeMap<String, String> {
    methods(&files["client.rs"])
        .into_iter()
        .map(|(name, method)| {
            let path = format!("builder/{name}.rs");
            let builder = print(&parse(&files[&path]));
            let text = join([("client.rs".to_owned(), method), (path, builder)]);
            (name, text)
        })
        .collect()
}

/// For each type, everything in `types/mod.rs` that belongs to it.
pub fn types(files: &Files) -> BTreeMap<String, String> {
    groups(&parse(&files["types/mod.rs"]))
        .into_iter()
        .map(|(name, items)| (name, items_text(&items)))
        .collect()
}

fn join(files: impl IntoIterator<Item = (String, String)>) -> String {
    files
        .into_iter()
        .map(|(path, text)| format!("// ===== {path}\n\n{}\n", text.trim()))
        .collect::<Vec<_>>()
        .join("\n")
}

fn parse(text: &str) -> File {
    syn::parse_file(text).expect("generated code that parses")
}

fn print(file: &File) -> String {
    format(file)
}

fn items_text(items: &[Item]) -> String {
    format(&parse_quote!(#(#items)*))
}

/// The methods of the client's operations.
fn methods(client: &str) -> BTreeMap<String, String> {
    let mut methods = BTreeMap::new();
    for item in parse(client).items {
        let Item::Impl(item) = item else { continue };
        for member in item.items {
            if let ImplItem::Fn(method) = member
                && method
                    .sig
                    .output
                    .to_token_stream()
                    .to_string()
                    .contains("builder ::")
            {
                let name = method.sig.ident.to_string();
                methods.insert(name, items_text(&[parse_quote!(impl Client { #method })]));
            }
        }
    }
    methods
}

/// The items of each type. A conversion into a type from elsewhere belongs to the type that it starts from.
fn groups(file: &File) -> BTreeMap<String, Vec<Item>> {
    let declared: BTreeSet<String> = file.items.iter().filter_map(declared).collect();
    let mut groups: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for item in &file.items {
        let owner = match item {
            Item::Impl(item) => {
                let target = item.self_ty.to_token_stream();
                let source = item.trait_.as_ref().map(|(path, _)| path.to_token_stream());
                identifiers(target)
                    .into_iter()
                    .chain(source.into_iter().flat_map(identifiers))
                    .find(|name| declared.contains(name))
            }
            item => self::declared(item),
        };
        if let Some(owner) = owner {
            groups.entry(owner).or_default().push(item.clone());
        }
    }
    groups
}

fn declared(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

fn identifiers(tokens: TokenStream) -> Vec<String> {
    tokens
        .into_iter()
        .filter_map(|token| match token {
            TokenTree::Ident(name) => Some(name.to_string()),
            _ => None,
        })
        .collect()
}

fn outline_type(items: &[Item]) -> String {
    let mut shown = Vec::new();
    let mut traits = Vec::new();
    for item in items {
        match item {
            Item::Impl(item) => match &item.trait_ {
                Some((path, _)) => traits.push(path.to_token_stream().to_string().replace(' ', "")),
                None => {
                    let mut item = item.clone();
                    item.items
                        .retain(|member| matches!(member, ImplItem::Const(_)));
                    if !item.items.is_empty() {
                        shown.push(Item::Impl(item));
                    }
                }
            },
            item => shown.push(item.clone()),
        }
    }
    let mut text = items_text(&shown);
    if !traits.is_empty() {
        text.push_str(&format!("// implements {}\n", traits.join(", ")));
    }
    text
}

fn outline_builder(mut file: File) -> String {
    file.items
        .retain(|item| !matches!(item, Item::Impl(item) if item.trait_.is_some()));
    for item in &mut file.items {
        let Item::Impl(item) = item else { continue };
        for member in &mut item.items {
            let ImplItem::Fn(method) = member else {
                continue;
            };
            let is_setter = method.sig.receiver().is_some() && method.sig.ident != "send";
            if is_setter
                && !method
                    .block
                    .to_token_stream()
                    .to_string()
                    .contains("contains")
            {
                method.block = parse_quote!({ .. });
            }
        }
    }
    print(&file)
}
