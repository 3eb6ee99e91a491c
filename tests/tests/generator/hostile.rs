//! Documents made to keep a reader busy: each is refused in about the time that it takes to read them once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::common;
use openapi_client_gen::codegen;
use openapi_document::read::Document;
use serde_json::{Value, json};

/// A text of some hundred KB takes a fraction of a second; what grows with the square of its length takes minutes.
const BOUND: Duration = Duration::from_secs(20);

/// Does some work, which must take less than [`BOUND`].
fn soon<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let (start, cpu) = (Instant::now(), cpu_time());
    let done = work();
    let spent = match (cpu, cpu_time()) {
        (Some(before), Some(after)) => after - before,
        _ => start.elapsed(),
    };
    assert!(spent < BOUND, "{spent:?} for {name}");
    done
}

/// The processor time of this thread, where the system shows it. Other work of a busy machine does not count.
fn cpu_time() -> Option<Duration> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = times.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// Code, line and column of the problems of a text, which are found soon.
fn refusal(name: &str, text: String) -> (&'static str, usize, usize) {
    let problem = soon(name, || Document::parse(name, text));
    let problem = problem.expect_err("a hostile text");
    let position = problem.position;
    (problem.diagnostic.code, position.line, position.column)
}

#[test]
fn brackets_that_nest_too_deep_are_refused_before_they_are_all_read() {
    let open = |unit: &str| unit.repeat(100_000);
    for name in ["a.yaml", "a.json"] {
        // Here the scanner meets a limit of its own, since it reads ahead of what it reports.
        assert_eq!(refusal(name, open("[")), ("limit-exceeded", 1, 256));
        assert_eq!(refusal(name, open("[ ")), ("limit-exceeded", 1, 511));
        assert_eq!(refusal(name, open("[\n")).0, "limit-exceeded");
    }
    assert_eq!(refusal("a.yaml", open("{a: ")).0, "limit-exceeded");
    let text = format!("a:\n  b: {}", open("["));
    assert_eq!(refusal("a.yaml", text).0, "limit-exceeded");
}

