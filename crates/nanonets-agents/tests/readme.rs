//! The README says what the manifest does.

use std::collections::BTreeSet;

const README: &str = include_str!("../README.md");
const MANIFEST: &str = include_str!("../Cargo.toml");

/// The lines between a heading and the next one.
fn section<'a>(text: &'a str, heading: &str) -> impl Iterator<Item = &'a str> {
    let lines = text.lines().skip_while(move |line| *line != heading);
    lines
        .skip(1)
        .take_while(|line| !line.starts_with(['#', '[']) || line.starts_with("# "))
}

/// The names in the first column of a table.
fn column(heading: &str) -> BTreeSet<&'static str> {
    let rows = section(README, heading).filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next()).collect()
}

/// The keys of a table of the manifest.
fn keys(heading: &str) -> BTreeSet<&'static str> {
    let lines = section(MANIFEST, heading).filter(|line| !line.starts_with('#'));
    let keys = lines.filter_map(|line| line.split(['.', ' ', '=']).next());
    keys.filter(|key| !key.is_empty()).collect()
}

#[test]
fn every_direct_dependency_of_the_default_build_has_its_reason() {
    let mut dependencies = keys("[dependencies]");
    assert!(dependencies.remove("tracing"), "it is optional and off");
    assert!(dependencies.contains("reqwest"));
    assert_eq!(column("## Dependencies"), dependencies);
}

#[test]
fn every_feature_is_listed() {
    let mut features = keys("[features]");
    assert!(features.remove("default"));
    assert_eq!(column("## Features"), features);
}

#[test]
fn every_rust_block_is_run_in_an_example() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    // The rest of the example, which avoids warnings.
    let example = words(include_str!("../examples/readme.rs"));
    let example = example.replace("#[expect(dead_code, reason = \"they are printed\")] ", "");
    let example = example.replace("#[expect(dead_code, reason = \"it is printed\")] ", "");
    let blocks: Vec<&str> = README.split("```rust").skip(1).collect();
    assert_eq!(blocks.len(), 3);
    for block in blocks {
        let code = block
            .split_once('\n')
            .and_then(|(_, rest)| rest.split_once("```"));
        let (code, _) = code.expect("a block");
        for line in code.lines().filter(|line| !line.trim().is_empty()) {
            assert!(example.contains(&words(line)), "{line}");
        }
        assert!(example.contains(&words(code)), "{code}");
    }
}
