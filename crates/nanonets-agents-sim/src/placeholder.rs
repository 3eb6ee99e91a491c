//! Placeholder answers in the shape a caller asked for.
//!
//! The simulator never reads a document, yet a client under test wants an answer it can parse. So [`placeholder`]
//! reads only the `output_schema` of a run and makes up data in that shape: the same for the same seed, and plainly
//! simulated to anyone who looks at it.
//!
//! The text may be a JSON Schema, an example (`{"line_items": [{"sku": "string"}]}`), plain language or nothing. It
//! comes from the caller, so every walk over it is charged to one budget, and depth, text and array sizes are capped.
//! When the budget runs low or a definition refers back to itself, only what the schema requires is still made.

mod dialect;
mod example;
mod label;
mod layers;
mod limits;
mod pattern;
mod scalars;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use dialect::{is_keyword, type_names, unwrapped};
use label::Label;
use layers::Layers;
use limits::{
    BUDGET, DEFAULT_ITEMS, MAX_CHOICES, MAX_DEPTH, MAX_ITEMS, MAX_LAYERS, MAX_REENTRY, TERSE_DEPTH,
};

/// Makes up a value in the shape that `output_schema` describes.
///
/// The same text and seed give the same value. A JSON Schema gets a value that validates against it wherever that is
/// feasible; contradictory schemas get something close. Plain language and no schema get a note. Cost is bounded
/// whatever the text says.
#[must_use]
pub fn placeholder(output_schema: Option<&str>, seed: u64) -> Value {
    let text = output_schema.unwrap_or_default();
    if text.trim().is_empty() {
        return note("Simulated answer: no document was read, and no output_schema was given.");
    }
    let Ok(parsed) = serde_json::from_str::<Value>(text) else {
        return note(
            "Simulated answer: no document was read, and the wording of output_schema was not interpreted.",
        );
    };
    let document = unwrapped(&parsed);
    let rng = fastrand::Rng::with_seed(seed);
    let mut maker = Maker {
        document,
        root: document,
        rng,
        budget: BUDGET,
        open: Vec::new(),
    };
    maker.informal(
        document,
        Label {
            word: "",
            ordinal: None,
        },
        0,
    )
}

fn note(text: &str) -> Value {
    json!({ "simulated": true, "note": text })
}

struct Maker<'a> {
    document: &'a Value,
    /// The target of `$ref`: the document, or the schema inside of an example.
    root: &'a Value,
    rng: fastrand::Rng,
    budget: usize,
    /// The `$ref` targets whose values are being made.
    open: Vec<&'a Value>,
}

impl<'a> Maker<'a> {
    /// Takes `cost` from the budget. One charge too large ends it, so that it can't be tried again.
    fn spend(&mut self, cost: usize) -> bool {
        let left = self.budget.checked_sub(cost);
        self.budget = left.unwrap_or(0);
        left.is_some()
    }

    fn is_terse(&self, depth: usize) -> bool {
        depth >= TERSE_DEPTH || self.budget < BUDGET / 2
    }

    fn is_recursive(&self, target: &Value) -> bool {
        self.open
            .iter()
            .filter(|open| std::ptr::eq(**open, target))
            .count()
            >= MAX_REENTRY
    }

    fn resolve(&self, map: &'a Map<String, Value>) -> Option<&'a Value> {
        let target = ["$ref", "$recursiveRef", "$dynamicRef"]
            .iter()
            .find_map(|key| map.get(*key)?.as_str())?;
        let pointer = target.strip_prefix('#')?;
        let find = |root: &'a Value| {
            root.pointer(pointer)
                .or_else(|| root.pointer(&percent_decoded(pointer)))
        };
        find(self.root).or_else(|| find(self.document))
    }

