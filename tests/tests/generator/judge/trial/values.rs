//! JSON values of the types of a model: the same ones in every run, and no text twice, so that none can be mistaken for another.

use openapi_client_gen::api::{
    Api, Bound, Constraints, Field, Integer, Location, Parameter, Primitive, Shape, TypeRef,
    UnionType,
};
use serde_json::{Map, Value, json};

/// The largest depth at which optional fields have values.
const MAX_DEPTH: usize = 4;
/// The largest depth of a value, which one of a type that requires itself would exceed.
const MAX_NESTING: usize = 24;

/// The extent of the inputs of a call, and of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Those that are required.
    Required,
    /// All.
    All,
}

/// The characters of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alphabet {
    Unicode,
    /// The values of a header.
    Ascii,
    /// The values of a cookie.
    Letters,
}

/// The values of one call.
pub struct Values<'a> {
    api: &'a Api,
    extent: Extent,
    count: u64,
    alphabet: Alphabet,
}

impl<'a> Values<'a> {
    /// Values of the types of a model.
    pub fn new(api: &'a Api, extent: Extent) -> Self {
        Self {
            api,
            extent,
            count: 0,
            alphabet: Alphabet::Unicode,
        }
    }

    /// A value of a type; nothing if a pattern is beyond this generator.
    pub fn value(&mut self, reference: &TypeRef, constraints: &Constraints) -> Option<Value> {
        self.at(reference, &[constraints], 0)
    }

    /// A value of a parameter.
    pub fn parameter(&mut self, parameter: &Parameter) -> Option<Value> {
        self.alphabet = match parameter.location {
            Location::Path | Location::Query => Alphabet::Unicode,
            Location::Header => Alphabet::Ascii,
            Location::Cookie => Alphabet::Letters,
        };
        let value = self.value(&parameter.value, &parameter.constraints);
        self.alphabet = Alphabet::Unicode;
        value
    }

    fn at(
        &mut self,
        reference: &TypeRef,
        constraints: &[&Constraints],
        depth: usize,
    ) -> Option<Value> {
        if depth > MAX_NESTING {
            return None;
        }
        match reference {
            TypeRef::Boxed(inner) => self.at(inner, constraints, depth),
            TypeRef::Nullable(inner) if depth > MAX_DEPTH => {
                self.at(inner, constraints, depth).or(Some(Value::Null))
            }
            TypeRef::Nullable(inner) => self.at(inner, constraints, depth),
            TypeRef::List(item) => {
                let (least, greatest) = range(constraints, |all| all.items);
                let wanted = match self.extent {
                    Extent::All if depth <= MAX_DEPTH => 2,
                    _ => 0,
                };
                let count = wanted.max(least.unwrap_or(0));
                let count = count.min(greatest.unwrap_or(u64::MAX)).min(50);
                let of_item = items(constraints);
                let values = (0..count).map(|_| self.at(item, &of_item, depth + 1));
                values.collect::<Option<Vec<_>>>().map(Value::Array)
            }
            TypeRef::Map(value) => {
                let of_item = items(constraints);
                let (least, _) = range(constraints, |all| all.members);
                let names: Vec<&Constraints> = constraints
                    .iter()
                    .filter_map(|all| all.names.as_deref())
                    .collect();
                let mut members = Map::new();
                for number in 0..least.unwrap_or(0).max(1) {
                    let value = self.at(value, &of_item, depth + 1)?;
                    let name = match names.is_empty() {
                        true => Some(format!("key {number}")),
                        false => self.text(&names),
                    };
                    members.extend(name.map(|name| (name, value)));
                }
                Some(Value::Object(members))
            }
            TypeRef::Primitive(primitive) => self.primitive(*primitive, constraints),
            TypeRef::Named(id) => match &self.api.definition(*id).shape {
                Shape::Newtype(newtype) => {
                    let mut all = constraints.to_vec();
                    all.push(&newtype.constraints);
                    self.at(&newtype.inner, &all, depth + 1)
                }
                Shape::Enum(values) => {
                    let variant = match self.extent {
                        Extent::All => values.variants.first(),
                        Extent::Required => values.variants.last(),
                    };
                    variant.map(|variant| json!(variant.value))
                }
                Shape::Union(union) => self.branch(union, depth),
                Shape::Struct(object) => {
                    let mut members = Map::new();
                    for field in &object.fields {
                        if let Some(value) = self.member(field, depth)? {
                            members.insert(field.key.clone(), value);
                        }
                    }
                    let has_any_name = object.extra_constraints.names.is_none();
                    let is_typed = object.extra != TypeRef::JSON && !object.closed && has_any_name;
                    if is_typed && self.extent == Extent::All && depth <= MAX_DEPTH {
                        let of_item = items(&[&object.extra_constraints])
                            .into_iter()
                            .cloned()
                            .collect::<Vec<_>>();
                        let of_item: Vec<_> = of_item.iter().collect();
                        let value = self.at(&object.extra, &of_item, depth + 1)?;
                        members.insert("key 0".to_owned(), value);
                    }
                    Some(Value::Object(members))
                }
            },
        }
    }

