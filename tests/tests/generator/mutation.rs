//! Documents changed at random, to find one that breaks the generator: the tests, the fuzz targets and the
//! endless run of `examples/mutate.rs`.

#![allow(dead_code, reason = "each of them uses its part of it")]

use std::fs;
use std::panic;
use std::path::{Path, PathBuf};

use openapi_client_gen::codegen::{self, Files};
use openapi_document::pointer;
use openapi_document::read::Document;
use serde_json::{Value, json};

/// Where choices come from: bytes while there are any, as a fuzzer gives them, then numbers that are the same ones on every
/// machine (xorshift64).
pub struct Choices<'a> {
    bytes: &'a [u8],
    state: u64,
}

impl<'a> Choices<'a> {
    /// Choices that follow from a number.
    pub fn seeded(seed: u64) -> Self {
        Self::led_by(&[], seed)
    }

    /// Choices that are made by bytes, two for each.
    pub fn led_by(bytes: &'a [u8], seed: u64) -> Self {
        // Adjacent seeds give unrelated numbers, and zero gives none.
        let state = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        Self { bytes, state }
    }

    /// Whether somebody still makes them.
    pub fn is_led(&self) -> bool {
        !self.bytes.is_empty()
    }

    pub fn below(&mut self, bound: usize) -> usize {
        let number = match self.bytes {
            [low, high, rest @ ..] => {
                self.bytes = rest;
                usize::from(u16::from_le_bytes([*low, *high]))
            }
            _ => {
                self.bytes = &[];
                self.state ^= self.state << 13;
                self.state ^= self.state >> 7;
                self.state ^= self.state << 17;
                usize::try_from(self.state >> 33).unwrap_or_default()
            }
        };
        number % bound.max(1)
    }

    pub fn pick<'b, T>(&mut self, choices: &'b [T]) -> &'b T {
        &choices[self.below(choices.len())]
    }
}

/// Names that mean something to JSON, Rust, or the generated code.
const NAMES: [&str; 28] = [
    "", "***", "1", "+1", "type", "self", "Self", "fn", "a_b", "aB", "x-y", "a/b", "a~b", "a'b",
    "ß", "日本", "String", "Option", "Error", "Builder", "Client", "builder", "types", "support",
    "body", "value", "form", "extra",
];

/// Keywords of schemas with values that fit nowhere in particular.
fn keyword(choices: &mut Choices, reference: &Value) -> (&'static str, Value) {
    let keywords = [
        ("format", json!("uuid")),
        ("format", json!("binary")),
        ("format", json!("int32")),
        ("default", json!("x")),
        ("default", json!({ "a": 1 })),
        ("enum", json!(["A", "a", "a b", "a-b"])),
        ("enum", json!([null])),
        ("enum", json!([1, 2])),
        ("pattern", json!("([")),
        ("minLength", json!(3)),
        ("nullable", json!(true)),
        ("minimum", json!(-1)),
        ("minimum", json!(u64::MAX)),
        ("maximum", json!(0.5)),
        ("exclusiveMinimum", json!(true)),
        ("minItems", json!(2)),
        ("maxItems", json!(1)),
        ("uniqueItems", json!(true)),
        ("items", reference.clone()),
        ("properties", json!({ "type": reference, "a": {} })),
        ("additionalProperties", reference.clone()),
        ("additionalProperties", json!(false)),
        ("required", json!(["a", "missing"])),
        ("allOf", json!([reference, { "type": "object" }])),
        ("oneOf", json!([reference, { "type": "string" }])),
        ("anyOf", json!([reference, reference])),
        ("allOf", json!([])),
        ("not", json!({ "type": "array" })),
        ("type", json!("object")),
        ("type", json!("array")),
        ("title", json!("A title")),
        ("type", json!(["string", "integer", "null"])),
        ("type", json!(["null"])),
        ("const", json!("x")),
        ("const", json!([reference])),
        ("anyOf", json!([reference, { "type": "null" }])),
        ("exclusiveMaximum", json!(3)),
        ("prefixItems", json!([reference, true, { "$anchor": "a" }])),
        ("patternProperties", json!({ "^a": reference, ".*": false })),
        ("unevaluatedProperties", json!(false)),
        ("if", json!({ "properties": { "a": { "const": 1 } } })),
        ("then", json!({ "properties": { "b": reference } })),
        (
            "dependentSchemas",
            json!({ "a": { "properties": { "b": { "$ref": "#a" } } } }),
        ),
        (
            "$defs",
            json!({ "A": { "$ref": "#/$defs/A" }, "B": { "items": { "$ref": "#/$defs/A" } } }),
        ),
        ("contentMediaType", json!("image/png")),
        ("examples", json!([{}])),
        ("$ref", json!("#/$defs/B")),
        ("description", json!("*/ \" \\ ``` \u{202e}")),
    ];
    choices.pick(&keywords).clone()
}