#[test]
fn json_that_nests_too_deep_is_refused_where_it_does() {
    let text = r#"{"a":"#.repeat(100_000);
    assert_eq!(refusal("a.json", text).0, "limit-exceeded");
    let text = format!(r#"{{"a":{}"#, "[".repeat(100_000));
    assert_eq!(refusal("a.json", text).0, "limit-exceeded");
}

#[test]
fn brackets_behind_something_that_is_no_yaml_are_not_read() {
    let text = format!("a: \"\\q\"\nb: {}", "[".repeat(100_000));
    assert_eq!(refusal("a.yaml", text).0, "syntax");
}

#[test]
fn blocks_that_nest_too_deep_are_refused() {
    let text = "- ".repeat(100_000);
    assert_eq!(refusal("a.yaml", text.clone()).0, "limit-exceeded");
    assert_eq!(
        refusal("a.yaml", format!("{text}\n---\n")).0,
        "limit-exceeded"
    );
}

#[test]
fn directives_without_end_are_refused() {
    let text: String = (0..100_000)
        .map(|n| format!("%TAG !a{n}! tag:x\n"))
        .collect();
    assert_eq!(
        refusal("a.yaml", format!("{text}--- [\n")),
        ("limit-exceeded", 4097, 1)
    );
}

#[test]
fn many_brackets_side_by_side_are_no_reason_to_refuse() {
    let text = format!(
        "a: [{}]\nb: '{}'\n",
        "[], ".repeat(20_000),
        "[".repeat(20_000)
    );
    let document = Document::parse("a.yaml", text).expect("a flat text");
    assert_eq!(document.root["a"].as_array().map(Vec::len), Some(20_000));
}

/// A document of OpenAPI 3.1 with these schemas, which must be read soon.
fn read_3_1(name: &str, schemas: &str) -> Document {
    let text = format!(
        "{{\"openapi\": \"3.1.0\", \"info\": {{\"title\": \"T\", \"version\": \"1\"}}, \"paths\": {{}}, \"components\": {{\"schemas\": {{{schemas}}}}}}}"
    );
    soon(name, || Document::parse("a.json", text)).expect("JSON")
}

/// A number of copies of the same text, with an index in place of each `#0`.
fn many(count: usize, text: &str) -> String {
    let texts: Vec<String> = (0..count)
        .map(|number| {
            text.replace("#0", &number.to_string())
                .replace("#1", &(number + 1).to_string())
        })
        .collect();
    texts.join(", ")
}

#[test]
fn openapi_3_1_is_read_in_time_however_many_schemas_are_nested() {
    let item = "\"S#0\": {\"$defs\": {\"Item\": {\"type\": [\"string\", \"null\"], \"minLength\": #0}}, \"items\": {\"$ref\": \"#/components/schemas/S#0/$defs/Item\"}}";
    read_3_1("definitions of one name", &many(5_000, item));

    let link = "\"D#0\": {\"items\": {\"$ref\": \"#/components/schemas/T/$defs/D#1\"}}";
    let chain = format!("\"T\": {{\"$defs\": {{{}}}}}", many(5_000, link));
    read_3_1("a chain of definitions", &chain);

    let branch = "{\"type\": [\"string\", \"null\"], \"maxLength\": #0}";
    let branches = many(10_000, branch);
    let union = format!("\"T\": {{\"anyOf\": [{{\"type\": \"null\"}}, {branches}]}}");
    read_3_1("a union with null", &union);

    let tuple = format!("\"T\": {{\"prefixItems\": [{branches}]}}");
    read_3_1("a tuple", &tuple);

    let pattern = "\"^#0\": {\"maxLength\": #0}";
    let patterns = format!(
        "\"T\": {{\"patternProperties\": {{{}}}}}",
        many(10_000, pattern)
    );
    read_3_1("patterns", &patterns);
}

#[test]
fn more_values_than_the_generator_has_memory_for_are_refused() {
    let items = "0,\n".repeat(600_000);
    let json = format!("{{\"a\":[{items}0]}}");
    assert_eq!(refusal("a.json", json).0, "limit-exceeded");
    let items = "- 0\n".repeat(600_000);
    assert_eq!(
        refusal("a.yaml", format!("a:\n{items}")).0,
        "limit-exceeded"
    );
}

#[test]
fn a_large_yaml_file_is_refused_before_all_its_values_are_kept() {
    let text = format!("a:\n{}", "- 00000\n".repeat(1_100_000));
    let (code, line, _) = refusal("a.yaml", text);
    assert_eq!(code, "limit-exceeded");
    // The first reader counts keys, too, and has to see more to be sure; the one that keeps values stops at half of them.
    assert!(line > 1_000_000, "it was read again, to line {line}");
}

#[test]
fn a_file_of_200_megabytes_is_refused_by_its_size() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.yaml");
    let file = std::fs::File::create(&path).expect("a file");
    file.set_len(200_000_000).expect("a size");
    let problem = Document::open(&path).expect_err("a file that is too large");
    assert!(
        problem.diagnostic.message.contains("the limit"),
        "{problem}"
    );
}

/// A schema whose parts are this many unions of this many objects each, all named, and what these are.
fn unions(count: usize, keyword: &str, branches: usize) -> (Vec<Value>, Value) {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let mut schemas = json!({});
    let mut names = Vec::new();
    for union in 0..count {
        let mut members = Vec::new();
        for branch in 0..branches {
            let name = format!("B{union}x{branch}");
            members.push(reference(&name));
            schemas[name] = json!({
                "type": "object",
                "required": [format!("b{union}x{branch}")],
                "properties": { format!("b{union}x{branch}"): { "type": "string" } },
            });
        }
        schemas[format!("U{union}")] = json!({ keyword: members });
        names.push(reference(&format!("U{union}")));
    }
    (names, schemas)
}

/// The codes of what is wrong with a document of these schemas, each once, which must be said soon.
fn codes(schemas: &Value) -> Vec<&'static str> {
    let document = common::document_of(schemas);
    let generate = || codegen::generate(&document, None);
    let generated = soon(&schemas.to_string(), generate);
    let problems = generated.err().unwrap_or_default();
    let codes = problems.iter().map(|problem| problem.diagnostic.code);
    codes.collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn unions_that_are_parts_are_generated_or_refused_before_they_are_combined() {
    let own = json!({ "type": "object", "properties": { "own": { "type": "string" } } });
    for keyword in ["oneOf", "anyOf"] {
        // The number of unions and of their branches, and whether the combinations of all of them are too many types.
        for (count, branches, too_many) in [
            (1, 40, false),
            (2, 2, false),
            (2, 8, false),
            (6, 2, false),
            (9, 8, true),
        ] {
            let (names, schemas) = unions(count, keyword, branches);
            let beside: Vec<_> = names.iter().cloned().chain([own.clone()]).collect();
            let within = json!([{ keyword: names }, own]);
            for (parts, too_many) in [(json!(beside), too_many), (within, false)] {
                let mut schemas = schemas.clone();
                schemas["Whole"] = json!({ "allOf": parts });
                let expected = if too_many {
                    vec!["too-many-types"]
                } else {
                    vec![]
                };
                assert_eq!(codes(&schemas), expected, "{parts}");
            }
        }
    }
}

