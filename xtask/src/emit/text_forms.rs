//! Values as text: what stands in the path and in headers.
//!
//! progenitor writes both by `to_string`, which is right for most types. Points in time read otherwise in JSON than Rust
//! formats them, some types have no text form at all, and a value must not bring a `/` or a line break of its own.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{Expr, Stmt, parse_quote, visit_mut::VisitMut};

use crate::model::{Location, Operation, Parameter, TextForm};
use crate::names;

/// `let agent_id = encode_path(..); let url = format!("{}/agents/{agent_id}", client.baseurl);`
pub fn url(operation: &Operation, client: &Ident, name: &Ident) -> TokenStream {
    let mut format = String::from("{}");
    let mut encoded = Vec::new();
    let mut rest = operation.path.as_str();
    while let Some((before, (parameter_name, after))) = rest
        .split_once('{')
        .and_then(|(before, inner)| Some((before, inner.split_once('}')?)))
    {
        rest = after;
        let parameter = operation.parameters.iter().find(|parameter| {
            parameter.location == Location::Path && parameter.name == parameter_name
        });
        let ident = format_ident!("{}", names::operation_value_name(parameter_name));
        format.push_str(&format!("{before}{{{ident}}}"));
        let text = match parameter.map_or(TextForm::Display, |parameter| parameter.text) {
            TextForm::Itself => quote!(&#ident),
            TextForm::AsStr => quote!(#ident.as_str()),
            TextForm::Display => quote!(&#ident.to_string()),
            TextForm::Json => {
                let text = json_text(&quote!(#ident));
                quote!(&#text)
            }
        };
        encoded.push(quote! {
            let #ident = support::request::segment(#parameter_name, #text)
                .map_err(progenitor_client::Error::InvalidRequest)?;
        });
    }
    format.push_str(rest);
    quote! {
        #(#encoded)*
        let #name = format!(#format, #client.baseurl);
    }
}

/// The text of a value as it would be in JSON, for types whose own text form is another.
fn json_text(value: &TokenStream) -> TokenStream {
    quote!(support::scalar::to_text(&#value).map_err(progenitor_client::Error::InvalidRequest)?)
}

/// If the statement adds this header parameter, replaces its `.to_string().try_into()?` by what makes the parameter's
/// text, and a header value of that.
pub fn spell(statement: &mut Stmt, parameter: &Parameter) {
    struct Replace<'a>(&'a Parameter);
    impl VisitMut for Replace<'_> {
        fn visit_expr_mut(&mut self, expression: &mut Expr) {
            match value_of_header(expression) {
                Some(value) => {
                    let text = match self.0.text {
                        TextForm::Itself => quote!(&#value),
                        TextForm::AsStr => quote!(#value.as_str()),
                        TextForm::Display => quote!(&#value.to_string()),
                        TextForm::Json => {
                            let text = json_text(&value.to_token_stream());
                            quote!(&#text)
                        }
                    };
                    let name = &self.0.name;
                    *expression = parse_quote! {
                        support::request::header(#name, #text)
                            .map_err(progenitor_client::Error::InvalidRequest)?
                    };
                }
                None => syn::visit_mut::visit_expr_mut(self, expression),
            }
        }
    }
    let name = proc_macro2::Literal::string(&parameter.name).to_string();
    if tokens_contain(statement.to_token_stream(), &name) {
        Replace(parameter).visit_stmt_mut(statement);
    }
}

/// `value` in `value.to_string().try_into()?`.
fn value_of_header(expression: &Expr) -> Option<Expr> {
    let Expr::Try(attempt) = expression else {
        return None;
    };
    let Expr::MethodCall(into) = &*attempt.expr else {
        return None;
    };
    let Expr::MethodCall(text) = &*into.receiver else {
        return None;
    };
    (into.method == "try_into" && text.method == "to_string").then(|| (*text.receiver).clone())
}

/// Whether one of the tokens, at any depth, reads like this.
fn tokens_contain(tokens: TokenStream, token: &str) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => tokens_contain(group.stream(), token),
        tree => tree.to_string() == token,
    })
}
