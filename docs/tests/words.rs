//! Sentences and names use the terms of JSON Schema, OpenAPI, HTTP and Rust, and no home-made words.

use std::fs;
use std::path::{Path, PathBuf};

/// Home-made words, with spaces as in a sentence, and the term of the field. An identifier has underscores in place of spaces.
const WORDS: [(&str, &str); 10] = [
    ("in vain", "without success"),
    ("put together", "merge, compose, build"),
    ("refused by name", "rejected with its code and position"),
    (
        "says nothing",
        "is unconstrained, does not name, proves nothing",
    ),
    ("told apart", "discriminated, distinguished"),
    ("untold", "unreported"),
    ("what became of", "result, effect"),
    ("what becomes of", "result, effect"),
    ("what is said", "message, documentation"),
    ("whoever", "the caller, the reader, any sender"),
];

/// Openings of comments that name no thing.
const OPENINGS: [&str; 4] = ["How many ", "So many ", "What ", "Whoever "];

const FOLDERS: [&str; 5] = ["crates", "docs", "spec", "tests", "xtask"];
/// Generated code, folders of builds, documents of others, and this list.
const SKIPPED: [&str; 5] = [
    "fixtures",
    "generated",
    "node_modules",
    "target",
    "words.rs",
];

/// A sentence for each home-made word in a text.
fn problems(name: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let place = format!("{name}:{}", index + 1);
        let words = line.to_lowercase().replace('_', " ");
        for (word, term) in WORDS {
            if words.contains(word) {
                problems.push(format!("{place}: `{word}`: say {term}"));
            }
        }
        let comment = line.trim_start().strip_prefix("//");
        let comment = comment.map(|comment| comment.trim_start_matches(['/', '!']).trim_start());
        let opening = OPENINGS
            .iter()
            .find(|opening| comment.is_some_and(|comment| comment.starts_with(**opening)));
        if let Some(opening) = opening {
            let opening = opening.trim_end();
            problems.push(format!(
                "{place}: a comment opens with `{opening}`: name the thing"
            ));
        }
    }
    problems
}

/// The sources and the Markdown files of a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if SKIPPED.contains(&&*name) {
            continue;
        }
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "rs" || extension == "md")
        {
            found.push(path);
        }
    }
}

#[test]
fn sentences_and_names_have_no_home_made_words() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let root = root.expect("a workspace");
    let mut found: Vec<PathBuf> = ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"]
        .map(|name| root.join(name))
        .to_vec();
    for folder in FOLDERS {
        files(&root.join(folder), &mut found);
    }
    let mut all = Vec::new();
    for path in found {
        let text = fs::read_to_string(&path).expect("text");
        let name = path.strip_prefix(root).unwrap_or(&path);
        all.extend(problems(&name.display().to_string(), &text));
    }
    assert!(all.is_empty(), "\n{}", all.join("\n"));
}

#[test]
fn a_home_made_word_is_named_with_its_line_and_the_term() {
    let text = "/// How many items there are.\nfn told_apart() {}\n// Whatever comes.\n/// Whoever calls.\n";
    assert_eq!(
        problems("a.rs", text),
        [
            "a.rs:1: a comment opens with `How many`: name the thing",
            "a.rs:2: `told apart`: say discriminated, distinguished",
            "a.rs:4: `whoever`: say the caller, the reader, any sender",
            "a.rs:4: a comment opens with `Whoever`: name the thing",
        ]
    );
}
