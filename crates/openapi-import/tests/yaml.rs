//! Values written as YAML, and into YAML: whatever is written reads as the value.

use openapi_document::read::Document;
use openapi_import::yaml;
use serde_json::{Value, json};

fn parse(text: &str) -> Document {
    Document::parse("a.yaml", text).unwrap_or_else(|problem| panic!("{problem} in\n{text}"))
}

fn write(value: &Value) -> String {
    yaml::write(value, &|_| None)
}

#[test]
fn every_text_reads_as_itself() {
    let texts = [
        "",
        " ",
        "\n",
        "\n\n",
        "a\n",
        "a\n\n",
        "\na",
        " a",
        "a ",
        " a\nb",
        "a\n b",
        "a\n\n  b\n",
        "\n  a\nb",
        "a \nb",
        "a\tb\nc",
        "\ta\nb",
        "yes",
        "no",
        "on",
        "y",
        "null",
        "~",
        "true",
        "1",
        "1.10",
        "0x1f",
        "1e3",
        "2XX",
        ".inf",
        "2024-01-01",
        "12:30:45",
        "0o7",
        "1_000",
        "=",
        "<<",
        "- a",
        "a: b",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "'a'",
        "\"a\"",
        "a'b\"c",
        "[a]",
        "{a}",
        "a, b",
        "? a",
        ": a",
        "---",
        "...",
        "--- a\nb",
        "a\n---\nb",
        "a\n...",
        "\u{0}",
        "\u{7}\n",
        "\u{7f}",
        "\u{85}",
        "\u{a0}",
        "\u{feff}",
        "\u{2028}",
        "\u{1f600}",
        "ß\nä",
        "a\rb",
        "a\r\nb",
        "\\n",
        "*/ \" \\ ``` \u{202e}",
        "{{x}}\n{% y %}",
        "# a\n# b\n",
        "\n\n ",
        "  \n  a",
        "a\n \nb",
        "\t",
        "x\n\t",
    ];
    let long = "word ".repeat(60);
    let more = [
        long.trim().to_owned(),
        long.clone(),
        format!(" {long}"),
        long.trim().replace(' ', "  "),
        "x".repeat(300),
        format!("# {long}end"),
        format!("- {long}end"),
        long.trim().replace("word", "a: b #"),
    ];
    for text in texts.iter().copied().chain(more.iter().map(String::as_str)) {
        let mut value = json!({ "a": text, "b": [text, [text], { "c": text, "d": text }] });
        // The reader takes that for a merge key even in quotes.
        if text != "<<" {
            value[text] = json!({ "e": { "f": text } });
        }
        let written = write(&value);
        assert_eq!(parse(&written).root, value, "{text:?}:\n{written}");
    }
}

#[test]
fn every_scalar_and_collection_reads_as_itself() {
    let values = [
        json!({ "a": null, "b": true, "c": 1.5, "d": -0.0, "e": 1e300, "f": u64::MAX, "g": i64::MIN, "h": 5e-324, "i": 1.0 }),
        json!({ "a": [], "b": {}, "c": [[]], "d": [{}], "e": [[[1]], [], [{ "f": [] }]], "g": [[{ "h": 1 }]] }),
        json!({ "200": 1, "2XX": 2, "default": 3, "": 4, "a b": 5, "/a/{b}": 6, "a: b": 7, "#": 8, "-": 9, "?": 10, "null": 11 }),
    ];
    for value in values {
        let written = write(&value);
        assert_eq!(parse(&written).root, value, "{written}");
    }
}

const OLD: &str = "# Top.\n\na: 1 # one\n\n# About b.\nb:\n  # First.\n  - name: x\n    value: 1\n  # Second.\n  - name: y\n    value: >-\n      folded\n      text\n\n# About c.\nc: {d: 1, e: 2}\n# The end.\n";

fn rewrite(change: impl FnOnce(&mut Value)) -> String {
    let old = parse(OLD);
    let mut new = old.root.clone();
    change(&mut new);
    let text = yaml::rewrite(&old, &new, &|_| None);
    assert_eq!(parse(&text).root, new, "{text}");
    text
}

#[test]
fn a_value_that_is_the_same_keeps_its_text() {
    assert_eq!(rewrite(|_| {}), OLD);
}

#[test]
fn a_line_that_changes_is_the_only_one_that_does() {
    let text = rewrite(|root| root["b"][0]["value"] = json!(2));
    assert_eq!(text, OLD.replace("value: 1", "value: 2"));
}

#[test]
fn an_item_keeps_its_lines_and_comments_when_another_goes_or_they_change_places() {
    let text = rewrite(|root| {
        root["b"].as_array_mut().expect("a list").remove(0);
    });
    assert_eq!(
        text,
        OLD.replace("  # First.\n  - name: x\n    value: 1\n", "")
    );
    let text = rewrite(|root| root["b"].as_array_mut().expect("a list").reverse());
    assert!(text.contains("b:\n  # Second.\n  - name: y\n    value: >-\n      folded\n      text\n  # First.\n  - name: x\n"), "{text}");
}

#[test]
fn a_member_that_goes_takes_its_own_comment_along() {
    let text = rewrite(|root| {
        root.as_object_mut().expect("an object").remove("b");
    });
    assert_eq!(
        text,
        "# Top.\n\na: 1 # one\n\n# About c.\nc: {d: 1, e: 2}\n# The end.\n"
    );
}

#[test]
fn line_ends_stay_as_they_are() {
    let lines = "a: 1\r\n# why\r\nb: |\r\n  one\r\n  two\r\nc: 3\r\n";
    let old = parse(lines);
    let mut new = old.root.clone();
    new["c"] = json!(4);
    let text = yaml::rewrite(&old, &new, &|_| None);
    assert_eq!(text, lines.replace("c: 3", "c: 4"));
}

#[test]
fn keys_of_types_of_yaml_1_1_are_quoted() {
    assert_eq!(
        write(&json!({ "a": ["=", "<<"], "=": 1, "<<": 2 }))
            .matches('\'')
            .count(),
        8
    );
}

#[test]
fn a_member_in_brackets_is_written_anew_as_a_whole() {
    let text = rewrite(|root| root["c"]["d"] = json!(3));
    assert_eq!(text, OLD.replace("c: {d: 1, e: 2}", "c:\n  d: 3\n  e: 2"));
}

#[test]
fn a_text_with_anchors_is_written_anew() {
    let old = parse("a: &x [1]\nb: *x\nc: 1\n");
    let mut new = old.root.clone();
    new["c"] = json!(2);
    let text = yaml::rewrite(&old, &new, &|_| None);
    assert_eq!(text, "a: [1]\nb: [1]\nc: 2\n");
}

#[test]
fn any_document_can_be_written_into_any_other() {
    let folder = std::fs::read_dir("../../tests/fixtures/features").expect("the fixtures");
    let documents: Vec<Document> = folder
        .map(|entry| Document::open(&entry.expect("an entry").path()).expect("a document"))
        .collect();
    for old in &documents {
        for new in &documents {
            let text = yaml::rewrite(old, &new.root, &|pointer| new.own_position(pointer));
            assert_eq!(
                parse(&text).root,
                new.root,
                "{} into {}",
                new.name,
                old.name
            );
        }
    }
}
