//! Newtypes around a format of texts. Servers send texts of another one, which such a type keeps.

use std::collections::BTreeSet;

use crate::api::{Operation, Primitive, Shape, TypeDef, TypeId, TypeRef};

/// Decides which newtypes keep texts of another format. A UUID with a name is an id, and callers pass on a parameter: both are
/// always in their format.
pub fn assign(types: &mut [TypeDef], operations: &[Operation]) {
    let parameters = operations
        .iter()
        .flat_map(|operation| &operation.parameters);
    let parameters = parameters.filter_map(|parameter| parameter.value.named());
    let parameters: BTreeSet<TypeId> = parameters.collect();
    for (index, definition) in types.iter_mut().enumerate() {
        if let Shape::Newtype(newtype) = &mut definition.shape
            && let TypeRef::Primitive(inner) = newtype.inner
        {
            let is_lenient = inner.is_format() && inner != Primitive::Uuid;
            newtype.lenient = is_lenient && !parameters.contains(&TypeId(index));
        }
    }
}
