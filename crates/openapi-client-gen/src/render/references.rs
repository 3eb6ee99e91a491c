//! References to types as Rust paths.

use std::collections::BTreeSet;

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};

use super::constraints;
use super::ident::ident;
use crate::api::{Api, Constraints, DefaultValue, Primitive, Shape, TypeId, TypeRef};

/// Prints references to types from within the module of types.
pub struct References<'a> {
    /// The model.
    pub api: &'a Api,
    names: BTreeSet<&'a str>,
    /// The path of the module of types, if the code is not in it.
    module: Option<TokenStream>,
    /// The types with constraints.
    constrained: BTreeSet<TypeId>,
    /// Whether texts may have another format than their type.
    is_lenient: bool,
}

impl<'a> References<'a> {
    /// The references of a model.
    pub fn of(api: &'a Api) -> Self {
        let names = api.types.iter().map(|definition| &*definition.name);
        Self {
            api,
            names: names.collect(),
            module: None,
            constrained: constraints::constrained(api),
            is_lenient: true,
        }
    }

    /// From within the module of operations, whose inputs are those of callers: the path of the module of types.
    pub fn within(mut self, module: TokenStream) -> Self {
        self.module = Some(module);
        self.is_lenient = false;
        let builders = self.api.operations.iter();
        self.names = builders.map(|operation| &*operation.builder).collect();
        self
    }

