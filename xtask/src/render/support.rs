//! The support code that a generated client needs at run time, copied from `xtask/runtime`, where it is a crate of its own
//! that is compiled, linted and tested.

use proc_macro2::TokenStream;
use quote::quote;

use super::constraints;
use crate::api::Api;

macro_rules! sources {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../runtime/src/", $name, ".rs")))),*]
    };
}

const SOURCES: &[(&str, &str)] = sources![
    "constraint",
    "date_time",
    "discriminator",
    "draft",
    "error_body",
    "exact",
    "file_part",
    "form",
    "formatted",
    "json",
    "media_type",
    "multipart",
    "object",
    "open_enum",
    "optional",
    "parameter",
    "part_value",
    "private",
    "query",
    "repair",
    "request",
    "response",
    "scalar",
    "timestamp",
    "union",
    "wire",
];

/// The files that not every document needs.
#[derive(Clone, Copy, Debug)]
pub struct Needed {
    /// Streams of events.
    pub events: bool,
    /// Patterns of texts.
    pub patterns: bool,
}

impl Needed {
    /// The files that the client of an API needs.
    pub fn by(api: &Api) -> Self {
        Self {
            events: super::has_events(api),
            patterns: constraints::has_patterns(api),
        }
    }
}

const PATTERNS: (&str, &str) = ("pattern", include_str!("../../runtime/src/pattern.rs"));

const EVENTS: (&str, &str) = (
    "event_stream",
    include_str!("../../runtime/src/event_stream.rs"),
);

/// The files that are copied: name and text.
pub fn sources(needed: &Needed) -> impl Iterator<Item = (&'static str, String)> + use<> {
    let events = needed.events.then_some(EVENTS);
    let patterns = needed.patterns.then_some(PATTERNS);
    let sources = SOURCES.iter().copied().chain(events).chain(patterns);
    sources.map(|(name, text)| (name, text.replace("\r\n", "\n")))
}

/// The module of the support code.
pub fn module(needed: &Needed) -> TokenStream {
    let patterns = needed.patterns.then(|| {
        quote!(
            pub(crate) mod pattern;
        )
    });
    let events = needed.events.then(|| {
        quote! {
            pub mod event_stream;
            pub use event_stream::{Event, EventError, EventStream};
        }
    });
    quote! {
        //! The code that operations and types share: requests, responses, errors, files, and the rules for JSON.

        // It serves any document, and few need all of it.
        #![allow(dead_code, unused_imports, unused_macros)]

        pub(crate) mod constraint;
        pub(crate) mod date_time;
        pub(crate) mod discriminator;
        pub(crate) mod draft;
        mod error_body;
        #events
        mod exact;
        mod file_part;
        mod form;
        mod formatted;
        mod json;
        mod media_type;
        pub(crate) mod multipart;
        pub(crate) mod object;
        mod open_enum;
        mod optional;
        mod parameter;
        mod part_value;
        #patterns
        mod private;
        mod query;
        mod repair;
        mod request;
        pub(crate) mod response;
        mod scalar;
        mod timestamp;
        pub(crate) mod union;
        pub(crate) mod wire;

        pub use error_body::{BodyProblem, DecodeError, ErrorBody, decode};
        pub use file_part::{FilePart, PartError};
        pub use formatted::Formatted;
        pub use json::Json;
        pub use open_enum::UnknownValue;
        pub use optional::IntoOption;
        pub use part_value::PartValue;
        pub use response::{ResponseLimit, ResponseWatch};
        pub use timestamp::{InvalidTimestamp, Timestamp};

        pub(crate) use object::object;
        pub(crate) use open_enum::open_enum;
        pub(crate) use parameter::Style;
        pub(crate) use private::private_debug;
        pub(crate) use union::union;
    }
}
