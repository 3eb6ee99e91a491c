//! The body of `send`: what progenitor does before and in the request is kept, what it does around it is replaced.
//!
//! Kept: taking the builder apart, checking that every parameter was set and converted, header parameters, and the
//! chain that builds the request. Replaced: the `api-version` header (never sent), lists joined into one value, and the
//! `match` over status codes, which would lose the status of a body that does not decode.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{
    Block, Expr, ExprMethodCall, GenericArgument, ImplItemFn, Local, Pat, PathArguments,
    ReturnType, Stmt, Type, parse::Parser, parse_quote,
};

use super::{bodies, docs, multipart, own_parameters, request_headers, successes, text_forms};
use crate::model::{Location, Operation, Parameter};
use crate::names;

/// Rewrites `send` as progenitor made it. `names` are the builder's fields but for its client and parts.
///
/// # Errors
///
/// What was expected, if progenitor's output isn't what it was when this was written.
pub(super) fn rewrite(
    mut method: ImplItemFn,
    operation: &Operation,
    client: &Ident,
    names: &[Ident],
) -> Result<ImplItemFn, String> {
    let mut found = std::mem::take(&mut method.block.stmts).into_iter();
    let mut statements = Vec::new();

    // `let Self { .. } = self;` and a check for each field.
    let apart = found.next().ok_or("`let Self { .. } = self` in `send`")?;
    let extra = multipart::extra(operation);
    let own = operation.own_values().map(multipart::field_name);
    let part_names: Vec<Ident> = own.chain(extra.clone()).collect();
    statements.push(if part_names.is_empty() {
        apart
    } else {
        parse_quote!(let Self { #client, #(#names,)* #(#part_names,)* } = self;)
    });
    let optional_body = operation.body.as_ref().filter(|body| !body.required);
    for mut check in found.by_ref().take(names.len()) {
        if optional_body.is_some() {
            bodies::check_if_set(&mut check);
        }
        statements.push(check);
    }

    // A local of ours must not hide a parameter that is still needed.
    let local = |name: &str| {
        let mut name = name.to_owned();
        while names.iter().chain(&part_names).any(|known| *known == name) {
            name.push('_');
        }
        format_ident!("{name}")
    };
    let form = local("form");
    let checks = operation.own_values().map(multipart::check);
    extend(&mut statements, quote!(#(#checks)*))?;
    if let Some(extra) = &extra {
        let parts = operation.parts.iter().flatten();
        let adds = parts.map(|part| multipart::add(part, &form));
        let add_extra = multipart::add_extra(extra, &form);
        extend(
            &mut statements,
            quote! {
                let mut #form = support::multipart::Form::new();
                #(#adds)*
                #add_extra
            },
        )?;
    }

    let url_name = match found.next() {
        Some(Stmt::Local(Local {
            pat: Pat::Ident(pattern),
            ..
        })) => pattern.ident,
        _ => return Err("`let url` in `send`".to_owned()),
    };
    extend(
        &mut statements,
        text_forms::url(operation, client, &url_name),
    )?;

    // The header map holds `api-version` and the header parameters.
    found.next().ok_or("`let header_map` in `send`")?;
    found.next().ok_or("the `api-version` header in `send`")?;
    let mut headers = Vec::new();
    let mut request = loop {
        match found.next().ok_or("`let request` in `send`")? {
            Stmt::Local(local) => break local,
            statement => headers.push(statement),
        }
    };
    if !headers.is_empty() {
        statements.push(parse_quote!(let mut header_map = ::reqwest::header::HeaderMap::new();));
    }
    for parameter in operation
        .parameters
        .iter()
        .filter(|parameter| parameter.location == Location::Header)
    {
        headers
            .iter_mut()
            .for_each(|header| text_forms::spell(header, parameter));
    }
    let lists: Vec<&Parameter> = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.delimiter.is_some())
        .collect();
    rewrite_request(&mut request, headers.is_empty(), &lists)?;
    if let Some(body) = &operation.body {
        bodies::write_form(&mut request, body);
    }
    request_headers::set(&mut request, operation);
    // hyper leaves the length of no body out, and some servers and proxies then answer 411 (RFC 9110, section 8.6).
    let has_body = operation.body.is_some() || operation.parts.is_some();
    let announces_body = matches!(operation.method.as_str(), "POST" | "PUT" | "PATCH");
    let is_empty = announces_body && !has_body;
    let request_name = match &mut request.pat {
        Pat::Ident(pattern) => {
            let is_changed = is_empty
                || operation.parts.is_some()
                || !lists.is_empty()
                || !operation.own_parameters.is_empty();
            if !is_changed {
                pattern.mutability = None;
            }
            pattern.ident.clone()
        }
        _ => return Err("a name of the request in `send`".to_owned()),
    };
    statements.append(&mut headers);
    if optional_body.is_some() {
        let add = bodies::add_if_set(&mut request, &request_name, announces_body)
            .ok_or("a call that sets the body in `send`")?;
        extend(&mut statements, add)?;
    }
    statements.push(Stmt::Local(request));

    let invalid = quote!(map_err(progenitor_client::Error::InvalidRequest)?);
    let apply_form = operation
        .parts
        .is_some()
        .then(|| quote!(#form.apply(&mut #request_name).await.#invalid;));
    let append_lists = lists.iter().map(|list| {
        let ident = format_ident!("{}", list.ident());
        let (name, delimiter) = (&list.name, list.delimiter);
        let append =
            quote!(support::query::append_list(&mut #request_name, #name, #delimiter, &#ident).#invalid;);
        if list.required { append } else { quote!(if let Some(#ident) = #ident { #append }) }
    });
    let empty = is_empty.then(|| {
        quote! {
            #request_name
                .headers_mut()
                .insert(::reqwest::header::CONTENT_LENGTH, ::reqwest::header::HeaderValue::from_static("0"));
        }
    });
    let success = match successes::success_type(operation) {
        Some(success) => success,
        None => success(&method.sig.output)?,
    };
    let error = error_type(operation);
    let decode = successes::decode(operation, &error).unwrap_or_else(|| {
        let decoder = decoder(&success);
        quote!(#decoder(response).await)
    });
    let own = operation.own_parameters.iter();
    let own = own.map(|own| own_parameters::add(own, &request_name));
    let id = &operation.id;
    extend(
        &mut statements,
        quote! {
            #empty
            #apply_form
            #(#append_lists)*
            #(#own)*
            let response = super::super::client::execute(#client, #request_name, #id).await?;
            #decode
        },
    )?;

    method.sig.output = parse_quote! {
        -> ::std::result::Result<
            progenitor_client::ResponseValue<#success>,
            progenitor_client::Error<support::ErrorBody<#error>>,
        >
    };
    method.block.stmts = statements;
    method.attrs = docs::attributes(&documentation(operation));
    Ok(method)
}

/// Adds statements that are quoted here.
fn extend(statements: &mut Vec<Stmt>, tokens: TokenStream) -> Result<(), String> {
    let parsed = Block::parse_within
        .parse2(tokens)
        .map_err(|error| format!("Rust in `send` ({error})"))?;
    statements.extend(parsed);
    Ok(())
}

/// In `let mut request = client.get(url).query(..).headers(header_map).build()?`, takes away what adds lists and, if
/// there are no header parameters, the header map.
fn rewrite_request(
    request: &mut Local,
    no_headers: bool,
    lists: &[&Parameter],
) -> Result<(), String> {
    request.attrs.clear();
    let init = request
        .init
        .as_mut()
        .ok_or("a value of `request` in `send`")?;
    let Expr::Try(attempt) = &mut *init.expr else {
        return Err("`.build()?` in `send`".to_owned());
    };
    let Expr::MethodCall(build) = &mut *attempt.expr else {
        return Err("a call of `build` in `send`".to_owned());
    };
    let Expr::MethodCall(headers) = &mut *build.receiver else {
        return Err("a call of `headers` in `send`".to_owned());
    };
    if build.method != "build" || headers.method != "headers" {
        return Err("`.headers(..).build()` in `send`".to_owned());
    }
    for list in lists {
        without_query(&mut headers.receiver, &list.name);
    }
    name_method(&mut headers.receiver);
    if no_headers {
        let chain = std::mem::replace(&mut *headers.receiver, Expr::Verbatim(TokenStream::new()));
        *build.receiver = chain;
    }
    let built = std::mem::replace(&mut *attempt.expr, Expr::Verbatim(TokenStream::new()));
    let mut explained: ExprMethodCall = parse_quote!(built.map_err(support::request::unbuilt));
    explained.receiver = Box::new(built);
    *attempt.expr = Expr::MethodCall(explained);
    Ok(())
}

/// Makes `client.options(url)`, at the root of a chain of calls, `client.request(Method::OPTIONS, url)`: reqwest has no
/// function for this method, and none for TRACE.
fn name_method(chain: &mut Expr) {
    let Expr::MethodCall(call) = chain else {
        return;
    };
    if matches!(*call.receiver, Expr::MethodCall(_)) {
        name_method(&mut call.receiver);
    } else if call.method == "options" || call.method == "trace" {
        let method = format_ident!("{}", call.method.to_string().to_uppercase());
        call.method = format_ident!("request");
        call.args
            .insert(0, parse_quote!(::reqwest::Method::#method));
    }
}

/// Removes the call that adds the query parameter of this name from a chain of calls.
fn without_query(chain: &mut Expr, name: &str) {
    let Expr::MethodCall(call) = chain else {
        return;
    };
    if call.method == "query" && query_name(call).as_deref() == Some(name) {
        *chain = std::mem::replace(&mut *call.receiver, Expr::Verbatim(TokenStream::new()));
    } else {
        without_query(&mut call.receiver, name);
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
fn decoder(success: &Type) -> TokenStream {
    match success.to_token_stream().to_string().as_str() {
        "()" => quote!(support::response::empty),
        "ByteStream" | "progenitor_client :: ByteStream" => quote!(support::response::stream),
        _ => quote!(support::response::json),
    }
}

fn documentation(operation: &Operation) -> String {
    let errors = match &operation.error {
        Some(error) => format!("[`{}`](types::{0})", names::type_name(error)),
        None => "JSON".to_owned(),
    };
    let text = format!(
        "Sends the request: {}.\n\n# Errors\n\n[`Error::InvalidRequest`] if a parameter is missing or could not \
         be converted; nothing was sent then. [`Error::ErrorResponse`], with status, headers and body, for every \
         answer that is not a success as described; its body is decoded as {errors} if it is that. \
         [`Error::CommunicationError`] if there was no answer.",
        docs::code(&format!("{} {}", operation.method, operation.path))
    );
    if operation.builder == "Error" {
        // The builder's name hides that of the error.
        text.replace("[`Error::", "[`progenitor_client::Error::")
    } else {
        text
    }
}

/// The error body's type, as seen from a builder.
fn error_type(operation: &Operation) -> TokenStream {
    match &operation.error {
        Some(error) => {
            let name = format_ident!("{}", names::type_name(error));
            quote!(types::#name)
        }
        None => quote!(::serde_json::Value),
    }
}
