//! What is said about single mistakes, where a fixture for each would hide what differs.

use xtask::codegen;
use xtask::emit::Options;
use xtask::read::Document;

/// All that is said about a text, a line for each problem and each hint.
fn problems(name: &str, text: &str) -> Vec<String> {
    let document = Document::parse(name, text).expect("a document");
    let problems = codegen::generate(&document, &Options::default()).expect_err("mistakes");
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
