//! The walk through a document along the table of its shape: it finds every typed node, and reports what does not fit.

use serde_json::{Map, Value};

use super::Shape::{
    Anything, Flag, FlagOrSchema, Integer, List, Map as MapOf, Node, NodeOrRef, Number, Strings,
    Text, TextOrTexts,
};
use super::{Kind, Layout, Shape, Version, additions, layout};
use crate::pointer;

/// A typed node that the walk came past.
#[derive(Clone, Debug)]
pub struct Found {
    /// What stands there, or, for a reference, what should stand where it points.
    pub kind: Kind,
    /// Where.
    pub pointer: String,
    /// The target, if it is a reference instead of the thing itself.
    pub reference: Option<String>,
}

/// A value of the wrong type, or a missing field.
#[derive(Clone, Debug)]
pub struct Misfit {
    /// Where.
    pub pointer: String,
    /// What is wrong, in words.
    pub message: String,
    /// What to do, where it isn't plain.
    pub hint: Option<&'static str>,
    /// It is a number or a boolean where text belongs, which it would be in quotes.
    pub unquoted: bool,
    /// It is null where a field may be absent.
    pub is_empty: bool,
}

/// All typed nodes of a value and all misfits, in the order of a depth-first walk, parents first.
#[derive(Debug, Default)]
pub struct Walk {
    /// The nodes that have the shape that their kind should have, references among them.
    pub found: Vec<Found>,
    /// What has not.
    pub misfits: Vec<Misfit>,
    /// Where the walk is.
    at: String,
    version: Version,
}

impl Walk {
    /// Walks a whole document. In one of OpenAPI 3.1, schemas are objects or booleans, and more may be beside a reference.
    pub fn document(root: &Value) -> Self {
        let mut walk = Self {
            version: Version::of(root),
            ..Self::default()
        };
        walk.node(Kind::Document, root);
        walk
    }

    /// Walks one node of a known kind, as in OpenAPI 3.1.
    pub fn of(kind: Kind, value: &Value, pointer: &str) -> Self {
        let mut walk = Self {
            at: pointer.to_owned(),
            version: Version::V31,
            ..Self::default()
        };
        walk.node_or_ref(kind, value);
        walk
    }

    /// Goes down to the member `token`, and comes back.
    fn member(&mut self, token: &str, shape: Shape, value: &Value) {
        let length = self.at.len();
        pointer::push(&mut self.at, token);
        self.shape(shape, value);
        self.at.truncate(length);
    }

    fn items(&mut self, shape: Shape, items: &[Value]) {
        for (index, item) in items.iter().enumerate() {
            self.member(&index.to_string(), shape, item);
        }
    }

    fn misfit(&mut self, message: String) {
        self.misfits.push(Misfit {
            pointer: self.at.clone(),
            message,
            hint: None,
            unquoted: false,
            is_empty: false,
        });
    }

    fn found(&mut self, kind: Kind, reference: Option<String>) {
        self.found.push(Found {
            kind,
            pointer: self.at.clone(),
            reference,
        });
    }

    fn node(&mut self, kind: Kind, value: &Value) {
        let Value::Object(object) = value else {
            let (expected, found) = (kind.describe(), describe(value));
            let article = article(expected);
            self.misfit(format!("expected {article} {expected}, found {found}"));
            return;
        };
        self.found(kind, None);
        self.members(kind, object);
    }

    fn members(&mut self, kind: Kind, object: &Map<String, Value>) {
        let more = match self.version {
            Version::V30 => &[],
            Version::V31 => additions(kind),
        };
        match layout(kind) {
            // The requests of callbacks are described by the same schemas as the others.
            Layout::Names(_) if kind == Kind::Callback && self.version == Version::V31 => {
                for (name, value) in object {
                    if !name.starts_with("x-") {
                        self.member(name, NodeOrRef(Kind::PathItem), value);
                    }
                }
            }
            Layout::Fields(fields) => {
                let is_changed = |name: &str| more.iter().any(|(known, ..)| *known == name);
                let fields = fields.iter().filter(|(name, ..)| !is_changed(name));
                for &(name, shape, required) in fields.chain(more) {
                    match object.get(name) {
                        Some(value) => {
                            let known = self.misfits.len();
                            self.member(name, shape, value);
                            if value.is_null()
                                && !required
                                && let Some(misfit) = self.misfits.get_mut(known)
                            {
                                misfit.is_empty = true;
                            }
                        }
                        None if required => {
                            self.misfit(format!("the {} has no `{name}`", kind.describe()));
                        }
                        None => {}
                    }
                }
            }
            Layout::Names(shape) => {
                for (name, value) in object {
                    if !name.starts_with("x-") {
                        self.member(name, shape, value);
                    }
                }
            }
        }
    }

