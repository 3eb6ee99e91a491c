//! References to types as Rust paths.

use std::collections::BTreeSet;

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};

use super::constraints;
use crate::api::{Api, DefaultValue, Primitive, Shape, TypeId, TypeRef};

/// Prints references to types from within the module of types.
#[derive(Debug)]
pub struct References<'a> {
    api: &'a Api,
    names: BTreeSet<&'a str>,
    /// The path of the module of types, if the code is not in it.
    module: Option<TokenStream>,
    /// The types with constraints.
    constrained: BTreeSet<TypeId>,
    /// The newtypes around a format that keep texts of another one.
    lenient: BTreeSet<TypeId>,
    /// Whether texts may have another format than their type.
    is_lenient: bool,
}

/// The newtypes around a format that keep texts of another one. A UUID with a name is an id, and what a parameter is, callers
/// pass on: both are always in their format.
fn lenient(api: &Api) -> BTreeSet<TypeId> {
    let parameters = api
        .operations
        .iter()
        .flat_map(|operation| &operation.parameters);
    let parameters: BTreeSet<TypeId> = parameters
        .filter_map(|parameter| parameter.value.named())
        .collect();
    let types = api.types.iter().enumerate();
    let lenient = types.filter(|(_, definition)| match &definition.shape {
        Shape::Newtype(newtype) => match newtype.inner {
            TypeRef::Primitive(primitive) => is_format(primitive) && primitive != Primitive::Uuid,
            _ => false,
        },
        Shape::Struct(_) | Shape::Enum(_) | Shape::Union(_) => false,
    });
    lenient
        .map(|(index, _)| TypeId(index))
        .filter(|id| !parameters.contains(id))
        .collect()
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
            lenient: lenient(api),
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

    /// The model.
    pub fn api(&self) -> &'a Api {
        self.api
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
            TypeRef::Primitive(primitive) => {
                primitive.is_copy() && !self.keeps_other_texts(reference)
            }
            TypeRef::Named(id) => match &self.api.definition(*id).shape {
                Shape::Newtype(newtype) => {
                    let TypeRef::Primitive(inner) = newtype.inner else {
                        return false;
                    };
                    inner.is_copy() && !self.is_lenient_type(*id)
                }
                Shape::Struct(_) | Shape::Enum(_) | Shape::Union(_) => false,
            },
            TypeRef::Boxed(_) | TypeRef::Nullable(_) | TypeRef::List(_) | TypeRef::Map(_) => false,
        }
    }

    /// Whether a type around a format keeps texts of another one.
    pub fn is_lenient_type(&self, id: TypeId) -> bool {
        self.lenient.contains(&id)
    }

    /// Whether a value of a format is printed as a type that keeps texts of another one.
    pub fn keeps_other_texts(&self, reference: &TypeRef) -> bool {
        self.is_lenient
            && matches!(reference, TypeRef::Primitive(primitive) if is_format(*primitive))
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
                let name = format_ident!("{}", self.api.definition(*id).name);
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
                let (key, value) = (self.string(), print(value));
                quote!(::std::collections::BTreeMap<#key, #value>)
            }
            TypeRef::Primitive(primitive) => {
                let strict = self.primitive(*primitive);
                match is_lenient && is_format(*primitive) {
                    true => quote!(support::Formatted<#strict>),
                    false => strict,
                }
            }
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

/// Whether a type is a format of texts, without a rule for other texts.
fn is_format(primitive: Primitive) -> bool {
    matches!(primitive, Primitive::Date | Primitive::Uuid | Primitive::Ip)
}