fn places(value: &Value, place: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                places(value, pointer::join(&place, name), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                places(value, pointer::join(&place, &index.to_string()), found);
            }
        }
        _ => {}
    }
    found.push(place);
}

/// Changes the document somewhere; says how. Something is dropped, renamed, given twice, replaced by what stands
/// elsewhere, given another type, made to contain itself, made of the same thing over and over, or given one more rule.
pub fn mutate(root: &mut Value, choices: &mut Choices) -> String {
    let mut found = Vec::new();
    places(root, String::new(), &mut found);
    let schemas: Vec<String> = root
        .pointer("/components/schemas")
        .and_then(Value::as_object)
        .map(|schemas| schemas.keys().cloned().collect())
        .unwrap_or_default();
    let target = match schemas.as_slice() {
        [] => "Missing",
        schemas => choices.pick(schemas).as_str(),
    };
    let reference = json!({ "$ref": format!("#/components/schemas/{target}") });
    let place = choices.pick(&found).clone();
    let copied = root
        .pointer(choices.pick::<String>(&found))
        .cloned()
        .unwrap_or_default();
    let name = *choices.pick(&NAMES);
    let last = pointer::last(&place);
    // Towers take long to be refused, so there are few.
    let kind = match choices.below(60) {
        0 => 8,
        _ => choices.below(8),
    };
    let (keyword, rule) = keyword(choices, &reference);
    let scalars = [
        Value::Null,
        json!(true),
        json!(0),
        json!(1.5),
        json!(name),
        json!([]),
        json!({}),
        reference,
    ];
    let scalar = choices.pick(&scalars).clone();

    let parent = pointer::parent(&place)
        .map(str::to_owned)
        .unwrap_or_default();
    match (kind, root.pointer_mut(&parent)) {
        (0, Some(Value::Object(members))) => {
            members.remove(&last);
        }
        (0, Some(Value::Array(items))) => {
            items.pop();
        }
        (1, Some(Value::Object(members))) => {
            if let Some(value) = members.remove(&last) {
                members.insert(name.to_owned(), value);
            }
        }
        (2, Some(Value::Object(members))) => {
            if let Some(value) = members.get(&last).cloned() {
                members.insert(name.to_owned(), value);
            }
        }
        (2, Some(Value::Array(items))) => {
            if let Some(value) = items.first().cloned() {
                items.push(value);
            }
        }
        (3, _) => replace(root, &place, copied),
        (4, _) => replace(root, &place, scalar.clone()),
        (5, _) => {
            // A schema that is, or has, one that it stands in; or a response, a parameter, whatever stands there.
            let above = place.match_indices('/').map(|(at, _)| &place[..at]);
            let above: Vec<&str> = above.filter(|above| !above.is_empty()).collect();
            if let [_, ..] = above.as_slice() {
                let above = *choices.pick(&above);
                replace(root, &place, json!({ "$ref": format!("#{above}") }));
                return format!("{place} refers to {above}");
            }
        }
        (8, _) => {
            let keyword = *choices.pick(&["allOf", "anyOf", "oneOf"]);
            let top = tower(root, target, keyword, choices.below(2) == 0);
            replace(root, &place, top);
            return format!("{place} refers to a tower of {keyword} on {target}");
        }
        _ => {
            let typed: Vec<&String> = found
                .iter()
                .filter(|place| {
                    root.pointer(place)
                        .is_some_and(|value| value.get("type").is_some())
                })
                .collect();
            if typed.is_empty() {
                return String::new();
            }
            let place = (*choices.pick(&typed)).clone();
            if let Some(Value::Object(schema)) = root.pointer_mut(&place) {
                schema.insert(keyword.to_owned(), rule.clone());
            }
            return format!("{place}/{keyword} becomes {rule}");
        }
    }
    format!("change {kind} at {place} with the name {name:?} or the value {scalar}")
}

