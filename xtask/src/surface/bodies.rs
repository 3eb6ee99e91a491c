//! What the bodies of generated functions say: defaults, the text of values, and what conversions refuse.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, File, Item, Lit, Stmt};

use super::items::Tag;

/// The values that functions return for fields that are missing, by the name of the function.
pub fn default_values(file: &File) -> BTreeMap<String, String> {
    let functions = file.items.iter().filter_map(|item| match item {
        Item::Fn(item) => Some(item),
        _ => None,
    });
    functions
        .map(|function| {
            let mut said = Said::default();
            said.collect(function.block.to_token_stream());
            let value = if said.literals.is_empty() {
                said.last_name
            } else {
                said.literals
            };
            (function.sig.ident.to_string(), value)
        })
        .collect()
}

/// What code says whatever types it names on the way.
#[derive(Default)]
struct Said {
    literals: String,
    last_name: String,
}

impl Said {
    fn collect(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.collect(group.stream()),
                TokenTree::Literal(literal) => {
                    self.literals.push_str(&literal.to_string());
                    self.literals.push(' ');
                }
                TokenTree::Ident(name) => self.last_name = name.to_string(),
                TokenTree::Punct(_) => {}
            }
        }
    }
}

/// The arms of `match self { Self::Variant => "value", .. }`: values with their variants.
pub fn texts(statements: &[Stmt]) -> BTreeMap<String, String> {
    let Some(Stmt::Expr(Expr::Match(found), _)) = statements.last() else {
        return BTreeMap::new();
    };
    found
        .arms
        .iter()
        .filter_map(|arm| {
            let pattern = arm.pat.to_token_stream().to_string();
            let variant = pattern.rsplit("::").next().unwrap_or_default().trim();
            Some((text(&arm.body)?, variant.to_owned()))
        })
        .collect()
}

/// What `match tag(&value, "property") { "a" | "b" => member(value).map(Self::Variant), .. }` tells the variants by.
pub fn tag(statements: &[Stmt]) -> Option<Tag> {
    let Some(Stmt::Expr(Expr::Match(found), _)) = statements.last() else {
        return None;
    };
    let Expr::Call(call) = &*found.expr else {
        return None;
    };
    let mut tag = Tag {
        property: text(call.args.last()?)?,
        ..Tag::default()
    };
    for arm in &found.arms {
        let Expr::MethodCall(made) = &*arm.body else {
            continue;
        };
        // What fits no value is tried one variant after the other.
        let variant = made.args.first().filter(|_| made.method == "map");
        let Some(Expr::Path(variant)) = variant else {
            continue;
        };
        let name = variant.path.segments.last()?.ident.to_string();
        let mut said = Said::default();
        said.collect(arm.pat.to_token_stream());
        let values = said
            .literals
            .split_inclusive("\" ")
            .map(|value| value.trim().trim_matches('"').to_owned());
        tag.values.insert(name, values.collect());
    }
    Some(tag)
}

/// The text in `Err("..".into())`.
fn message(refusal: &Expr) -> Option<String> {
    let Expr::Call(call) = refusal else {
        return None;
    };
    let Some(Expr::MethodCall(message)) = call.args.first() else {
        return None;
    };
    text(&message.receiver)
}

fn text(literal: &Expr) -> Option<String> {
    match literal {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// What `if .. { return Err("..".into()) }` refuses: the rule in words, with `#` for its number, and that.
pub fn rule(statement: &Stmt) -> Option<(String, Option<u64>)> {
    let Stmt::Expr(Expr::If(condition), _) = statement else {
        return None;
    };
    let Some(Stmt::Expr(Expr::Return(refusal), _)) = condition.then_branch.stmts.first() else {
        return None;
    };
    let reason = refusal.expr.as_deref().and_then(message);
    let reason = reason.unwrap_or_else(|| condition.cond.to_token_stream().to_string());
    // A number is kept apart, so that two of them can be compared.
    let numbers: Vec<u64> = reason
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect();
    match numbers[..] {
        [number] => {
            let words = reason.split(' ').map(|word| {
                if word.parse::<u64>().is_ok() {
                    "#"
                } else {
                    word
                }
            });
            Some((words.collect::<Vec<_>>().join(" "), Some(number)))
        }
        _ => Some((reason, None)),
    }
}

/// The values in `if ![1, 2].contains(&value)`, if only those are taken, or without the `!`, if those are refused.
pub fn listed(statement: &Stmt) -> Option<(bool, Vec<String>)> {
    let Stmt::Expr(Expr::If(condition), _) = statement else {
        return None;
    };
    let (taken, call) = match &*condition.cond {
        Expr::Unary(negated) => (true, &*negated.expr),
        call => (false, call),
    };
    let Expr::MethodCall(call) = call else {
        return None;
    };
    let (Expr::Array(values), "contains") = (&*call.receiver, call.method.to_string().as_str())
    else {
        return None;
    };
    let values = values.elems.iter().map(|value| {
        let mut said = Said::default();
        said.collect(value.to_token_stream());
        let literal = said.literals.trim();
        // The type of a number is that of the others.
        let number = literal.split('_').next().unwrap_or_default();
        if number.parse::<f64>().is_ok() {
            number
        } else {
            literal
        }
        .to_owned()
    });
    Some((taken, values.collect()))
}
