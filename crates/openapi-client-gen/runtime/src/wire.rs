//! The rules by which JSON becomes Rust values and Rust values become JSON, one place for each type.
//!
//! serde's own rules are too strict for answers (`1.0` is an integer, a date may lack its zone), and its `untagged` enums
//! take the first branch that decodes. [`Wire`] has the rules for generated types; their serde implementations call it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Add;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use super::constraint::{Constraints, Violation};
use super::json::Json;

/// A type that is read from JSON and written to it.
pub trait Wire: Sized {
    /// Reads a value.
    ///
    /// # Errors
    ///
    /// The error of the deserializer, if the JSON has another type.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Writes the value: reading what was written gives an equal one.
    ///
    /// # Errors
    ///
    /// The error of the serializer.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// The value that `null` is, if `null` is a value of the type.
    #[must_use]
    fn of_null() -> Option<Self> {
        None
    }

    /// How well the type describes the value that was read.
    fn fit(&self) -> Fit {
        Fit::default()
    }

    /// Checks the constraints of a value that is to be sent: those of its type, and those that it has where it is used.
    ///
    /// # Errors
    ///
    /// The first constraint that it breaks.
    fn check(&self, constraints: &Constraints) -> Result<(), Violation> {
        let _ = constraints;
        Ok(())
    }
}

/// How well a type describes a JSON value. Of the branches of a union that can be read, the one that fits best is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// Values that break their constraints.
    pub violations: u32,
    /// Members and enum values that the type does not know.
    pub unknown: u32,
    /// Members and enum values that it knows, and strings of a known format.
    pub known: u32,
}

impl Fit {
    /// The fit of a member or an enum value that the type knows.
    pub const KNOWN: Self = Self {
        violations: 0,
        unknown: 0,
        known: 1,
    };
    /// The fit of one that the type does not know.
    pub const UNKNOWN: Self = Self {
        violations: 0,
        unknown: 1,
        known: 0,
    };

    /// Whether this fit is better than another one: it has fewer violations, else fewer unknowns, else more knowns.
    #[must_use]
    pub fn is_better_than(self, other: Self) -> bool {
        let key = |fit: Self| (fit.violations, fit.unknown, Reverse(fit.known));
        key(self) < key(other)
    }
}

impl Add for Fit {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            violations: self.violations.saturating_add(other.violations),
            unknown: self.unknown.saturating_add(other.unknown),
            known: self.known.saturating_add(other.known),
        }
    }
}

/// A [`Wire`] type as a serde type.
#[derive(Clone, Copy, Debug)]
pub struct As<T>(pub T);

impl<'de, T: Wire> Deserialize<'de> for As<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

impl<T: Wire> Serialize for As<&T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// Implements [`Wire`] by serde, for types whose rules are those of serde.
macro_rules! wire_by_serde {
    ($fit:expr; $($type:ty),* $(,)?) => {
        $(impl Wire for $type {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize(deserializer)
            }

            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.serialize(serializer)
            }

            fn fit(&self) -> Fit {
                $fit
            }
        })*
    };
}

// A string of a known format is described better by it than by `String`.
wire_by_serde!(Fit::KNOWN; chrono::NaiveDate, chrono::NaiveTime, uuid::Uuid, std::net::IpAddr, std::net::Ipv4Addr, std::net::Ipv6Addr);

/// JSON of any shape. `null` is a value of it, which is not absent.
impl Wire for Json {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn of_null() -> Option<Self> {
        Some(serde_json::Value::Null.into())
    }
}

impl Wire for bool {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn check(&self, constraints: &Constraints) -> Result<(), Violation> {
        constraints.boolean(*self)
    }
}

impl Wire for String {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn check(&self, constraints: &Constraints) -> Result<(), Violation> {
        constraints.text(self)
    }
}

/// A number that is mathematically an integer, however it is written.
fn integral(number: f64) -> Option<i128> {
    // Beyond 2^127 a cast would saturate.
    let is_in_range = number.abs() < 1.7e38;
    #[expect(clippy::cast_possible_truncation, reason = "checked before")]
    (number.fract() == 0.0 && is_in_range).then_some(number as i128)
}

