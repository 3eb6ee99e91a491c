//! Types that contain themselves, which Rust wants on the heap.

use std::collections::BTreeSet;

use crate::api::{Shape, TypeDef, TypeId, TypeRef};

/// Boxes each reference by which a type contains itself.
pub fn boxed(types: &mut [TypeDef]) {
    let held: Vec<BTreeSet<TypeId>> = types
        .iter()
        .map(|definition| {
            references(&definition.shape)
                .filter_map(TypeRef::held)
                .collect()
        })
        .collect();
    for (index, definition) in types.iter_mut().enumerate() {
        for reference in references_mut(&mut definition.shape) {
            if reference
                .held()
                .is_some_and(|id| reaches(&held, id, TypeId(index)))
            {
                box_named(reference);
            }
        }
    }
}

/// Whether a value of one type holds a value of another.
fn reaches(held: &[BTreeSet<TypeId>], from: TypeId, to: TypeId) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = vec![from];
    while let Some(id) = next.pop() {
        if id == to {
            return true;
        }
        if seen.insert(id) {
            next.extend(&held[id.0]);
        }
    }
    false
}

fn box_named(reference: &mut TypeRef) {
    match reference {
        TypeRef::Nullable(inner) => box_named(inner),
        TypeRef::Named(id) => *reference = TypeRef::Boxed(Box::new(TypeRef::Named(*id))),
        TypeRef::Boxed(_) | TypeRef::List(_) | TypeRef::Map(_) | TypeRef::Primitive(_) => {}
    }
}

fn references(shape: &Shape) -> Box<dyn Iterator<Item = &TypeRef> + '_> {
    match shape {
        Shape::Struct(object) => Box::new(object.fields.iter().map(|field| &field.value)),
        Shape::Union(union) => Box::new(union.branches.iter().map(|branch| &branch.value)),
        Shape::Newtype(newtype) => Box::new(std::iter::once(&newtype.inner)),
        Shape::Enum(_) => Box::new(std::iter::empty()),
    }
}

fn references_mut(shape: &mut Shape) -> Box<dyn Iterator<Item = &mut TypeRef> + '_> {
    match shape {
        Shape::Struct(object) => Box::new(object.fields.iter_mut().map(|field| &mut field.value)),
        Shape::Union(union) => Box::new(union.branches.iter_mut().map(|branch| &mut branch.value)),
        Shape::Newtype(newtype) => Box::new(std::iter::once(&mut newtype.inner)),
        Shape::Enum(_) => Box::new(std::iter::empty()),
    }
}
