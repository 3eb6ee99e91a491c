//! Documents changed at random: whatever comes of it is generated or refused by name, and never a panic.

mod common;

use std::fmt::Write as _;
use std::panic;

use serde_json::{Value, json};
use xtask::codegen;
use xtask::emit::Options;
use xtask::pointer;
use xtask::read::Document;

/// A generator of numbers that gives the same ones on every machine (xorshift64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or_default() % bound.max(1)
    }

    fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
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
fn keyword(random: &mut Random, reference: &Value) -> (&'static str, Value) {
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
        ("description", json!("*/ \" \\ ``` \u{202e}")),
    ];
    random.pick(&keywords).clone()
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

/// Changes the document somewhere; says how.
fn mutate(root: &mut Value, random: &mut Random) -> String {
    let mut found = Vec::new();
    places(root, String::new(), &mut found);
    let schemas: Vec<String> = root
        .pointer("/components/schemas")
        .and_then(Value::as_object)
        .map(|schemas| schemas.keys().cloned().collect())
        .unwrap_or_default();
    let target = match schemas.as_slice() {
        [] => "Missing",
        schemas => random.pick(schemas).as_str(),
    };
    let reference = json!({ "$ref": format!("#/components/schemas/{target}") });
    let place = random.pick(&found).clone();
    let copied = root
        .pointer(random.pick::<String>(&found))
        .cloned()
        .unwrap_or_default();
    let name = *random.pick(&NAMES);
    let last = pointer::last(&place);
    let kind = random.below(7);
    let (keyword, rule) = keyword(random, &reference);
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
    let scalar = random.pick(&scalars).clone();

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
            let place = (*random.pick(&typed)).clone();
            if let Some(Value::Object(schema)) = root.pointer_mut(&place) {
                schema.insert(keyword.to_owned(), rule.clone());
            }
            return format!("{place}/{keyword} becomes {rule}");
        }
    }
    format!("change {kind} at {place} with the name {name:?} or the value {scalar}")
}

fn replace(root: &mut Value, place: &str, value: Value) {
    if let Some(old) = root.pointer_mut(place) {
        *old = value;
    }
}

/// What is wrong with how the generator takes a document, if anything is.
fn complaint(document: &Document) -> Option<String> {
    let generate = panic::AssertUnwindSafe(|| codegen::generate(document, &Options::default()));
    match panic::catch_unwind(generate) {
        Err(_) => Some("a panic".to_owned()),
        Ok(Ok(_)) => None,
        Ok(Err(problems)) => problems
            .iter()
            .find(|problem| {
                problem.diagnostic.code == "generator" || problem.diagnostic.message.is_empty()
            })
            .map(ToString::to_string),
    }
}

#[test]
fn no_change_of_a_document_breaks_the_generator() {
    let seeds: Vec<Value> = [common::rich(), common::workspace().join("spec/agents.yaml")]
        .iter()
        .map(|path| Document::open(path).expect("a document").root)
        .collect();
    let mut broken = String::new();
    for seed in 1..=200_u64 {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        // Most changes are made to the small one: it has more in it, and takes less time.
        let mut root = seeds[usize::from(seed % 10 == 0)].clone();
        let changes: Vec<String> = (0..1 + random.below(3))
            .map(|_| mutate(&mut root, &mut random))
            .collect();
        let text = root.to_string();
        let document = Document::parse("changed.json", text).expect("JSON");
        if let Some(complaint) = complaint(&document) {
            writeln!(broken, "{seed}: {complaint}, after {changes:#?}").expect("a string");
        }
    }
    assert!(broken.is_empty(), "{broken}");
}

#[test]
fn no_text_cut_short_breaks_the_reader() {
    let text = std::fs::read_to_string(common::rich()).expect("the document");
    let json = Document::open(&common::rich())
        .expect("the document")
        .root
        .to_string();
    let mut random = Random(7);
    for (name, text) in [("a.yaml", text.as_str()), ("a.json", json.as_str())] {
        for _ in 0..60 {
            let mut bytes = text.as_bytes().to_vec();
            bytes.truncate(random.below(text.len()));
            if let Ok(document) = Document::parse(name, bytes) {
                assert_eq!(complaint(&document), None);
            }
        }
    }
}

#[test]
fn long_chains_of_schemas_do_not_exhaust_the_stack() {
    let links: [fn(&Value, usize) -> Value; 4] = [
        |next, _| next.clone(),
        |next, _| json!({ "type": "object", "required": ["a"], "properties": { "a": next } }),
        |next, _| json!({ "type": "array", "items": next }),
        |next, index| json!({ "allOf": [next, { "type": "object", "title": index.to_string() }] }),
    ];
    for link in links {
        let mut schemas = json!({ "S0": { "type": "object", "properties": {} } });
        for index in 1..600 {
            let next = json!({ "$ref": format!("#/components/schemas/S{}", index - 1) });
            schemas[format!("S{index}")] = link(&next, index);
        }
        let root = json!({
            "openapi": "3.0.3",
            "info": { "title": "Chains", "version": "1" },
            "paths": {},
            "components": { "schemas": schemas },
        });
        let document = Document::parse("chain.json", root.to_string()).expect("JSON");
        assert_eq!(complaint(&document), None);
    }
}

#[test]
fn an_operation_id_of_signs_that_have_names_is_generated() {
    let responses = json!({ "200": { "description": "Ok." } });
    let root = json!({
        "openapi": "3.0.3",
        "info": { "title": "Votes", "version": "1" },
        "paths": { "/votes": {
            "put": { "operationId": "+1", "responses": responses },
            "delete": { "operationId": "-1", "responses": responses },
        } },
    });
    let document = Document::parse("votes.json", root.to_string()).expect("JSON");
    let generated = codegen::generate(&document, &Options::default()).expect("a good document");
    assert!(generated.files.contains_key("builder/plus1.rs"));
    assert!(generated.files.contains_key("builder/minus1.rs"));
}
