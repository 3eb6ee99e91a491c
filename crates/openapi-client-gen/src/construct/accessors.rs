//! The names of the methods that read and set the fields of a struct.
//!
//! A struct that is sent has a setter for each optional field, with the name of the field. A field that may be `null` has a
//! second one, for `null`. A getter has the name of the field, too, in a struct that is not sent; in one that is sent, it has
//! `get_` before it.

use crate::api::{Accessors, Field, Operation, Shape, StructType, TypeDef, TypeId, reached};

use super::names::Scope;

/// Names that no accessor gets.
const RESERVED: [&[&str]; 4] = [
    // Associated functions that every struct has, and methods of traits that a method would hide.
    &[
        "new",
        "default",
        "clone",
        "clone_from",
        "eq",
        "ne",
        "fmt",
        "serialize",
        "deserialize",
    ],
    &[
        "from", "into", "try_from", "try_into", "to_owned", "type_id",
    ],
    &["as_ref", "borrow", "borrow_mut", "deref"],
    // Operators, for which a reader would take a setter.
    &[
        "add", "sub", "mul", "div", "rem", "bitand", "bitor", "bitxor", "shl", "shr",
    ],
];

/// Names the accessors of every field.
pub fn assign(types: &mut [TypeDef], operations: &[Operation]) {
    let sent = reached(types, operations.iter().flat_map(Operation::request_types));
    for (index, definition) in types.iter_mut().enumerate() {
        if let Shape::Struct(object) = &mut definition.shape {
            name(object, sent.contains(&TypeId(index)));
        }
    }
}

fn name(object: &mut StructType, is_sent: bool) {
    let mut methods = Scope::reserving(&RESERVED.concat());
    let fields = object.fields.iter_mut();
    let optional = fields.filter(|field| !field.required);
    let mut optional: Vec<&mut Field> = optional.collect();
    if is_sent {
        assign_like_fields(&mut methods, "with", optional.iter_mut(), |names| {
            &mut names.setter
        });
    }
    let read = optional.iter_mut();
    let read = read.filter(|field| field.nullable || field.default_value.is_some());
    assign_like_fields(&mut methods, "get", read, |names| &mut names.getter);
    for field in optional {
        if is_sent && field.nullable {
            let stem = field.name.trim_end_matches('_');
            field.accessors.null_setter = Some(methods.free(format!("{stem}_null")));
        }
    }
}

/// Names a method after each field, with a prefix where the name of the field is taken. No prefixed name takes that of a field.
fn assign_like_fields<'f, 'a: 'f>(
    methods: &mut Scope,
    prefix: &str,
    fields: impl Iterator<Item = &'f mut &'a mut Field>,
    name_of: fn(&mut Accessors) -> &mut Option<String>,
) {
    let mut others = Vec::new();
    for field in fields {
        match methods.take(&field.name) {
            true => *name_of(&mut field.accessors) = Some(field.name.clone()),
            false => others.push(field),
        }
    }
    for field in others {
        let stem = field.name.trim_end_matches('_');
        let name = methods.free(format!("{prefix}_{stem}"));
        *name_of(&mut field.accessors) = Some(name);
    }
}
