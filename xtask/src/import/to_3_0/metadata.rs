//! Passes over what describes the document and its schemas, and says nothing about values.

use serde_json::{Value, json};

use super::{Restating, VERSION};
use crate::diagnostic::Diagnostic;
use crate::pointer;

/// Gives the document the version that it will have.
pub fn version(restating: &mut Restating<'_>) {
    let old = std::mem::replace(&mut restating.root["openapi"], Value::from(VERSION));
    let old = old.as_str().map_or_else(|| old.to_string(), str::to_owned);
    restating.record("version", "/openapi", format!("{old} becomes {VERSION}"));
}

/// Puts `info.summary` before `info.description`: 3.0 has only the second.
pub fn summary(restating: &mut Restating<'_>) {
    let Some(info) = restating
        .root
        .get_mut("info")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    let Some(Value::String(summary)) = info.remove("summary") else {
        return;
    };
    match info.get("description").and_then(Value::as_str) {
        Some(description) if description.starts_with(summary.trim_end()) => {}
        Some(description) => {
            let both = format!("{}\n\n{description}", summary.trim_end());
            info.insert("description".to_owned(), Value::from(both));
        }
        None => {
            info.insert("description".to_owned(), Value::from(summary));
            restating.moved("/info/summary", "/info/description");
        }
    }
    restating.record(
        "info-summary",
        "/info/summary",
        "`summary` begins the description",
    );
}

/// Turns `license.identifier` into the address of the licence of that name: 3.0 has only `url`.
pub fn license(restating: &mut Restating<'_>) {
    let license = restating.root.get_mut("info");
    let Some(license) = license
        .and_then(|info| info.get_mut("license"))
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    let Some(identifier) = license.remove("identifier") else {
        return;
    };
    let place = "/info/license/identifier";
    // An expression such as `MIT OR Apache-2.0` has no page of its own.
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-.+".contains(&byte))
    };
    match identifier.as_str() {
        Some(name) if is_name(name) && !license.contains_key("url") => {
            let url = format!("https://spdx.org/licenses/{name}.html");
            restating.record("license", place, format!("`identifier` becomes `{url}`"));
            license_of(restating.root)["url"] = Value::from(url);
            restating.moved(place, "/info/license/url");
        }
        _ => restating.record("license", place, "`identifier` is left out"),
    }
}

fn license_of(root: &mut Value) -> &mut Value {
    &mut root["info"]["license"]
}

/// Removes `jsonSchemaDialect`. Schemas are read as JSON Schema 2020-12, which OpenAPI 3.1 is defined by; that another
/// dialect is asked for is noted.
pub fn dialect(restating: &mut Restating<'_>) {
    let root = restating.root.as_object_mut();
    let Some(dialect) = root.and_then(|root| root.remove("jsonSchemaDialect")) else {
        return;
    };
    let place = "/jsonSchemaDialect";
    restating.record("dialect", place, "`jsonSchemaDialect` is left out");
    note_dialect(restating, place, &dialect);
}

fn note_dialect(restating: &mut Restating<'_>, place: &str, dialect: &Value) {
    const KNOWN: [&str; 2] = [
        "https://spec.openapis.org/oas/3.1/",
        "https://json-schema.org/draft/2020-12/",
    ];
    let name = dialect.as_str().unwrap_or_default();
    if !KNOWN.iter().any(|known| name.starts_with(known)) {
        let place = pointer::before(&restating.done.origins, place);
        restating.done.notes.push(
            Diagnostic::error(
                "schema-dialect",
                place,
                format!("schemas are read as JSON Schema 2020-12, not as {dialect}"),
            )
            .hint("nothing has to be done unless they use what 2020-12 reads in another way")
            .note(),
        );
    }
}

/// Removes what names a schema or comments on it: references were followed by now, and 3.0 knows none of it. Schemas
/// in `$defs` that something refers to have a place among the components by now.
pub fn identifiers(restating: &mut Restating<'_>) {
    const NAMING: [&str; 9] = [
        "$schema",
        "$id",
        "$anchor",
        "$dynamicAnchor",
        "$recursiveAnchor",
        "$vocabulary",
        "$comment",
        "$defs",
        "definitions",
    ];
    restating.each_schema(&NAMING, |restating, place, schema| {
        for keyword in NAMING {
            let Some(value) = schema.remove(keyword) else {
                continue;
            };
            let place = pointer::join(place, keyword);
            if keyword == "$schema" {
                note_dialect(restating, &place, &value);
            }
            restating.record("identifiers", &place, format!("`{keyword}` is left out"));
        }
    });
}

/// Takes the first of a schema's `examples` for its `example`: 3.0 has one.
pub fn examples(restating: &mut Restating<'_>) {
    restating.each_schema(&["examples"], |restating, place, schema| {
        let from = pointer::join(place, "examples");
        let examples = schema.remove("examples");
        let first = match examples {
            Some(Value::Array(examples)) => examples.into_iter().next(),
            _ => None,
        };
        match first {
            Some(first) if !schema.contains_key("example") => {
                schema.insert("example".to_owned(), first);
                restating.record(
                    "examples",
                    &from,
                    "the first of `examples` becomes `example`",
                );
                restating.moved(&from, &pointer::join(place, "example"));
            }
            _ => restating.record("examples", &from, "`examples` is left out"),
        }
    });
}

/// What allows any value.
pub fn anything() -> Value {
    json!({})
}
