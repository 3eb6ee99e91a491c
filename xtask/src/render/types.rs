//! Prints the definitions of types.

use std::iter;

use proc_macro2::TokenStream;
use quote::quote;

use super::accessors;
use super::constraints;
use super::discriminators;
use super::docs;
use super::references::{References, ident, is_text};
use crate::api::{
    Api, Constraints, EnumType, Field, Newtype, Presence, Primitive, Shape, StructType, TypeDef,
    TypeDocs, TypeId, TypeRef, UnionType,
};

/// The sections of the module of types: its head, and each type.
pub fn sections(api: &Api) -> impl Iterator<Item = TokenStream> {
    let references = References::of(api);
    let tags = discriminators::without_field(api);
    let types = (0..).map(TypeId).zip(&api.types);
    let types = types.map(move |(id, definition)| {
        let printer = Printer {
            references: &references,
            definition,
            id,
            tags: tags.get(&id).into_iter().flatten().copied().collect(),
        };
        printer.print()
    });
    let support = (!api.types.is_empty()).then(|| quote! { use super::support; });
    let head = quote! {
        //! The types of parameters, bodies and responses.

        #support
    };
    iter::once(head).chain(types)
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
        let name = ident(&self.definition.name);
        let comment = self.comment("");
        let fields = object.fields.iter().map(|field| {
            let (ident, value) = (ident(&field.name), self.field_type(field));
            let comment = self.field_comment(field);
            quote!(#comment pub #ident: #value,)
        });
        let extra = TypeRef::Map(Box::new(object.extra.clone()));
        let extra = self.references.print(&extra);
        let required = object.fields.iter().filter(|field| is_required(field));
        let required: Vec<&Field> = required.collect();
        let default = required.is_empty().then(|| quote!(, Default));
        let constructor = (!required.is_empty()).then(|| self.constructor(object, &required));
        let accessors = object.fields.iter();
        let accessors = accessors.map(|field| accessors::print(self.references, field));
        let methods: TokenStream = constructor.into_iter().chain(accessors).collect();
        let methods = (!methods.is_empty()).then(|| quote!(impl #name { #methods }));
        let shown = object.fields.iter();
        let shown = shown.filter(|field| !field.docs.private && !self.definition.docs.private);
        let shown: Vec<_> = shown.map(|field| ident(&field.name)).collect();
        // Nothing private, nor members that nobody has described.
        let shown = (!shown.is_empty()).then(|| quote!(; #(#shown),*));
        let extra_name = ident(&object.extra_name);
        let tags = &self.tags;
        let closed = object.closed.then(|| quote!(closed [#(#tags),*]));
        let count = constraints::members(&object.extra_constraints);
        let extra_constraints = constraints::braced(&Constraints {
            members: (None, None),
            ..object.extra_constraints.clone()
        });
        let members = object.fields.iter().map(|field| {
            let (ident, key) = (ident(&field.name), &field.key);
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

            support::private_debug!(#name #shown);

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
        let default = field.default.as_deref().map(docs::server_default);
        let deprecated = match field.docs.deprecated {
            true => "**Deprecated.**",
            false => "",
        };
        let constraints = constraints::notes(&field.constraints).join(" ");
        let default = default.unwrap_or_default();
        let closing = [deprecated, states, &constraints, &default];
        comment(&field.docs, &fallback, &closing)
    }

    fn constructor(&self, object: &StructType, required: &[&Field]) -> TokenStream {
        let arguments = required.iter().map(|field| {
            let (ident, value) = (ident(&field.name), self.field_type(field));
            quote!(#ident: #value)
        });
        let fields = object.fields.iter().map(|field| {
            let ident = ident(&field.name);
            match is_required(field) {
                true => quote!(#ident),
                false => quote!(#ident: ::std::option::Option::None),
            }
        });
        let extra = ident(&object.extra_name);
        let many = (required.len() > 7).then(|| quote!(#[allow(clippy::too_many_arguments)]));
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

    /// `Debug` of a type that is no struct: derived, or the macro that hides its values.
    fn debug(&self) -> (Option<TokenStream>, Option<TokenStream>) {
        let name = ident(&self.definition.name);
        match self.definition.docs.private {
            true => (None, Some(quote!(support::private_debug!(#name);))),
            false => (Some(quote!(Debug,)), None),
        }
    }

    fn enumeration(&self, values: &EnumType) -> TokenStream {
        let name = ident(&self.definition.name);
        let comment = self.comment(
            "This enum is open: it keeps a value that it does not know, and sends it back.",
        );
        let variants = values.variants.iter();
        let variants = variants.map(|variant| (ident(&variant.name), &variant.value));
        let (idents, texts): (Vec<_>, Vec<_>) = variants.unzip();
        let unknown = ident(&values.unknown);
        let comments = texts.iter();
        let comments =
            comments.map(|text| docs::comment(&format!("The value {}.", docs::code(text))));
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
        let name = ident(&self.definition.name);
        let comment = self.comment("A value of none of these types is kept as it came.");
        let branches = union.branches.iter();
        let idents: Vec<_> = branches.clone().map(|branch| ident(&branch.name)).collect();
        let unknown = ident(&union.unknown);
        let types = branches.clone();
        let types: Vec<_> = types
            .map(|branch| self.references.print(&branch.value))
            .collect();
        let comments = idents.iter();
        let comments = comments.map(|ident| docs::comment(&format!("The branch `{ident}`.")));
        let constraints = branches.clone();
        let constraints = constraints.map(|branch| constraints::braced(&branch.constraints));
        let own = (0..union.branches.len())
            .map(|index| discriminators::bracketed(self.references.api, self.id, union, index));
        let is_alone = |value: &TypeRef| {
            let mut same = branches.clone().filter(|other| other.value == *value);
            same.nth(1).is_none()
        };
        let conversions = branches.clone().zip(&types).zip(&idents);
        let conversions = conversions.filter(|((branch, _), _)| is_alone(&branch.value));
        let conversions = conversions.map(|((_, value), ident)| {
            quote! {
                impl ::std::convert::From<#value> for #name {
                    fn from(value: #value) -> Self {
                        Self::#ident(value)
                    }
                }
            }
        });
        let discriminator = union.discriminator.as_ref().map(|discriminator| {
            let key = &discriminator.key;
            let values = discriminator.values.iter().filter_map(|(value, branch)| {
                let ident = idents.get(*branch)?;
                Some(quote!(#value => #ident))
            });
            quote!(by #key { #(#values),* })
        });
        let (derived, debug) = self.debug();
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
        let name = ident(&self.definition.name);
        let comment = self.comment(&constraints::notes(&newtype.constraints).join(" "));
        let constraints = constraints::braced(&newtype.constraints);
        let strict = self.references.print_strict(&newtype.inner);
        let is_lenient = self.references.is_lenient_type(self.id);
        let inner = match newtype.inner {
            TypeRef::Primitive(_) if !is_lenient => strict.clone(),
            _ => self.references.print(&newtype.inner),
        };
        let text = match newtype.inner {
            TypeRef::Primitive(Primitive::String) => {
                Some(quote!(support::wire::string_newtype!(#name);))
            }
            TypeRef::Primitive(primitive) if is_text(primitive) => {
                Some(quote!(support::wire::text_newtype!(#name(#inner));))
            }
            _ => None,
        };
        let is_ordered = newtype.inner != TypeRef::Primitive(Primitive::Bool);
        let ordered = is_ordered.then(|| quote!(Ord, PartialOrd,));
        let traits = text.is_some().then(|| quote!(Eq, Hash, #ordered));
        let is_copy = self.references.is_copy(&TypeRef::Named(self.id));
        let copy = is_copy.then(|| quote!(Copy,));
        let (derived, debug) = self.debug();
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
    let mut paragraphs = vec![description.as_deref().unwrap_or(fallback)];
    paragraphs.extend(docs::evidence(documented.evidence));
    paragraphs.extend(closing.iter().filter(|text| !text.is_empty()));
    docs::comment(&paragraphs.join("\n\n"))
}