    /// Gathers every schema that `parts` bring with them, at a cost of one for each.
    fn layers(&mut self, parts: &[&'a Value], depth: usize) -> Layers<'a> {
        let mut found = Layers::default();
        let mut pending: Vec<&'a Value> = parts.iter().rev().copied().collect();
        while let Some(part) = pending.pop().filter(|_| found.maps.len() < MAX_LAYERS) {
            match part {
                Value::Object(map)
                    if !map.is_empty()
                        && !map.keys().take(MAX_CHOICES).any(|key| is_keyword(key)) =>
                {
                    found.example = Some(part);
                }
                Value::Object(map) if !found.maps.iter().any(|seen| std::ptr::eq(*seen, map)) => {
                    found.maps.push(map);
                    self.expand(map, &mut found, &mut pending, depth);
                }
                Value::Object(_) | Value::Bool(true) => {}
                Value::Bool(false) => found.never = true,
                other => found.example = Some(other),
            }
        }
        self.spend(found.maps.len().max(1));
        found
    }

    fn expand(
        &mut self,
        map: &'a Map<String, Value>,
        found: &mut Layers<'a>,
        pending: &mut Vec<&'a Value>,
        depth: usize,
    ) {
        for key in ["oneOf", "anyOf"] {
            let list = map
                .get(key)
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice);
            let list = &list[..list.len().min(MAX_LAYERS)];
            let terse = self.is_terse(depth)
                || found.targets.iter().any(|target| self.is_recursive(target));
            if let Some(chosen) = list.iter().min_by_key(|branch| self.rank(branch, terse)) {
                pending.push(chosen);
                if key == "oneOf" && chosen.get("properties").is_none() {
                    found
                        .avoid
                        .extend(list.iter().flat_map(required).take(MAX_CHOICES));
                }
            }
        }
        if let Some(Value::Array(list)) = map.get("allOf") {
            pending.extend(list.iter().take(MAX_LAYERS).rev());
        }
        if let Some(target) = self.resolve(map) {
            found.targets.push(target);
            pending.push(target);
        }
    }

    /// How unwelcome a branch is: `null` and recursion last, or, when terse, the smallest value first.
    fn rank(&self, branch: &'a Value, terse: bool) -> u8 {
        let (mut target, mut recursive) = (branch, false);
        for _ in 0..4 {
            let Some(next) = target.as_object().and_then(|map| self.resolve(map)) else {
                break;
            };
            target = next;
            recursive |= self.is_recursive(target);
        }
        let names = target.get("type").map(type_names).unwrap_or_default();
        let null = names == ["null"] || target.get("const").is_some_and(Value::is_null);
        let nested =
            names.is_empty() || names.iter().any(|name| matches!(*name, "object" | "array"));
        match target {
            Value::Bool(false) => 5,
            _ if recursive => 4,
            _ if null => u8::from(!terse) * 3,
            _ if terse => 1 + u8::from(nested),
            _ => 0,
        }
    }

    fn build(&mut self, found: &Layers<'a>, label: Label<'_>, depth: usize) -> Value {
        if let Some(example) = found.example.filter(|_| found.maps.is_empty()) {
            return self.informal(example, label, depth);
        }
        let kind = found.kind();
        if found.never || self.budget == 0 || depth > MAX_DEPTH {
            return if found.never {
                Value::Null
            } else {
                smallest(kind)
            };
        }
        if let Some(fixed) = self.fixed(found, kind) {
            return fixed;
        }
        let terse =
            self.is_terse(depth) || found.targets.iter().any(|target| self.is_recursive(target));
        if terse && found.nullable() {
            return Value::Null;
        }
        let outer = self.open.len();
        self.open.extend(&found.targets);
        let value = match kind {
            "object" => self.object(found, label, depth, terse),
            "array" => self.array(found, label, depth, terse),
            "string" => Value::String(self.string(found, label)),
            "number" | "integer" => self.number(found, kind == "integer"),
            _ => self.plain(kind, label),
        };
        self.open.truncate(outer);
        value
    }

    /// The value of `const`, or a member of `enum` that suits every layer.
    fn fixed(&mut self, found: &Layers<'a>, kind: &str) -> Option<Value> {
        let mut lists = found.lists("enum");
        let mut choices: Vec<&Value> = lists
            .next()
            .into_iter()
            .flatten()
            .take(MAX_CHOICES)
            .collect();
        for other in lists {
            choices.retain(|choice| other.iter().take(MAX_CHOICES).any(|value| value == *choice));
        }
        let fitting: Vec<&Value> = choices
            .iter()
            .copied()
            .filter(|choice| fits(choice, kind))
            .collect();
        let choices = if fitting.is_empty() { choices } else { fitting };
        let value = found
            .all("const")
            .next()
            .or_else(|| self.rng.choice(choices))?;
        Some(if self.spend(weight(value)) {
            value.clone()
        } else {
            smallest(kind)
        })
    }

    fn object(&mut self, found: &Layers<'a>, label: Label<'_>, depth: usize, terse: bool) -> Value {
        let (least, most) = (
            found.at_least("minProperties"),
            found.at_most("maxProperties"),
        );
        self.spend(found.lists("required").map(|list| list.len() / 8).sum());
        let needed: BTreeSet<&str> = found.maps.iter().flat_map(|map| required_of(map)).collect();
        let declared = found
            .all("properties")
            .filter_map(Value::as_object)
            .flat_map(Map::keys)
            .map(String::as_str);
        let optional =
            declared.filter(|name| !needed.contains(name) && !found.avoid.contains(name));
        let mut made = Map::new();
        for name in needed.iter().copied().chain(optional) {
            let spare = !needed.contains(name);
            let full =
                made.len() >= most || (made.len() >= least && (terse || self.is_terse(depth)));
            if self.budget == 0 || (spare && full) {
                break;
            }
            let child = self.layers(&found.property(name), depth + 1);
            let unwanted =
                child.never || child.targets.iter().any(|target| self.is_recursive(target));
            if made.contains_key(name) || (spare && unwanted) || !self.spend(name.len() / 64) {
                continue;
            }
            let label = Label {
                word: name,
                ordinal: label.ordinal,
            };
            made.insert(name.to_owned(), self.build(&child, label, depth + 1));
        }
        for n in 1..=least.min(MAX_ITEMS) {
            if made.len() >= least || self.budget == 0 {
                break;
            }
            let name = format!("simulated_{n}");
            let child = self.layers(&found.property(&name), depth + 1);
            let value = self.build(
                &child,
                Label {
                    word: label.word,
                    ordinal: Some(n),
                },
                depth + 1,
            );
            made.entry(name).or_insert(value);
        }
        Value::Object(made)
    }

    fn array(&mut self, found: &Layers<'a>, label: Label<'_>, depth: usize, terse: bool) -> Value {
        const TRIES: usize = 8;
        let least = found.at_least("minItems");
        let tuple = found
            .lists("prefixItems")
            .chain(found.lists("items"))
            .map(Vec::len)
            .max();
        let usual = if terse {
            least
        } else {
            tuple.unwrap_or(DEFAULT_ITEMS).max(least)
        };
        let count = usual.min(found.at_most("maxItems")).min(MAX_ITEMS);
        let unique = found.says("uniqueItems");
        let mut made: Vec<Value> = Vec::new();
        for attempt in 1..=if unique { count * TRIES } else { count } {
            if made.len() >= count || self.budget == 0 {
                break;
            }
            let child = self.layers(&found.element(made.len()), depth + 1);
            let unwanted =
                child.never || child.targets.iter().any(|target| self.is_recursive(target));
            if unwanted && made.len() >= least {
                break;
            }
            let value = self.build(
                &child,
                Label {
                    word: label.word,
                    ordinal: Some(attempt),
                },
                depth + 1,
            );
            if !unique || !made.contains(&value) {
                made.push(value);
            }
        }
        Value::Array(made)
    }
}

/// The least value of a type, for when the budget has run out.
fn smallest(kind: &str) -> Value {
    match kind {
        "object" => json!({}),
        "array" => json!([]),
        "number" | "integer" => json!(0),
        "boolean" => json!(false),
        "null" => Value::Null,
        _ => json!("simulated value"),
    }
}

fn fits(value: &Value, kind: &str) -> bool {
    match value {
        Value::Null => kind == "null",
        Value::Bool(_) => kind == "boolean",
        Value::Number(number) => kind == "number" || (kind == "integer" && !number.is_f64()),
        Value::String(_) => kind == "string",
        Value::Array(_) => kind == "array",
        Value::Object(_) => kind == "object",
    }
}

/// The cost of a copy of a value.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len() / 64,
        Value::Array(list) => 1 + list.iter().map(weight).sum::<usize>(),
        Value::Object(map) => {
            1 + map
                .iter()
                .map(|(key, part)| key.len() / 64 + weight(part))
                .sum::<usize>()
        }
        _ => 1,
    }
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema.as_object().into_iter().flat_map(required_of)
}

fn required_of(map: &Map<String, Value>) -> impl Iterator<Item = &str> {
    map.get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// A URI fragment as the JSON pointer it encodes (RFC 6901, section 6).
fn percent_decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, tail @ ..] = rest {
        let digits = tail
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|hex| std::str::from_utf8(hex).ok());
        let decoded = digits.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
