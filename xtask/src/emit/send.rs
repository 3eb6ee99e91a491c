//! The body of `send`: what progenitor does before and in the request is kept, what it does around it is replaced.
//!
//! Kept: taking the builder apart, checking that every parameter was set and converted, header parameters, and the
//! chain that builds the request. Replaced: the `api-version` header (never sent), lists joined into one value, and the
//! `match` over status codes, which would lose the status of a body that does not decode.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{
    Expr, ExprMethodCall, GenericArgument, ImplItemFn, PathArguments, ReturnType, Stmt, Type,
    parse_quote, visit_mut::VisitMut,
};

use super::{docs, multipart};
use crate::model::{Location, Operation, Parameter, TextForm};
use crate::names;

/// `send` as progenitor made it, in pieces.
pub(super) struct Send {
    /// The statements that check each parameter.
    pub checks: Vec<Stmt>,
    /// The statements that add header parameters to `header_map`.
    pub headers: Vec<Stmt>,
    /// What the URL is called.
    pub url: Ident,
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
        let url = match statements.next() {
            Some(Stmt::Local(syn::Local {
                pat: syn::Pat::Ident(pattern),
                ..
            })) => pattern.ident,
            _ => return Err("`let url` in `send`".to_owned()),
        };
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
            url,
            request: request_chain(request)?,
            success: success(&method.sig.output)?,
        })
    }

    /// Emits the method `send`; `names` are the builder's fields but for its client and parts.
    pub fn emit(&mut self, operation: &Operation, client: &Ident, names: &[&Ident]) -> TokenStream {
        let parts = operation.parts.as_deref().unwrap_or_default();
        let lists: Vec<&Parameter> = operation
            .parameters
            .iter()
            .filter(|parameter| parameter.delimiter.is_some())
            .collect();
        for list in &lists {
            self.remove_query(&list.name);
        }
        for parameter in &operation.parameters {
            if parameter.location == Location::Header {
                for header in &mut self.headers {
                    spell(header, parameter);
                }
            }
        }
        let Send {
            checks,
            headers,
            url: url_name,
            request: chain,
            success,
        } = &*self;
        let part_names: Vec<Ident> = parts
            .iter()
            .map(|part| format_ident!("{}", part.ident()))
            .collect();
        // A local of `send` must not hide a parameter that is still needed.
        let local = |name: &str| {
            let taken = |name: &str| {
                names.iter().any(|known| *known == name)
                    || part_names.iter().any(|known| known == name)
            };
            let mut name = name.to_owned();
            while taken(&name) {
                name.push('_');
            }
            format_ident!("{name}")
        };
        let (request, form, info) = (local("request"), local("form"), local("info"));
        let part_checks = parts.iter().filter_map(multipart::check);
        let url = url(operation, client, url_name);
        let error = error_type(operation);
        let decoder = decoder(success);
        let id = &operation.id;

        let header_map = (!headers.is_empty()).then(|| {
            quote! {
                let mut header_map = ::reqwest::header::HeaderMap::new();
                #(#headers)*
            }
        });
        let add_headers = (!headers.is_empty()).then(|| quote!(.headers(header_map)));
        let declare_form = operation.parts.is_some().then(|| {
            let adds = parts.iter().map(|part| multipart::add(part, &form));
            // Without a part there is nothing to change.
            let mutability = (!parts.is_empty()).then(|| quote!(mut));
            quote! {
                let #mutability #form = support::multipart::Form::new();
                #(#adds)*
            }
        });
        let invalid = quote!(map_err(progenitor_client::Error::InvalidRequest)?);
        let apply_form = operation
            .parts
            .is_some()
            .then(|| quote!(#form.apply(&mut #request).await.#invalid;));
        let append_lists = lists.iter().map(|list| {
            let ident = format_ident!("{}", list.ident());
            let name = &list.name;
            let delimiter = list.delimiter;
            let append = quote!(support::query::append_list(&mut #request, #name, #delimiter, &#ident).#invalid;);
            if list.required { append } else { quote!(if let Some(#ident) = #ident { #append }) }
        });
        let documentation = docs::attributes(&documentation(operation));
        quote! {
            #documentation
            pub async fn send(
                self,
            ) -> ::std::result::Result<progenitor_client::ResponseValue<#success>, progenitor_client::Error<support::ErrorBody<#error>>> {
                let Self { #client, #(#names,)* #(#part_names,)* } = self;
                #(#checks)*
                #(#part_checks)*
                #declare_form
                #url
                #header_map
                let mut #request = #chain #add_headers .build()?;
                #apply_form
                #(#append_lists)*
                let #info = progenitor_client::OperationInfo { operation_id: #id };
                #client.pre(&mut #request, &#info).await?;
                let result = #client.exec(#request, &#info).await;
                #client.post(&result, &#info).await?;
                #decoder(result?).await
            }
        }
    }

    /// Removes the call that adds the query parameter of this name.
    fn remove_query(&mut self, name: &str) {
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
fn decoder(success: &Type) -> TokenStream {
    match success.to_token_stream().to_string().as_str() {
        "()" => quote!(support::response::empty),
        "progenitor_client :: ByteStream" => quote!(support::response::stream),
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

/// `let agent_id = encode_path(..); let url = format!("{}/agents/{agent_id}", client.baseurl);`
fn url(operation: &Operation, client: &Ident, name: &Ident) -> TokenStream {
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
        encoded.push(quote!(let #ident = progenitor_client::encode_path(#text);));
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

/// If the statement adds this header parameter, replaces its `.to_string()` by what makes the parameter's text.
fn spell(statement: &mut Stmt, parameter: &Parameter) {
    struct Replace(TextForm);
    impl VisitMut for Replace {
        fn visit_expr_mut(&mut self, expression: &mut Expr) {
            let Expr::MethodCall(call) = expression else {
                return syn::visit_mut::visit_expr_mut(self, expression);
            };
            if call.method != "to_string" {
                return syn::visit_mut::visit_expr_mut(self, expression);
            }
            let value = &call.receiver;
            *expression = match self.0 {
                TextForm::Itself => parse_quote!(#value),
                TextForm::AsStr => parse_quote!(#value.as_str()),
                TextForm::Display => return,
                TextForm::Json => {
                    let text = json_text(&value.to_token_stream());
                    parse_quote!(#text)
                }
            };
        }
    }
    let name = proc_macro2::Literal::string(&parameter.name).to_string();
    if tokens_contain(statement.to_token_stream(), &name) {
        Replace(parameter.text).visit_stmt_mut(statement);
    }
}

/// Whether one of the tokens, at any depth, reads like this.
fn tokens_contain(tokens: TokenStream, token: &str) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => tokens_contain(group.stream(), token),
        tree => tree.to_string() == token,
    })
}
