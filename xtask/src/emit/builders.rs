//! One builder for each operation: its fields, a setter for each, and `send`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Expr, ImplItem, ImplItemFn, Item, ItemStruct, Stmt, Type};

use super::send::Send;
use super::{Modules, docs, imports, multipart, setters};
use crate::diagnostic::Diagnostic;
use crate::lower::Lowered;
use crate::model::Operation;

/// Emits `builder/mod.rs` and a file for each operation.
///
/// # Errors
///
/// A diagnostic if progenitor's output is not what this generator was written for.
pub fn emit(
    lowered: &Lowered,
    mut builders: std::collections::BTreeMap<String, Vec<Item>>,
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
                    imports::file(builder.emit(operation), &operation.builder),
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
    fn take_apart(mut items: Vec<Item>) -> Result<Self, String> {
        imports::qualify(&mut items);
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

    fn emit(mut self, operation: &Operation) -> TokenStream {
        let name = format_ident!("{}", operation.builder);
        let client = self.client.clone();
        let parts = operation.parts.as_deref().unwrap_or_default();

        let fields: Vec<TokenStream> = self
            .fields
            .iter()
            .map(|(name, ty)| quote!(#name: #ty,))
            .collect();
        let part_fields: Vec<TokenStream> = parts.iter().map(multipart::field).collect();
        let initial: Vec<TokenStream> = self
            .initial
            .iter()
            .map(|(name, value)| quote!(#name: #value,))
            .collect();
        let part_initial = parts.iter().map(multipart::initial);
        let setters: Vec<ImplItemFn> = std::mem::take(&mut self.setters)
            .into_iter()
            .map(|setter| setters::finish(setter, operation))
            .collect();
        let part_setters = parts.iter().map(multipart::setter);
        let names: Vec<&Ident> = self.fields.iter().map(|(name, _)| name).collect();
        let send = self.send.emit(operation, &client, &names);
        let method = &operation.name;
        let summary = format!("Builder of the request of [`Client::{method}`].");
        let summary = docs::attributes(&summary);
        let derive = self.cloneable.then(|| quote!(#[derive(Clone)]));
        let debug_name = &operation.builder;
        quote! {
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
            impl ::std::fmt::Debug for #name<'_> {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    f.debug_struct(#debug_name).finish_non_exhaustive()
                }
            }
        }
    }
}
