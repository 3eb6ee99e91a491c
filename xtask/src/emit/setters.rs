//! The setters that progenitor made, documented, with errors worded for people and ranges checked.

use quote::quote;
use syn::{Expr, ImplItemFn, Stmt, parse_quote, visit_mut::VisitMut};

use super::{client, docs};
use crate::model::{Operation, Parameter};

/// Documents a setter of progenitor's, words its error for people, and adds the check of a range.
pub fn finish(mut setter: ImplItemFn, operation: &Operation) -> ImplItemFn {
    struct Messages;
    impl VisitMut for Messages {
        fn visit_lit_str_mut(&mut self, literal: &mut syn::LitStr) {
            if let Some(message) = reworded(&literal.value()) {
                *literal = syn::LitStr::new(&message, literal.span());
            }
        }
    }
    Messages.visit_impl_item_fn_mut(&mut setter);

    let name = setter.sig.ident.to_string();
    let parameter = operation
        .parameters
        .iter()
        .find(|parameter| parameter.ident() == name);
    let text = match (parameter, name.as_str()) {
        (Some(parameter), _) => client::parameter_documentation(parameter),
        (None, "body") => format!("Sets the whole body.{}", body_description(operation)),
        (None, "body_map") => "Sets fields of the body through its builder.".to_owned(),
        (None, _) => format!("Sets `{name}`."),
    };
    let documentation = docs::attributes(&text);
    let deprecated = parameter
        .filter(|parameter| parameter.deprecated)
        .map(|_| quote!(#[deprecated = "the API description marks this parameter as deprecated"]));
    setter.attrs = parse_quote!(#documentation #deprecated);
    if let Some(parameter) = parameter
        && let Some(range) = parameter.range
    {
        check_range(&mut setter, parameter, range);
    }
    setter
}

fn body_description(operation: &Operation) -> String {
    let description = operation
        .body
        .as_ref()
        .and_then(|body| body.description.as_deref());
    description
        .map(|text| format!(" {}", docs::sanitise(text).trim()))
        .unwrap_or_default()
}

/// `conversion to `:: std :: vec :: Vec < Status >` for status failed` in words.
fn reworded(message: &str) -> Option<String> {
    let (ty, rest) = message
        .strip_prefix("conversion to `")?
        .split_once("` for ")?;
    let (name, reason) = rest.split_once(" failed")?;
    let ty: String = ty.split_whitespace().collect();
    let mut short = String::new();
    for piece in ty.split_inclusive(['<', '>', ',', '(', ')', '[', ']', '&']) {
        short.push_str(piece.rsplit("::").next().unwrap_or(piece));
    }
    Some(format!("`{name}` can't be converted to `{short}`{reason}"))
}

fn check_range(
    setter: &mut ImplItemFn,
    parameter: &Parameter,
    (low, high): (Option<i64>, Option<i64>),
) {
    let Some(Stmt::Expr(Expr::Assign(assignment), _)) = setter.block.stmts.first_mut() else {
        return;
    };
    let low_literal = low.map(proc_macro2::Literal::i64_unsuffixed);
    let high_literal = high.map(proc_macro2::Literal::i64_unsuffixed);
    let range = match (&low_literal, &high_literal) {
        (Some(low), Some(high)) => quote!(#low..=#high),
        (Some(low), None) => quote!(#low..),
        (None, Some(high)) => quote!(..=#high),
        (None, None) => return,
    };
    let message = format!(
        "`{}` must be {}, not {{number}}",
        parameter.ident(),
        client::range_in_words(low, high)
    );
    let converted = &assignment.right;
    let check = if parameter.required {
        quote! {
            #converted.and_then(|number| {
                if (#range).contains(&number) { Ok(number) } else { Err(format!(#message)) }
            })
        }
    } else {
        quote! {
            #converted.and_then(|number| match number {
                Some(number) if !(#range).contains(&number) => Err(format!(#message)),
                number => Ok(number),
            })
        }
    };
    assignment.right = parse_quote!(#check);
}
