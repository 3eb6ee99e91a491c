//! Objects: structs whose members are looked up by name, and that keep the members that they do not know.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

use super::json::Json;

/// The members of an object that the API description does not name, as they came.
pub type Extra = BTreeMap<String, Json>;

/// A member's name: one of those in the list, or another one.
#[derive(Debug)]
pub enum Key {
    /// One of the list.
    Known(&'static str),
    /// Another one.
    Other(String),
}

/// Reads a [`Key`].
#[derive(Clone, Copy, Debug)]
pub struct KeyOf(pub &'static [&'static str]);

impl<'de> DeserializeSeed<'de> for KeyOf {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeyOf {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        let known = self.0.iter().find(|known| **known == name);
        Ok(known.map_or_else(|| Key::Other(name.to_owned()), |known| Key::Known(known)))
    }
}

/// Implements [`Wire`](super::wire::Wire) and serde for a struct:
///
/// ```text
/// object! {
///     Task (extra) {
///         task_id: "task_id" required,               // `T`
///         note: "note" optional,                     // `Option<T>`: absent or a value; `null` is absent, unless it is a value of `T`
///         title: "title" nullable { length: (1, 9) } // `Option<Option<T>>`: absent, `null` or a value
///     }
/// }
/// ```
///
/// `extra` is the field of members without a field; `closed []` behind it is for an object that is sent without any, but for those
/// that the brackets list. `members(1, 3)` limits the number of all members.
macro_rules! object {
    ($name:ident ($more:ident $(closed [$($tag:literal),*])? $(members($least:literal, $greatest:literal))? $({ $($constraints_of_more:tt)+ })?) {
        $($field:ident: $key:literal $presence:ident $({ $($constraints:tt)+ })?,)*
    }) => {
        impl support::wire::Wire for $name {
            fn read<'de, __De: ::serde::Deserializer<'de>>(deserializer: __De) -> ::std::result::Result<Self, __De::Error> {
                struct __Members;
                impl<'de> ::serde::de::Visitor<'de> for __Members {
                    type Value = $name;

                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str(concat!("an object, a `", stringify!($name), "`"))
                    }

                    fn visit_map<__Map: ::serde::de::MapAccess<'de>>(
                        self,
                        mut map: __Map,
                    ) -> ::std::result::Result<$name, __Map::Error> {
                        $(let mut $field = ::std::option::Option::None;)*
                        let mut $more = ::std::collections::BTreeMap::new();
                        while let ::std::option::Option::Some(key) = map.next_key_seed(support::object::KeyOf(&[$($key),*]))? {
                            match key {
                                $(support::object::Key::Known($key) => $field = ::std::option::Option::Some(map.next_value::<support::wire::As<_>>()?.0),)*
                                support::object::Key::Known(other) => {
                                    $more.insert(other.to_owned(), map.next_value::<support::wire::As<_>>()?.0);
                                }
                                support::object::Key::Other(name) => {
                                    $more.insert(name, map.next_value::<support::wire::As<_>>()?.0);
                                }
                            }
                        }
                        ::std::result::Result::Ok($name {
                            $($field: support::object::present!($presence $field $key __Map),)*
                            $more,
                        })
                    }
                }
                deserializer.deserialize_map(__Members)
            }

            fn write<__Ser: ::serde::Serializer>(&self, serializer: __Ser) -> ::std::result::Result<__Ser::Ok, __Ser::Error> {
                use ::serde::ser::SerializeMap;

                let mut map = serializer.serialize_map(::std::option::Option::None)?;
                $(support::object::write_member!($presence self $field $key map);)*
                for (name, value) in &self.$more {
                    map.serialize_entry(name, &support::wire::As(value))?;
                }
                map.end()
            }

            fn fit(&self) -> support::wire::Fit {
                let unknown = u32::try_from(self.$more.len()).unwrap_or(u32::MAX);
                let fit = support::wire::Fit { unknown, ..support::wire::Fit::default() };
                $(let fit = fit + support::object::fit_of_member!($presence self $field);)*
                fit
            }

            fn check(
                &self,
                _: &support::constraint::Constraints,
            ) -> ::std::result::Result<(), support::constraint::Violation> {
                $(support::wire::Wire::check(&self.$field, support::constraint::constraints!($($($constraints)+)?))
                    .map_err(|violation| violation.in_member($key))?;)*
                $(support::object::require_closed!(self $more [$($tag),*]);)?
                let members = || self.$more.len() $(+ support::object::is_present!($presence self $field))*;
                support::object::limit_members!(members $($least $greatest)?);
                support::wire::check_members(
                    &self.$more,
                    support::constraint::constraints!($($($constraints_of_more)+)?),
                )
            }
        }

        support::wire::serde_by_wire!($name);
    };
}

/// The value of a field after all members were read.
macro_rules! present {
    (required $field:ident $key:literal $access:ident) => {
        $field.ok_or_else(|| <$access::Error as ::serde::de::Error>::missing_field($key))?
    };
    (optional $field:ident $key:literal $access:ident) => {
        $field.flatten()
    };
    (nullable $field:ident $key:literal $access:ident) => {
        $field
    };
}

/// Writes a member, unless it is absent.
macro_rules! write_member {
    (required $self:ident $field:ident $key:literal $map:ident) => {
        $map.serialize_entry($key, &support::wire::As(&$self.$field))?
    };
    ($presence:ident $self:ident $field:ident $key:literal $map:ident) => {
        if let ::std::option::Option::Some(value) = &$self.$field {
            $map.serialize_entry($key, &support::wire::As(value))?;
        }
    };
}

/// The fit of a member.
macro_rules! fit_of_member {
    (required $self:ident $field:ident) => {
        support::wire::Fit::KNOWN + support::wire::Wire::fit(&$self.$field)
    };
    ($presence:ident $self:ident $field:ident) => {
        match &$self.$field {
            ::std::option::Option::Some(value) => {
                support::wire::Fit::KNOWN + support::wire::Wire::fit(value)
            }
            ::std::option::Option::None => support::wire::Fit::default(),
        }
    };
}

/// The number of members of a field: one, or none.
macro_rules! is_present {
    (required $self:ident $field:ident) => {
        1
    };
    ($presence:ident $self:ident $field:ident) => {
        usize::from($self.$field.is_some())
    };
}

/// Requires an object to have a number of members.
macro_rules! limit_members {
    ($members:ident) => {
        let _ = $members;
    };
    ($members:ident $least:literal $greatest:literal) => {
        support::constraint::constraints!(members: ($least, $greatest)).members($members())?;
    };
}

/// Requires a closed object to have no members without a field, but for its discriminators.
macro_rules! require_closed {
    ($self:ident $more:ident [$($tag:literal),*]) => {
        let tags: &[&str] = &[$($tag),*];
        if $self.$more.keys().any(|key| !tags.contains(&&**key)) {
            return ::std::result::Result::Err(support::constraint::Violation::closed());
        }
    };
}

pub(crate) use {
    fit_of_member, is_present, limit_members, object, present, require_closed, write_member,
};