    /// The statement that checks a value of a type before it is sent, if there are constraints.
    pub fn check(
        &self,
        key: &str,
        value: &TokenStream,
        constraints: &Constraints,
        reference: &TypeRef,
    ) -> Option<TokenStream> {
        let is_constrained = |id| self.constrained.contains(&id);
        let is_checked = !constraints.is_empty() || reference.named().is_some_and(is_constrained);
        let constraints = constraints::expression(constraints);
        is_checked.then(|| quote!(draft.check(#key, #value, #constraints);))
    }

    /// Whether a type is JSON of any shape, or around that.
    pub fn is_any_json(&self, reference: &TypeRef) -> bool {
        match reference {
            TypeRef::Boxed(inner) => self.is_any_json(inner),
            reference => primitive_in(self.api, reference) == Some(Primitive::Json),
        }
    }

    /// Whether values of a type are copied rather than borrowed.
    pub fn is_copy(&self, reference: &TypeRef) -> bool {
        let is_lenient = match reference {
            TypeRef::Named(id) => {
                let shape = &self.api.definition(*id).shape;
                matches!(shape, Shape::Newtype(newtype) if newtype.lenient)
            }
            reference => self.keeps_other_texts(reference),
        };
        !is_lenient && primitive_in(self.api, reference).is_some_and(Primitive::is_copy)
    }

    /// Whether a value of a format is printed as a type that keeps texts of another one.
    pub fn keeps_other_texts(&self, reference: &TypeRef) -> bool {
        self.is_lenient
            && matches!(reference, TypeRef::Primitive(primitive) if primitive.is_format())
    }

    /// A default as an expression.
    pub fn default_value(&self, value: &DefaultValue) -> TokenStream {
        match value {
            DefaultValue::Bool(value) => quote!(#value),
            DefaultValue::Integer(value) => Literal::i128_unsuffixed(*value).into_token_stream(),
            DefaultValue::Number(value) => Literal::f64_unsuffixed(*value).into_token_stream(),
            DefaultValue::Text(value) => quote!(#value),
            DefaultValue::Variant(id, index) => {
                let name = self.print(&TypeRef::Named(*id));
                let variant = match &self.api.definition(*id).shape {
                    Shape::Enum(values) => values.variants.get(*index),
                    _ => None,
                };
                let variant = variant.map(|variant| ident(&variant.name));
                quote!(#name::#variant)
            }
            DefaultValue::Newtype(id, inner) => {
                let (name, inner) = (self.print(&TypeRef::Named(*id)), self.default_value(inner));
                quote!(#name(#inner))
            }
            DefaultValue::EmptyList => quote!(&[]),
        }
    }

    /// A type of the prelude, by its path if a generated type has its name.
    fn prelude(&self, name: &str, path: TokenStream) -> TokenStream {
        if self.names.contains(name) {
            return path;
        }
        ident(name).into_token_stream()
    }

    /// `Vec` of a type.
    pub fn list(&self, item: &TokenStream) -> TokenStream {
        let path = self.prelude("Vec", quote!(::std::vec::Vec));
        quote!(#path<#item>)
    }

    /// `Option` of a type.
    pub fn option(&self, inner: &TokenStream) -> TokenStream {
        let option = self.prelude("Option", quote!(::std::option::Option));
        quote!(#option<#inner>)
    }

    /// The type that is referred to, for a value that is received.
    pub fn print_received(&self, reference: &TypeRef) -> TokenStream {
        self.print_as(reference, true)
    }

    /// The type that is referred to. A member of a type may be received, an input of an operation never is.
    pub fn print(&self, reference: &TypeRef) -> TokenStream {
        self.print_as(reference, self.is_lenient)
    }

    /// The type that is referred to, for a value whose texts are in their formats.
    pub fn print_strict(&self, reference: &TypeRef) -> TokenStream {
        self.print_as(reference, false)
    }

    fn print_as(&self, reference: &TypeRef, is_lenient: bool) -> TokenStream {
        let print = |reference| self.print_as(reference, is_lenient);
        match reference {
            TypeRef::Named(id) => {
                let name = ident(&self.api.definition(*id).name);
                match &self.module {
                    Some(module) => quote!(#module::#name),
                    None => quote!(#name),
                }
            }
            TypeRef::Boxed(inner) => {
                let path = self.prelude("Box", quote!(::std::boxed::Box));
                let inner = print(inner);
                quote!(#path<#inner>)
            }
            TypeRef::Nullable(inner) => self.option(&print(inner)),
            TypeRef::List(item) => self.list(&print(item)),
            TypeRef::Map(value) => {
                let (key, value) = (self.primitive(Primitive::String), print(value));
                quote!(::std::collections::BTreeMap<#key, #value>)
            }
            TypeRef::Primitive(primitive) => {
                let strict = self.primitive(*primitive);
                match is_lenient && primitive.is_format() {
                    true => quote!(support::Formatted<#strict>),
                    false => strict,
                }
            }
        }
    }

    fn primitive(&self, primitive: Primitive) -> TokenStream {
        match primitive {
            Primitive::Bool => quote!(bool),
            Primitive::Integer(integer) => ident(&integer.rust_name()).into_token_stream(),
            Primitive::Float => quote!(f64),
            Primitive::Float32 => quote!(f32),
            Primitive::String => self.prelude("String", quote!(::std::string::String)),
            Primitive::Timestamp => quote!(support::Timestamp),
            Primitive::Date => quote!(::chrono::NaiveDate),
            Primitive::Uuid => quote!(::uuid::Uuid),
            Primitive::Ip => quote!(::std::net::IpAddr),
            Primitive::Json => quote!(support::Json),
        }
    }
}

/// The primitive that a type is, or is a newtype of.
pub fn primitive_in(api: &Api, reference: &TypeRef) -> Option<Primitive> {
    let inner = match reference {
        TypeRef::Named(id) => match &api.definition(*id).shape {
            Shape::Newtype(newtype) => &newtype.inner,
            Shape::Struct(_) | Shape::Enum(_) | Shape::Union(_) => return None,
        },
        reference => reference,
    };
    match inner {
        TypeRef::Primitive(primitive) => Some(*primitive),
        _ => None,
    }
}

/// Whether a type and the newtypes around it display what is on the wire.
pub fn is_text(primitive: Primitive) -> bool {
    !matches!(
        primitive,
        Primitive::Float | Primitive::Float32 | Primitive::Json
    )
}
