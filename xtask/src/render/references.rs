//! References to types as Rust paths.

use std::collections::BTreeSet;

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};

use super::constraints;
use crate::api::{Api, DefaultValue, Primitive, Shape, TypeId, TypeRef};

/// Whether a newtype around this type is `Copy`.
pub fn is_copy_inside(inner: &TypeRef) -> bool {
    matches!(inner, TypeRef::Primitive(primitive) if primitive.is_copy())
}

/// Prints references to types from within the module of types.
#[derive(Debug)]
pub struct References<'a> {
    api: &'a Api,
    names: BTreeSet<&'a str>,
    /// The path of the module of types, if the code is not in it.
    module: Option<TokenStream>,
    /// The types with constraints.
    constrained: BTreeSet<TypeId>,
}

impl<'a> References<'a> {
    /// Those of a model.
    pub fn of(api: &'a Api) -> Self {
        let names = api.types.iter().map(|definition| &*definition.name);
        Self {
            api,
            names: names.collect(),
            module: None,
            constrained: constraints::constrained(api),
        }
    }

    /// From within another module: the path of the module of types.
    pub fn within(mut self, module: TokenStream) -> Self {
        self.module = Some(module);
        let builders = self.api.operations.iter();
        self.names = builders.map(|operation| &*operation.builder).collect();
        self
    }

    /// Whether values of a type have constraints.
    pub fn is_constrained(&self, reference: &TypeRef) -> bool {
        constraints::named(reference).is_some_and(|id| self.constrained.contains(&id))
    }

    /// Whether a type is JSON of any shape, or around that.
    pub fn is_any_json(&self, reference: &TypeRef) -> bool {
        match reference {
            TypeRef::Named(id) => match &self.api.definition(*id).shape {
                Shape::Newtype(newtype) => newtype.inner == TypeRef::JSON,
                _ => false,
            },
            TypeRef::Boxed(inner) => self.is_any_json(inner),
            reference => *reference == TypeRef::JSON,
        }
    }

    /// Whether values of a type are copied rather than borrowed.
    pub fn is_copy(&self, reference: &TypeRef) -> bool {
        match reference {
            TypeRef::Primitive(primitive) => primitive.is_copy(),
            TypeRef::Named(id) => match &self.api.definition(*id).shape {
                Shape::Newtype(newtype) => is_copy_inside(&newtype.inner),
                Shape::Struct(_) | Shape::Enum(_) | Shape::Union(_) => false,
            },
            TypeRef::Boxed(_) | TypeRef::Nullable(_) | TypeRef::List(_) | TypeRef::Map(_) => false,
        }
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
                let variant = variant.map(|variant| format_ident!("{}", variant.name));
                quote!(#name::#variant)
            }
            DefaultValue::Newtype(id, inner) => {
                let (name, inner) = (self.print(&TypeRef::Named(*id)), self.default_value(inner));
                quote!(#name(#inner))
            }
            DefaultValue::EmptyList => quote!(&[]),
        }
    }

    /// `Vec` of a type.
    pub fn list(&self, item: &TokenStream) -> TokenStream {
        let path = self.prelude("Vec", quote!(::std::vec::Vec));
        quote!(#path<#item>)
    }

    /// A type of the prelude, by its path if a generated type has its name.
    pub fn prelude(&self, name: &str, path: TokenStream) -> TokenStream {
        if self.names.contains(name) {
            return path;
        }
        let name = format_ident!("{name}");
        quote!(#name)
    }

    /// `Option` of a type.
    pub fn option(&self, inner: &TokenStream) -> TokenStream {
        let option = self.prelude("Option", quote!(::std::option::Option));
        quote!(#option<#inner>)
    }

    /// The type that is referred to.
    pub fn print(&self, reference: &TypeRef) -> TokenStream {
        match reference {
            TypeRef::Named(id) => {
                let name = format_ident!("{}", self.api.definition(*id).name);
                match &self.module {
                    Some(module) => quote!(#module::#name),
                    None => quote!(#name),
                }
            }
            TypeRef::Boxed(inner) => {
                let (path, inner) = (
                    self.prelude("Box", quote!(::std::boxed::Box)),
                    self.print(inner),
                );
                quote!(#path<#inner>)
            }
            TypeRef::Nullable(inner) => self.option(&self.print(inner)),
            TypeRef::List(item) => self.list(&self.print(item)),
            TypeRef::Map(value) => {
                let (key, value) = (self.string(), self.print(value));
                quote!(::std::collections::BTreeMap<#key, #value>)
            }
            TypeRef::Primitive(primitive) => self.primitive(*primitive),
        }
    }

    fn string(&self) -> TokenStream {
        self.prelude("String", quote!(::std::string::String))
    }

    fn primitive(&self, primitive: Primitive) -> TokenStream {
        match primitive {
            Primitive::Bool => quote!(bool),
            Primitive::Integer(integer) => {
                let name = format_ident!("{}", integer.rust_name());
                quote!(#name)
            }
            Primitive::Float => quote!(f64),
            Primitive::Float32 => quote!(f32),
            Primitive::String => self.string(),
            Primitive::Timestamp => quote!(support::Timestamp),
            Primitive::Date => quote!(::chrono::NaiveDate),
            Primitive::Uuid => quote!(::uuid::Uuid),
            Primitive::Ip => quote!(::std::net::IpAddr),
            Primitive::Json => quote!(support::Json),
        }
    }
}
