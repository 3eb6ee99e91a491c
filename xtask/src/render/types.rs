//! Prints the definitions of types.

use std::ops::Range;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::accessors;
use super::constraints;
use super::discriminators;
use super::docs;
use super::references::References;
use crate::api::{
    Api, Constraints, EnumType, Field, Newtype, Presence, Primitive, Shape, StructType, TypeDef,
    TypeDocs, TypeId, TypeRef, UnionType,
};

/// The head of the module of types.
pub fn head(api: &Api) -> TokenStream {
    let support = (!api.types.is_empty()).then(|| {
        quote!(
            use super::support;
        )
    });
    quote! {
        //! The types of parameters, bodies and responses.

        #support
    }
}

/// Some of the types.
pub fn sections(api: &Api, indices: Range<usize>) -> impl Iterator<Item = TokenStream> {
    let references = References::of(api);
    let tags = discriminators::without_field(api);
    indices.map(TypeId).map(move |id| {
        let printer = Printer {
            references: &references,
            definition: api.definition(id),
            id,
            tags: tags.get(&id).into_iter().flatten().copied().collect(),
        };
        printer.print()
    })
}

struct Printer<'a> {
    references: &'a References<'a>,
    definition: &'a TypeDef,
    id: TypeId,
    /// The discriminators that a struct may have without a field.
    tags: Vec<&'a str>,
}

