//! The support code that a generated client needs at run time, copied from `crates/openapi-client-gen/runtime`, where it is a crate of its own
//! that is compiled, linted and tested.

use proc_macro2::TokenStream;
use quote::quote;

use super::constraints;
use super::ident::ident;
use crate::api::{Answer, Api};

/// A file that is copied.
pub struct File {
    pub name: &'static str,
    /// Whether the code of operations and types names the module.
    is_shared: bool,
    pub text: &'static str,
}

macro_rules! files {
    ($($is_shared:literal: $($name:ident)*;)*) => {
        [$($(File {
            name: stringify!($name),
            is_shared: $is_shared,
            text: include_str!(concat!("../../runtime/src/", stringify!($name), ".rs")),
        }),*),*]
    };
}

const FILES: [File; 28] = files! {
    true: constraint date_time discriminator draft;
    false: error_body event_stream exact file_part form formatted json media_type;
    true: multipart object;
    false: open_enum optional parameter part_value;
    true: pattern;
    false: private query repair request;
    true: response;
    false: scalar timestamp;
    true: union wire;
};

/// Whether a client needs the files for streams of events, and for patterns of texts.
#[derive(Clone, Copy, Debug)]
pub struct Needed {
    pub events: bool,
    pub patterns: bool,
}

impl Needed {
    /// The files that the client of an API needs.
    pub fn by(api: &Api) -> Self {
        let mut operations = api.operations.iter();
        Self {
            events: operations.any(|operation| {
                let mut answers = operation.success.answers().into_iter();
                answers.any(|(_, answer)| matches!(answer, Answer::Events(_)))
            }),
            patterns: constraints::has_patterns(api),
        }
    }

    /// The files.
    pub fn files(self) -> impl Iterator<Item = File> {
        FILES.into_iter().filter(move |file| match file.name {
            "event_stream" => self.events,
            "pattern" => self.patterns,
            _ => true,
        })
    }
}

/// The module of the support code.
pub fn module(needed: Needed) -> TokenStream {
    let modules = needed.files().map(|file| {
        let name = ident(file.name);
        match (file.name, file.is_shared) {
            ("event_stream", _) => quote! {
                pub mod #name;
                pub use event_stream::{Event, EventError, EventStream};
            },
            (_, true) => quote!(pub(crate) mod #name;),
            (_, false) => quote!(mod #name;),
        }
    });
    quote! {
        //! The code that operations and types share: requests, responses, errors, files, and the rules for JSON.

        // It serves any document, and few need all of it.
        #![allow(dead_code, unused_imports, unused_macros)]

        #(#modules)*

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
