//! Prints the definitions of types.

use std::collections::BTreeSet;
use std::ops::Range;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::accessors;
use super::constraints;
use super::discriminators;
use super::docs;
use super::ident::ident;
use super::references::{References, is_text};
use crate::api::{
    Api, Constraints, Docs, EnumType, Field, Newtype, Primitive, Shape, StructType, TypeDef,
    TypeId, TypeRef, UnionType,
};

/// Some of the types, each a section of their module; before the first one comes the head.
pub fn sections(api: &Api, indices: Range<usize>) -> impl Iterator<Item = TokenStream> {
    let references = References::of(api);
    let tags = discriminators::without_field(api);
    let support = (!api.types.is_empty()).then(|| quote! { use super::support; });
    let head = quote! {
        //! The types of parameters, bodies and responses.

        #support
    };
    let head = (indices.start == 0).then_some(head);
    let types = indices.map(TypeId).map(move |id| {
        let definition = api.definition(id);
        let printer = Printer {
            references: &references,
            definition,
            id,
            name: ident(&definition.name),
        };
        match &definition.shape {
            Shape::Struct(object) => printer.object(object, tags.get(&id)),
            Shape::Enum(values) => printer.enumeration(values),
            Shape::Union(union) => printer.union(union),
            Shape::Newtype(newtype) => printer.newtype(newtype),
        }
    });
    head.into_iter().chain(types)
}

struct Printer<'a> {
    references: &'a References<'a>,
    definition: &'a TypeDef,
    id: TypeId,
    name: Ident,
}

