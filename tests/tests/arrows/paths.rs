//! The paths that the tokens of a source file contain.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use syn::{ItemUse, UseTree, Visibility};

/// An import, as one name: `use a::{b as c, d::*}` has two.
pub struct Import {
    pub path: Vec<String>,
    /// The name in the module; none of `as _` and of `*`.
    pub name: Option<String>,
    pub is_glob: bool,
    /// It exposes the name to other modules.
    pub is_exported: bool,
}

/// The paths in the code of an item, and the imports in bodies of functions.
#[derive(Default)]
pub struct Paths {
    pub paths: Vec<Vec<String>>,
    pub imports: Vec<Import>,
}

pub fn imports(item: &ItemUse) -> Vec<Import> {
    let mut imports = Vec::new();
    let is_exported = !matches!(item.vis, Visibility::Inherited);
    if item.leading_colon.is_none() {
        branch(&item.tree, &mut Vec::new(), is_exported, &mut imports);
    }
    imports
}

fn branch(tree: &UseTree, prefix: &mut Vec<String>, is_exported: bool, imports: &mut Vec<Import>) {
    let mut import = |last: Option<String>, name: Option<String>| {
        let is_glob = last.is_none();
        let mut path = prefix.clone();
        // `use a::{self}` imports the module.
        path.extend(last.filter(|last| last != "self" || prefix.is_empty()));
        let name = name.map(|name| match name.as_str() {
            "self" => path.last().cloned().unwrap_or_default(),
            _ => name,
        });
        imports.push(Import {
            path,
            name: name.filter(|name| name != "_"),
            is_glob,
            is_exported,
        });
    };
    match tree {
        UseTree::Path(path) => {
            prefix.push(plain(&path.ident.to_string()));
            branch(&path.tree, prefix, is_exported, imports);
            prefix.pop();
        }
        UseTree::Name(name) => {
            let name = plain(&name.ident.to_string());
            import(Some(name.clone()), Some(name));
        }
        UseTree::Rename(rename) => import(
            Some(plain(&rename.ident.to_string())),
            Some(plain(&rename.rename.to_string())),
        ),
        UseTree::Glob(_) => import(None, None),
        UseTree::Group(group) => {
            for tree in &group.items {
                branch(tree, prefix, is_exported, imports);
            }
        }
    }
}

/// An identifier without `r#`.
pub fn plain(ident: &str) -> String {
    ident.strip_prefix("r#").unwrap_or(ident).to_owned()
}

impl Paths {
    /// Adds the paths in code, also those in arguments of macros and in attributes such as
    /// `#[serde(with = "module")]`.
    pub fn read(&mut self, code: TokenStream) {
        let tokens: Vec<TokenTree> = code.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Ident(ident) if ident == "use" => at = self.import(&tokens, at),
                TokenTree::Ident(ident) if ident == "pub" => {
                    at += usize::from(is_scope(tokens.get(at)));
                }
                TokenTree::Ident(ident) => {
                    let is_continued = at > 1 && !starts_path(&tokens[..at - 1]);
                    let mut path = vec![plain(&ident.to_string())];
                    while let Some(TokenTree::Ident(next)) = tokens.get(at + 2)
                        && is_colons(&tokens[at..at + 2])
                    {
                        path.push(plain(&next.to_string()));
                        at += 3;
                    }
                    if !is_continued {
                        self.paths.push(path);
                    }
                }
                TokenTree::Group(group) if !is_documentation(&tokens[..at - 1], group.stream()) => {
                    self.read(group.stream());
                }
                TokenTree::Literal(literal) => {
                    // A path in an attribute. Other texts have no path that leads to a module.
                    let text = literal.to_string();
                    let text = text.trim_matches('"');
                    let is_path = |part: &str| {
                        !part.is_empty() && part.chars().all(|c| c == '_' || c.is_alphanumeric())
                    };
                    let path: Vec<String> = text.split("::").map(str::to_owned).collect();
                    if path.len() > 1 && path.iter().all(|part| is_path(part)) {
                        self.paths.push(path);
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads an import in the body of a function, and returns the index of the token after it.
    fn import(&mut self, tokens: &[TokenTree], start: usize) -> usize {
        let is_end =
            |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ';');
        let Some(length) = tokens[start..].iter().position(is_end) else {
            return start;
        };
        let end = start + length + 1;
        let item: TokenStream = tokens[start - 1..end].iter().cloned().collect();
        // `use<'a>` in a return type is no import.
        match syn::parse2::<ItemUse>(item) {
            Ok(item) => {
                self.imports.extend(imports(&item));
                end
            }
            Err(_) => start,
        }
    }
}

/// `(super)`, `(crate)` or `(in …)` after `pub`.
fn is_scope(token: Option<&TokenTree>) -> bool {
    let Some(TokenTree::Group(group)) = token else {
        return false;
    };
    let content: Vec<String> = group.stream().into_iter().map(|t| t.to_string()).collect();
    match content.as_slice() {
        [only] => ["crate", "self", "super"].contains(&only.as_str()),
        [first, ..] => first == "in",
        [] => false,
    }
}

fn is_colons(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(first), TokenTree::Punct(second)]
        if first.as_char() == ':' && first.spacing() == Spacing::Joint && second.as_char() == ':')
}

/// Whether an identifier after these tokens starts a path: it is no field, method, lifetime or later segment.
fn starts_path(before: &[TokenTree]) -> bool {
    let mark = |back: usize| match before.len().checked_sub(back).map(|at| &before[at]) {
        Some(TokenTree::Punct(mark)) => Some(mark.as_char()),
        _ => None,
    };
    match mark(1) {
        Some('.') => mark(2) == Some('.'),
        Some(':') => mark(2) != Some(':'),
        Some('\'') => false,
        _ => true,
    }
}

/// The content of `#[doc = …]`.
fn is_documentation(before: &[TokenTree], content: TokenStream) -> bool {
    let is_attribute = matches!(before.last(), Some(TokenTree::Punct(mark)) if matches!(mark.as_char(), '#' | '!'));
    let first = content.into_iter().next();
    is_attribute && matches!(first, Some(TokenTree::Ident(ident)) if ident == "doc")
}

/// Whether an attribute says that its item is compiled for tests only.
pub fn is_for_tests(attribute: &syn::Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else {
        return false;
    };
    list.path.is_ident("cfg") && requires_tests(list.tokens.clone())
}

fn requires_tests(condition: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = condition.into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Ident(name)] => name == "test" || name == "doctest",
        [TokenTree::Ident(all), TokenTree::Group(group)]
            if all == "all" && group.delimiter() == Delimiter::Parenthesis =>
        {
            let conditions: Vec<TokenTree> = group.stream().into_iter().collect();
            let is_comma =
                |t: &TokenTree| matches!(t, TokenTree::Punct(mark) if mark.as_char() == ',');
            conditions
                .split(is_comma)
                .any(|condition| requires_tests(condition.iter().cloned().collect()))
        }
        _ => false,
    }
}
