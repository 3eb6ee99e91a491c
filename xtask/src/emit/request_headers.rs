//! The media types that a request names: of the body that it has, and of those that it takes.
//!
//! progenitor writes a body as one of four types and accepts JSON; what the document says goes into the request here.

use quote::quote;
use syn::{Expr, ExprMethodCall, LitStr, Local, parse_quote, visit_mut::VisitMut};

use super::successes;
use crate::model::Operation;

/// In `client.post(url).header(CONTENT_TYPE, ..).body(body)...`, sets the media types to those of the operation.
pub fn set(request: &mut Local, operation: &Operation) {
    let body = operation.body.as_ref();
    let mut set = Set {
        content_type: body
            .filter(|body| body.media_type != body.written)
            .map(|body| (body.written, body.media_type.as_str())),
        accept: successes::accept(operation),
        // What it has a type for, progenitor accepts as JSON.
        accepts_already: operation.success.is_none(),
    };
    set.visit_local_mut(request);
}

struct Set<'a> {
    /// The media type as which progenitor writes the body, and the one that it is.
    content_type: Option<(&'a str, &'a str)>,
    accept: Option<String>,
    accepts_already: bool,
}

impl VisitMut for Set<'_> {
    fn visit_lit_str_mut(&mut self, literal: &mut LitStr) {
        if let Some((written, media_type)) = self.content_type
            && literal.value() == written
        {
            *literal = LitStr::new(media_type, literal.span());
        }
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        let is_json = call.method == "json";
        let begins = matches!(&*call.receiver, Expr::Field(_));
        syn::visit_mut::visit_expr_method_call_mut(self, call);
        // reqwest names JSON only if nothing else is named before.
        if let Some((_, media_type)) = self.content_type.filter(|_| is_json) {
            add(&mut call.receiver, "CONTENT_TYPE", media_type);
        }
        let Some(accept) = self.accept.as_deref() else {
            return;
        };
        if self.accepts_already {
            replace(call, "ACCEPT", accept);
        } else if begins {
            // The first call, such as `client.client.get(url)`, makes the request.
            let mut made = Expr::MethodCall(call.clone());
            add(&mut made, "ACCEPT", accept);
            if let Expr::MethodCall(made) = made {
                *call = made;
            }
        }
    }
}

/// In `request.header(NAME, value)`, sets the value.
fn replace(call: &mut ExprMethodCall, name: &str, value: &str) {
    let is_named = match call.args.first() {
        Some(Expr::Path(path)) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == name),
        _ => false,
    };
    if let Some(argument) = call.args.get_mut(1).filter(|_| is_named) {
        *argument = parse_quote!(::reqwest::header::HeaderValue::from_static(#value));
    }
}

fn add(request: &mut Expr, name: &str, value: &str) {
    let name = quote::format_ident!("{name}");
    let made = request.clone();
    let header = quote! {
        ::reqwest::header::#name,
        ::reqwest::header::HeaderValue::from_static(#value)
    };
    *request = parse_quote!(#made.header(#header));
}
