//! Prints the methods that read and set the fields of a struct.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::docs;
use super::ident::ident;
use super::inputs::Conversion;
use super::references::References;
use crate::api::{DefaultValue, Field, Primitive, TypeRef};

/// The methods of a field, as far as the model names any.
pub fn print(references: &References<'_>, field: &Field) -> TokenStream {
    let printer = Printer {
        references,
        field,
        ident: ident(&field.name),
        member: docs::code(&field.key),
        is_nullable: field.nullable && !field.required,
    };
    let accessors = &field.accessors;
    let getter = accessors.getter.as_deref().map(|name| printer.getter(name));
    let setter = accessors.setter.as_deref().map(|name| printer.setter(name));
    let null_setter = accessors.null_setter.as_deref();
    let null_setter = null_setter.map(|name| printer.null_setter(name));
    quote!(#getter #setter #null_setter)
}

struct Printer<'a> {
    references: &'a References<'a>,
    field: &'a Field,
    ident: Ident,
    /// The key of the member as inline code.
    member: String,
    is_nullable: bool,
}

impl Printer<'_> {
    /// The call that borrows the value, unless it is copied, and the type that a getter returns.
    fn borrowed(&self) -> (Option<TokenStream>, TokenStream) {
        let print = |value| self.references.print(value);
        let (borrow, target) = match &self.field.value {
            TypeRef::Primitive(Primitive::String) => (quote!(.as_deref()), quote!(str)),
            TypeRef::List(item) => {
                let item = print(item);
                (quote!(.as_deref()), quote!([#item]))
            }
            TypeRef::Boxed(inner) => (quote!(.as_deref()), print(inner)),
            value if self.references.is_copy(value) => return (None, print(value)),
            value => (quote!(.as_ref()), print(value)),
        };
        (Some(borrow), quote!(&#target))
    }

    fn getter(&self, name: &str) -> TokenStream {
        let (ident, getter, member) = (&self.ident, ident(name), &self.member);
        let (borrow, value) = self.borrowed();
        let default = self.field.default_value.as_ref();
        let value = match default {
            Some(_) if !self.is_nullable => value,
            _ => self.references.option(&value),
        };
        let text = docs::code(self.field.default.as_deref().unwrap_or_default());
        let comment = match (self.is_nullable, default) {
            (true, None) => format!("The member {member}, or `None` if it is absent or `null`."),
            (true, Some(_)) => format!(
                "The member {member}: the default {text} if it is absent, and `None` if it is `null`."
            ),
            (false, _) => format!("The member {member}, or the default {text} if it is absent."),
        };
        let comment = docs::comment(&comment);
        let default = default.map(|default| {
            let is_literal = !matches!(
                default,
                DefaultValue::Variant(..) | DefaultValue::Newtype(..)
            );
            let and = (borrow.is_some() && !is_literal).then(|| quote!(&));
            let value = self.references.default_value(default);
            quote!(#and #value)
        });
        let body = match (self.is_nullable, default, borrow) {
            (true, None, None) => quote!(self.#ident.flatten()),
            (true, None, borrow) => quote!(self.#ident.as_ref()? #borrow),
            (true, Some(default), None) => {
                quote!(self.#ident.unwrap_or(::std::option::Option::Some(#default)))
            }
            (true, Some(default), borrow) => quote! {
                match &self.#ident {
                    ::std::option::Option::Some(value) => value #borrow,
                    ::std::option::Option::None => ::std::option::Option::Some(#default),
                }
            },
            (false, default, borrow) => quote!(self.#ident #borrow.unwrap_or(#default)),
        };
        quote! {
            #comment
            #[must_use]
            pub fn #getter(&self) -> #value {
                #body
            }
        }
    }

    fn setter(&self, name: &str) -> TokenStream {
        let ident = &self.ident;
        // A caller does not box what the type has on the heap.
        let (value, boxed) = match &self.field.value {
            TypeRef::Boxed(inner) => (&**inner, Some(quote!(.map(::std::boxed::Box::new)))),
            value => (value, None),
        };
        let conversion = match self.references.keeps_other_texts(value) {
            true => Conversion::IntoOption,
            false => Conversion::of(value, false),
        };
        let value = self.references.print(value);
        let accepted = conversion.accepted(self.references, &value);
        let converted = match conversion {
            Conversion::Option if boxed.is_some() || self.is_nullable => {
                let option = self.references.option(&value);
                quote!(::std::convert::Into::<#option>::into(#ident))
            }
            conversion => conversion.convert(ident),
        };
        let nullable = self.is_nullable;
        let nullable = nullable.then(|| quote!(.map(::std::option::Option::Some)));
        let null = self.field.accessors.null_setter.as_deref();
        let null = null.map(|name| format!("; [`{name}`](Self::{name}) makes it `null`"));
        let null = null.unwrap_or_default();
        let member = &self.member;
        let comment = format!("Sets the member {member}. `None` makes it absent{null}.");
        let argument = quote!(, #ident: #accepted);
        let value = quote!(#converted #boxed #nullable);
        self.assignment(name, &comment, Some(argument), value)
    }

    fn null_setter(&self, name: &str) -> TokenStream {
        let comment = format!("Makes the member {} `null`.", self.member);
        let null = quote!(::std::option::Option::Some(::std::option::Option::None));
        self.assignment(name, &comment, None, null)
    }

    /// The method that assigns a value to the field.
    fn assignment(
        &self,
        name: &str,
        comment: &str,
        argument: Option<TokenStream>,
        value: TokenStream,
    ) -> TokenStream {
        let (ident, setter) = (&self.ident, ident(name));
        let comment = docs::comment(comment);
        let deprecated = docs::deprecated(self.field.docs.deprecated, "member");
        quote! {
            #comment
            #deprecated
            #[must_use]
            pub fn #setter(mut self #argument) -> Self {
                self.#ident = #value;
                self
            }
        }
    }
}
