//! Constraints: the keywords that a value keeps when it is sent.

use serde_json::Value;

use crate::api::{Bound, Constraints, Decimal, Primitive, TypeRef};

use super::schema::Schema;

/// The constraints of the values of a schema, other than those of their type. A generated type has its own.
pub fn constraints(root: &Value, schema: &Schema<'_>, value: &TypeRef) -> Constraints {
    match value {
        TypeRef::Boxed(inner) | TypeRef::Nullable(inner) => constraints(root, schema, inner),
        TypeRef::Named(_) => Constraints::default(),
        value => match only_branch(root, schema) {
            Some(branch) => constraints(root, &branch, value),
            None => own(root, schema, value),
        },
    }
}

/// The schema of the values other than `null`, if a union has one such branch.
pub fn only_branch<'d>(root: &'d Value, schema: &Schema<'d>) -> Option<Schema<'d>> {
    let mut branches = schema.branches(root)?.into_iter();
    let mut branches = branches.by_ref().filter(|branch| !branch.own.is_null());
    let only = branches.next()?;
    branches.next().is_none().then_some(only.schema)
}

fn own(root: &Value, schema: &Schema<'_>, value: &TypeRef) -> Constraints {
    let of_item = |item: Option<Schema<'_>>, value: &TypeRef| {
        let item = constraints(root, &item?, value);
        (!item.is_empty()).then(|| Box::new(item))
    };
    match value {
        TypeRef::Primitive(Primitive::String) => Constraints {
            length: (
                schema.counts("minLength").max().filter(|least| *least > 0),
                schema.counts("maxLength").min(),
            ),
            patterns: schema.texts("pattern").map(str::to_owned).collect(),
            ..Constraints::default()
        },
        TypeRef::Primitive(Primitive::Bool) => Constraints {
            boolean: constant(schema).and_then(Value::as_bool),
            ..Constraints::default()
        },
        TypeRef::Primitive(Primitive::Integer(_)) => Constraints {
            integer: match constant(schema).and_then(|value| whole(value, 1)) {
                Some((number, true)) => (Some(number), Some(number)),
                _ => (
                    integers(schema, "minimum", "exclusiveMinimum", 1).max(),
                    integers(schema, "maximum", "exclusiveMaximum", -1).min(),
                ),
            },
            multiples: multiples(schema),
            ..Constraints::default()
        },
        TypeRef::Primitive(Primitive::Float | Primitive::Float32) => Constraints {
            number: match constant(schema).and_then(Value::as_f64) {
                Some(value) => {
                    let bound = Some(Bound {
                        value,
                        exclusive: false,
                    });
                    (bound, bound)
                }
                None => (
                    numbers(schema, "minimum", "exclusiveMinimum").reduce(|left, right| {
                        if is_inside(right.value, left.value, right.exclusive) {
                            right
                        } else {
                            left
                        }
                    }),
                    numbers(schema, "maximum", "exclusiveMaximum").reduce(|left, right| {
                        if is_inside(left.value, right.value, right.exclusive) {
                            right
                        } else {
                            left
                        }
                    }),
                ),
            },
            multiples: multiples(schema),
            ..Constraints::default()
        },
        TypeRef::List(item) => Constraints {
            item: of_item(schema.items(root), item),
            ..of_list(schema)
        },
        TypeRef::Map(value) => Constraints {
            item: of_item(schema.additional_properties(root), value),
            members: (
                schema
                    .counts("minProperties")
                    .max()
                    .filter(|least| *least > 0),
                schema.counts("maxProperties").min(),
            ),
            names: of_names(root, schema),
            ..Constraints::default()
        },
        _ => Constraints::default(),
    }
}

/// The constraints of a list, without those of its items.
pub fn of_list(schema: &Schema<'_>) -> Constraints {
    Constraints {
        items: (
            schema.counts("minItems").max().filter(|least| *least > 0),
            schema.counts("maxItems").min(),
        ),
        unique: schema.is("uniqueItems"),
        ..Constraints::default()
    }
}

/// The constraints of the names of members.
fn of_names(root: &Value, schema: &Schema<'_>) -> Option<Box<Constraints>> {
    let names = schema.property_names(root);
    let mut names = names.map_or_else(Constraints::default, |names| {
        own(root, &names, &TypeRef::STRING)
    });
    names
        .patterns
        .extend(schema.only_pattern_of_names().map(str::to_owned));
    (!names.is_empty()).then(|| Box::new(names))
}

fn multiples(schema: &Schema<'_>) -> Vec<Decimal> {
    let numbers = schema.numbers("multipleOf");
    let numbers = numbers.filter_map(|number| Decimal::parse(&number.to_string()));
    numbers.filter(|number| number.digits > 0).collect()
}

/// The only value of a schema. Several values of numbers are not held to: others may come.
fn constant<'d>(schema: &Schema<'d>) -> Option<&'d Value> {
    match schema.values()?[..] {
        [only] => Some(only),
        _ => None,
    }
}

/// Whether a bound is above another one, or excludes it.
fn is_inside(bound: f64, other: f64, excludes: bool) -> bool {
    bound > other || (excludes && bound >= other)
}

/// The inclusive bounds of an integer; `inward` is the step from an exclusive bound to an inclusive one.
pub fn integers(
    schema: &Schema<'_>,
    name: &'static str,
    exclusive: &'static str,
    inward: i128,
) -> impl Iterator<Item = i128> {
    let bounds = schema.bounds(name, exclusive).into_iter();
    bounds.filter_map(move |(value, is_exclusive)| {
        let (number, is_whole) = whole(value, inward)?;
        match is_exclusive && is_whole {
            true => number.checked_add(inward),
            false => Some(number),
        }
    })
}

/// The next integer inward from a number, and whether it is that number.
fn whole(value: &Value, inward: i128) -> Option<(i128, bool)> {
    let exact = value.as_i64().map(i128::from);
    if let Some(number) = exact.or_else(|| value.as_u64().map(i128::from)) {
        return Some((number, true));
    }
    let number = value.as_f64()?;
    let rounded = match inward {
        1 => number.ceil(),
        _ => number.floor(),
    };
    // Beyond 2^127 a cast would saturate, and no integer type reaches that far.
    #[expect(clippy::cast_possible_truncation, reason = "checked")]
    (rounded.abs() < 1.7e38).then_some((rounded as i128, rounded == number))
}

fn numbers(
    schema: &Schema<'_>,
    name: &'static str,
    exclusive: &'static str,
) -> impl Iterator<Item = Bound> {
    let bounds = schema.bounds(name, exclusive).into_iter();
    bounds.filter_map(|(value, exclusive)| {
        let value = value.as_f64()?;
        Some(Bound { value, exclusive })
    })
}
