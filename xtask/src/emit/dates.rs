//! Fields with a date and time: they are sent as RFC 3339, and decoded in more forms than that.

use quote::{ToTokens, quote};
use syn::{Attribute, Field, GenericArgument, Item, PathArguments, Type, parse_quote};

use super::types::argument_of;

/// Has the support code decode the fields of a struct that hold a date and time.
pub fn read_leniently(item: &mut Item) {
    let Item::Struct(item) = item else { return };
    for field in item
        .fields
        .iter_mut()
        .filter(|field| is_date_time(&field.ty))
    {
        // serde takes a missing field for `None` only where it knows the type.
        let default = needs_default(field).then(|| quote!(default,));
        field.attrs.push(parse_quote!(
            #[serde(#default deserialize_with = "super::support::date_time::deserialize")]
        ));
    }
}

fn needs_default(field: &Field) -> bool {
    let is_default = |attribute: &Attribute| {
        let tokens = attribute.meta.to_token_stream().to_string();
        attribute.path().is_ident("serde") && tokens.contains("default")
    };
    argument_of(&field.ty, "Option").is_some() && !field.attrs.iter().any(is_default)
}

/// Whether the support code decodes this type.
fn is_date_time(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return false;
    };
    // The values of a map come last.
    match (last.ident.to_string().as_str(), arguments.args.last()) {
        ("DateTime", _) => true,
        ("Option" | "Box" | "Vec" | "HashMap", Some(GenericArgument::Type(inner))) => {
            is_date_time(inner)
        }
        _ => false,
    }
}
