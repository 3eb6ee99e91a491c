//! Prints constraints: as the fields of the support code's `Constraints`, and as sentences.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};

use super::docs;
use super::ident::ident;
use crate::api::{Api, Bound, Constraints, Shape, TypeId};
use crate::graph::closure;

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
    if constraints.is_empty() {
        return Vec::new();
    }
    let count = |count: u64| Literal::u64_unsuffixed(count).into_token_stream();
    let counts = |counts| bounds(counts, count, [quote!(0), quote!(u64::MAX)]);
    let integer = |integer: i128| Literal::i128_unsuffixed(integer).into_token_stream();
    let integers = [quote!(i128::MIN), quote!(i128::MAX)];
    let number = |Bound { value, exclusive }: Bound| {
        let value = Literal::f64_unsuffixed(value);
        match exclusive {
            false => quote!(support::constraint::Bound::Inclusive(#value)),
            true => quote!(support::constraint::Bound::Exclusive(#value)),
        }
    };
    let numbers = [(); 2].map(|()| quote!(support::constraint::Bound::None));
    let patterns = constraints.patterns.iter();
    let patterns = patterns.map(|pattern| quote!(support::pattern::pattern!(#pattern)));
    let multiples = constraints.multiples.iter().map(|multiple| {
        let digits = Literal::i128_unsuffixed(multiple.digits);
        let scale = Literal::u32_unsuffixed(multiple.scale);
        quote!((#digits, #scale))
    });
    let list = |items: Vec<_>| (!items.is_empty()).then(|| quote!(&[#(#items),*]));
    let some = |value: TokenStream| quote!(Some(#value));
    let boolean = constraints.boolean.map(|only| some(quote!(#only)));
    let inner = |inner: &Option<Box<_>>| inner.as_deref().map(expression).map(some);
    let fields = [
        ("length", counts(constraints.length)),
        ("patterns", list(patterns.collect())),
        ("integer", bounds(constraints.integer, integer, integers)),
        ("number", bounds(constraints.number, number, numbers)),
        ("multiples", list(multiples.collect())),
        ("boolean", boolean),
        ("items", counts(constraints.items)),
        ("unique", constraints.unique.then(|| quote!(true))),
        ("item", inner(&constraints.item)),
        ("members", counts(constraints.members)),
        ("names", inner(&constraints.names)),
    ];
    let fields = fields.into_iter().filter_map(|(name, value)| {
        let (name, value) = (ident(name), value?);
        Some(quote!(#name: #value))
    });
    fields.collect()
}

/// A lower and an upper bound as a pair, if there is one of them; the other is the lowest or the highest value.
fn bounds<T>(
    (least, greatest): (Option<T>, Option<T>),
    print: impl Fn(T) -> TokenStream,
    [lowest, highest]: [TokenStream; 2],
) -> Option<TokenStream> {
    let is_bounded = least.is_some() || greatest.is_some();
    let least = least.map_or(lowest, &print);
    let greatest = greatest.map_or(highest, &print);
    is_bounded.then(|| quote!((#least, #greatest)))
}

/// The constraints in sentences.
pub fn notes(constraints: &Constraints) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(range(constraints.integer, "."));
    notes.extend(constraints.boolean.map(|only| format!("Always `{only}`.")));
    let bound = |bound: Option<Bound>, inclusive: &str, exclusive: &str| {
        bound.map(|bound| match bound.exclusive {
            false => format!("{inclusive} {}.", bound.value),
            true => format!("{exclusive} {}.", bound.value),
        })
    };
    let (least, greatest) = constraints.number;
    notes.extend(bound(least, "At least", "More than"));
    notes.extend(bound(greatest, "At most", "Less than"));
    let multiples = constraints.multiples.iter();
    notes.extend(multiples.map(|multiple| format!("A multiple of {multiple}.")));
    notes.extend(range(constraints.length, " characters."));
    notes.extend(range(constraints.items, " items."));
    if constraints.unique {
        notes.push("No two items are equal.".to_owned());
    }
    notes.extend(range(constraints.members, " members."));
    let patterns = constraints.patterns.iter();
    notes.extend(patterns.map(|pattern| format!("Matches {}.", docs::code(pattern))));
    notes
}

fn range<T: Display + PartialEq>(bounds: (Option<T>, Option<T>), end: &str) -> Option<String> {
    match bounds {
        (None, None) => None,
        (Some(least), None) => Some(format!("At least {least}{end}")),
        (None, Some(greatest)) => Some(format!("At most {greatest}{end}")),
        (Some(least), Some(greatest)) if least == greatest => Some(format!("Exactly {least}{end}")),
        (Some(least), Some(greatest)) => Some(format!("From {least} to {greatest}{end}")),
    }
}

/// Whether there is a pattern in a model.
pub fn has_patterns(api: &Api) -> bool {
    fn is_in(constraints: &Constraints) -> bool {
        let mut inner = constraints.item.iter().chain(&constraints.names);
        !constraints.patterns.is_empty() || inner.any(|inner| is_in(inner))
    }
    let types = api.types.iter();
    let types = types.flat_map(|definition| definition.shape.members());
    let operations = api.operations.iter();
    let bodies = operations.clone().flat_map(|operation| &operation.body);
    let parameters = operations.flat_map(|operation| &operation.parameters);
    let parts = bodies.clone().flat_map(|body| body.content.parts());
    types
        .map(|(_, constraints)| constraints)
        .chain(parameters.map(|parameter| &parameter.constraints))
        .chain(bodies.map(|body| &body.constraints))
        .chain(parts.map(|part| &part.constraints))
        .any(is_in)
}

/// The types with constraints, of their own or of a type in them.
pub fn constrained(api: &Api) -> BTreeSet<TypeId> {
    let is_own = |shape: &Shape| {
        let is_closed = matches!(shape, Shape::Struct(object) if object.closed);
        let mut members = shape.members().into_iter();
        is_closed || members.any(|(_, constraints)| !constraints.is_empty())
    };
    let types = || (0..).map(TypeId).zip(&api.types);
    let mut holders: BTreeMap<TypeId, Vec<TypeId>> = BTreeMap::new();
    for (holder, definition) in types() {
        for held in definition.shape.named() {
            holders.entry(held).or_default().push(holder);
        }
    }
    let own = types().filter(|(_, definition)| is_own(&definition.shape));
    closure(own.map(|(id, _)| id), |id| {
        holders.get(&id).into_iter().flatten().copied()
    })
}
