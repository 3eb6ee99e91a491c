//! Inputs of an operation: required parameters, parts and bodies are arguments of its method, the others setters of its
//! builder.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::changes::Changes;
use super::checked::Checked;
use super::context::{Context, Side, Value};
use super::details::Details;
use super::effect::Effect;
use super::kind::Kind;
use super::matching::matching;
use super::place::{Part, Place};
use super::schema_place::SchemaPlace;
use super::schemas;
use openapi_client_gen::api::{
    self, Body, Content, Location, Operation, Parameter, PartContent, Primitive, Style, TypeRef,
};
use openapi_document::schema::Schema;
use openapi_document::view;

/// An argument or a setter.
#[derive(Debug, Default)]
struct Input<'a> {
    part: Part,
    /// Its Rust name.
    name: &'a str,
    /// The value that callers pass.
    value: Value<'a>,
    /// Whether it has any number of values, each of which is sent by itself.
    repeated: bool,
    required: bool,
    /// Its position among the parameters in the path.
    position: Option<usize>,
    /// How its value is written.
    form: String,
    /// The JSON of its default.
    default: Option<&'a str>,
    deprecated: bool,
    schema: Option<Schema<'a>>,
    /// The parameter in the document.
    declared: Option<&'a Json>,
}

/// The keywords of a parameter that the model has.
const MODELLED: &[&str] = &[
    "content",
    "deprecated",
    "explode",
    "in",
    "name",
    "required",
    "schema",
    "style",
];

const TEXT: TypeRef = TypeRef::STRING;

/// The inputs of an operation, in the order of its arguments.
fn inputs<'a>(side: &Side<'a>, operation: &'a Operation) -> Vec<Input<'a>> {
    // Path parameters come first.
    let parameters = operation.parameters.iter().enumerate();
    let parameters = parameters.map(|(index, parameter)| {
        let declared = declared(side, operation, parameter);
        let schema = declared.and_then(|declared| {
            let content = view::members(declared, "content").next();
            let content = content.map_or(declared, |(_, content)| content);
            content.get("schema")
        });
        Input {
            part: Part::of(parameter.location.noun(), &parameter.key),
            name: &parameter.name,
            value: ("", Some(&parameter.value)),
            required: parameter.required,
            position: (parameter.location == Location::Path).then_some(index),
            form: parameter.style.in_words(),
            default: parameter.default.as_deref(),
            deprecated: parameter.docs.deprecated,
            schema: schema.map(|schema| side.schema_of(schema)),
            declared,
            ..Input::default()
        }
    });
    let body = operation.body.iter();
    parameters
        .chain(body.flat_map(|body| of_body(side, operation, body)))
        .collect()
}

/// The body, or its parts.
fn of_body<'a>(side: &Side<'a>, operation: &'a Operation, body: &'a Body) -> Vec<Input<'a>> {
    let schema = content(side, operation).and_then(|content| content.get("schema"));
    let schema = schema.map(|schema| side.schema_of(schema));
    let value = match &body.content {
        Content::Json(value) | Content::Form(value, _) => ("", Some(value)),
        Content::Text => ("", Some(&TEXT)),
        Content::Bytes => ("bytes", None),
        Content::Multipart(parts) => {
            let part = |part: &'a api::Part| {
                let media_type = match &part.content {
                    PartContent::File(media_type) => media_type.as_ref(),
                    PartContent::Text(_) => None,
                    PartContent::Json(_, media_type) => Some(media_type),
                };
                let value = part.content.value();
                let words = match (part.repeated, value) {
                    (false, None) => "a file",
                    (false, Some(_)) => "",
                    (true, None) => "any number of values, each a file",
                    (true, Some(_)) => "any number of values, each ",
                };
                let schema = schema.as_ref();
                Input {
                    part: Part::of("part", &part.key),
                    name: &part.name,
                    value: (words, value),
                    repeated: part.repeated,
                    required: part.required,
                    form: media_type.map_or(String::new(), |name| format!(" as `{name}`")),
                    deprecated: part.docs.deprecated,
                    schema: schema.map(|schema| schema.property(&part.key)),
                    ..Input::default()
                }
            };
            return parts.iter().map(part).collect();
        }
    };
    vec![Input {
        part: Part::of("body", ""),
        name: "body",
        required: body.required,
        schema: schema.filter(|_| value.1.is_some()),
        value,
        ..Input::default()
    }]
}

