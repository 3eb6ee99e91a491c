//! Types that contain themselves.
//!
//! Rust needs a size for each type, so a value that contains another of its type holds it on the heap.

use std::collections::BTreeSet;

use crate::api::{TypeDef, TypeId, TypeRef};
use crate::graph::closure;

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
            let all_held = closure(reference.held(), |id| held[id.0].iter().copied());
            if all_held.contains(&TypeId(index)) {
                box_named(reference);
            }
        }
    }
}

fn box_named(reference: &mut TypeRef) {
    match reference {
        TypeRef::Nullable(inner) => box_named(inner),
        reference => *reference = TypeRef::Boxed(Box::new(reference.clone())),
    }
}
