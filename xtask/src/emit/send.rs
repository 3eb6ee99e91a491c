//! The body of `send`: what progenitor does before and in the request is kept, what it does around it is replaced.
//!
//! Kept: taking the builder apart, checking that every parameter was set and converted, header parameters, and the
//! chain that builds the request. Replaced: the `api-version` header (never sent), lists joined into one value, and the
//! `match` over status codes, which would lose the status of a body that does not decode.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    Expr, ExprMethodCall, GenericArgument, ImplItemFn, PathArguments, ReturnType, Stmt, Type,
};

/// `send` as progenitor made it, in pieces.
pub(super) struct Send {
    /// The statements that check each parameter.
    pub checks: Vec<Stmt>,
    /// The statements that add header parameters to `header_map`.
    pub headers: Vec<Stmt>,
    /// The calls on the HTTP client that make the request, up to but without `.headers(..)` and `.build()`.
    pub request: Expr,
    /// The type of a success.
    pub success: Type,
}

impl Send {
    /// Takes `send` apart.
    ///
    /// # Errors
    ///
    /// What was expected, if progenitor's output isn't what it was when this was written.
    pub fn take_apart(method: &ImplItemFn, fields: usize) -> Result<Self, String> {
        let mut statements = method.block.stmts.iter().cloned();
        statements
            .next()
            .ok_or("`let Self { .. } = self` in `send`")?;
        let checks: Vec<Stmt> = statements.by_ref().take(fields).collect();
        statements.next().ok_or("`let url` in `send`")?;
        statements.next().ok_or("`let header_map` in `send`")?;
        statements
            .next()
            .ok_or("the `api-version` header in `send`")?;
        let mut headers = Vec::new();
        let request = loop {
            match statements.next().ok_or("`let request` in `send`")? {
                Stmt::Local(local) => {
                    let init = local.init.ok_or("a value of `request` in `send`")?;
                    break *init.expr;
                }
                statement => headers.push(statement),
            }
        };
        Ok(Self {
            checks,
            headers,
            request: request_chain(request)?,
            success: success(&method.sig.output)?,
        })
    }

    /// Removes the call that adds the query parameter of this name.
    pub fn remove_query(&mut self, name: &str) {
        let request = std::mem::replace(&mut self.request, Expr::Verbatim(TokenStream::new()));
        self.request = without_query(request, name);
    }
}

/// The method chain without its last two calls, `.headers(header_map).build()?`.
fn request_chain(expression: Expr) -> Result<Expr, String> {
    let Expr::Try(attempt) = expression else {
        return Err("`.build()?` in `send`".to_owned());
    };
    let build = call(*attempt.expr, "build")?;
    let headers = call(*build.receiver, "headers")?;
    Ok(*headers.receiver)
}

fn call(expression: Expr, name: &str) -> Result<ExprMethodCall, String> {
    match expression {
        Expr::MethodCall(call) if call.method == name => Ok(call),
        _ => Err(format!("a call of `{name}` in `send`")),
    }
}

fn without_query(expression: Expr, name: &str) -> Expr {
    let Expr::MethodCall(mut call) = expression else {
        return expression;
    };
    let adds = call.method == "query" && query_name(&call).as_deref() == Some(name);
    call.receiver = Box::new(without_query(*call.receiver, name));
    if adds {
        *call.receiver
    } else {
        Expr::MethodCall(call)
    }
}

/// The name in `.query(&progenitor_client::QueryParam::new("name", &value))`.
fn query_name(call: &ExprMethodCall) -> Option<String> {
    let Expr::Reference(reference) = call.args.first()? else {
        return None;
    };
    let Expr::Call(new) = &*reference.expr else {
        return None;
    };
    match new.args.first()? {
        Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(name),
            ..
        }) => Some(name.value()),
        _ => None,
    }
}

/// `T` in `Result<ResponseValue<T>, _>`.
fn success(output: &ReturnType) -> Result<Type, String> {
    fn argument(ty: &Type) -> Option<&Type> {
        let Type::Path(path) = ty else { return None };
        let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
            return None;
        };
        match arguments.args.first()? {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        }
    }
    let ReturnType::Type(_, ty) = output else {
        return Err("a return type of `send`".to_owned());
    };
    argument(ty)
        .and_then(argument)
        .cloned()
        .ok_or_else(|| "`Result<ResponseValue<_>, _>` returned by `send`".to_owned())
}

/// The function that turns a response into a success of this type.
pub fn decoder(success: &Type) -> TokenStream {
    match success.to_token_stream().to_string().as_str() {
        "()" => quote!(support::response::empty),
        "ByteStream" => quote!(support::response::stream),
        _ => quote!(support::response::json),
    }
}