/// The parameter in the document. The operation overrides parameters of its path.
fn declared<'a>(side: &Side<'a>, operation: &Operation, parameter: &Parameter) -> Option<&'a Json> {
    let declared = side.view(operation)?.parameters(side.root);
    let mut declared = declared.into_iter().rev().map(|(_, value)| value);
    let is =
        |value: &Json, name: &str, text: &str| value.get(name).and_then(Json::as_str) == Some(text);
    declared.find(|value| {
        is(value, "name", &parameter.key) && is(value, "in", parameter.location.keyword())
    })
}

/// The content of the body in the document.
fn content<'a>(side: &Side<'a>, operation: &Operation) -> Option<&'a Json> {
    let (view, body) = (side.view(operation)?, operation.body.as_ref()?);
    let (_, value) = view::resolve(side.root, view.value.get("requestBody")?)?;
    let mut contents = value.get("content")?.as_object()?.into_iter();
    let content = contents.find(|(name, _)| is_sent_as(name, body));
    content.map(|(_, content)| content)
}

/// Whether a body is sent as a media type of the document; a range is sent as bytes.
pub fn is_sent_as(media_type: &str, body: &Body) -> bool {
    let is_range = media_type.contains('*') && body.media_type == "application/octet-stream";
    media_type.trim() == body.media_type || is_range
}

/// Compares the inputs of an operation.
pub fn compare<'d>(before: &'d Operation, after: &'d Operation, changes: &mut Changes<'d>) {
    let context = changes.context;
    let owner = Place::of_operation(after);
    let place = |input: &Input<'_>| Place {
        part: Some(input.part.clone()),
        ..owner.clone()
    };
    let (old, new) = (inputs(&context.old, before), inputs(&context.new, after));
    // In the path, the position counts; elsewhere the name on the wire, or else the one in Rust.
    let is_same_path = view::shape(&before.path_template()) == view::shape(&after.path_template());
    let is_body = |input: &Input<'_>| input.part.what == "body";
    let inputs = matching(
        &old,
        &new,
        &[
            &|old, new| is_same_path && old.position.is_some() && old.position == new.position,
            &|old, new| old.part == new.part,
            &|old, new| old.name == new.name && !is_body(old) && !is_body(new),
        ],
    );
    for input in &inputs.gone {
        changes.add(Kind::InputRemoved, &place(input), "is gone");
    }
    for input in &inputs.added {
        let (what, effect) = match input.required {
            true => (
                "is new, and required",
                (Effect::Build, "the method takes another argument"),
            ),
            false => ("is new", Kind::InputAdded.effect()),
        };
        changes.with(Kind::InputAdded, &place(input), what, effect);
    }
    let is_argument = |input: &Input<'_>| input.required;
    if inputs.is_reordered(is_argument) {
        let what = "takes its arguments in another order";
        let is_same = |old: &Input<'_>, new: &Input<'_>| old.takes_same(context, new);
        let arguments = [&old, &new].map(|inputs| inputs.iter().filter(|input| is_argument(input)));
        changes.reordered(Kind::ArgumentsReordered, &owner, what, arguments, is_same);
    }
    styles(before, after, &owner, changes);
    for (before, after, _) in &inputs.pairs {
        let place = place(after);
        pair(before, after, &new, &place, changes);
        if let (Some(old), Some(new)) = (&before.schema, &after.schema) {
            let at = SchemaPlace::of(place.clone(), true, after.checked(&context.new));
            schemas::compare(&at, old, new, changes);
        }
        Details::of(place, changes).members(MODELLED, before.declared, after.declared);
    }
    if let (Some(old), Some(new)) = (form(&context.old, before), form(&context.new, after)) {
        let at = SchemaPlace::of(owner.part("body", ""), true, None);
        schemas::compare(&at, &old, &new, changes);
    }
}

/// The schema of a multipart body, whose properties are the parts. It is no type, even if it has a name.
fn form<'a>(side: &Side<'a>, operation: &Operation) -> Option<Schema<'a>> {
    let content = content(side, operation).filter(|_| operation.extra_part.is_some())?;
    Some(side.schema_of(view::resolve(side.root, content.get("schema")?)?.1))
}

