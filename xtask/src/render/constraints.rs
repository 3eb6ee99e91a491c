//! Prints constraints: as the fields of the support code's `Constraints`, and as sentences.

use std::collections::BTreeSet;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::docs;
use crate::api::{Api, Bound, Constraints, Shape, TypeId, TypeRef};

/// The fields of the constraints, in braces; nothing if there are none.
pub fn braced(constraints: &Constraints) -> Option<TokenStream> {
    let fields = fields(constraints);
    (!fields.is_empty()).then(|| quote!({ #(#fields),* }))
}

/// The constraints as an expression.
pub fn expression(constraints: &Constraints) -> TokenStream {
    let fields = fields(constraints);
    quote!(support::constraint::constraints!(#(#fields),*))
}

/// The number of members that an object may have, with those that have a field.
pub fn members(constraints: &Constraints) -> Option<TokenStream> {
    let (least, greatest) = constraints.members;
    let least = Literal::u64_unsuffixed(least.unwrap_or(0));
    let greatest = Literal::u64_unsuffixed(greatest.unwrap_or(u64::MAX));
    (constraints.members != (None, None)).then(|| quote!(members(#least, #greatest)))
}

fn fields(constraints: &Constraints) -> Vec<TokenStream> {
    let mut fields = Vec::new();
    let counts = |(least, greatest): (Option<u64>, Option<u64>)| {
        let least = Literal::u64_unsuffixed(least.unwrap_or(0));
        let greatest = greatest.map(Literal::u64_unsuffixed);
        let greatest = greatest.map_or(quote!(u64::MAX), |greatest| quote!(#greatest));
        quote!((#least, #greatest))
    };
    if constraints.length != (None, None) {
        let length = counts(constraints.length);
        fields.push(quote!(length: #length));
    }
    if !constraints.patterns.is_empty() {
        let patterns = &constraints.patterns;
        fields.push(quote!(patterns: &[#(support::pattern::pattern!(#patterns)),*]));
    }
    if constraints.integer != (None, None) {
        let (least, greatest) = constraints.integer;
        let bound = |bound: Option<i128>, none| {
            let literal = bound.map(Literal::i128_unsuffixed);
            literal.map_or(none, |literal| quote!(#literal))
        };
        let least = bound(least, quote!(i128::MIN));
        let greatest = bound(greatest, quote!(i128::MAX));
        fields.push(quote!(integer: (#least, #greatest)));
    }
    if constraints.number != (None, None) {
        let bound = |bound: Option<Bound>| match bound {
            None => quote!(support::constraint::Bound::None),
            Some(Bound { value, exclusive }) => {
                let value = Literal::f64_unsuffixed(value);
                match exclusive {
                    false => quote!(support::constraint::Bound::Inclusive(#value)),
                    true => quote!(support::constraint::Bound::Exclusive(#value)),
                }
            }
        };
        let (least, greatest) = (bound(constraints.number.0), bound(constraints.number.1));
        fields.push(quote!(number: (#least, #greatest)));
    }
    if !constraints.multiples.is_empty() {
        let multiples = constraints.multiples.iter().map(|multiple| {
            let digits = Literal::i128_unsuffixed(multiple.digits);
            let scale = Literal::u32_unsuffixed(multiple.scale);
            quote!((#digits, #scale))
        });
        fields.push(quote!(multiples: &[#(#multiples),*]));
    }
    if let Some(boolean) = constraints.boolean {
        fields.push(quote!(boolean: Some(#boolean)));
    }
    if constraints.items != (None, None) {
        let items = counts(constraints.items);
        fields.push(quote!(items: #items));
    }
    if constraints.unique {
        fields.push(quote!(unique: true));
    }
    if let Some(item) = &constraints.item {
        let item = expression(item);
        fields.push(quote!(item: Some(#item)));
    }
    if constraints.members != (None, None) {
        let members = counts(constraints.members);
        fields.push(quote!(members: #members));
    }
    if let Some(names) = &constraints.names {
        let names = expression(names);
        fields.push(quote!(names: Some(#names)));
    }
    fields
}

/// The constraints in sentences.
pub fn notes(constraints: &Constraints) -> Vec<String> {
    let mut notes = Vec::new();
    let (least, greatest) = constraints.integer;
    notes.extend(range(least, greatest).map(|range| format!("{range}.")));
    notes.extend(constraints.boolean.map(|only| format!("Always `{only}`.")));
    let (least, greatest) = constraints.number;
    let bound = |bound: Option<Bound>, inclusive: &str, exclusive: &str| {
        bound.map(|bound| match bound.exclusive {
            false => format!("{inclusive} {}.", bound.value),
            true => format!("{exclusive} {}.", bound.value),
        })
    };
    notes.extend(bound(least, "At least", "More than"));
    notes.extend(bound(greatest, "At most", "Less than"));
    let multiples = constraints.multiples.iter();
    notes.extend(multiples.map(|multiple| format!("A multiple of {multiple}.")));
    let (least, greatest) = constraints.length;
    notes.extend(range(least, greatest).map(|range| format!("{range} characters.")));
    let (least, greatest) = constraints.items;
    notes.extend(range(least, greatest).map(|range| format!("{range} items.")));
    if constraints.unique {
        notes.push("No two items are equal.".to_owned());
    }
    let (least, greatest) = constraints.members;
    notes.extend(range(least, greatest).map(|range| format!("{range} members.")));
    let patterns = constraints.patterns.iter();
    notes.extend(patterns.map(|pattern| format!("Matches {}.", docs::code(pattern))));
    notes
}

fn range<T: ToString>(least: Option<T>, greatest: Option<T>) -> Option<String> {
    let text = |number: T| number.to_string();
    match (least.map(text), greatest.map(text)) {
        (None, None) => None,
        (Some(least), None) => Some(format!("At least {least}")),
        (None, Some(greatest)) => Some(format!("At most {greatest}")),
        (Some(least), Some(greatest)) if least == greatest => Some(format!("Exactly {least}")),
        (Some(least), Some(greatest)) => Some(format!("From {least} to {greatest}")),
    }
}

/// Whether there is a pattern in a model.
pub fn has_patterns(api: &Api) -> bool {
    fn is_in(constraints: &Constraints) -> bool {
        let mut inner = constraints.item.iter().chain(&constraints.names);
        !constraints.patterns.is_empty() || inner.any(|inner| is_in(inner))
    }
    let of_types = api
        .types
        .iter()
        .any(|definition| of_shape(&definition.shape).any(is_in));
    of_types
        || api.operations.iter().any(|operation| {
            let parameters = operation.parameters.iter();
            let body = operation.body.iter();
            parameters
                .map(|parameter| &parameter.constraints)
                .any(is_in)
                || body.clone().any(|body| is_in(&body.constraints))
                || body
                    .flat_map(|body| body.content.parts())
                    .any(|part| is_in(&part.constraints))
        })
}

fn of_shape(shape: &Shape) -> Box<dyn Iterator<Item = &Constraints> + '_> {
    match shape {
        Shape::Struct(object) => {
            let fields = object.fields.iter().map(|field| &field.constraints);
            Box::new(fields.chain([&object.extra_constraints]))
        }
        Shape::Union(union) => Box::new(union.branches.iter().map(|branch| &branch.constraints)),
        Shape::Newtype(newtype) => Box::new(std::iter::once(&newtype.constraints)),
        Shape::Enum(_) => Box::new(std::iter::empty()),
    }
}

/// The types with constraints, of their own or of a type in them.
pub fn constrained(api: &Api) -> BTreeSet<TypeId> {
    let is_own = |shape: &Shape| {
        let is_closed = matches!(shape, Shape::Struct(object) if object.closed);
        is_closed || of_shape(shape).any(|constraints| !constraints.is_empty())
    };
    let types = || (0..).map(TypeId).zip(&api.types);
    let own = types().filter(|(_, definition)| is_own(&definition.shape));
    let mut constrained: BTreeSet<TypeId> = own.map(|(id, _)| id).collect();
    if constrained.is_empty() {
        return constrained;
    }
    loop {
        let holds = |shape: &Shape| {
            let mut held = held(shape).filter_map(named);
            held.any(|id| constrained.contains(&id))
        };
        let more = types()
            .filter(|(id, definition)| !constrained.contains(id) && holds(&definition.shape));
        let more: Vec<TypeId> = more.map(|(id, _)| id).collect();
        if more.is_empty() {
            return constrained;
        }
        constrained.extend(more);
    }
}

fn held(shape: &Shape) -> Box<dyn Iterator<Item = &TypeRef> + '_> {
    match shape {
        Shape::Struct(object) => {
            let fields = object.fields.iter().map(|field| &field.value);
            Box::new(fields.chain([&object.extra]))
        }
        Shape::Union(union) => Box::new(union.branches.iter().map(|branch| &branch.value)),
        Shape::Newtype(newtype) => Box::new(std::iter::once(&newtype.inner)),
        Shape::Enum(_) => Box::new(std::iter::empty()),
    }
}

/// The generated type in a reference.
pub fn named(reference: &TypeRef) -> Option<TypeId> {
    match reference {
        TypeRef::Named(id) => Some(*id),
        TypeRef::Boxed(inner)
        | TypeRef::Nullable(inner)
        | TypeRef::List(inner)
        | TypeRef::Map(inner) => named(inner),
        TypeRef::Primitive(_) => None,
    }
}