    /// The value of a member, if it is to have one.
    fn member(&mut self, field: &Field, depth: usize) -> Option<Option<Value>> {
        let is_wanted = self.extent == Extent::All && depth < MAX_DEPTH;
        let value = match (field.required, field.nullable) {
            (true, false) => Some(self.at(&field.value, &[&field.constraints], depth + 1)?),
            (true, true) if !is_wanted => Some(Value::Null),
            (true, true) => self
                .at(&field.value, &[&field.constraints], depth + 1)
                .or(Some(Value::Null)),
            (false, _) if !is_wanted => None,
            (false, _) => self.at(&field.value, &[&field.constraints], depth + 1),
        };
        Some(value)
    }

    fn branch(&mut self, union: &UnionType, depth: usize) -> Option<Value> {
        let mut branches: Vec<usize> = (0..union.branches.len()).collect();
        if self.extent == Extent::Required {
            branches.reverse();
        }
        branches.into_iter().find_map(|index| {
            let branch = &union.branches[index];
            let mut value = self.at(&branch.value, &[&branch.constraints], depth + 1)?;
            if let Some(discriminator) = &union.discriminator {
                let (name, _) = discriminator.values.iter().find(|(_, of)| *of == index)?;
                let members = value.as_object_mut()?;
                members.insert(discriminator.key.clone(), json!(name));
            }
            Some(value)
        })
    }

    fn primitive(&mut self, primitive: Primitive, constraints: &[&Constraints]) -> Option<Value> {
        self.count += 1;
        let count = self.count;
        Some(match primitive {
            Primitive::Bool => {
                let only = constraints.iter().find_map(|all| all.boolean);
                json!(only.unwrap_or(count % 2 == 1))
            }
            Primitive::Integer(integer) => {
                let (least, greatest) = range(constraints, |all| all.integer);
                let (most, count) = (greatest.unwrap_or(width(integer)), i128::from(count));
                let number = least.map_or(count, |least| least + count).min(most);
                let mut multiples = constraints.iter().flat_map(|all| &all.multiples);
                let multiple = multiples.find(|multiple| multiple.scale == 0);
                let rest = multiple.map_or(0, |multiple| number % multiple.digits);
                let number = match least.is_none_or(|least| least <= number - rest) {
                    true => number - rest,
                    false => number - rest + multiple?.digits,
                };
                json!(i64::try_from(number).ok()?)
            }
            Primitive::Float | Primitive::Float32 => {
                let bounds = constraints.iter().map(|all| all.number);
                let (least, greatest) = bounds.fold((None, None), |known, (least, greatest)| {
                    (known.0.or(least), known.1.or(greatest))
                });
                let edge = |bound: Option<Bound>| bound.map(|bound| bound.value);
                let number = match (edge(least), edge(greatest)) {
                    (Some(least), Some(greatest)) => (least + greatest) / 2.0,
                    (Some(least), None) => least + 0.5,
                    (None, Some(greatest)) => greatest - 0.5,
                    (None, None) => 0.5 + count as f64,
                };
                let mut multiples = constraints.iter().flat_map(|all| &all.multiples);
                let number = match multiples.next() {
                    Some(multiple) => {
                        let multiple: f64 = multiple.to_string().parse().ok()?;
                        (number / multiple).floor() * multiple
                    }
                    None => number,
                };
                json!(number)
            }
            Primitive::String => json!(self.text(constraints)?),
            Primitive::Timestamp => json!(format!("2026-01-02T03:04:{:02}Z", count % 60)),
            Primitive::Date => json!(format!("2026-01-{:02}", 1 + count % 28)),
            Primitive::Uuid => json!(format!("7f7e4431-66f4-4eb9-bc91-{count:012x}")),
            Primitive::Ip => json!(format!("192.0.2.{}", count % 255)),
            Primitive::Json => json!(format!("any {count}")),
        })
    }

