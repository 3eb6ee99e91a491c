//! What progenitor made, as tokens. Parsing is most of what generating costs, so what is not kept is told from what is
//! before it is parsed.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

/// The tokens of one item.
pub type Tokens = Vec<TokenTree>;

/// The content of each outermost `mod name { .. }`, and the items around them.
pub fn modules(tokens: TokenStream) -> (BTreeMap<String, TokenStream>, Vec<Tokens>) {
    let mut modules = BTreeMap::new();
    let mut items = split_items(tokens);
    items.retain(|item| match item.as_slice() {
        [.., keyword, TokenTree::Ident(name), TokenTree::Group(body)]
            if is_word(keyword, "mod") =>
        {
            modules.insert(name.to_string(), body.stream());
            false
        }
        _ => true,
    });
    (modules, items)
}

/// Splits the tokens of a module into those of its items: each ends with braces or a semicolon.
pub fn split_items(tokens: TokenStream) -> Vec<Tokens> {
    let mut items = Vec::new();
    let mut item = Tokens::new();
    for token in tokens {
        let ends = match &token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        item.push(token);
        if ends {
            items.push(std::mem::take(&mut item));
        }
    }
    if !item.is_empty() {
        items.push(item);
    }
    items
}

/// The name of the type that an item declares or implements something for: the last one before the braces, which holds
/// for items without generic types.
pub fn subject(item: &[TokenTree]) -> Option<&Ident> {
    (0..item.len()).rev().find_map(|index| match &item[index] {
        // What follows an apostrophe is a lifetime.
        TokenTree::Ident(name) if index == 0 || !is_punct(&item[index - 1], '\'') => Some(name),
        _ => None,
    })
}

/// The name of an enum of strings with more than one value. It will be opened, and nothing that typify implements for it
/// is kept but its default.
pub fn string_enum(item: &[TokenTree]) -> Option<&Ident> {
    let keyword = item.iter().position(|token| is_word(token, "enum"))?;
    // An enum with a representation of its own is a union.
    let has_representation = item[..keyword].iter().any(|token| match token {
        TokenTree::Group(attribute) => {
            let first = attribute.stream().into_iter().next();
            first.is_some_and(|first| is_word(&first, "serde"))
        }
        _ => false,
    });
    let [TokenTree::Ident(name), TokenTree::Group(body)] = &item[keyword + 1..] else {
        return None;
    };
    let mut variants = 0;
    for token in body.stream() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => variants += 1,
            TokenTree::Group(group) if group.delimiter() != Delimiter::Bracket => return None,
            _ => {}
        }
    }
    (variants > 1 && !has_representation).then_some(name)
}

/// Whether an item implements a trait other than `Default`.
pub fn implements_more_than_default(item: &[TokenTree]) -> bool {
    let has = |word: &str| item.iter().any(|token| is_word(token, word));
    has("impl") && has("for") && !has("Default")
}

/// If this is the struct of an operation's builder: the names in the type of its body.
pub fn names_in_body(item: &[TokenTree]) -> Vec<String> {
    let is_struct = item.iter().any(|token| is_word(token, "struct"));
    let Some(TokenTree::Group(fields)) = item.last().filter(|_| is_struct) else {
        return Vec::new();
    };
    let fields = fields.stream().into_iter();
    fields
        .skip_while(|token| !is_word(token, "body"))
        .filter_map(|token| match token {
            TokenTree::Ident(name) => Some(name.to_string()),
            _ => None,
        })
        .collect()
}

/// An operation's builder without what `send` does once the request is made: that is emitted anew.
pub fn without_tail(mut item: Tokens) -> Tokens {
    if let Some(TokenTree::Group(group)) = item.last_mut()
        && group.delimiter() == Delimiter::Brace
    {
        *group = Group::new(Delimiter::Brace, short_send(group.stream()));
    }
    item
}

/// The members of an operation's builder, with only the first half of `send`.
fn short_send(members: TokenStream) -> TokenStream {
    let mut previous_is_fn = false;
    let mut in_send = false;
    let members = members.into_iter().map(|token| {
        in_send |= previous_is_fn && is_word(&token, "send");
        previous_is_fn = is_word(&token, "fn");
        match token {
            TokenTree::Group(body) if in_send && body.delimiter() == Delimiter::Brace => {
                in_send = false;
                Group::new(Delimiter::Brace, request_only(body.stream())).into()
            }
            token => token,
        }
    });
    members.collect()
}

/// The statements of `send` before `let info = OperationInfo { .. };`.
fn request_only(body: TokenStream) -> TokenStream {
    let mut tokens: Tokens = body.into_iter().collect();
    let info = tokens
        .iter()
        .position(|token| is_word(token, "OperationInfo"));
    let end = info.and_then(|info| {
        tokens[..info]
            .iter()
            .rposition(|token| is_word(token, "let"))
    });
    tokens.truncate(end.unwrap_or(usize::MAX));
    tokens.into_iter().collect()
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}
