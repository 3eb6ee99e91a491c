//! `null` where any JSON is a value: it is a value of the type itself, and needs no `Option` around it.

use std::collections::BTreeSet;

use crate::api::{Shape, TypeDef, TypeId, TypeRef};

/// Removes `null` beside types that have it as a value.
pub fn merged(types: &mut [TypeDef]) {
    let any = of_any_json(types);
    for definition in types {
        if let Shape::Struct(object) = &mut definition.shape {
            merge(&mut object.extra, &any);
            for field in &mut object.fields {
                field.nullable &= !is_any(&field.value, &any);
            }
        }
        for reference in definition.shape.references_mut() {
            merge(reference, &any);
        }
    }
}

fn merge(reference: &mut TypeRef, any: &BTreeSet<TypeId>) {
    match reference {
        TypeRef::Nullable(inner) if is_any(inner, any) => *reference = (**inner).clone(),
        TypeRef::Nullable(inner)
        | TypeRef::Boxed(inner)
        | TypeRef::List(inner)
        | TypeRef::Map(inner) => merge(inner, any),
        TypeRef::Named(_) | TypeRef::Primitive(_) => {}
    }
}

fn is_any(reference: &TypeRef, any: &BTreeSet<TypeId>) -> bool {
    match reference {
        TypeRef::Named(id) => any.contains(id),
        TypeRef::Boxed(inner) => is_any(inner, any),
        reference => *reference == TypeRef::JSON,
    }
}

/// The types around JSON of any shape, and those around these.
fn of_any_json(types: &[TypeDef]) -> BTreeSet<TypeId> {
    let mut any = BTreeSet::new();
    loop {
        let known = any.len();
        for (index, definition) in types.iter().enumerate() {
            if let Shape::Newtype(newtype) = &definition.shape
                && is_any(&newtype.inner, &any)
            {
                any.insert(TypeId(index));
            }
        }
        if any.len() == known {
            return any;
        }
    }
}