/// Two towers of schemas that differ in what they stand on, each schema made of the one below it in both towers.
fn towers(height: usize, schema: impl Fn(&Value, &Value) -> Value) -> Value {
    let mut schemas = json!({});
    for tower in ["A", "B"] {
        schemas[format!("{tower}0")] =
            json!({ "type": "object", "properties": { tower: { "type": "string" } } });
    }
    for level in 1..=height {
        let below = ["A", "B"]
            .map(|tower| json!({ "$ref": format!("#/components/schemas/{tower}{}", level - 1) }));
        let [first, second] = &below;
        schemas[format!("A{level}")] = schema(first, second);
        schemas[format!("B{level}")] = schema(second, first);
    }
    schemas
}

#[test]
fn compositions_at_every_level_are_merged_once() {
    // `maxItems` does not constrain an object, but makes it more than fields.
    let doubling = |one: &Value, other: &Value| {
        json!({ "allOf": [
            { "type": "object", "maxItems": 3, "properties": { "a": one, "b": one } },
            { "type": "object", "properties": { "a": other, "b": other } },
        ] })
    };
    assert_eq!(codes(&towers(30, doubling)), [""; 0]);
    let within = |one: &Value, other: &Value| {
        json!({
            "type": "object",
            "properties": { "a": one },
            "anyOf": [{ "properties": { "a": other } }, { "minProperties": 1 }],
        })
    };
    assert_eq!(codes(&towers(5, within)), [""; 0]);
}

#[test]
fn what_a_value_is_not_is_not_followed() {
    let recursive = |field: &str, name: &str| {
        let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
        json!({ "type": "object", "properties": { field: reference } })
    };
    let schemas = json!({
        "A": recursive("next", "A"),
        "B": recursive("next", "B"),
        "Both": {
            "type": "object",
            "properties": { "next": { "$ref": "#/components/schemas/A" } },
            "not": { "type": "object", "not": { "$ref": "#/components/schemas/B" } },
        },
    });
    assert_eq!(codes(&schemas), [""; 0]);
}

#[test]
fn recursive_compositions_are_merged_or_rejected() {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let either = |name: &str, other: &str| json!({ "oneOf": [reference(name), { "type": other }] });
    let object = |field: Value| json!({ "type": "object", "properties": { "next": field } });
    let schemas = json!({
        "A": object(either("A", "string")),
        "Both": { "allOf": [reference("A"), object(either("Both", "integer"))] },
        "Node": { "allOf": [
            { "properties": { "next": { "properties": { "next": reference("Node") } } } },
            { "properties": { "next": { "anyOf": [reference("Node"), reference("Leaf")] } } },
        ] },
        "Leaf": object(reference("Node")),
    });
    assert_eq!(codes(&schemas), [""; 0]);
}

#[test]
fn values_of_an_enum_are_not_tried_by_a_pattern() {
    let text = "x".repeat(40);
    let schemas = json!({ "S": { "type": "string", "pattern": "^(x+x+)+y$", "enum": [text] } });
    assert_eq!(codes(&schemas), [""; 0]);
}

#[test]
fn a_default_of_unions_of_unions_is_not_compared_with_them() {
    let either = |one: &Value, other: &Value| json!({ "oneOf": [one, other] });
    for height in [4, 40] {
        let mut schemas = towers(height, either);
        schemas["Whole"] = json!({
            "type": "object",
            "properties": { "a": { "$ref": format!("#/components/schemas/A{height}") } },
            "default": { "a": { "A": "text" } },
        });
        assert_eq!(codes(&schemas), [""; 0]);
    }
}
