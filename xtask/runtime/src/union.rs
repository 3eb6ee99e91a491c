//! Unions: enums whose value is read as the branch that describes it best.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::json::Json;
use super::wire::{As, Fit, Wire};

/// A branch of a union: reads it from JSON text, if it is that.
pub type Branch<U> = fn(&str) -> Option<(U, Fit)>;

/// Reads a branch.
pub fn branch<T: Wire, U>(json: &str, variant: fn(T) -> U) -> Option<(U, Fit)> {
    let As(value) = serde_json::from_str::<As<T>>(json).ok()?;
    let fit = value.fit();
    Some((variant(value), fit))
}

/// Reads a value as the branch that fits best, the first of those that fit equally well.
pub fn best<U>(json: &Json, branches: &[Branch<U>]) -> Option<U> {
    let mut best: Option<(U, Fit)> = None;
    for read in branches {
        if let Some((value, fit)) = read(json.as_str())
            && best
                .as_ref()
                .is_none_or(|(_, best)| fit.is_better_than(*best))
        {
            best = Some((value, fit));
        }
    }
    best.map(|(value, _)| value)
}

/// The discriminator of an object: the string member of this name.
#[must_use]
pub fn discriminator(json: &Json, name: &'static str) -> Option<String> {
    let mut document = serde_json::Deserializer::from_str(json.as_str());
    Discriminator(name).deserialize(&mut document).ok()?
}

struct Discriminator(&'static str);

impl<'de> DeserializeSeed<'de> for Discriminator {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Discriminator {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<String>()? {
            match name == self.0 {
                true => found = map.next_value::<Option<String>>()?,
                false => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// Implements [`Wire`] and serde for an enum with a variant `Unrecognized(Json)`:
///
/// ```text
/// union! { Shape { Circle(Circle), Square(Square) } by "kind" { "circle" => Circle, "square" => Square } }
/// union! { Id { Text(String), Number(i64) } }
/// ```
///
/// With a discriminator, the branch is the one that it names; without one, the one that fits best. A value of no branch is
/// `Unrecognized`.
macro_rules! union {
    ($name:ident { $($variant:ident($type:ty)),* $(,)? } $(by $tag:literal { $($value:literal => $branch:ident),* $(,)? })?) => {
        impl support::wire::Wire for $name {
            fn read<'de, __De: ::serde::Deserializer<'de>>(deserializer: __De) -> ::std::result::Result<Self, __De::Error> {
                let json = <support::Json as ::serde::Deserialize>::deserialize(deserializer)?;
                $(if let ::std::option::Option::Some(tag) = support::union::discriminator(&json, $tag) {
                    // A value that is not what its discriminator says may still be another branch.
                    let named = match &*tag {
                        $($value => json.get().map(|support::wire::As(value)| Self::$branch(value)),)*
                        _ => return ::std::result::Result::Ok(Self::Unrecognized(json)),
                    };
                    if let ::std::result::Result::Ok(named) = named {
                        return ::std::result::Result::Ok(named);
                    }
                })?
                let best = support::union::best(&json, &[
                    $(|json| support::union::branch::<$type, Self>(json, Self::$variant),)*
                ]);
                ::std::result::Result::Ok(best.unwrap_or(Self::Unrecognized(json)))
            }

            fn write<__Ser: ::serde::Serializer>(&self, serializer: __Ser) -> ::std::result::Result<__Ser::Ok, __Ser::Error> {
                match self {
                    $(Self::$variant(value) => support::wire::Wire::write(value, serializer),)*
                    Self::Unrecognized(json) => support::wire::Wire::write(json, serializer),
                }
            }

            fn fit(&self) -> support::wire::Fit {
                match self {
                    $(Self::$variant(value) => support::wire::Wire::fit(value),)*
                    Self::Unrecognized(_) => support::wire::Fit::UNKNOWN,
                }
            }
        }

        support::wire::serde_by_wire!($name);
    };
}

pub(crate) use union;
