//! The support code that a generated client needs at run time, copied from `xtask/runtime`, where it is a crate of its
//! own that is compiled, linted and tested.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{File, parse_quote};

/// One file of the support code.
struct Source {
    name: &'static str,
    text: &'static str,
    /// Needed by every client, or only by one whose code names it.
    always: bool,
}

macro_rules! sources {
    ($($always:literal $name:literal),* $(,)?) => {
        &[$(Source { name: $name, text: include_str!(concat!("../../runtime/src/", $name, ".rs")), always: $always }),*]
    };
}

const SOURCES: &[Source] = sources![
    false "date_time",
    true "error_body",
    false "event_stream",
    false "file_part",
    false "form",
    false "media_type",
    false "multipart",
    false "open_enum",
    false "parameter",
    false "part_value",
    true "private",
    false "query",
    true "repair",
    true "request",
    true "response",
    false "scalar",
    false "tagged_union",
];

/// Emits `support/mod.rs`, and returns the files that are copied, by path.
///
/// `uses` are the names in the generated code that tell which of them it needs.
pub fn emit(uses: &dyn Fn(&str) -> bool) -> (File, BTreeMap<String, String>) {
    let multipart = uses("multipart");
    let lists = uses("append_list");
    let forms = uses("support::form::");
    let wanted = |source: &Source| {
        source.always
            || match source.name {
                "file_part" | "media_type" | "multipart" | "part_value" => multipart,
                "date_time" => uses("support::date_time::"),
                "event_stream" => uses("event_stream::"),
                "form" => forms,
                "parameter" => forms || uses("support::parameter::"),
                "query" => lists,
                "scalar" => multipart || lists || uses("scalar::to_text"),
                "open_enum" => uses("UnknownValue"),
                "tagged_union" => uses("support::UnknownObject"),
                _ => false,
            }
    };
    let files: BTreeMap<String, String> = SOURCES
        .iter()
        .filter(|source| wanted(source))
        .map(|source| {
            (
                format!("support/{}.rs", source.name),
                source.text.replace("\r\n", "\n"),
            )
        })
        .collect();

    let has = |name: &str| files.contains_key(&format!("support/{name}.rs"));
    let when = |name: &str, tokens: TokenStream| has(name).then_some(tokens);
    let date_time = when(
        "date_time",
        quote!(
            #[doc(hidden)]
            pub mod date_time;
        ),
    );
    let file_part = when(
        "file_part",
        quote!(
            mod file_part;
            pub use file_part::{FilePart, PartError};
        ),
    );
    let event_stream = when(
        "event_stream",
        quote!(
            #[doc(hidden)]
            pub mod event_stream;
            pub use event_stream::{Event, EventError, EventStream};
        ),
    );
    let parameter = when(
        "parameter",
        quote!(
            #[doc(hidden)]
            pub mod parameter;
        ),
    );
    let form = when(
        "form",
        quote!(
            #[doc(hidden)]
            pub mod form;
        ),
    );
    let media_type = when(
        "media_type",
        quote!(
            mod media_type;
        ),
    );
    let multipart = when(
        "multipart",
        quote!(
            #[doc(hidden)]
            pub mod multipart;
        ),
    );
    let part_value = when(
        "part_value",
        quote!(
            mod part_value;
            pub use part_value::PartValue;
        ),
    );
    let query = when(
        "query",
        quote!(
            #[doc(hidden)]
            pub mod query;
        ),
    );
    let scalar = when(
        "scalar",
        if uses("scalar::to_text") {
            quote!(
                #[doc(hidden)]
                pub mod scalar;
            )
        } else {
            quote!(
                mod scalar;
            )
        },
    );
    let open_enum = when(
        "open_enum",
        quote!(
            mod open_enum;
            pub use open_enum::UnknownValue;
            pub(crate) use open_enum::open_enum;
        ),
    );
    let tagged_union = when(
        "tagged_union",
        quote!(
            #[doc(hidden)]
            pub mod tagged_union;
            pub use tagged_union::UnknownObject;
        ),
    );
    let module = parse_quote! {
        //! What operations share: the bodies of errors, files to upload, values of open enums.
        #date_time
        mod error_body;
        pub use error_body::{BodyProblem, DecodeError, ErrorBody, decode};
        #event_stream
        #file_part
        #form
        #media_type
        #multipart
        #parameter
        #part_value
        mod private;
        pub(crate) use private::private_debug;
        #query
        mod repair;
        #[doc(hidden)]
        pub mod request;
        #[doc(hidden)]
        pub mod response;
        pub use response::{ResponseLimit, ResponseWatch};
        #scalar
        #open_enum
        #tagged_union
    };
    (module, files)
}
