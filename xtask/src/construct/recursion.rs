//! Types that contain themselves.
//!
//! Rust needs a size for each type, so a value that contains another of its type holds it on the heap.

use std::collections::BTreeSet;

use crate::api::{TypeDef, TypeId, TypeRef};

/// Boxes each reference by which a type contains itself.
pub fn boxed(types: &mut [TypeDef]) {
    let held = types.iter_mut().map(|definition| {
        let references = definition.shape.references_mut().into_iter();
        references
            .filter_map(|reference| reference.held())
            .collect()
    });
    let held: Vec<BTreeSet<TypeId>> = held.collect();
    for (index, definition) in types.iter_mut().enumerate() {
        for reference in definition.shape.references_mut() {
            let id = reference.held();
            if id.is_some_and(|id| reaches(&held, id, TypeId(index))) {
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
        reference => *reference = TypeRef::Boxed(Box::new(reference.clone())),
    }
}
