//! Messages about single mistakes, where a fixture for each would hide the difference.

use openapi_client_gen::codegen;
use openapi_document::read::Document;

/// All that is said about a text, a line for each problem and each hint.
fn problems(name: &str, text: &str) -> Vec<String> {
    let document = Document::parse(name, text).expect("a document");
    let problems = codegen::generate(&document, None).expect_err("mistakes");
    problems
        .iter()
        .flat_map(|problem| {
            let text = problem.to_string();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn a_number_beyond_floating_point_is_said_to_be_one() {
    let text = "openapi: 3.0.3\ninfo: { title: T, version: '1' }\npaths: {}\ncomponents:\n  schemas:\n    A: { type: number, minimum: 1e400 }\n";
    assert_eq!(
        problems("a.yaml", text),
        [
            "a.yaml:6:24: error[invalid-structure]: 1e400 is not a number that can be represented",
            "    hint: the largest number that can be represented is about 1.8e308",
        ]
    );
}

#[test]
fn every_repeated_key_is_reported_with_the_other_problems() {
    let text = "openapi: 3.0.3\ninfo: { title: T, title: U }\npaths:\n  /a: { get: [], x-b: { c: 1 } }\n  /a: { get: [], x-b: { c: 1, c: 2 } }\n  /a: {}\n";
    let said: Vec<String> = problems("a.yaml", text)
        .into_iter()
        .filter(|line| !line.starts_with("    hint: "))
        .collect();
    assert_eq!(
        said,
        [
            "a.yaml:2:1: error[invalid-structure]: the info object has no `version`",
            "a.yaml:2:19: error[duplicate-key]: the key `title` is given twice, first on line 2",
            "a.yaml:4:9: error[invalid-structure]: expected an operation, found a list",
            "a.yaml:5:3: error[duplicate-key]: the key `/a` is given twice, first on line 4",
            "a.yaml:5:31: error[duplicate-key]: the key `c` is given twice, first on line 5",
            "a.yaml:6:3: error[duplicate-key]: the key `/a` is given twice, first on line 4",
        ]
    );
}

#[test]
fn a_repeated_key_in_json_is_reported_with_the_other_problems() {
    let text = "{\n\"openapi\": \"3.0.3\",\n\"paths\": {},\n\"info\": {},\n\"paths\": {} }";
    let said = problems("a.json", text);
    assert!(said.len() >= 4, "{said:?}");
    let last = "a.json:5:1: error[duplicate-key]: the key `paths` is given twice, first on line 3";
    assert!(said.iter().any(|line| line == last), "{said:?}");
}

#[test]
fn merge_keys_may_be_repeated() {
    let text = "x-a: &a { d: 1 }\nx-b: &b { e: 2 }\nx-c:\n  <<: *a\n  <<: *b\nx-d: 1\nx-d: 2\n";
    let document = Document::parse("a.yaml", text).expect("a document");
    assert_eq!(document.root["x-c"]["e"], 2);
    assert_eq!(document.duplicate_keys().len(), 1);
}
