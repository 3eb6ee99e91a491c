//! One builder for each operation: its fields, a setter for each, and `send`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{
    Expr, ImplItem, ImplItemFn, Item, ItemStruct, Stmt, Type, parse_quote, visit_mut::VisitMut,
};

use super::send::{self, Send};
use super::{Modules, Options, client, docs, shorten};
use crate::diagnostic::Diagnostic;
use crate::lower::Lowered;
use crate::model::{Location, Operation, Parameter, Part, PartKind, PartType};
use crate::names;

/// Emits `builder/mod.rs` and a file for each operation.
///
/// # Errors
///
/// A diagnostic if progenitor's output is not what this generator was written for.
pub fn emit(
    lowered: &Lowered,
    mut builders: std::collections::BTreeMap<String, Vec<Item>>,
    options: &Options,
    modules: &mut Modules,
) -> Result<(), Vec<Diagnostic>> {
    let mut declared = Vec::new();
    let mut problems = Vec::new();
    for operation in &lowered.operations {
        let items = builders.remove(&operation.builder).unwrap_or_default();
        match Builder::take_apart(items) {
            Ok(builder) => {
                let module = format_ident!("{}", operation.name);
                let name = format_ident!("{}", operation.builder);
                declared.push(quote!(mod #module; pub use #module::#name;));
                modules.insert(
                    format!("builder/{}.rs", operation.name),
                    shorten::tokens(builder.emit(operation, options)),
                );
            }
            Err(expected) => problems.push(
                Diagnostic::error(
                    "generator",
                    operation.origin.clone(),
                    format!("progenitor's output has changed: {expected} was expected"),
                )
                .operation(operation.id.clone())
                .hint("this is a defect of the generator, not of the document"),
            ),
        }
    }
    let module = quote! {
        //! Builders of requests: one for each operation, made by the method of the same name on the client.
        #(#declared)*
    };
    modules.insert("builder/mod.rs".to_owned(), module);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// A builder as progenitor made it, in pieces.
struct Builder {
    /// What its first field, the client, is called.
    client: Ident,
    fields: Vec<(Ident, Type)>,
    /// The fields of the struct literal in `new`, the client first.
    initial: Vec<(Ident, Expr)>,
    setters: Vec<ImplItemFn>,
    send: Send,
    cloneable: bool,
}

impl Builder {
    fn take_apart(items: Vec<Item>) -> Result<Self, String> {
        let mut declaration: Option<ItemStruct> = None;
        let mut methods = Vec::new();
        for item in items {
            match item {
                Item::Struct(item) => declaration = Some(item),
                Item::Impl(item) => {
                    methods.extend(item.items.into_iter().filter_map(|member| match member {
                        ImplItem::Fn(method) => Some(method),
                        _ => None,
                    }))
                }
                _ => {}
            }
        }
        let declaration = declaration.ok_or("a builder struct")?;
        let cloneable = declaration
            .attrs
            .iter()
            .any(|attribute| quote!(#attribute).to_string().contains("Clone"));
        let mut fields: Vec<(Ident, Type)> = declaration
            .fields
            .into_iter()
            .filter_map(|field| Some((field.ident?, field.ty)))
            .collect();
        if fields.is_empty() {
            return Err("a field for the client".to_owned());
        }
        let (client, _) = fields.remove(0);
        let position = |methods: &[ImplItemFn], name: &str| {
            methods
                .iter()
                .position(|method| method.sig.ident == name)
                .ok_or_else(|| format!("`fn {name}`"))
        };
        let new = methods.remove(position(&methods, "new")?);
        let send = methods.remove(position(&methods, "send")?);
        let Some(Stmt::Expr(Expr::Struct(literal), _)) = new.block.stmts.into_iter().next_back()
        else {
            return Err("a struct literal in `fn new`".to_owned());
        };
        let initial = literal
            .fields
            .into_iter()
            .filter_map(|field| match field.member {
                syn::Member::Named(name) if name != client => Some((name, field.expr)),
                _ => None,
            })
            .collect();
        let send = Send::take_apart(&send, fields.len())?;
        Ok(Self {
            client,
            fields,
            initial,
            setters: methods,
            send,
            cloneable,
        })
    }

    fn emit(mut self, operation: &Operation, options: &Options) -> TokenStream {
        let name = format_ident!("{}", operation.builder);
        let client = self.client.clone();
        let parts = operation.parts.as_deref().unwrap_or_default();

        let fields: Vec<TokenStream> = self
            .fields
            .iter()
            .map(|(name, ty)| quote!(#name: #ty,))
            .collect();
        let part_fields: Vec<TokenStream> = parts.iter().map(part_field).collect();
        let initial: Vec<TokenStream> = self
            .initial
            .iter()
            .map(|(name, value)| quote!(#name: #value,))
            .collect();
        let part_initial = parts.iter().map(part_initial);
        let setters: Vec<ImplItemFn> = std::mem::take(&mut self.setters)
            .into_iter()
            .map(|setter| finish_setter(setter, operation))
            .collect();
        let part_setters = parts.iter().map(part_setter);
        let send = self.emit_send(operation, parts);
        let method = &operation.name;
        let summary = format!("Builder of the request of [`Client::{method}`].");
        let summary = docs::attributes(&summary);
        let derive = self.cloneable.then(|| quote!(#[derive(Clone)]));
        let debug_name = &operation.builder;
        let imports = self.imports(operation, options);
        quote! {
            #imports
            #summary
            #derive
            #[must_use = "a request is sent by calling `send` and awaiting it"]
            pub struct #name<'a> {
                #client: &'a Client,
                #(#fields)*
                #(#part_fields)*
            }
            impl<'a> #name<'a> {
                pub(crate) fn new(#client: &'a Client) -> Self {
                    Self {
                        #client,
                        #(#initial)*
                        #(#part_initial)*
                    }
                }
                #(#setters)*
                #(#part_setters)*
                #send
            }
            // What is to be sent is private: only the name is shown.
            impl ::std::fmt::Debug for #name<'_> {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    f.debug_struct(#debug_name).finish_non_exhaustive()
                }
            }
        }
    }

    /// Only what the file uses: an unused import would be a warning.
    fn imports(&self, operation: &Operation, _: &Options) -> TokenStream {
        let has_path_parameters = operation
            .parameters
            .iter()
            .any(|parameter| parameter.location == Location::Path);
        let encode_path = has_path_parameters.then(|| quote!(encode_path,));
        let byte_stream =
            (quote_type(&self.send.success) == "ByteStream").then(|| quote!(ByteStream,));
        let uses_form = quote_expr(&self.send.request).contains("form_urlencoded");
        let form = uses_form.then(|| quote!(RequestBuilderExt,));
        quote! {
            use progenitor_client::{#byte_stream #encode_path ClientHooks, Error, OperationInfo, #form ResponseValue};
            use super::super::{Client, support, types};
        }
    }

    fn emit_send(&mut self, operation: &Operation, parts: &[Part]) -> TokenStream {
        let lists: Vec<&Parameter> = operation
            .parameters
            .iter()
            .filter(|parameter| parameter.delimiter.is_some())
            .collect();
        for list in &lists {
            self.send.remove_query(&list.name);
        }
        let Send {
            checks,
            headers,
            request,
            success,
        } = &self.send;
        let client = &self.client;
        let names = self.fields.iter().map(|(name, _)| name);
        let part_names = parts.iter().map(|part| format_ident!("{}", part.ident()));
        let part_checks = parts.iter().filter_map(part_check);
        let url = url(operation, client);
        let error = error_type(operation);
        let decoder = send::decoder(success);
        let id = &operation.id;

        let header_map = (!headers.is_empty()).then(|| {
            quote! {
                let mut header_map = ::reqwest::header::HeaderMap::new();
                #(#headers)*
            }
        });
        let add_headers = (!headers.is_empty()).then(|| quote!(.headers(header_map)));
        let form = operation.parts.is_some().then(|| {
            let adds = parts.iter().map(part_add);
            quote! {
                let mut form = support::multipart::Form::new();
                #(#adds)*
            }
        });
        let apply_form = operation
            .parts
            .is_some()
            .then(|| quote!(form.apply(&mut request).await.map_err(Error::InvalidRequest)?;));
        let append_lists = lists.iter().map(|list| {
            let ident = format_ident!("{}", list.ident());
            let name = &list.name;
            let delimiter = list.delimiter;
            let append = quote!(support::query::append_list(&mut request, #name, #delimiter, &#ident).map_err(Error::InvalidRequest)?;);
            if list.required { append } else { quote!(if let Some(#ident) = #ident { #append }) }
        });
        let documentation = docs::attributes(&send_documentation(operation));
        quote! {
            #documentation
            pub async fn send(self) -> Result<ResponseValue<#success>, Error<support::ErrorBody<#error>>> {
                let Self { #client, #(#names,)* #(#part_names,)* } = self;
                #(#checks)*
                #(#part_checks)*
                #form
                #url
                #header_map
                let mut request = #request #add_headers .build()?;
                #apply_form
                #(#append_lists)*
                let info = OperationInfo { operation_id: #id };
                #client.pre(&mut request, &info).await?;
                let result = #client.exec(request, &info).await;
                #client.post(&result, &info).await?;
                #decoder(result?).await
            }
        }
    }
}

fn quote_type(ty: &Type) -> String {
    quote!(#ty).to_string()
}

fn quote_expr(expression: &Expr) -> String {
    quote!(#expression).to_string()
}

fn send_documentation(operation: &Operation) -> String {
    let errors = match &operation.error {
        Some(error) => format!("[`{}`](types::{0})", names::type_name(error)),
        None => "JSON".to_owned(),
    };
    format!(
        "Sends the request: `{} {}`.\n\n# Errors\n\n[`Error::InvalidRequest`] if a parameter is missing or could not be converted; nothing \
         was sent then. [`Error::ErrorResponse`], with status, headers and body, for every answer that is not a \
         success as described; its body is decoded as {errors} if it is that. [`Error::CommunicationError`] if \
         there was no answer.",
        operation.method, operation.path
    )
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
fn url(operation: &Operation, client: &Ident) -> TokenStream {
    let mut format = String::from("{}");
    let mut encoded = Vec::new();
    let mut rest = operation.path.as_str();
    while let Some((before, (name, after))) = rest
        .split_once('{')
        .and_then(|(before, inner)| Some((before, inner.split_once('}')?)))
    {
        rest = after;
        let parameter = operation
            .parameters
            .iter()
            .find(|parameter| parameter.location == Location::Path && parameter.name == name);
        let ident = format_ident!("{}", names::value_name(name));
        format.push_str(&format!("{before}{{{ident}}}"));
        encoded.push(if parameter.is_some_and(|parameter| parameter.date_time) {
            quote!(let #ident = encode_path(&#ident.to_rfc3339());)
        } else {
            quote!(let #ident = encode_path(&#ident.to_string());)
        });
    }
    format.push_str(rest);
    quote! {
        #(#encoded)*
        let url = format!(#format, #client.baseurl);
    }
}

/// Documents a setter of progenitor's, words its error for people, and adds the check of a range.
fn finish_setter(mut setter: ImplItemFn, operation: &Operation) -> ImplItemFn {
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
    setter.attrs = parse_quote!(#documentation);
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

fn part_type(part_type: &PartType) -> TokenStream {
    match part_type {
        PartType::Named(name) => {
            let name = format_ident!("{}", names::type_name(name));
            quote!(types::#name)
        }
        PartType::Plain(path) => path.parse().unwrap_or_default(),
    }
}

fn value_type(part: &Part) -> TokenStream {
    match &part.kind {
        PartKind::File => quote!(support::FilePart),
        PartKind::Text(ty) | PartKind::Json(ty, _) => part_type(ty),
    }
}

fn part_field(part: &Part) -> TokenStream {
    let name = format_ident!("{}", part.ident());
    let ty = value_type(part);
    if part.repeated {
        quote!(#name: Result<Vec<#ty>, String>,)
    } else if part.required {
        quote!(#name: Result<#ty, String>,)
    } else {
        quote!(#name: Result<Option<#ty>, String>,)
    }
}

fn part_initial(part: &Part) -> TokenStream {
    let name = format_ident!("{}", part.ident());
    if part.repeated {
        quote!(#name: Ok(Vec::new()),)
    } else if part.required {
        let message = missing(part);
        quote!(#name: Err(#message.to_string()),)
    } else {
        quote!(#name: Ok(None),)
    }
}

fn missing(part: &Part) -> String {
    format!("{} was not initialized", part.ident())
}

fn part_setter(part: &Part) -> TokenStream {
    let name = format_ident!("{}", part.ident());
    let ty = value_type(part);
    let documentation = docs::attributes(&client::part_documentation(part));
    let deprecated = part
        .deprecated
        .then(|| quote!(#[deprecated = "the API description marks this part as deprecated"]));
    let short = quote!(#ty)
        .to_string()
        .split("::")
        .last()
        .unwrap_or_default()
        .trim()
        .to_owned();
    let message = format!("`{name}` can't be converted to `{short}`");
    if part.repeated {
        quote! {
            #documentation
            #deprecated
            pub fn #name<I>(mut self, values: I) -> Self
            where
                I: IntoIterator,
                I::Item: std::convert::TryInto<#ty>,
            {
                for value in values {
                    self.#name = self.#name.and_then(|mut known| {
                        known.push(value.try_into().map_err(|_| #message.to_string())?);
                        Ok(known)
                    });
                }
                self
            }
        }
    } else {
        let wrap = (!part.required).then(|| quote!(.map(Some)));
        quote! {
            #documentation
            #deprecated
            pub fn #name<V>(mut self, value: V) -> Self
            where
                V: std::convert::TryInto<#ty>,
            {
                self.#name = value.try_into() #wrap .map_err(|_| #message.to_string());
                self
            }
        }
    }
}

fn part_check(part: &Part) -> Option<TokenStream> {
    let name = format_ident!("{}", part.ident());
    let check = quote!(let #name = #name.map_err(Error::InvalidRequest)?;);
    if !(part.repeated && part.required) {
        return Some(check);
    }
    let message = missing(part);
    Some(quote! {
        #check
        if #name.is_empty() {
            return Err(Error::InvalidRequest(#message.to_string()));
        }
    })
}

fn part_add(part: &Part) -> TokenStream {
    let name = format_ident!("{}", part.ident());
    let wire = &part.name;
    // A required part is used under its own name: a local beside it could hide another part.
    let value = if part.required && !part.repeated {
        name.clone()
    } else {
        format_ident!("value")
    };
    let add = match &part.kind {
        PartKind::File => quote!(form.file(#wire, #value);),
        PartKind::Text(_) => quote!(form.text(#wire, &#value).map_err(Error::InvalidRequest)?;),
        PartKind::Json(_, media_type) => {
            quote!(form.json(#wire, #media_type, &#value).map_err(Error::InvalidRequest)?;)
        }
    };
    if part.repeated {
        quote!(for #value in #name { #add })
    } else if part.required {
        add
    } else {
        quote!(if let Some(#value) = #name { #add })
    }
}
