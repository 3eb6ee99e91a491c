//! What a setter sets, in the words of the API.
//!
//! Callers see setters, whatever writes their values: progenitor, or generated code of its own. So all of them are
//! looked up in one place, by the one thing that they have in common: their names.

use serde_json::Value;

use crate::model::{Location, Operation, OwnParameter, Parameter, Part, PartKind, Style};

/// What a setter sets.
#[derive(Clone, Debug)]
pub enum Member {
    /// A value that the document names.
    Named(Box<Named>),
    /// The whole body, which the document may let a request leave out.
    Body { required: bool },
    /// Fields of the body, through its builder.
    BodyFields,
    /// Parts that the document doesn't list.
    OtherParts,
    /// Something that is known by the name of its setter alone.
    Unknown(String),
}

/// A parameter or a part.
#[derive(Clone, Debug)]
pub struct Named {
    /// Where it goes, in words.
    pub place: &'static str,
    /// Its name on the wire.
    pub name: String,
    /// How it is written there, to be read after its name; empty for the usual way.
    pub form: String,
    /// Whether it must be given.
    pub required: bool,
    /// Whether callers should stop using it.
    pub deprecated: bool,
    /// The inclusive range of a whole number.
    pub range: Option<(Option<i64>, Option<i64>)>,
    /// What the server takes if it isn't given.
    pub default: Option<Value>,
}

impl Member {
    /// What the setter of this name sets; `None` for a method that is no setter.
    pub fn of(operation: &Operation, setter: &str) -> Option<Self> {
        let parameters = operation
            .parameters
            .iter()
            .map(|known| (known.ident(), Named::from(known)));
        let own = operation
            .own_parameters
            .iter()
            .map(|known| (known.value.ident(), Named::from(known)));
        let parts = operation.parts.iter().flatten();
        let parts = parts.map(|known| (known.ident(), Named::from(known)));
        let mut named = parameters.chain(own).chain(parts);
        if let Some((_, named)) = named.find(|(ident, _)| ident == setter) {
            return Some(Self::Named(Box::new(named)));
        }
        match setter {
            "new" | "send" => None,
            "body" => Some(Self::Body {
                required: operation.body.as_ref().is_some_and(|body| body.required),
            }),
            "body_map" => Some(Self::BodyFields),
            _ if operation.parts.is_some() && setter == operation.extra_part() => {
                Some(Self::OtherParts)
            }
            _ => Some(Self::Unknown(setter.to_owned())),
        }
    }

    /// What it is and its name on the wire, which is empty for what there can be only one of.
    pub fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Named(named) => (named.place, &named.name),
            Self::Body { .. } => ("body", ""),
            Self::BodyFields => ("body's builder", ""),
            Self::OtherParts => ("parts that aren't listed", ""),
            Self::Unknown(setter) => ("setter", setter),
        }
    }

    /// The parameter or part that it is, if it is one.
    pub fn named(&self) -> Option<&Named> {
        match self {
            Self::Named(named) => Some(named),
            _ => None,
        }
    }
}

impl From<&Parameter> for Named {
    fn from(parameter: &Parameter) -> Self {
        let form = parameter.delimiter;
        Self {
            place: parameter.location.describe(),
            name: parameter.name.clone(),
            form: form.map_or_else(String::new, |form| format!(" joined by `{form}`")),
            required: parameter.required,
            deprecated: parameter.deprecated,
            range: parameter.range,
            default: parameter.default.clone(),
        }
    }
}

impl From<&OwnParameter> for Named {
    fn from(own: &OwnParameter) -> Self {
        let form = match own.style {
            // Most are one value, which nothing is joined to.
            Style::Joined(_) if own.location == Location::Cookie => String::new(),
            style => format!(" {}", written(style)),
        };
        Self {
            place: own.location.describe(),
            form,
            ..Self::from(&own.value)
        }
    }
}

/// How a value that is more than a scalar is written, in words.
pub fn written(style: Style) -> String {
    match style {
        Style::Fields => "with each field by itself".to_owned(),
        Style::Joined(delimiter) => format!("joined by `{delimiter}`"),
        Style::JoinedPairs => "joined by `,`, keys and values by `=`".to_owned(),
        Style::DeepObject => "with each field in brackets".to_owned(),
        Style::Json => "as JSON".to_owned(),
    }
}

impl From<&Part> for Named {
    fn from(part: &Part) -> Self {
        let form = match &part.kind {
            PartKind::File(_) => " as a file".to_owned(),
            PartKind::Text(_) => " as text".to_owned(),
            PartKind::Json(_, media_type) => format!(" as `{media_type}`"),
        };
        Self {
            place: "part",
            name: part.name.clone(),
            form,
            required: part.required,
            deprecated: part.deprecated,
            range: None,
            default: None,
        }
    }
}
