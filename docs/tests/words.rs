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

/// The files that are read, by their extensions, with the marks that begin a comment or a quotation.
const MARKS: [(&str, &[&str]); 4] = [
    ("md", &[">"]),
    ("rs", &["///", "//!", "//"]),
    ("toml", &["#"]),
    ("yaml", &["#"]),
];

/// The marks of a file, if it is one that is read.
fn marks(path: &Path) -> Option<&'static [&'static str]> {
    let extension = path.extension()?;
    let mut known = MARKS.iter();
    let (_, marks) = known.find(|(known, _)| extension == *known)?;
    Some(marks)
}

/// A line without its mark, and whether it had one.
fn unmarked<'a>(line: &'a str, marks: &[&str]) -> (&'a str, bool) {
    let line = line.trim();
    let comment = marks.iter().find_map(|mark| line.strip_prefix(mark));
    let words = comment.unwrap_or(line).trim_start();
    (words.trim_end_matches('\\').trim_end(), comment.is_some())
}

/// A sentence for each home-made word in a text, also for one that goes on in the next line.
fn problems(name: &str, text: &str) -> Vec<String> {
    let Some(marks) = marks(Path::new(name)) else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    let mut lines = text.lines().map(|line| unmarked(line, marks)).peekable();
    let mut number = 0;
    while let Some((line, is_comment)) = lines.next() {
        number += 1;
        let next = lines.peek().map_or("", |(next, _)| next);
        let plain = |text: &str| text.to_lowercase().replace('_', " ");
        let length = plain(line).len();
        let words = format!("{} {}", plain(line), plain(next));
        for (word, term) in WORDS {
            if words.find(word).is_some_and(|start| start < length) {
                problems.push(format!("{name}:{number}: `{word}`: say {term}"));
            }
        }
        let opening = OPENINGS
            .iter()
            .find(|opening| is_comment && line.starts_with(**opening));
        if let Some(opening) = opening {
            let opening = opening.trim_end();
            problems.push(format!(
                "{name}:{number}: a comment opens with `{opening}`: name the thing"
            ));
        }
    }
    problems
}

/// The sources, manifests, descriptions and Markdown files of a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if SKIPPED.contains(&&*name) {
            continue;
        }
        if path.is_dir() {
            files(&path, found);
        } else if marks(&path).is_some() {
            found.push(path);
        }
    }
}

#[test]
fn sentences_and_names_have_no_home_made_words() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let root = root.expect("a workspace");
    let mut found: Vec<PathBuf> = [
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "Cargo.toml",
        "README.md",
    ]
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
    let manifest = "# What is needed, put\n# together.\nname = \"x\" # In vain.\n";
    assert_eq!(
        problems("Cargo.toml", manifest),
        [
            "Cargo.toml:1: `put together`: say merge, compose, build",
            "Cargo.toml:1: a comment opens with `What`: name the thing",
            "Cargo.toml:3: `in vain`: say without success",
        ]
    );
    let page = "## What else can it do\n\n> It is told\n> apart.\n";
    assert_eq!(
        problems("page.md", page),
        ["page.md:3: `told apart`: say discriminated, distinguished"]
    );
    assert_eq!(problems("data.json", "in vain"), [""; 0]);
}
