//! The walk through a document along the table of its shape. It finds every typed node, and reports the values of another type.

use serde_json::{Map, Value};

use super::table::Shape::{
    Anything, Flag, FlagOrSchema, Integer, List, Map as MapOf, Node, NodeOrRef, Number, Text,
    TextOrTexts, Texts,
};
use super::table::{Kind, Shape, Version, fields_in, map_of};
use crate::pointer;

/// A typed node of a document.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its kind, or that of the target of a reference.
    pub kind: Kind,
    /// Its JSON pointer.
    pub pointer: String,
    /// The target, if it is a reference.
    pub reference: Option<String>,
}

impl Found {
    /// The pointer of its target, if it is a reference within the document.
    pub fn target(&self) -> Option<&str> {
        self.reference.as_deref()?.strip_prefix('#')
    }

    /// Its value in the document, unless it is a reference.
    pub fn value<'a>(&self, root: &'a Value) -> Option<&'a Value> {
        let value = pointer::get(root, &self.pointer);
        value.filter(|_| self.reference.is_none())
    }
}

/// A value of the wrong type, or a missing field.
#[derive(Clone, Debug, Default)]
pub struct Misfit {
    /// Its JSON pointer.
    pub pointer: String,
    /// The problem, in words.
    pub message: String,
    /// A remedy, where it isn't plain.
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
    /// The values of another type, and the missing fields.
    pub misfits: Vec<Misfit>,
    /// The JSON pointer of the current value.
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
    pub fn of(kind: Kind, value: &Value) -> Self {
        let mut walk = Self {
            version: Version::V31,
            ..Self::default()
        };
        walk.node_or_ref(kind, value);
        walk
    }

    /// Walks the member `token`.
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
            ..Misfit::default()
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
        if let Value::Object(object) = value {
            self.found(kind, None);
            self.members(kind, object);
            return;
        }
        let (expected, found) = (kind.describe(), describe(value));
        let is_vowel = expected.starts_with(['a', 'e', 'i', 'o', 'u', 'O']);
        let article = if is_vowel { "an" } else { "a" };
        self.misfit(format!("expected {article} {expected}, found {found}"));
    }

    fn members(&mut self, kind: Kind, object: &Map<String, Value>) {
        if let Some(shape) = map_of(kind, self.version) {
            for (name, value) in object.iter().filter(|(name, _)| !name.starts_with("x-")) {
                self.member(name, shape, value);
            }
        }
        for (name, shape, required) in fields_in(kind, self.version) {
            let known = self.misfits.len();
            match object.get(name) {
                Some(value) => self.member(name, shape, value),
                None if required => self.misfit(format!("the {} has no `{name}`", kind.describe())),
                None => {}
            }
            if let Some(Value::Null) = object.get(name).filter(|_| !required)
                && let Some(misfit) = self.misfits.get_mut(known)
            {
                misfit.is_empty = true;
            }
        }
    }

    fn node_or_ref(&mut self, kind: Kind, value: &Value) {
        let is_schema_3_1 = kind == Kind::Schema && self.version == Version::V31;
        match value.get("$ref") {
            None if is_schema_3_1 && value.is_boolean() => self.found(kind, None),
            None => self.node(kind, value),
            Some(Value::String(target)) => {
                self.found(kind, Some(target.clone()));
                let has_members = is_schema_3_1 || kind == Kind::PathItem;
                if let Some(object) = value.as_object().filter(|_| has_members) {
                    self.members(kind, object);
                }
            }
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
            | (Text | TextOrTexts, Value::String(_))
            | (Flag | FlagOrSchema, Value::Bool(_))
            | (Number, Value::Number(_)) => return,
            (Integer, Value::Number(number)) if number.as_u64().is_some() => return,
            (Texts | TextOrTexts, Value::Array(items)) => return self.items(Text, items),
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
            (Texts | List(_), _) => "a list",
            (MapOf(_), _) => "an object",
        };
        let message = match (shape, value) {
            (Number | Integer, Value::String(text)) if is_too_large(text) => {
                format!("{text} is not a number that can be represented")
            }
            _ => format!("expected {expected}, found {}", describe(value)),
        };
        let is_text = matches!(shape, Text | TextOrTexts);
        self.misfit(message);
        if let Some(misfit) = self.misfits.last_mut() {
            misfit.hint = hint(shape, value, &self.at);
            misfit.unquoted = is_text && (value.is_number() || value.is_boolean());
        }
    }
}

/// Whether it is a number beyond what floating point can hold, which YAML readers take for a string.
fn is_too_large(text: &str) -> bool {
    text.trim_start_matches(['+', '-'])
        .starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && text.parse::<f64>().is_ok_and(f64::is_infinite)
}

/// A remedy for the mistakes that are made most.
fn hint(shape: Shape, value: &Value, place: &str) -> Option<&'static str> {
    match (shape, value) {
        (Text, Value::Array(_)) if place.ends_with("/type") => {
            Some("a list of types is OpenAPI 3.1; in 3.0, say `nullable: true` beside the one type")
        }
        (Flag, Value::Number(_)) if place.contains("/exclusive") => {
            Some("a number here is OpenAPI 3.1; in 3.0, it is `true` beside `minimum` or `maximum`")
        }
        (Texts, Value::Bool(_)) if place.ends_with("/required") => {
            Some("list the required properties in the object that has them")
        }
        (Number | Integer, Value::String(text)) if is_too_large(text) => {
            Some("the largest number that can be represented is about 1.8e308")
        }
        (Flag | Number | Integer, Value::String(_)) => Some("write it without quotes"),
        _ => None,
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