impl Printer<'_> {
    /// The comment of the type itself.
    fn comment(&self, closing: &str) -> TokenStream {
        let fallback = format!("`{}`.", self.definition.name);
        comment(&self.definition.docs, fallback, &[closing])
    }

    /// A struct; `tags` are the discriminators that it may have without a field.
    fn object(&self, object: &StructType, tags: Option<&BTreeSet<&str>>) -> TokenStream {
        let (name, comment) = (&self.name, self.comment(""));
        let extra_name = ident(&object.extra_name);
        let extra = TypeRef::Map(Box::new(object.extra.clone()));
        let extra = self.references.print(&extra);
        let (mut fields, mut members, mut accessors) = (Vec::new(), Vec::new(), Vec::new());
        let (mut arguments, mut values, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        for field in &object.fields {
            let (ident, key) = (ident(&field.name), &field.key);
            let (value, presence, states) = self.presence(field);
            let comment = field_comment(field, states);
            fields.push(quote!(#comment pub #ident: #value,));
            if field.required {
                arguments.push(quote!(#ident: #value));
                values.push(quote!(#ident));
            } else {
                values.push(quote!(#ident: ::std::option::Option::None));
            }
            let constraints = constraints::braced(&field.constraints);
            members.push(quote!(#ident: #key #presence #constraints,));
            accessors.push(accessors::print(self.references, field));
            if !field.docs.private && !self.definition.docs.private {
                shown.push(ident);
            }
        }
        let default = arguments.is_empty().then(|| quote!(, Default));
        let many = (arguments.len() > 7).then(|| quote!(#[allow(clippy::too_many_arguments)]));
        let constructor = (!arguments.is_empty()).then(|| {
            quote! {
                /// A value that has the required members and no other.
                #many
                #[must_use]
                pub fn new(#(#arguments),*) -> Self {
                    Self {
                        #(#values,)*
                        #extra_name: ::std::collections::BTreeMap::new(),
                    }
                }
            }
        });
        let methods = quote!(#constructor #(#accessors)*);
        let methods = (!methods.is_empty()).then(|| quote!(impl #name { #methods }));
        // Members that nobody has described may be private, too.
        let shown = (!shown.is_empty()).then(|| quote!(; #(#shown),*));
        let tags = tags.into_iter().flatten();
        let closed = object.closed.then(|| quote!(closed [#(#tags),*]));
        let count = constraints::members(&object.extra_constraints);
        let extra_constraints = constraints::braced(&Constraints {
            members: (None, None),
            ..object.extra_constraints.clone()
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

    /// The type of a field, the word for its presence in the support code, and a note on its states.
    fn presence(&self, field: &Field) -> (TokenStream, Ident, &'static str) {
        let value = self.references.print(&field.value);
        let optional = self.references.option(&value);
        let (value, presence, states) = match (field.required, field.nullable) {
            (true, false) => (value, "required", ""),
            (true, true) => (optional, "required", "`None` is `null`."),
            (false, false) if self.references.is_any_json(&field.value) => {
                (optional, "optional", "`None` is absent; `null` is a value.")
            }
            (false, false) => (optional, "optional", ""),
            (false, true) => {
                let value = self.references.option(&optional);
                let states = "`None` is absent, and `Some(None)` is `null`.";
                (value, "nullable", states)
            }
        };
        (value, ident(presence), states)
    }

    /// `Debug` of a type that is no struct: derived, or the macro that hides its values.
    fn debug(&self) -> (Option<TokenStream>, Option<TokenStream>) {
        let name = &self.name;
        match self.definition.docs.private {
            true => (None, Some(quote!(support::private_debug!(#name);))),
            false => (Some(quote!(Debug,)), None),
        }
    }

    fn enumeration(&self, values: &EnumType) -> TokenStream {
        let (name, unknown) = (&self.name, ident(&values.unknown));
        let comment = self.comment(
            "This enum is open: it keeps a value that it does not know, and sends it back.",
        );
        let variants = values.variants.iter();
        let variants = variants.map(|variant| (ident(&variant.name), &variant.value));
        let (idents, texts): (Vec<_>, Vec<_>) = variants.unzip();
        let comments = texts.iter().map(|text| docs::code(text));
        let comments = comments.map(|code| docs::comment(&format!("The value {code}.")));
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
        let (name, unknown) = (&self.name, ident(&union.unknown));
        let comment = self.comment("A value of none of these types is kept as it came.");
        let (mut variants, mut branches, mut conversions) = (Vec::new(), Vec::new(), Vec::new());
        for (index, branch) in union.branches.iter().enumerate() {
            let (ident, value) = (ident(&branch.name), self.references.print(&branch.value));
            let comment = docs::comment(&format!("The branch `{ident}`."));
            variants.push(quote!(#comment #ident(#value),));
            let constraints = constraints::braced(&branch.constraints);
            let own = discriminators::bracketed(self.references.api, self.id, union, index);
            branches.push(quote!(#ident(#value) #constraints #own));
            let same = union.branches.iter();
            let mut same = same.filter(|other| other.value == branch.value);
            if same.nth(1).is_none() {
                conversions.push(quote! {
                    impl ::std::convert::From<#value> for #name {
                        fn from(value: #value) -> Self {
                            Self::#ident(value)
                        }
                    }
                });
            }
        }
        let discriminator = union.discriminator.as_ref().map(|discriminator| {
            let key = &discriminator.key;
            let values = discriminator.values.iter().filter_map(|(value, branch)| {
                let ident = ident(&union.branches.get(*branch)?.name);
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
                #(#variants)*
                /// A value of another type.
                #unknown(support::Json),
            }

            #debug

            #(#conversions)*

            support::union! { #name, #unknown { #(#branches),* } #discriminator }
        }
    }

    fn newtype(&self, newtype: &Newtype) -> TokenStream {
        let name = &self.name;
        let comment = self.comment(&constraints::notes(&newtype.constraints).join(" "));
        let constraints = constraints::braced(&newtype.constraints);
        let strict = self.references.print_strict(&newtype.inner);
        let inner = match newtype.inner {
            TypeRef::Primitive(_) if !newtype.lenient => strict.clone(),
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
        let from_strict = newtype.lenient.then(|| {
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

fn field_comment(field: &Field, states: &str) -> TokenStream {
    let fallback = format!("The member `{}`.", field.key);
    let deprecated = match field.docs.deprecated {
        true => "**Deprecated.**",
        false => "",
    };
    let constraints = constraints::notes(&field.constraints).join(" ");
    let default = field.default.as_deref().map(docs::server_default);
    let default = default.unwrap_or_default();
    let closing = [deprecated, states, &constraints, &default];
    comment(&field.docs, fallback, &closing)
}

/// A description with further paragraphs, as a comment.
fn comment(documented: &Docs, fallback: String, closing: &[&str]) -> TokenStream {
    let mut paragraphs = docs::paragraphs(documented, Some(fallback));
    let closing = closing.iter().filter(|text| !text.is_empty());
    paragraphs.extend(closing.map(|text| (*text).to_owned()));
    docs::comment(&paragraphs.join("\n\n"))
}