fn pair(
    old: &Input<'_>,
    new: &Input<'_>,
    all: &[Input<'_>],
    place: &Place,
    changes: &mut Changes<'_>,
) {
    let context = changes.context;
    let in_path = old.position.is_some() && new.position.is_some();
    if !old.required && !new.required && old.name != new.name {
        let what = format!("is set by `{}` instead of `{}`", new.name, old.name);
        let is_taken = all.iter().any(|other| {
            other.name == old.name && !other.required && old.takes_same(context, other)
        });
        changes.renamed(Kind::InputRenamed, place, what, is_taken);
    } else if in_path && old.part != new.part {
        let what = format!("was called `{}`", old.part.name);
        let effect = (
            Effect::None,
            "it is an argument in the same position, and its name is not sent",
        );
        changes.with(Kind::InputRenamed, place, what, effect);
    }
    match (old.required, new.required) {
        (false, true) => changes.add(Kind::InputRequired, place, "is required now"),
        (true, false) => changes.add(Kind::InputOptional, place, "is optional now"),
        _ => {}
    }
    if let Some((was, is)) = context.differing(old.value, new.value) {
        let is_wider = old.required && new.required && is_wider(old.value, new.value);
        let kind = match is_wider {
            true => Kind::InputWidened,
            false => Kind::InputTypeChanged,
        };
        changes.add(kind, place, format!("took {was} and takes {is}"));
    }
    if old.part != new.part && !in_path {
        let sent = |input: &Input<'_>| {
            let Part { what, name } = &input.part;
            format!("the {what} `{name}`{}", input.form)
        };
        let what = format!("was sent as {} and is sent as {}", sent(old), sent(new));
        changes.add(Kind::InputSentOtherwise, place, what);
    } else if !changes.is_replaced(place) {
        written(place, &old.form, &new.form, changes);
    }
    changes.default_value(Kind::InputDefaultChanged, place, old.default, new.default);
    let kinds = [Kind::InputDeprecated, Kind::InputRestored];
    changes.deprecation(place, kinds, old.deprecated, new.deprecated);
}

impl<'d> Input<'d> {
    /// Its values in the model.
    fn checked(&self, side: &'d Side<'d>) -> Option<Checked<'d>> {
        let value = self.value.1?;
        Some(match self.repeated {
            true => Checked::of(side, &TypeRef::List(Box::new(value.clone()))),
            false => Checked::of(side, value),
        })
    }

    fn takes_same(&self, context: &Context<'_>, other: &Input<'_>) -> bool {
        context.differing(self.value, other.value).is_none()
    }
}

/// Whether every type that converts to one integer converts to another.
fn is_wider(old: Value<'_>, new: Value<'_>) -> bool {
    let integer = |value: Value<'_>| match value {
        ("", Some(TypeRef::Primitive(Primitive::Integer(integer)))) => Some(*integer),
        _ => None,
    };
    let integers = integer(old).zip(integer(new));
    integers.is_some_and(|(was, is)| was.bits < is.bits && (is.is_signed || !was.is_signed))
}

/// Adds that a value is written in another way.
fn written(place: &Place, old: &str, new: &str, changes: &mut Changes<'_>) {
    if old != new {
        let [was, is] = [old, new].map(|form| if form.is_empty() { " as usual" } else { form });
        let what = format!("was sent{was} and is sent{is}");
        changes.add(Kind::InputSentOtherwise, place, what);
    }
}

/// Compares how the fields of a form are written.
fn styles(before: &Operation, after: &Operation, owner: &Place, changes: &mut Changes<'_>) {
    let [old, new] = [before, after].map(|operation| -> BTreeMap<&str, Style> {
        match operation.body.as_ref().map(|body| &body.content) {
            Some(Content::Form(_, styles)) => styles
                .iter()
                .map(|(name, style)| (&**name, *style))
                .collect(),
            _ => BTreeMap::new(),
        }
    });
    let names: BTreeSet<&&str> = old.keys().chain(new.keys()).collect();
    for name in names {
        let [old, new] = [&old, &new].map(|styles| {
            let style = styles.get(name).copied();
            style.map(Style::in_words).unwrap_or_default()
        });
        written(&owner.part("field of the form", name), &old, &new, changes);
    }
}
