//! The setters that progenitor made, documented, with errors worded for people and ranges checked.

use quote::quote;
use syn::{
    Expr, GenericArgument, ImplItemFn, LitStr, Path, PathArguments, Stmt, Type, TypeParamBound,
    WherePredicate, parse_quote, visit_mut::VisitMut,
};

use super::{bodies, client, docs};
use crate::model::{Location, Operation, Parameter};

/// Words the errors in one of progenitor's methods for people.
pub fn reword(method: &mut ImplItemFn) {
    struct Messages;
    impl VisitMut for Messages {
        fn visit_lit_str_mut(&mut self, literal: &mut LitStr) {
            if let Some(message) = reworded(&literal.value()) {
                *literal = LitStr::new(&message, literal.span());
            }
        }
    }
    Messages.visit_impl_item_fn_mut(method);
}

/// Documents a setter of progenitor's, words its error for people, adds the check of a range, and lets the setter of a
/// list take any values that become items.
pub fn finish(mut setter: ImplItemFn, operation: &Operation) -> ImplItemFn {
    let name = setter.sig.ident.to_string();
    let parameter = operation
        .parameters
        .iter()
        .find(|parameter| parameter.ident() == name);
    if let Some(parameter) = parameter.filter(|parameter| parameter.location == Location::Query)
        && let Some(list) = list_setter(&setter, parameter)
    {
        setter = list;
    }
    if operation.body.as_ref().is_some_and(|body| !body.required) {
        bodies::setter(&mut setter);
    }
    reword(&mut setter);
    if let Some(parameter) = parameter
        && let Some(range) = parameter.range
    {
        check_range(&mut setter, parameter, range);
    }
    let text = match (parameter, name.as_str()) {
        (Some(parameter), _) => client::parameter_documentation(parameter),
        (None, "body") => format!(
            "Sets the whole body{}.{}",
            unset_body(operation),
            body_description(operation)
        ),
        (None, "body_map") => "Sets fields of the body through its builder.".to_owned(),
        (None, _) => format!("Sets `{name}`."),
    };
    setter.attrs = docs::attributes(&text);
    if parameter.is_some_and(|parameter| parameter.deprecated) {
        setter.attrs.push(
            parse_quote!(#[deprecated = "the API description marks this parameter as deprecated"]),
        );
    }
    setter
}

/// The setter of a list, which takes more than a `Vec` of the very type.
fn list_setter(setter: &ImplItemFn, parameter: &Parameter) -> Option<ImplItemFn> {
    let item = item_type(setter)?;
    let name = &setter.sig.ident;
    let message = format!("conversion to `{}` for {name} failed", quote!(#item));
    let wrap = (!parameter.required).then(|| quote!(.map(Some)));
    Some(parse_quote! {
        pub fn #name<I>(mut self, values: I) -> Self
        where
            I: IntoIterator,
            I::Item: ::std::convert::TryInto<#item>,
        {
            self.#name = values
                .into_iter()
                .map(|value| value.try_into().map_err(|_| #message.to_string()))
                .collect::<::std::result::Result<_, ::std::string::String>>() #wrap;
            self
        }
    })
}

/// `T` in `where V: TryInto<Vec<T>>`.
fn item_type(setter: &ImplItemFn) -> Option<Type> {
    let WherePredicate::Type(bound) = setter
        .sig
        .generics
        .where_clause
        .as_ref()?
        .predicates
        .first()?
    else {
        return None;
    };
    let TypeParamBound::Trait(bound) = bound.bounds.first()? else {
        return None;
    };
    argument(&bound.path).and_then(|list| match list {
        Type::Path(list) if list.path.segments.last()?.ident == "Vec" => {
            argument(&list.path).cloned()
        }
        _ => None,
    })
}

/// `T` in `path::to::Generic<T>`.
fn argument(path: &Path) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &path.segments.last()?.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// What is sent if the body is not set, if that is worth saying.
fn unset_body(operation: &Operation) -> &'static str {
    match &operation.body {
        Some(body) if !body.required => "; if it is not set, none is sent",
        _ => "",
    }
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

/// In words: `x was not initialized` and `conversion to `:: std :: vec :: Vec < Status >` for status failed`.
fn reworded(message: &str) -> Option<String> {
    if let Some(name) = message.strip_suffix(" was not initialized") {
        return Some(format!("`{name}` is required and was not set"));
    }
    let (ty, rest) = message
        .strip_prefix("conversion to `")?
        .split_once("` for ")?;
    let (name, reason) = rest.split_once(" failed")?;
    Some(conversion_failed(name, ty, reason))
}

/// That the parameter `name` can't be made the type `ty`, whose paths are cut to what a reader needs.
pub fn conversion_failed(name: &str, ty: &str, reason: &str) -> String {
    let ty: String = ty.split_whitespace().collect();
    let mut short = String::new();
    for piece in ty.split_inclusive(['<', '>', ',', '(', ')', '[', ']', '&']) {
        short.push_str(piece.rsplit("::").next().unwrap_or(piece));
    }
    format!("`{name}` can't be converted to `{short}`{reason}")
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
