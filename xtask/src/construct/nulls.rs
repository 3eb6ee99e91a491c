//! `null` where any JSON is a value: it is a value of the type itself, and needs no `Option` around it.

use std::collections::BTreeSet;

use crate::api::{Presence, Shape, TypeDef, TypeId, TypeRef};

/// Removes `null` beside types that have it as a value.
pub fn merged(types: &mut [TypeDef]) {
    let any = of_any_json(types);
    let is_any = |reference: &TypeRef| is_any(reference, &any);
    for definition in types {
        if let Shape::Struct(object) = &mut definition.shape {
            for field in &mut object.fields {
                if is_any(&field.value) {
                    field.presence = match field.presence {
                        Presence::Required | Presence::RequiredNullable => Presence::Required,
                        Presence::Optional | Presence::OptionalNullable => Presence::Optional,
                    };
                }
            }
        }
        for reference in definition.shape.references_mut() {
            merge(reference, &is_any);
        }
    }
}

fn merge(reference: &mut TypeRef, is_any: &impl Fn(&TypeRef) -> bool) {
    match reference {
        TypeRef::Nullable(inner) if is_any(inner) => *reference = (**inner).clone(),
        TypeRef::Nullable(inner)
        | TypeRef::Boxed(inner)
        | TypeRef::List(inner)
        | TypeRef::Map(inner) => merge(inner, is_any),
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
