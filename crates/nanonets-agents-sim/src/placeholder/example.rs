//! Answers like an example: `{"line_items": [{"sku": "string", "qty": "number"}]}`.
//!
//! The API's guide shows schemas in this form and defines it no further, so people write types in many ways. A string
//! that names a type, with the usual synonyms and remarks, stands for a value of it; any other describes a string.

use serde_json::{Map, Value};

use super::Maker;
use super::dialect::is_schema;
use super::label::Label;
use super::limits::{DEFAULT_ITEMS, MAX_CHOICES, MAX_DEPTH};

impl<'a> Maker<'a> {
    /// A value like an example: JSON Schemas inside it count as schemas.
    pub(super) fn informal(&mut self, example: &'a Value, label: Label<'_>, depth: usize) -> Value {
        if depth > MAX_DEPTH || !self.spend(1) {
            return Value::Null;
        }
        match example {
            Value::Object(_) if is_schema(example, 0) => self.embedded(example, label, depth),
            Value::Object(map) => {
                let mut made = Map::new();
                for (name, part) in map {
                    if !self.spend(name.len() / 64) || self.budget == 0 {
                        break;
                    }
                    let label = Label {
                        word: name,
                        ordinal: label.ordinal,
                    };
                    made.insert(name.clone(), self.informal(part, label, depth + 1));
                }
                Value::Object(made)
            }
            Value::Array(list) => {
                let repeats = if list.len() == 1 { DEFAULT_ITEMS } else { 1 };
                let parts = list.iter().cycle().take(list.len() * repeats).enumerate();
                let mut made = Vec::new();
                for (index, part) in parts.take(self.budget) {
                    let label = Label {
                        word: label.word,
                        ordinal: Some(index + 1),
                    };
                    made.push(self.informal(part, label, depth + 1));
                }
                Value::Array(made)
            }
            Value::String(text) => self.spelled(text, label, depth),
            Value::Number(number) => {
                self.plain(if number.is_f64() { "number" } else { "integer" }, label)
            }
            Value::Bool(_) => self.plain("boolean", label),
            Value::Null => Value::Null,
        }
    }

    fn embedded(&mut self, schema: &'a Value, label: Label<'_>, depth: usize) -> Value {
        let outer = std::mem::replace(&mut self.root, schema);
        self.open.push(schema);
        let found = self.layers(&[schema], depth);
        let value = self.build(&found, label, depth);
        self.open.pop();
        self.root = outer;
        value
    }

    /// A value of the type a string spells out; any other wording describes a string.
    fn spelled(&mut self, text: &str, label: Label<'_>, depth: usize) -> Value {
        if depth > MAX_DEPTH || !self.spend(1 + text.len() / 64) {
            return Value::Null;
        }
        let head = head_of(text);
        if text.contains('|') {
            let pieces = choices_of(text);
            let typed = pieces
                .iter()
                .find(|piece| type_named(&head_of(piece)).is_some() || is_list(piece));
            return match typed.or(if pieces.len() < 2 {
                pieces.first()
            } else {
                None
            }) {
                Some(piece) => self.spelled(piece, label, depth + 1),
                None => self.rng.choice(pieces).map_or(Value::Null, Value::from),
            };
        }
        if let Some(kind) = type_named(&head) {
            return self.plain(kind, label);
        }
        let Some(element) = element_of(&head) else {
            return self.plain("string", label);
        };
        let item = |n| Label {
            word: label.word,
            ordinal: Some(n),
        };
        (1..=DEFAULT_ITEMS)
            .map(|n| self.spelled(element, item(n), depth + 1))
            .collect()
    }
}

/// The part of a description that may name a type: `Number (optional), in EUR` has the head `number`.
fn head_of(text: &str) -> String {
    let text = text.to_ascii_lowercase();
    let head = text.split(['(', ',', ':', ';']).next().unwrap_or_default();
    let head = head
        .split(" - ")
        .next()
        .unwrap_or_default()
        .trim()
        .trim_end_matches('?');
    let head = ["optional ", "nullable ", "required "]
        .iter()
        .find_map(|word| head.strip_prefix(word))
        .unwrap_or(head);
    let head = [" or null", " optional"]
        .iter()
        .find_map(|word| head.strip_suffix(word))
        .unwrap_or(head);
    head.trim().to_owned()
}

/// The pieces of `"a" | 'b' | c`, without quotes and without `null`.
fn choices_of(text: &str) -> Vec<&str> {
    let pieces = text
        .split('|')
        .map(|piece| piece.trim().trim_matches(['"', '\'']));
    let absent = |piece: &&str| piece.is_empty() || type_named(&head_of(piece)) == Some("null");
    pieces
        .filter(|piece| !absent(piece))
        .take(MAX_CHOICES)
        .collect()
}

fn is_list(text: &str) -> bool {
    element_of(&head_of(text)).is_some()
}

/// The schema type or format that a lower-case word or its plural names.
fn type_named(word: &str) -> Option<&'static str> {
    let named = |word: &str| {
        Some(match word {
            "string" | "str" | "text" | "char" | "varchar" | "any" => "string",
            "number" | "num" | "numeric" | "float" | "double" | "decimal" | "amount"
            | "percentage" => "number",
            "integer" | "int" | "int32" | "int64" | "long" => "integer",
            "boolean" | "bool" => "boolean",
            "null" | "none" => "null",
            "array" | "list" => "array",
            "object" | "dict" | "map" | "json" => "object",
            "date" | "iso date" | "yyyy-mm-dd" => "date",
            "datetime" | "date-time" | "date time" | "timestamp" => "date-time",
            "time" => "time",
            "email" => "email",
            "url" | "uri" => "uri",
            "uuid" => "uuid",
            _ => return None,
        })
    };
    named(word).or_else(|| named(word.strip_suffix('s')?))
}

/// The items of `string[]`, `list of string`, `list[string]` and `array<string>`.
fn element_of(head: &str) -> Option<&str> {
    let after = |prefixes: [&str; 2]| {
        prefixes
            .into_iter()
            .find_map(|prefix| head.strip_prefix(prefix))
    };
    head.strip_suffix("[]")
        .or_else(|| after(["list of ", "array of "]))
        .or_else(|| after(["list[", "array["])?.strip_suffix(']'))
        .or_else(|| after(["list<", "array<"])?.strip_suffix('>'))
}