struct Integer<T>(PhantomData<T>);

impl<T: TryFrom<i128>> Visitor<'_> for Integer<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.visit_i128(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.visit_i128(number.into())
    }

    fn visit_i128<E: Error>(self, number: i128) -> Result<T, E> {
        T::try_from(number).map_err(|_| E::custom("an integer that is out of range"))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        match integral(number) {
            Some(number) => self.visit_i128(number),
            None => Err(E::invalid_type(
                Unexpected::Other("a number with a fraction"),
                &self,
            )),
        }
    }
}

macro_rules! wire_integers {
    ($($type:ty),*) => {
        $(impl Wire for $type {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Integer(PhantomData))
            }

            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.serialize(serializer)
            }

            fn check(&self, constraints: &Constraints) -> Result<(), Violation> {
                constraints.integer((*self).into())?;
                constraints.multiple(self)
            }
        })*
    };
}

wire_integers!(i8, i16, i32, i64, u8, u16, u32, u64);

/// An integer of any size that JSON has in practice. Its text is looked at, for the number types of serde_json end at 64 bits.
impl Wire for i128 {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        let text = json.as_json_text();
        let float = || text.parse().ok().and_then(integral);
        let number = text.parse().ok().or_else(float);
        number.ok_or_else(|| D::Error::custom("expected an integer"))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn check(&self, constraints: &Constraints) -> Result<(), Violation> {
        constraints.integer(*self)?;
        constraints.multiple(self)
    }
}

macro_rules! wire_floats {
    ($($type:ty),*) => {
        $(impl Wire for $type {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize(deserializer)
            }

            /// An infinity or a NaN has no JSON.
            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.is_finite() {
                    true => self.serialize(serializer),
                    false => Err(serde::ser::Error::custom("JSON has no infinity and no NaN")),
                }
            }

            fn check(&self, constraints: &Constraints) -> Result<(), Violation> {
                constraints.number((*self).into())?;
                constraints.multiple(self)
            }
        })*
    };
}

wire_floats!(f32, f64);

/// A value or `null`. Where `null` is a value of the type itself, it is that.
impl<T: Wire> Wire for Option<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::<As<T>>::deserialize(deserializer)?;
        Ok(value.map_or_else(T::of_null, |As(value)| Some(value)))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => serializer.serialize_some(&As(value)),
            None => serializer.serialize_none(),
        }
    }

    fn fit(&self) -> Fit {
        self.as_ref().map_or(Fit::default(), T::fit)
    }

    fn check(&self, constraints: &Constraints) -> Result<(), Violation> {
        self.as_ref()
            .map_or(Ok(()), |value| value.check(constraints))
    }
}

impl<T: Wire> Wire for Box<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self::new)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::write(self, serializer)
    }

    fn of_null() -> Option<Self> {
        T::of_null().map(Self::new)
    }

    fn fit(&self) -> Fit {
        T::fit(self)
    }

    fn check(&self, constraints: &Constraints) -> Result<(), Violation> {
        T::check(self, constraints)
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T>(PhantomData<T>);
        impl<'de, T: Wire> Visitor<'de> for Items<T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(As(item)) = seq.next_element()? {
                    items.push(item);
                }
                Ok(items)
            }
        }
        deserializer.deserialize_seq(Items(PhantomData))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(As))
    }

    fn fit(&self) -> Fit {
        self.iter().map(T::fit).fold(Fit::default(), Fit::add)
    }

    fn check(&self, constraints: &Constraints) -> Result<(), Violation> {
        constraints.count(self.len())?;
        constraints.unique(self.iter().map(As))?;
        let mut items = self.iter().enumerate();
        items.try_for_each(|(index, item)| {
            let checked = item.check(constraints.of_item());
            checked.map_err(|violation| violation.in_item(index))
        })
    }
}

