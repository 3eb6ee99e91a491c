//! Operations: methods that come, go and change.

use std::collections::BTreeSet;

use super::changes::Changes;
use super::effect::Effect;
use super::kind::Kind;
use super::matching::matching;
use super::pairing::media_type;
use super::place::Place;
use super::{document, inputs};
use openapi_client_gen::api::{Answer, Operation, Success};
use openapi_document::view;

/// Compares the operations.
pub fn compare(changes: &mut Changes<'_>) {
    let context = changes.context;
    let operations = &context.operations;
    for operation in &operations.gone {
        removed(operation, changes);
    }
    for operation in &operations.added {
        let what = format!("is new: `{}`", endpoint(operation));
        changes.add(Kind::OperationAdded, &Place::of_operation(operation), what);
    }
    let mut compared = BTreeSet::new();
    for (before, after, _) in &operations.pairs {
        identity(before, after, changes);
        call(before, after, changes);
        let views = (context.old.view(before), context.new.view(after));
        // Several methods may be made of one operation; the first has its name.
        if let (Some(old), Some(new), true) = (views.0, views.1, compared.insert(&after.origin)) {
            document::operation((before, old), (after, new), changes);
        }
    }
}

/// Compares the arguments and the return types of a method.
fn call<'d>(before: &'d Operation, after: &'d Operation, changes: &mut Changes<'d>) {
    answers(before, after, changes);
    format(before, after, changes);
    inputs::compare(before, after, changes);
}

fn endpoint(operation: &Operation) -> String {
    format!("{} {}", operation.method, operation.path_template())
}

/// The method, and the path whatever the parameters in it are called.
fn destination(operation: &Operation) -> (&str, String) {
    (&operation.method, view::shape(&operation.path_template()))
}

/// Adds that an operation lost its name, which another one may have now.
fn nameless<'d>(
    before: &'d Operation,
    (kind, mut what, mut reason): (Kind, String, String),
    changes: &mut Changes<'d>,
) {
    let context = changes.context;
    let mut effect = Effect::Build;
    let mut others = context.new.api.operations.iter();
    if let Some(successor) = others.find(|other| other.name == before.name) {
        let sends = match media_type(successor) {
            "" => "no body".to_owned(),
            media_type => format!("`{media_type}`"),
        };
        what.push_str(&format!(", and `{}` sends {sends}", before.name));
        reason.push_str(&format!("; code that still compiles sends {sends}"));
        let mut calls = Changes::of(context);
        call(before, successor, &mut calls);
        let mut calls = calls.finish().into_iter();
        if !calls.any(|change| change.effect == Effect::Build) {
            effect = Effect::Run;
        }
    }
    changes.with(kind, &Place::of_operation(before), what, (effect, reason));
}

fn removed<'d>(operation: &'d Operation, changes: &mut Changes<'d>) {
    let context = changes.context;
    let mut others = context.new.api.operations.iter();
    let is_left = others.any(|other| destination(other) == destination(operation));
    let endpoint = endpoint(operation);
    let reason = match media_type(operation) {
        _ if !is_left => format!("`{endpoint}` has no method any more"),
        "" => format!("`{endpoint}` has no method without a body any more"),
        format => format!("`{endpoint}` takes no `{format}` any more"),
    };
    let gone = (Kind::OperationRemoved, "is gone".to_owned(), reason);
    nameless(operation, gone, changes);
}

fn identity<'d>(before: &'d Operation, after: &'d Operation, changes: &mut Changes<'d>) {
    let place = Place::of_operation(after);
    if before.name != after.name {
        let what = format!("is called `{}` now", after.name);
        let reason = format!("the method of `{}` has another name", endpoint(after));
        nameless(before, (Kind::OperationRenamed, what, reason), changes);
    }
    // The names of the parameters in the path are theirs.
    if destination(before) != destination(after) {
        let (from, to) = (endpoint(before), endpoint(after));
        let what = format!("has moved from `{from}` to `{to}`");
        changes.add(Kind::OperationMoved, &place, what);
    }
    let kinds = [Kind::OperationDeprecated, Kind::OperationRestored];
    changes.deprecation(&place, kinds, before.docs.deprecated, after.docs.deprecated);
    if before.idempotent != after.idempotent && before.method == after.method {
        let now = if after.idempotent { "now" } else { "no longer" };
        changes.detail(&place, format!("is {now} idempotent"));
    }
}

fn format(before: &Operation, after: &Operation, changes: &mut Changes<'_>) {
    let (was, is) = (media_type(before), media_type(after));
    if was != is && !was.is_empty() && !is.is_empty() {
        let what = format!("is sent as `{is}` instead of `{was}`");
        let effect = match before.extra_part.is_some() && after.extra_part.is_none() {
            true => (Effect::Build, "only the builder of a form has `extra_part`"),
            false => Kind::BodyFormatChanged.effect(),
        };
        let place = Place::of_operation(after).part("body", "");
        changes.with(Kind::BodyFormatChanged, &place, what, effect);
    }
}

fn answers(before: &Operation, after: &Operation, changes: &mut Changes<'_>) {
    let context = changes.context;
    let place = Place::of_operation(after);
    let answer = place.part("answer", "");
    match (&before.success, &after.success) {
        (Success::Always(old), Success::Always(new)) => {
            answer_types(&answer, old, new, changes);
        }
        (Success::ByStatus { answers: old, .. }, Success::ByStatus { answers: new, .. }) => {
            let answers = matching(old, new, &[&|(old, _), (new, _)| old == new]);
            for (status, _) in &answers.gone {
                let place = place.part("answer", status);
                changes.add(Kind::AnswerRemoved, &place, "is gone");
            }
            for (status, _) in &answers.added {
                changes.add(Kind::AnswerAdded, &place.part("answer", status), "is new");
            }
            for ((_, old), (status, new), _) in answers.pairs {
                answer_types(&place.part("answer", status), old, new, changes);
            }
        }
        (_, is) => {
            let what = match is {
                Success::Always(_) => "no longer depends on the status",
                Success::ByStatus { .. } => "depends on the status now",
            };
            changes.add(Kind::AnswerChanged, &answer, what);
        }
    }
    if before.accept != after.accept && !changes.has(&answer) {
        let (was, is) = (&before.accept, &after.accept);
        let what = format!("is asked for as `{is}` instead of `{was}`");
        changes.add(Kind::AcceptChanged, &answer, what);
    }
    let [old, new] = [before, after].map(|operation| match &operation.error {
        Some(error) => ("", Some(error)),
        None => ("not described", None),
    });
    if let Some((was, is)) = context.differing(old, new) {
        let place = place.part("error", "");
        changes.add(Kind::ErrorChanged, &place, format!("was {was} and is {is}"));
    }
}

fn answer_types(place: &Place, old: &Answer, new: &Answer, changes: &mut Changes<'_>) {
    let [old, new] = [old, new].map(|answer| match answer {
        Answer::Empty => ("empty", None),
        Answer::Json(value) => ("", Some(value)),
        Answer::Events(data) => ("events of ", Some(data)),
        Answer::Bytes => ("bytes", None),
    });
    if let Some((was, is)) = changes.context.differing(old, new) {
        changes.add(Kind::AnswerChanged, place, format!("was {was} and is {is}"));
    }
}