/// Adds schemas each of which is made of the one before it twice, as a whole or by a field, and returns a reference to the
/// last: expanding it has no end.
fn tower(root: &mut Value, base: &str, keyword: &str, by_field: bool) -> Value {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let mut below = base.to_owned();
    for height in 0..40 {
        let mut parts = json!({ keyword: [reference(&below), reference(&below)] });
        parts[keyword][1]["description"] = json!("again");
        if by_field {
            parts = json!({ "allOf": [
                { "properties": { "a": parts, "b": reference(&below) } },
                { "properties": { "b": parts, "a": reference(&below) } },
            ] });
        }
        below = format!("Tower{height}");
        let schemas = root.pointer_mut("/components/schemas");
        if let Some(schemas) = schemas.and_then(Value::as_object_mut) {
            schemas.insert(below.clone(), parts);
        }
    }
    reference(&below)
}

fn replace(root: &mut Value, place: &str, value: Value) {
    if let Some(old) = root.pointer_mut(place) {
        *old = value;
    }
}

/// Changes a text somewhere, by bytes or by lines; it may be no text any more.
pub fn garble(text: &mut Vec<u8>, choices: &mut Choices) {
    let length = text.len();
    let (from, to) = (choices.below(length + 1), choices.below(length + 1));
    let line = |at: usize| {
        let start = text[..at].iter().rposition(|&byte| byte == b'\n');
        let end = text[at..].iter().position(|&byte| byte == b'\n');
        start.map_or(0, |start| start + 1)..end.map_or(length, |end| at + end + 1)
    };
    match choices.below(6) {
        0 => text.truncate(from),
        1 => {
            text.drain(line(from));
        }
        2 => {
            let copied = text[line(from)].to_vec();
            let at = line(to).start;
            text.splice(at..at, copied);
        }
        3 => {
            let at = line(from).start;
            text.splice(at..at, std::iter::repeat_n(b' ', 1 + choices.below(4)));
        }
        4 => {
            let signs: [&[u8]; 12] = [
                b"&a ", b"*a ", b"<<: *a", b"- ", b"? ", b": ", b"{", b"[", b"|\n", b"\xff",
                b"!!int ", b"'",
            ];
            text.splice(from..from, choices.pick(&signs).iter().copied());
        }
        _ => {
            if let Some(byte) = text.get_mut(from) {
                *byte = u8::try_from(choices.below(256)).unwrap_or_default();
            }
        }
    }
}

/// Small documents, each about one thing that the generator supports.
pub fn corpus(workspace: &Path) -> Vec<Value> {
    let folder = workspace.join("tests/fixtures/features");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("a file").path())
        .collect();
    paths.sort();
    paths.iter().map(|path| unchanged(path)).collect()
}

/// A document as it is written: reading one of OpenAPI 3.1 resolves its references.
fn unchanged(path: &Path) -> Value {
    let text = fs::read_to_string(path).expect("a file");
    let version = text.lines().find_map(|line| line.strip_prefix("openapi: "));
    let version = version.expect("a version").to_owned();
    let text = text.replacen(&format!("openapi: {version}"), "openapi: none", 1);
    let name = path.display().to_string();
    let mut root = Document::parse(name, text).expect("a document").root;
    root["openapi"] = Value::from(version);
    root
}

/// The result of a document.
#[derive(Debug)]
pub enum Verdict {
    Generated(Files),
    Refused,
    /// The generator broke: how.
    Broken(String),
}

/// Generates a client and its mocks, and looks at how that ends.
pub fn judge(document: &Document) -> Verdict {
    let generate = panic::AssertUnwindSafe(|| {
        let mut generated = codegen::generate(document, None)?;
        codegen::add_mocks(&mut generated, document, None)?;
        Ok::<_, Vec<_>>(generated)
    });
    match panic::catch_unwind(generate) {
        Err(_) => Verdict::Broken("a panic".to_owned()),
        Ok(Ok(generated)) => Verdict::Generated(generated.files),
        Ok(Err(problems)) => {
            let defect = problems.iter().find(|problem| {
                problem.diagnostic.code == "generator" || problem.diagnostic.message.is_empty()
            });
            defect.map_or(Verdict::Refused, |defect| {
                Verdict::Broken(defect.to_string())
            })
        }
    }
}

/// The defect that the generator shows with a document, if it has one.
pub fn complaint(document: &Document) -> Option<String> {
    match judge(document) {
        Verdict::Broken(complaint) => Some(complaint),
        Verdict::Generated(_) | Verdict::Refused => None,
    }
}
