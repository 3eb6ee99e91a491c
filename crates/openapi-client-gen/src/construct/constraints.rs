//! Constraints: the keywords that a value keeps when it is sent.
//!
//! They are part of the model, and not of a type, for a value of one Rust type may have other constraints in each place.

use serde_json::Value;

use crate::api::{Bound, Constraints, Decimal, Primitive, TypeRef};
use openapi_document::schema::Schema;

/// The constraints of the values of a schema, other than those of their type. A generated type has its own.
pub fn constraints(schema: &Schema<'_>, value: &TypeRef) -> Constraints {
    match value {
        TypeRef::Boxed(inner) | TypeRef::Nullable(inner) => constraints(schema, inner),
        TypeRef::Named(_) => Constraints::default(),
        value => match schema.only_branch() {
            Some(branch) => constraints(&branch, value),
            None => own(schema, value),
        },
    }
}

fn own(schema: &Schema<'_>, value: &TypeRef) -> Constraints {
    let of_item = |item: Option<Schema<'_>>, value: &TypeRef| boxed(constraints(&item?, value));
    let mut own = Constraints::default();
    match value {
        TypeRef::Primitive(Primitive::String) => {
            own.length = counts(schema, "minLength", "maxLength");
            own.patterns = {
                let patterns = schema.keywords("pattern").filter_map(Value::as_str);
                patterns.map(str::to_owned).collect()
            };
        }
        TypeRef::Primitive(Primitive::Bool) => {
            own.boolean = constant(schema).and_then(Value::as_bool);
        }
        TypeRef::Primitive(Primitive::Integer(_)) => {
            own.multiples = multiples(schema);
            own.integer = match constant(schema).and_then(|value| whole(value, 1)) {
                Some((number, true)) => (Some(number), Some(number)),
                _ => (
                    integers(schema, "minimum", "exclusiveMinimum", 1).max(),
                    integers(schema, "maximum", "exclusiveMaximum", -1).min(),
                ),
            };
        }
        TypeRef::Primitive(Primitive::Float | Primitive::Float32) => {
            own.multiples = multiples(schema);
            let exclusive = false;
            let constant = constant(schema).and_then(Value::as_f64);
            let constant = constant.map(|value| Bound { value, exclusive });
            own.number = match constant {
                Some(_) => (constant, constant),
                None => (
                    innermost(schema, "minimum", "exclusiveMinimum", f64::gt),
                    innermost(schema, "maximum", "exclusiveMaximum", f64::lt),
                ),
            };
        }
        TypeRef::List(item) => {
            own = of_list(schema);
            own.item = of_item(schema.items(), item);
        }
        TypeRef::Map(value) => {
            own.item = of_item(schema.additional_properties(), value);
            own.members = counts(schema, "minProperties", "maxProperties");
            own.names = of_names(schema);
        }
        _ => {}
    }
    own
}

fn boxed(constraints: Constraints) -> Option<Box<Constraints>> {
    (!constraints.is_empty()).then(|| Box::new(constraints))
}

/// The constraints of a list, without those of its items.
pub fn of_list(schema: &Schema<'_>) -> Constraints {
    Constraints {
        items: counts(schema, "minItems", "maxItems"),
        unique: schema.is("uniqueItems"),
        ..Constraints::default()
    }
}

/// The constraints of the names of members.
fn of_names(schema: &Schema<'_>) -> Option<Box<Constraints>> {
    let names = schema.property_names();
    let names = names.map(|names| own(&names, &TypeRef::STRING));
    let mut names = names.unwrap_or_default();
    let pattern = schema.only_pattern_of_names();
    names.patterns.extend(pattern.map(str::to_owned));
    boxed(names)
}

/// The least and the greatest count that the keywords allow.
fn counts(
    schema: &Schema<'_>,
    minimum: &'static str,
    maximum: &'static str,
) -> (Option<u64>, Option<u64>) {
    let least = schema.counts(minimum).max().filter(|least| *least > 0);
    (least, schema.counts(maximum).min())
}

fn multiples(schema: &Schema<'_>) -> Vec<Decimal> {
    let numbers = schema.keywords("multipleOf");
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

/// The bound that excludes the most numbers; `is_inside` compares two of them.
fn innermost(
    schema: &Schema<'_>,
    name: &str,
    exclusive: &str,
    is_inside: fn(&f64, &f64) -> bool,
) -> Option<Bound> {
    let bounds = schema.bounds(name, exclusive).into_iter();
    let bounds = bounds.filter_map(|(value, exclusive)| {
        let value = value.as_f64()?;
        Some(Bound { value, exclusive })
    });
    bounds.reduce(|left, right| {
        let is_beside = right.exclusive && !is_inside(&left.value, &right.value);
        match is_beside || is_inside(&right.value, &left.value) {
            true => right,
            false => left,
        }
    })
}

/// The inclusive bounds of an integer; `inward` is the step from an exclusive bound to an inclusive one.
pub fn integers(
    schema: &Schema<'_>,
    name: &str,
    exclusive: &str,
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
