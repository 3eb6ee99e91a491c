//! The reasons for differences. Each is a rule of progenitor or typify, and true of every document.

use openapi_client_gen::api::{Api, Operation, Style};

use super::requests::Difference;

/// A reason.
pub struct Rule {
    /// In a sentence.
    pub reason: &'static str,
    /// Whether a difference has it.
    applies: fn(&Api, &Operation, &Difference) -> bool,
}

/// All reasons, the most specific ones first.
pub const RULES: &[Rule] = &[
    Rule {
        reason: "progenitor sends an `api-version` header",
        applies: |_, _, difference| {
            difference.location == "header api-version" && difference.ours.is_none()
        },
    },
    Rule {
        reason: "progenitor asks for JSON alone, and only if a success has it",
        applies: |_, _, difference| {
            let theirs = difference.theirs.as_deref();
            difference.location == "header accept" && theirs == Some("*/*")
        },
    },
    Rule {
        reason: "we have an operation for each media type of the success, progenitor has that for JSON",
        applies: |_, operation, difference| {
            let is_json = difference.theirs.as_deref() == Some("application/json");
            let accepts = difference.ours.as_deref() == Some(&*operation.accept);
            difference.location == "header accept" && is_json && accepts
        },
    },
    Rule {
        reason: "progenitor requires every body",
        applies: |_, operation, difference| {
            let is_optional = operation.body.as_ref().is_some_and(|body| !body.required);
            is_optional && is_theirs(difference, "signature: `body` is required")
        },
    },
    Rule {
        reason: "progenitor's forms have no lists and no objects",
        applies: |_, _, difference| is_theirs(difference, "request: failed to serialize body"),
    },
    Rule {
        reason: "typify demands members that a request does not have: those of responses, and those without a schema",
        applies: |_, _, difference| is_theirs(difference, "missing field"),
    },
    Rule {
        reason: "typify takes two schemas of one title for one",
        applies: |_, _, difference| is_theirs(difference, "unknown variant"),
    },
    Rule {
        reason: "typify demands one of the values of an enum of objects, which the model does not have",
        applies: |_, _, difference| is_theirs(difference, "invalid value"),
    },
    Rule {
        reason: "typify demands an address where the format is that of one",
        applies: |_, _, difference| {
            is_theirs(difference, "invalid IPv4") || is_theirs(difference, "invalid IPv6")
        },
    },
    Rule {
        reason: "progenitor writes a date and time in a path or a header as chrono displays it",
        applies: |_, _, difference| {
            let location = &difference.location;
            let is_text = location == "path" || location.starts_with("header ");
            let plain =
                |text: &Option<String>| text.as_deref().map(|text| text.replace("%20", " "));
            let displayed = plain(&difference.ours).map(|text| displayed(&text));
            is_text && displayed == plain(&difference.theirs)
        },
    },
    Rule {
        reason: "progenitor sends each item of a list and each member of an object by itself, also where `explode` is false",
        applies: |_, operation, difference| {
            let Some(name) = difference.location.strip_prefix("query ") else {
                return false;
            };
            let parameters = operation.parameters.iter();
            parameters
                .filter(|parameter| matches!(parameter.style, Style::Joined(_)))
                .any(|parameter| parameter.key == name || difference.ours.is_none())
        },
    },
    Rule {
        reason: "typify sends the default of a member that nobody set",
        applies: |_, _, difference| {
            difference.location.starts_with("body /") && difference.ours.is_none()
        },
    },
    Rule {
        reason: "typify takes the first branch of a union that fits, and drops members that it does not have",
        applies: |_, _, difference| {
            difference.location.starts_with("body /") && difference.theirs.is_none()
        },
    },
];

/// The reason for a difference.
pub fn reason(api: &Api, operation: &Operation, difference: &Difference) -> Option<&'static str> {
    let rule = RULES
        .iter()
        .find(|rule| (rule.applies)(api, operation, difference));
    rule.map(|rule| rule.reason)
}

/// Whether our client sent the request and theirs did not, for this reason.
fn is_theirs(difference: &Difference, reason: &str) -> bool {
    let theirs = difference.theirs.as_deref().unwrap_or_default();
    difference.location == "call" && difference.ours.is_none() && theirs.contains(reason)
}

/// A text with the times of this trial as chrono displays them.
fn displayed(text: &str) -> String {
    let pieces: Vec<&str> = text.split("2026-01-02T").collect();
    let times = pieces
        .iter()
        .skip(1)
        .map(|piece| piece.replacen('Z', " UTC", 1));
    let all: Vec<String> = std::iter::once(pieces[0].to_owned()).chain(times).collect();
    all.join("2026-01-02 ")
}