    fn text(&self, constraints: &[&Constraints]) -> Option<String> {
        let (least, greatest) = range(constraints, |all| all.length);
        let patterns: Vec<&str> = constraints
            .iter()
            .flat_map(|all| all.patterns.iter().map(String::as_str))
            .collect();
        let text = match patterns.first() {
            None if self.alphabet == Alphabet::Letters => format!("a{}", self.count),
            None if self.alphabet == Alphabet::Ascii => format!("a/b c&d=e+f%20; {}", self.count),
            None => format!("a/b c&d=e+f%20;\u{e9} {}", self.count),
            Some(pattern) => {
                let candidates = [
                    format!("a{}", self.count),
                    format!("a-{}", self.count),
                    format!("A{}", self.count),
                    "a".to_owned(),
                    "A".to_owned(),
                    "AB".to_owned(),
                    "ABC".to_owned(),
                    self.count.to_string(),
                    "12".to_owned(),
                    "123".to_owned(),
                    "1234".to_owned(),
                    "12345".to_owned(),
                    "1.2.3".to_owned(),
                    "2026-01-02".to_owned(),
                    "#aabbcc".to_owned(),
                    "+15550100".to_owned(),
                    "/a".to_owned(),
                    "https://example.com".to_owned(),
                    "a@example.com".to_owned(),
                    "0".repeat(24),
                    "0".repeat(32),
                    "0".repeat(40),
                    "0".repeat(64),
                ];
                let pattern = regress::Regex::with_flags(pattern, "u").ok()?;
                candidates
                    .into_iter()
                    .find(|text| pattern.find(text).is_some())?
            }
        };
        let length = text.chars().count() as u64;
        let (least, greatest) = (least.unwrap_or(0), greatest.unwrap_or(u64::MAX));
        match patterns.is_empty() {
            _ if (least..=greatest).contains(&length) => Some(text),
            false => None,
            true if length > greatest => {
                let end: Vec<char> = text.chars().rev().take(greatest as usize).collect();
                Some(end.into_iter().rev().collect())
            }
            true => Some(format!("{text}{}", "x".repeat((least - length) as usize))),
        }
    }
}

/// The largest value that every client takes.
fn width(integer: Integer) -> i128 {
    let bits = integer.bits - u32::from(integer.is_signed);
    (1 << bits.min(63)) - 1
}

/// The narrowest range of several.
fn range<T: Ord + Copy>(
    constraints: &[&Constraints],
    of: impl Fn(&Constraints) -> (Option<T>, Option<T>),
) -> (Option<T>, Option<T>) {
    let ranges = || constraints.iter().map(|all| of(all));
    (
        ranges().filter_map(|range| range.0).max(),
        ranges().filter_map(|range| range.1).min(),
    )
}

fn items<'c>(constraints: &[&'c Constraints]) -> Vec<&'c Constraints> {
    constraints
        .iter()
        .filter_map(|all| all.item.as_deref())
        .collect()
}