    fn node_or_ref(&mut self, kind: Kind, value: &Value) {
        let is_schema_3_1 = kind == Kind::Schema && self.version == Version::V31;
        match value.get("$ref") {
            None if is_schema_3_1 && value.is_boolean() => self.found(kind, None),
            None => self.node(kind, value),
            Some(Value::String(target)) if is_schema_3_1 || kind == Kind::PathItem => {
                self.found(kind, Some(target.clone()));
                if let Value::Object(object) = value {
                    self.members(kind, object);
                }
            }
            Some(Value::String(target)) => self.found(kind, Some(target.clone())),
            Some(other) => {
                let length = self.at.len();
                pointer::push(&mut self.at, "$ref");
                self.misfit(format!("expected a string, found {}", describe(other)));
                self.at.truncate(length);
            }
        }
    }

    fn shape(&mut self, shape: Shape, value: &Value) {
        let expected = match (shape, value) {
            (Anything, _)
            | (Text, Value::String(_))
            | (Flag | FlagOrSchema, Value::Bool(_))
            | (Number, Value::Number(_)) => return,
            (Integer, Value::Number(number)) if number.as_u64().is_some() => return,
            (TextOrTexts, Value::String(_)) => return,
            (Strings | TextOrTexts, Value::Array(items)) => return self.items(Text, items),
            (Node(kind), _) => return self.node(kind, value),
            (NodeOrRef(kind), _) => return self.node_or_ref(kind, value),
            (FlagOrSchema, _) => return self.node_or_ref(Kind::Schema, value),
            (List(item), Value::Array(items)) => return self.items(*item, items),
            (MapOf(item), Value::Object(members)) => {
                for (name, value) in members {
                    self.member(name, *item, value);
                }
                return;
            }
            (Text, _) => "a string",
            (TextOrTexts, _) => "a string or a list of strings",
            (Flag, _) => "true or false",
            (Integer, _) => "a whole number, not negative",
            (Number, _) => "a number",
            (Strings | List(_), _) => "a list",
            (MapOf(_), _) => "an object",
        };
        self.misfits.push(Misfit {
            pointer: self.at.clone(),
            message: match (shape, value) {
                (Number | Integer, Value::String(text)) if is_too_large(text) => {
                    format!("{text} is not a number that can be represented")
                }
                _ => format!("expected {expected}, found {}", describe(value)),
            },
            hint: hint(shape, value, &self.at),
            unquoted: matches!(
                (shape, value),
                (Text | TextOrTexts, Value::Number(_) | Value::Bool(_))
            ),
            is_empty: false,
        });
    }
}

/// Whether it is a number beyond what floating point can hold, which YAML readers take for a string.
fn is_too_large(text: &str) -> bool {
    text.trim_start_matches(['+', '-'])
        .starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && text.parse::<f64>().is_ok_and(f64::is_infinite)
}

/// What to do about the mistakes that are made most.
fn hint(shape: Shape, value: &Value, place: &str) -> Option<&'static str> {
    match (shape, value) {
        (Text, Value::Array(_)) if place.ends_with("/type") => {
            Some("a list of types is OpenAPI 3.1; in 3.0, say `nullable: true` beside the one type")
        }
        (Flag, Value::Number(_)) if place.contains("/exclusive") => {
            Some("a number here is OpenAPI 3.1; in 3.0, it is `true` beside `minimum` or `maximum`")
        }
        (Strings, Value::Bool(_)) if place.ends_with("/required") => {
            Some("list the required properties in the object that has them")
        }
        (Number | Integer, Value::String(text)) if is_too_large(text) => {
            Some("the largest number that can be represented is about 1.8e308")
        }
        (Flag | Number | Integer, Value::String(_)) => Some("write it without quotes"),
        _ => None,
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u', 'O']) {
        "an"
    } else {
        "a"
    }
}

/// A value's type in words, with the value where it is short.
pub fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(value) => format!("the number {value}"),
        // YAML readers take a number that is too large for text.
        Value::String(text) if text.len() <= 40 && is_too_large(text) => {
            format!("{text}, which is too large for a number")
        }
        Value::String(text) if text.len() <= 40 => format!("the string {text:?}"),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