impl Printer<'_> {
    fn print(&self) -> TokenStream {
        match &self.definition.shape {
            Shape::Struct(object) => self.object(object),
            Shape::Enum(values) => self.enumeration(values),
            Shape::Union(union) => self.union(union),
            Shape::Newtype(newtype) => self.newtype(newtype),
        }
    }

    /// The comment of the type itself.
    fn comment(&self, closing: &str) -> TokenStream {
        let fallback = format!("`{}`.", self.definition.name);
        comment(&self.definition.docs, &fallback, &[closing])
    }

    fn object(&self, object: &StructType) -> TokenStream {
        let name = format_ident!("{}", self.definition.name);
        let comment = self.comment("");
        let fields = object.fields.iter().map(|field| {
            let (ident, value) = (format_ident!("{}", field.name), self.field_type(field));
            let comment = self.field_comment(field);
            quote!(#comment pub #ident: #value,)
        });
        let extra = self
            .references
            .print(&TypeRef::Map(Box::new(object.extra.clone())));
        let is_default = object.fields.iter().all(|field| !is_required(field));
        let default = is_default.then(|| quote!(, Default));
        let constructor = (!is_default).then(|| self.constructor(object));
        let accessors = object
            .fields
            .iter()
            .map(|field| accessors::print(self.references, field));
        let methods: TokenStream = constructor.into_iter().chain(accessors).collect();
        let methods = (!methods.is_empty()).then(|| quote!(impl #name { #methods }));
        let debug = self.debug(object);
        let extra_name = format_ident!("{}", object.extra_name);
        let tags = &self.tags;
        let closed = object.closed.then(|| quote!(closed [#(#tags),*]));
        let count = constraints::members(&object.extra_constraints);
        let extra_constraints = constraints::braced(&Constraints {
            members: (None, None),
            ..object.extra_constraints.clone()
        });
        let members = object.fields.iter().map(|field| {
            let (ident, key) = (format_ident!("{}", field.name), &field.key);
            let constraints = constraints::braced(&field.constraints);
            let presence = match field.presence {
                Presence::Required | Presence::RequiredNullable => quote!(required),
                Presence::Optional => quote!(optional),
                Presence::OptionalNullable => quote!(nullable),
            };
            quote!(#ident: #key #presence #constraints,)
        });
        quote! {
            #comment
            #[derive(Clone, PartialEq #default)]
            pub struct #name {
                #(#fields)*
                /// Members that the API description does not name, as they came.
                pub #extra_name: #extra,
            }

            #methods

            #debug

            support::object! { #name (#extra_name #closed #count #extra_constraints) { #(#members)* } }
        }
    }

    fn field_type(&self, field: &Field) -> TokenStream {
        let value = self.references.print(&field.value);
        match field.presence {
            Presence::Required => value,
            Presence::RequiredNullable | Presence::Optional => self.references.option(&value),
            Presence::OptionalNullable => self.references.option(&self.references.option(&value)),
        }
    }

    fn field_comment(&self, field: &Field) -> TokenStream {
        let fallback = format!("The member `{}`.", field.key);
        let states = match field.presence {
            Presence::OptionalNullable => "`None` is absent, and `Some(None)` is `null`.",
            Presence::RequiredNullable => "`None` is `null`.",
            Presence::Optional if self.references.is_any_json(&field.value) => {
                "`None` is absent; `null` is a value."
            }
            Presence::Required | Presence::Optional => "",
        };
        let default = match &field.default {
            Some(default) => format!("The server's default is {}.", docs::code(default)),
            None => String::new(),
        };
        let deprecated = match field.docs.deprecated {
            true => "**Deprecated.**",
            false => "",
        };
        let constraints = constraints::notes(&field.constraints).join(" ");
        comment(
            &field.docs,
            &fallback,
            &[deprecated, states, &constraints, &default],
        )
    }

    fn constructor(&self, object: &StructType) -> TokenStream {
        let required = object.fields.iter().filter(|field| is_required(field));
        let arguments = required.map(|field| {
            let (ident, value) = (format_ident!("{}", field.name), self.field_type(field));
            quote!(#ident: #value)
        });
        let fields = object.fields.iter().map(|field| {
            let ident = format_ident!("{}", field.name);
            match is_required(field) {
                true => quote!(#ident),
                false => quote!(#ident: ::std::option::Option::None),
            }
        });
        let extra = format_ident!("{}", object.extra_name);
        let many = (object
            .fields
            .iter()
            .filter(|field| is_required(field))
            .count()
            > 7)
        .then(|| quote!(#[allow(clippy::too_many_arguments)]));
        quote! {
            /// A value that has the required members and no other.
            #many
            #[must_use]
            pub fn new(#(#arguments),*) -> Self {
                Self {
                    #(#fields,)*
                    #extra: ::std::collections::BTreeMap::new(),
                }
            }
        }
    }

    /// Shows nothing private, nor members that nobody has described.
    fn debug(&self, object: &StructType) -> TokenStream {
        let name = format_ident!("{}", self.definition.name);
        let shown = object
            .fields
            .iter()
            .filter(|field| !field.docs.private && !self.definition.docs.private);
        let shown: Vec<_> = shown.map(|field| format_ident!("{}", field.name)).collect();
        match shown.is_empty() {
            true => quote!(support::private_debug!(#name);),
            false => quote!(support::private_debug!(#name; #(#shown),*);),
        }
    }

    fn enumeration(&self, values: &EnumType) -> TokenStream {
        let name = format_ident!("{}", self.definition.name);
        let comment = self.comment(
            "This enum is open: it keeps a value that it does not know, and sends it back.",
        );
        let idents: Vec<_> = values
            .variants
            .iter()
            .map(|variant| format_ident!("{}", variant.name))
            .collect();
        let unknown = format_ident!("{}", values.unknown);
        let texts: Vec<_> = values
            .variants
            .iter()
            .map(|variant| &variant.value)
            .collect();
        let comments = texts
            .iter()
            .map(|text| docs::comment(&format!("The value {}.", docs::code(text))));
        quote! {
            #comment
            #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
            #[non_exhaustive]
            pub enum #name {
                #(#comments #idents,)*
                /// A value that this version of the crate does not know.
                #unknown(support::UnknownValue),
            }

            impl #name {
                /// Every value that this version of the crate knows, in the order of the API description.
                pub const KNOWN: &'static [Self] = &[#(Self::#idents),*];

                /// The value as it is sent.
                #[must_use]
                pub fn as_str(&self) -> &str {
                    match self {
                        #(Self::#idents => #texts,)*
                        Self::#unknown(value) => value.as_str(),
                    }
                }
            }

            impl ::std::convert::From<&str> for #name {
                fn from(value: &str) -> Self {
                    match value {
                        #(#texts => Self::#idents,)*
                        other => Self::#unknown(support::UnknownValue::new(other)),
                    }
                }
            }

            support::open_enum!(#name);
            support::wire::wire_enum!(#name, #unknown);
        }
    }

    fn union(&self, union: &UnionType) -> TokenStream {
        let name = format_ident!("{}", self.definition.name);
        let comment = self.comment("A value of none of these types is kept as it came.");
        let idents: Vec<_> = union
            .branches
            .iter()
            .map(|branch| format_ident!("{}", branch.name))
            .collect();
        let unknown = format_ident!("{}", union.unknown);
        let types: Vec<_> = union
            .branches
            .iter()
            .map(|branch| self.references.print(&branch.value))
            .collect();
        let comments = idents
            .iter()
            .map(|ident| docs::comment(&format!("The branch `{ident}`.")));
        let constraints = union
            .branches
            .iter()
            .map(|branch| constraints::braced(&branch.constraints));
        let api = self.references.api();
        let own = (0..union.branches.len())
            .map(|index| discriminators::bracketed(api, self.id, union, index));
        let conversions = union.branches.iter().zip(&types).zip(&idents);
        let conversions = conversions.filter_map(|((branch, value), ident)| {
            let same = union
                .branches
                .iter()
                .filter(|other| other.value == branch.value);
            (same.count() == 1).then(|| {
                quote! {
                    impl ::std::convert::From<#value> for #name {
                        fn from(value: #value) -> Self {
                            Self::#ident(value)
                        }
                    }
                }
            })
        });
        let discriminator = union.discriminator.as_ref().map(|discriminator| {
            let key = &discriminator.key;
            let values = discriminator.values.iter().filter_map(|(value, branch)| {
                let ident = idents.get(*branch)?;
                Some(quote!(#value => #ident))
            });
            quote!(by #key { #(#values),* })
        });
        let debug = match self.definition.docs.private {
            true => quote!(support::private_debug!(#name);),
            false => quote!(),
        };
        let derived = (!self.definition.docs.private).then(|| quote!(Debug,));
        quote! {
            #comment
            #[derive(Clone, #derived PartialEq)]
            #[non_exhaustive]
            pub enum #name {
                #(#comments #idents(#types),)*
                /// A value of another type.
                #unknown(support::Json),
            }

            #debug

            #(#conversions)*

            support::union! { #name, #unknown { #(#idents(#types) #constraints #own),* } #discriminator }
        }
    }

    fn newtype(&self, newtype: &Newtype) -> TokenStream {
        let name = format_ident!("{}", self.definition.name);
        let notes = constraints::notes(&newtype.constraints).join(" ");
        let comment = self.comment(&notes);
        let constraints = constraints::braced(&newtype.constraints);
        let strict = self.references.print_strict(&newtype.inner);
        let is_lenient = self.references.is_lenient_type(self.id);
        let is_strict = matches!(newtype.inner, TypeRef::Primitive(_)) && !is_lenient;
        let inner = match is_strict {
            true => strict.clone(),
            false => self.references.print(&newtype.inner),
        };
        let is_private = self.definition.docs.private;
        let (traits, text) = match &newtype.inner {
            TypeRef::Primitive(Primitive::Bool) => (quote!(Eq, Hash,), true),
            TypeRef::Primitive(
                Primitive::Uuid
                | Primitive::Date
                | Primitive::Ip
                | Primitive::Integer(_)
                | Primitive::String
                | Primitive::Timestamp,
            ) => (quote!(Eq, Hash, Ord, PartialOrd,), true),
            _ => (quote!(), false),
        };
        let copy = self
            .references
            .is_copy(&TypeRef::Named(self.id))
            .then(|| quote!(Copy,));
        let debug = match is_private {
            true => quote!(support::private_debug!(#name);),
            false => quote!(),
        };
        let derived = (!is_private).then(|| quote!(Debug,));
        let text = text.then(|| match &newtype.inner {
            TypeRef::Primitive(Primitive::String) => quote!(support::wire::string_newtype!(#name);),
            _ => quote!(support::wire::text_newtype!(#name(#inner));),
        });
        let from_strict = is_lenient.then(|| {
            quote! {
                impl ::std::convert::From<#strict> for #name {
                    fn from(value: #strict) -> Self {
                        Self(value.into())
                    }
                }
            }
        });
        quote! {
            #comment
            #[derive(Clone, #derived #copy #traits PartialEq)]
            pub struct #name(pub #inner);

            #debug

            support::wire::newtype!(#name(#inner) #constraints);
            #text
            #from_strict
        }
    }
}

fn is_required(field: &Field) -> bool {
    matches!(
        field.presence,
        Presence::Required | Presence::RequiredNullable
    )
}

/// A description with further paragraphs, as a comment.
fn comment(documented: &TypeDocs, fallback: &str, closing: &[&str]) -> TokenStream {
    let description = documented.description.as_deref().map(docs::sanitise);
    let description = description.filter(|description| !description.trim().is_empty());
    let mut paragraphs = vec![description.unwrap_or_else(|| fallback.to_owned())];
    paragraphs.extend(docs::evidence(documented.evidence).map(str::to_owned));
    paragraphs.extend(
        closing
            .iter()
            .filter(|text| !text.is_empty())
            .map(|text| (*text).to_owned()),
    );
    docs::comment(&paragraphs.join("\n\n"))
}