impl<T: Wire> Wire for BTreeMap<String, T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Wire> Visitor<'de> for Members<T> {
            type Value = BTreeMap<String, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((key, As(value))) = map.next_entry()? {
                    members.insert(key, value);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Members(PhantomData))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(key, value)| (key, As(value))))
    }

    fn fit(&self) -> Fit {
        self.values().map(T::fit).fold(Fit::default(), Fit::add)
    }

    fn check(&self, constraints: &Constraints) -> Result<(), Violation> {
        constraints.members(self.len())?;
        check_members(self, constraints)
    }
}

/// Checks the names and the values of a map, and not their number.
pub fn check_members<T: Wire>(
    members: &BTreeMap<String, T>,
    constraints: &Constraints,
) -> Result<(), Violation> {
    members.iter().try_for_each(|(key, value)| {
        constraints.name(key)?;
        let checked = value.check(constraints.of_item());
        checked.map_err(|violation| violation.in_key(key))
    })
}

/// Implements serde's traits for a type by [`Wire`].
macro_rules! serde_by_wire {
    ($name:ident) => {
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                support::wire::Wire::write(self, serializer)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                support::wire::Wire::read(deserializer)
            }
        }
    };
}

pub(crate) use serde_by_wire;

/// Implements [`Wire`] for an open enum, by `From<&str>` and `as_str`.
macro_rules! wire_enum {
    ($name:ident, $unknown:ident) => {
        impl support::wire::Wire for $name {
            fn read<'de, D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                ::serde::Deserialize::deserialize(deserializer)
            }

            fn write<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                ::serde::Serialize::serialize(self, serializer)
            }

            fn fit(&self) -> support::wire::Fit {
                match self {
                    Self::$unknown(_) => support::wire::Fit::UNKNOWN,
                    _ => support::wire::Fit::KNOWN,
                }
            }
        }
    };
}

/// Implements [`Wire`], serde and conversions for a type around another one.
macro_rules! newtype {
    ($name:ident($inner:ty) $({ $($constraints:tt)+ })?) => {
        impl support::wire::Wire for $name {
            fn read<'de, D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                support::wire::Wire::read(deserializer).map(Self)
            }

            fn write<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                support::wire::Wire::write(&self.0, serializer)
            }

            fn of_null() -> ::std::option::Option<Self> {
                support::wire::Wire::of_null().map(Self)
            }

            fn fit(&self) -> support::wire::Fit {
                support::wire::Wire::fit(&self.0)
            }

            fn check(
                &self,
                constraints: &support::constraint::Constraints,
            ) -> ::std::result::Result<(), support::constraint::Violation> {
                support::wire::Wire::check(&self.0, constraints)?;
                let own = support::constraint::constraints!($($($constraints)+)?);
                support::wire::Wire::check(&self.0, own)
            }
        }

        support::wire::serde_by_wire!($name);

        impl ::std::ops::Deref for $name {
            type Target = $inner;

            fn deref(&self) -> &$inner {
                &self.0
            }
        }

        impl ::std::convert::From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }

        impl ::std::convert::From<$name> for $inner {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

/// Implements the conversions from and to text for a type around one that has them.
macro_rules! text_newtype {
    ($name:ident($inner:ty)) => {
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = <$inner as ::std::str::FromStr>::Err;

            fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
                value.parse().map(Self)
            }
        }

        impl ::std::convert::TryFrom<&str> for $name {
            type Error = <$inner as ::std::str::FromStr>::Err;

            fn try_from(value: &str) -> ::std::result::Result<Self, Self::Error> {
                value.parse()
            }
        }

        impl ::std::convert::TryFrom<::std::string::String> for $name {
            type Error = <$inner as ::std::str::FromStr>::Err;

            fn try_from(value: ::std::string::String) -> ::std::result::Result<Self, Self::Error> {
                value.parse()
            }
        }
    };
}

/// Implements the conversions from and to text for a type around a `String`.
macro_rules! string_newtype {
    ($name:ident) => {
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl ::std::convert::From<&str> for $name {
            fn from(value: &str) -> Self {
                Self(value.to_owned())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::std::convert::Infallible;

            fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
                ::std::result::Result::Ok(Self::from(value))
            }
        }
    };
}

pub(crate) use {newtype, string_newtype, text_newtype, wire_enum};
