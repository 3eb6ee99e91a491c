//! Bodies that are not multipart, where progenitor's way with them is not what the document says.
//!
//! progenitor writes forms by `serde_urlencoded`, which refuses lists and objects, and takes every body for required: a
//! builder would send `{}` or refuse to send where the document lets a caller send nothing.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Expr, ExprClosure, ExprMethodCall, Field, FieldValue, GenericArgument, ImplItemFn, Local,
    Member, PathArguments, Stmt, Type, parse_quote,
};

use super::own_parameters;
use crate::model::Body;

/// What progenitor calls the field and the local of a body.
const BODY: &str = "body";

/// In `client.post(url).form_urlencoded(&body)?...`, lets our own code write the form.
pub fn write_form(request: &mut Local, body: &Body) {
    struct Write<'a>(&'a Body);
    impl VisitMut for Write<'_> {
        fn visit_expr_mut(&mut self, expression: &mut Expr) {
            if let Expr::Try(attempt) = expression
                && let Expr::MethodCall(call) = &*attempt.expr
                && call.method == "form_urlencoded"
            {
                let (request, value) = (&call.receiver, &call.args);
                let media_type = self.0.written;
                let styles = self.0.styles.iter().map(|(name, style)| {
                    let style = own_parameters::style(*style);
                    quote!((#name, #style))
                });
                *expression = parse_quote! {
                    #request
                        .header(
                            ::reqwest::header::CONTENT_TYPE,
                            ::reqwest::header::HeaderValue::from_static(#media_type),
                        )
                        .body(
                            support::form::encode(#value, &[#(#styles),*])
                                .map_err(progenitor_client::Error::InvalidRequest)?,
                        )
                };
            } else {
                visit_mut::visit_expr_mut(self, expression);
            }
        }
    }
    Write(body).visit_local_mut(request);
}

/// Makes the field of a body that may be left out an `Option`.
pub fn field(field: &mut Field) {
    if field.ident.as_ref().is_some_and(|name| name == BODY)
        && let Type::Path(path) = &mut field.ty
        && let Some(result) = path.path.segments.last_mut()
        && let PathArguments::AngleBracketed(arguments) = &mut result.arguments
        && let Some(GenericArgument::Type(value)) = arguments.args.first_mut()
    {
        *value = parse_quote!(::std::option::Option<#value>);
    }
}

/// The value of that field in a new builder.
pub fn initial(value: &mut FieldValue) {
    if matches!(&value.member, Member::Named(name) if name == BODY) {
        value.expr = parse_quote!(Ok(None));
    }
}

/// Lets a setter of progenitor's set that field.
pub fn setter(setter: &mut ImplItemFn) {
    let name = setter.sig.ident.to_string();
    let Some(Stmt::Expr(Expr::Assign(assignment), _)) = setter.block.stmts.first_mut() else {
        return;
    };
    let value = &assignment.right;
    assignment.right = match name.as_str() {
        "body" => parse_quote!(#value.map(Some)),
        "body_map" => parse_quote!(self.body.map(|body| Some(f(body.unwrap_or_default())))),
        _ => return,
    };
}

/// In `let body = body.and_then(|v| T::try_from(v)..)`, makes a value of the builder's only if there is one.
pub fn check_if_set(check: &mut Stmt) {
    struct Check;
    impl VisitMut for Check {
        fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
            let made = &closure.body;
            closure.body = parse_quote!(v.map(|v| #made).transpose());
        }

        // What is inside of the closure stays as it is.
        fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
            if call.method == "and_then" {
                call.args
                    .iter_mut()
                    .for_each(|argument| self.visit_expr_mut(argument));
            } else {
                self.visit_expr_mut(&mut call.receiver);
            }
        }
    }
    if matches!(check, Stmt::Local(local) if matches!(&local.pat, syn::Pat::Ident(pattern) if pattern.ident == BODY))
    {
        Check.visit_stmt_mut(check);
    }
}

/// Takes the calls that add the body out of the chain that builds the request, and returns statements that make its
/// beginning and add the body if there is one. `None` if there is no such call.
pub fn add_if_set(request: &mut Local, name: &Ident, announces_body: bool) -> Option<TokenStream> {
    let mut chain = &mut *request.init.as_mut()?.expr;
    let adds_body = |chain: &Expr| matches!(chain, Expr::MethodCall(call) if call.method == "json" || call.method == "body");
    while !adds_body(chain) {
        chain = match chain {
            Expr::MethodCall(call) => &mut call.receiver,
            Expr::Try(attempt) => &mut attempt.expr,
            _ => return None,
        };
    }
    let adding = std::mem::replace(chain, parse_quote!(#name));
    let (begun, added) = cut(adding, name);
    // hyper leaves the length of no body out, and some servers and proxies then answer 411 (RFC 9110, section 8.6).
    let unset = if announces_body {
        quote! {
            #name.header(
                ::reqwest::header::CONTENT_LENGTH,
                ::reqwest::header::HeaderValue::from_static("0"),
            )
        }
    } else {
        quote!(#name)
    };
    Some(quote! {
        let #name = #begun;
        let #name = match body {
            Some(body) => #added,
            None => #unset,
        };
    })
}

/// Cuts `begun.header(CONTENT_TYPE, ..).body(body)` before what is about the body, which is then called on `name`.
fn cut(adding: Expr, name: &Ident) -> (Expr, Expr) {
    match adding {
        Expr::MethodCall(mut call) if is_about_body(&call) => {
            let receiver = std::mem::replace(&mut *call.receiver, parse_quote!(#name));
            let (begun, before) = cut(receiver, name);
            *call.receiver = before;
            (begun, Expr::MethodCall(call))
        }
        begun => (begun, parse_quote!(#name)),
    }
}

fn is_about_body(call: &ExprMethodCall) -> bool {
    let names_type = || {
        matches!(call.args.first(), Some(Expr::Path(name))
            if name.path.segments.last().is_some_and(|last| last.ident == "CONTENT_TYPE"))
    };
    call.method == "json" || call.method == "body" || call.method == "header" && names_type()
}
