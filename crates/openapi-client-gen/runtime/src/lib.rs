//! The support code of generated clients: what operations and types share, written by hand.
//!
//! Every file but this one is copied verbatim into each generated crate, as `generated/support/<file>.rs`, for a client must
//! not depend on the workspace that generated it. Here the same files are an ordinary crate, so that they are compiled, linted
//! and tested as what they are, and not as strings inside a generator.
//!
//! | Modules | Purpose |
//! |---|---|
//! | [`draft`] | builds a request step by step: path, query, headers, body |
//! | [`parameter`], [`query`], [`scalar`], [`request`] | write the values of parameters by their styles |
//! | [`form`], [`multipart`], [`file_part`], [`part_value`], `media_type` | write bodies that are no JSON, and stream files |
//! | [`wire`] | how each Rust type is read from JSON and written to it |
//! | [`object`], [`open_enum`], [`union`], [`discriminator`] | implement that for structs, string enums and unions |
//! | [`json`], `exact`, [`formatted`], [`timestamp`], [`date_time`], `repair` | values that keep the text that they were read from |
//! | [`optional`] | the arguments of setters |
//! | [`constraint`], `pattern` | check values before they are sent |
//! | [`response`], [`error_body`], [`event_stream`] | read an answer into a value, an error that keeps everything, or a stream of events |
//! | [`private`] | keeps prompts and documents out of `Debug` |
//!
//! # Rules for the files
//!
//! A file must stand on its own once copied: it names its siblings through `super::`, everything else is an external
//! crate, and its tests are in `tests/`. It also has to pass whatever lints a generated crate turns on.

// No answer of a server and no error of a disk may end the program.
#![deny(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod constraint;
pub mod date_time;
pub mod discriminator;
pub mod draft;
pub mod error_body;
pub mod event_stream;
mod exact;
pub mod file_part;
pub mod form;
pub mod formatted;
pub mod json;
mod media_type;
pub mod multipart;
pub mod object;
pub mod open_enum;
pub mod optional;
pub mod parameter;
pub mod part_value;
pub mod pattern;
pub mod private;
pub mod query;
mod repair;
pub mod request;
pub mod response;
pub mod scalar;
pub mod timestamp;
pub mod union;
pub mod wire;

pub use formatted::Formatted;
pub use json::Json;
pub use timestamp::Timestamp;

/// Types as codegen emits them.
pub mod example {
    use crate as support;
    use support::constraint::constraints;
    use support::object::object;
    use support::open_enum::{UnknownValue, open_enum};
    use support::pattern::pattern;
    use support::private::private_debug;
    use support::union::union;
    use support::wire::{newtype, string_newtype, text_newtype, wire_enum};

    /// An id.
    #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    pub struct PetId(pub uuid::Uuid);

    newtype!(PetId(uuid::Uuid));
    text_newtype!(PetId(uuid::Uuid));

    /// A name.
    #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    pub struct PetName(pub String);

    newtype!(PetName(String));
    string_newtype!(PetName);

    /// An object with a member of each presence.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Cat {
        /// Always there.
        pub id: PetId,
        /// Absent or a value.
        pub lives: Option<i128>,
        /// Absent, `null` or a value.
        pub owner: Option<Option<String>>,
        /// A value or `null`.
        pub born: Option<support::Timestamp>,
        /// Members without a field.
        pub extra: support::object::Extra,
    }

    object! {
        Cat (extra) {
            id: "id" required,
            lives: "lives" optional,
            owner: "owner" nullable,
            born: "born" required,
        }
    }

    /// A closed object with constraints.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Collar {
        /// Up to nine letters.
        pub name: Option<String>,
        /// The links of a chain.
        pub links: Option<Vec<i64>>,
        /// Members without a field.
        pub extra: support::object::Extra,
    }

    object! {
        Collar (extra closed []) {
            name: "name" optional { length: (1, 9), patterns: &[pattern!(r"^\p{L}+$")] },
            links: "links" optional { items: (1, 2), item: Some(constraints!(integer: (0, 5))) },
        }
    }

    /// An object that any other one could be.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Dog {
        /// Absent or a value.
        pub tricks: Option<Vec<String>>,
        /// Members without a field.
        pub extra: support::object::Extra,
    }

    object! { Dog (extra) { tricks: "tricks" optional, } }

    /// A union without a discriminator.
    #[derive(Clone, Debug, PartialEq)]
    pub enum Pet {
        /// A dog.
        Dog(Dog),
        /// A cat.
        Cat(Cat),
        /// Two of them.
        Switch(Switch),
        /// Its name.
        Name(String),
        /// A value of no branch.
        Unrecognized(support::Json),
    }

    union! { Pet, Unrecognized { Dog(Dog), Cat(Cat), Switch(Switch), Name(String) } }

    /// A union with a discriminator.
    #[derive(Clone, Debug, PartialEq)]
    pub enum Tagged {
        /// A dog.
        Dog(Dog),
        /// A cat.
        Cat(Cat),
        /// A value of no branch.
        Unrecognized(support::Json),
    }

    union! {
        Tagged, Unrecognized { Dog(Dog) [added "kind": "dog", "wolf"], Cat(Cat) [kept "kind": "cat"] }
        by "kind" { "dog" => Dog, "wolf" => Dog, "cat" => Cat }
    }

    /// The values of a switch.
    #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[non_exhaustive]
    pub enum Switch {
        /// The value `on`.
        On,
        /// The value `off`.
        Off,
        /// A value that this version of the crate does not know.
        Unrecognized(UnknownValue),
    }

    impl Switch {
        /// The value as it is sent.
        #[must_use]
        pub fn as_str(&self) -> &str {
            match self {
                Self::On => "on",
                Self::Off => "off",
                Self::Unrecognized(value) => value.as_str(),
            }
        }
    }

    impl From<&str> for Switch {
        fn from(value: &str) -> Self {
            match value {
                "on" => Self::On,
                "off" => Self::Off,
                other => Self::Unrecognized(UnknownValue::new(other)),
            }
        }
    }

    open_enum!(Switch);
    wire_enum!(Switch, Unrecognized);

    /// A type with a private field.
    pub struct Prompt<'a> {
        /// Shown.
        pub id: u8,
        /// Not shown.
        pub text: &'a str,
    }

    private_debug!(Prompt, '_; id);
}
