//! One builder for each operation: its fields, a setter for each, and `send`.
//!
//! progenitor's builder is changed in place, item by item: parsing is most of what generating costs, so nothing that is
//! there already is written out and read again.

use std::collections::BTreeMap;

use proc_macro2::Ident;
use quote::{format_ident, quote};
use syn::{
    Expr, Fields, FnArg, ImplItem, ImplItemFn, Item, ItemImpl, ItemStruct, Stmt, Type, parse_quote,
};

use super::tokens::{self, Tokens};
use super::{
    Modules, bodies, client, culprits, docs, imports, multipart, progenitor, send, setters,
    successes,
};
use crate::diagnostic::Diagnostic;
use crate::lower::Lowered;
use crate::model::{Operation, Part, Success};

/// Emits `builder/mod.rs` and a file for each operation.
pub fn emit(lowered: &Lowered, mut builders: BTreeMap<String, Vec<Tokens>>, modules: &mut Modules) {
    let mut declared = Vec::new();
    for operation in &lowered.operations {
        let items = builders.remove(&operation.builder).unwrap_or_default();
        let items = items.into_iter().map(tokens::without_tail).collect();
        let items = match progenitor::parse(items) {
            Ok(items) => items,
            Err(reason) => {
                modules
                    .broken
                    .push(culprits::unsupported(operation, &reason));
                continue;
            }
        };
        match Builder::take_apart(items, &operation.builder)
            .and_then(|builder| builder.finish(operation))
        {
            Ok(items) => {
                let module = format_ident!("{}", operation.name);
                let name = format_ident!("{}", operation.builder);
                declared.push(match &operation.success {
                    Some(Success::ByStatus(success, _)) => {
                        let success = format_ident!("{success}");
                        quote!(mod #module; pub use #module::{#name, #success};)
                    }
                    _ => quote!(mod #module; pub use #module::#name;),
                });
                let path = format!("builder/{}.rs", operation.name);
                for item in items {
                    modules.item(&path, item);
                }
            }
            Err(expected) => modules.broken.push(
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
    modules.quoted("builder/mod.rs", module);
}

/// A builder as progenitor made it, in pieces.
struct Builder {
    declaration: ItemStruct,
    /// The `impl` that held its methods, without them.
    methods: ItemImpl,
    new: ImplItemFn,
    setters: Vec<ImplItemFn>,
    send: ImplItemFn,
}

impl Builder {
    fn take_apart(mut items: Vec<Item>, name: &str) -> Result<Self, String> {
        if imports::hides_something(name) {
            imports::qualify(&mut items);
        }
        let (mut declaration, mut methods) = (None, None);
        for item in items {
            match item {
                Item::Struct(item) => declaration = Some(item),
                Item::Impl(item) => methods = Some(item),
                _ => {}
            }
        }
        let mut methods: ItemImpl = methods.ok_or("an `impl` of the builder")?;
        let mut members: Vec<ImplItemFn> = std::mem::take(&mut methods.items)
            .into_iter()
            .filter_map(|member| match member {
                ImplItem::Fn(method) => Some(method),
                _ => None,
            })
            .collect();
        let mut remove = |name: &str| {
            let index = members.iter().position(|method| method.sig.ident == name);
            index
                .map(|index| members.remove(index))
                .ok_or_else(|| format!("`fn {name}`"))
        };
        let (new, send) = (remove("new")?, remove("send")?);
        Ok(Self {
            declaration: declaration.ok_or("a builder struct")?,
            methods,
            new,
            setters: members,
            send,
        })
    }

    /// Makes the items of the builder's file.
    fn finish(self, operation: &Operation) -> Result<Vec<Item>, String> {
        let Self {
            mut declaration,
            mut methods,
            mut new,
            setters,
            send,
        } = self;
        let parts: Vec<&Part> = operation.own_values().collect();
        let extra = multipart::extra(operation);
        let Fields::Named(fields) = &mut declaration.fields else {
            return Err("named fields of the builder".to_owned());
        };
        let names: Vec<Ident> = fields
            .named
            .iter()
            .filter_map(|field| field.ident.clone())
            .collect();
        let (client, names) = names.split_first().ok_or("a field for the client")?;
        let may_lack_body = operation.body.as_ref().is_some_and(|body| !body.required);
        if may_lack_body {
            fields.named.iter_mut().for_each(bodies::field);
        }
        fields
            .named
            .extend(parts.iter().copied().map(multipart::field));
        fields
            .named
            .extend(extra.as_ref().map(multipart::extra_field));
        let cloneable = declaration
            .attrs
            .iter()
            .any(|attribute| quote!(#attribute).to_string().contains("Clone"));
        let summary = format!("Builder of the request of [`Client::{}`].", operation.name);
        declaration.attrs = docs::attributes(&summary);
        if cloneable {
            declaration.attrs.push(parse_quote!(#[derive(Clone)]));
        }
        declaration.attrs.push(
            parse_quote!(#[must_use = "a request is sent by calling `send` and awaiting it"]),
        );

        // progenitor's `super` is the module of the client; here the client is imported.
        let reference: Type = parse_quote!(&'a Client);
        if let Some(field) = fields.named.first_mut() {
            field.ty = reference.clone();
        }
        if let Some(FnArg::Typed(argument)) = new.sig.inputs.first_mut() {
            *argument.ty = reference;
        }
        new.vis = parse_quote!(pub(crate));
        let Some(Stmt::Expr(Expr::Struct(literal), _)) = new.block.stmts.last_mut() else {
            return Err("a struct literal in `fn new`".to_owned());
        };
        for value in &mut literal.fields {
            let is_shorthand = match (&value.member, &value.expr) {
                (syn::Member::Named(name), Expr::Path(path)) => path.path.is_ident(name),
                _ => false,
            };
            if is_shorthand {
                value.colon_token = None;
            }
            if may_lack_body {
                bodies::initial(value);
            }
        }
        literal
            .fields
            .extend(parts.iter().copied().map(multipart::initial));
        literal
            .fields
            .extend(extra.as_ref().map(multipart::extra_initial));
        setters::reword(&mut new);

        let send = send::rewrite(send, operation, client, names)?;
        let ident = &declaration.ident;
        // A builder may have the name of something that paths were completed for.
        methods.self_ty = parse_quote!(#ident<'a>);
        methods.items.push(ImplItem::Fn(new));
        let setters = setters
            .into_iter()
            .map(|setter| setters::finish(setter, operation));
        methods.items.extend(setters.map(ImplItem::Fn));
        for own in &operation.own_parameters {
            let text = client::own_parameter_documentation(own);
            methods.items.push(multipart::setter(&own.value, &text));
        }
        for part in operation.parts.iter().flatten() {
            let text = client::part_documentation(part);
            methods.items.push(multipart::setter(part, &text));
        }
        methods
            .items
            .extend(extra.as_ref().map(multipart::extra_setter));
        methods.items.push(ImplItem::Fn(send));

        let debug = parse_quote!(support::private_debug!(#ident, '_););
        let mut items = vec![Item::Struct(declaration), Item::Impl(methods), debug];
        items.extend(successes::items(operation));
        Ok(imports::finish(items, &operation.builder))
    }
}
