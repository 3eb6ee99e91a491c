//! Names of setters that would not be names of their own.
//!
//! `MaxKeys` and `max-keys` are one name in Rust, and a builder has functions beside its setters. The first one in the
//! document keeps the name, so that what is added later renames nothing; another one gets a suffix that says where it goes,
//! or a number. Parameters of the path keep theirs, for progenitor writes them by it.

use std::collections::BTreeSet;

use crate::names::operation_value_name;

/// Functions of every builder, beside which it can't have a setter of the same name.
pub(crate) const BUILDER_NAMES: [&str; 2] = ["new", "send"];

/// Setters of a body.
const BODY_NAMES: [&str; 2] = ["body", "body_map"];

/// The local in `send` that collects header parameters, which hides a parameter of its name.
const HEADER_MAP: &str = "header_map";

/// For each parameter, given by location and name in the order of the document, what its setter is called if that is not
/// its own name; `has_body` if there is a body that is not multipart.
pub(crate) fn of_parameters(parameters: &[(&str, &str)], has_body: bool) -> Vec<Option<String>> {
    let has_headers = parameters.iter().any(|(location, _)| *location == "header");
    let mut taken: BTreeSet<String> = BTreeSet::new();
    taken.extend(BUILDER_NAMES.map(str::to_owned));
    taken.extend(has_headers.then(|| HEADER_MAP.to_owned()));
    if has_body {
        taken.extend(BODY_NAMES.map(str::to_owned));
    }
    let path = parameters
        .iter()
        .filter(|(location, _)| *location == "path");
    taken.extend(path.map(|(_, name)| operation_value_name(name)));
    let mut met: BTreeSet<(&str, String)> = BTreeSet::new();
    let setter = |&(location, name): &(&'_ str, &str)| {
        let own = operation_value_name(name);
        if location == "path" || taken.insert(own.clone()) {
            met.insert((location_of(location), own));
            return None;
        }
        let is_twice = !met.insert((location_of(location), own.clone()));
        free(&own, (!is_twice).then_some(location), &mut taken)
    };
    parameters.iter().map(setter).collect()
}

/// The same for a part of a multipart body, given what other setters there are.
pub(crate) fn of_part(name: &str, taken: &BTreeSet<String>) -> Option<String> {
    let own = operation_value_name(name);
    let is_free = !taken.contains(&own) && !BUILDER_NAMES.contains(&own.as_str());
    if is_free {
        return None;
    }
    free(&own, Some("part"), &mut taken.clone())
}

/// The location, in words that outlive the document.
fn location_of(location: &str) -> &'static str {
    match location {
        "query" => "query",
        "header" => "header",
        "cookie" => "cookie",
        _ => "path",
    }
}

/// A free name after a taken one, with its place or else a number.
fn free(own: &str, place: Option<&str>, taken: &mut BTreeSet<String>) -> Option<String> {
    let own = own.trim_end_matches('_');
    place
        .map(|place| format!("{own}_{place}"))
        .into_iter()
        .chain((2..).map(|number| format!("{own}_{number}")))
        .find(|candidate| taken.insert(candidate.clone()))
}
