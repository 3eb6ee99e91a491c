//! Objects with a property called `extra` that keep unknown fields as well.
//!
//! typify calls the map of unknown fields `extra` without looking whether the name is taken. Of two members of the same
//! name, the map is the last one; it gets another name, in the type and in its builder.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit_mut::{self, VisitMut};
use syn::{ExprStruct, FieldsNamed, Ident, ImplItem, Item, ItemImpl, Member};

/// What typify calls it.
const EXTRA: &str = "extra";

/// The types that have two fields called `extra`, and what the second is to be called.
pub fn clashes(items: &[Item]) -> BTreeMap<String, Ident> {
    let structs = items.iter().filter_map(|item| match item {
        Item::Struct(item) => Some(item),
        _ => None,
    });
    structs
        .filter_map(|item| {
            let fields: Vec<&Ident> = item
                .fields
                .iter()
                .filter_map(|field| field.ident.as_ref())
                .collect();
            let [.., first, _] = fields
                .iter()
                .copied()
                .filter(|name| *name == EXTRA)
                .collect::<Vec<_>>()[..]
            else {
                return None;
            };
            let taken: BTreeSet<String> = fields.iter().map(ToString::to_string).collect();
            let free = (1..)
                .map(|length| format!("{EXTRA}_fields{}", "_".repeat(length - 1)))
                .find(|name| !taken.contains(name))?;
            Some((item.ident.to_string(), Ident::new(&free, first.span())))
        })
        .collect()
}

/// Renames the second of two members called `extra` to `name`, wherever the item declares or sets it.
pub fn rename_second(item: &mut Item, name: &Ident) {
    Members(name).visit_item_mut(item);
}

struct Members<'a>(&'a Ident);

impl Members<'_> {
    /// Renames in the last one, if there are two.
    fn rename<'a, T: 'a>(
        &self,
        members: impl Iterator<Item = &'a mut T>,
        visit: impl FnOnce(&mut Names<'_>, &mut T),
    ) {
        let mut members: Vec<&mut T> = members.collect();
        if let [_, .., last] = members.as_mut_slice() {
            visit(&mut Names(self.0), last);
        }
    }
}

impl VisitMut for Members<'_> {
    fn visit_fields_named_mut(&mut self, fields: &mut FieldsNamed) {
        let named = |name: &Option<Ident>| name.as_ref().is_some_and(|name| name == EXTRA);
        let fields = fields.named.iter_mut().filter(|field| named(&field.ident));
        self.rename(fields, |names, field| names.visit_field_mut(field));
    }

    fn visit_item_impl_mut(&mut self, item: &mut ItemImpl) {
        let methods = item
            .items
            .iter_mut()
            .filter(|member| matches!(member, ImplItem::Fn(method) if method.sig.ident == EXTRA));
        self.rename(methods, |names, method| names.visit_impl_item_mut(method));
        visit_mut::visit_item_impl_mut(self, item);
    }

    fn visit_expr_struct_mut(&mut self, literal: &mut ExprStruct) {
        let values = literal
            .fields
            .iter_mut()
            .filter(|value| matches!(&value.member, Member::Named(name) if name == EXTRA));
        self.rename(values, |names, value| names.visit_field_value_mut(value));
        visit_mut::visit_expr_struct_mut(self, literal);
    }
}

/// Replaces the name itself.
struct Names<'a>(&'a Ident);

impl VisitMut for Names<'_> {
    fn visit_ident_mut(&mut self, name: &mut Ident) {
        if name == EXTRA {
            *name = self.0.clone();
        }
    }
}
