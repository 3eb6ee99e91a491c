//! Imports point down: no cycle between the files of a crate, and no crate that depends on one above it.

mod crates;
mod graph;
mod made_up;
mod modules;
mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::crates::{Arrows, problems};
use crate::graph::{Cycle, REMEDY};
use crate::modules::Modules;

/// The crates that each crate may depend on, to run or to be built.
const ARROWS: Arrows<'static> = &[
    ("codegen-runtime", &[]),
    ("nanonets-agents", &["nanonets-agents-api"]),
    ("nanonets-agents-api", &[]),
    ("nanonets-agents-sim", &["nanonets-agents-api"]),
    ("nanonets-cli", &["nanonets-agents", "nanonets-agents-sim"]),
    (
        "openapi-changes",
        &["openapi-client-gen", "openapi-document"],
    ),
    ("openapi-client-gen", &["openapi-document"]),
    ("openapi-document", &[]),
    (
        "openapi-import",
        &["openapi-client-gen", "openapi-document"],
    ),
    ("workspace-docs", &["nanonets-agents"]),
    (
        "workspace-tests",
        &["openapi-client-gen", "openapi-document"],
    ),
    ("xtask", GENERATOR),
];

/// The crates that a crate must not depend on for its tests either.
const NEVER_FOR_TESTS: Arrows<'static> = &[
    ("codegen-runtime", ABOVE_CLIENT),
    ("nanonets-agents", ABOVE_CLIENT),
    ("nanonets-agents-api", ABOVE_CLIENT),
    ("nanonets-agents-sim", ABOVE_CLIENT),
    ("nanonets-cli", ABOVE_CLIENT),
    ("openapi-changes", TOP),
    ("openapi-client-gen", TOP),
    ("openapi-document", TOP),
    ("openapi-import", TOP),
    ("xtask", &["workspace-docs", "workspace-tests"]),
];

/// The crates of the generator.
const GENERATOR: &[&str] = &[
    "openapi-changes",
    "openapi-client-gen",
    "openapi-document",
    "openapi-import",
];

/// The command of maintainers, and the tests of the workspace.
const TOP: &[&str] = &["workspace-docs", "workspace-tests", "xtask"];

/// The generator, its command, and the tests of the workspace.
const ABOVE_CLIENT: &[&str] = &[
    "openapi-changes",
    "openapi-client-gen",
    "openapi-document",
    "openapi-import",
    "workspace-docs",
    "workspace-tests",
    "xtask",
];

/// The crates that people use, and the dependencies of the generator that must not reach them.
const FOR_USERS: [&str; 4] = [
    "nanonets-agents",
    "nanonets-agents-api",
    "nanonets-agents-sim",
    "nanonets-cli",
];
const FOR_MAINTAINERS: [&str; 7] = [
    "insta",
    "openapiv3",
    "prettyplease",
    "progenitor",
    "quote",
    "serde_yaml",
    "syn",
];

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--offline")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

fn metadata() -> Value {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    serde_json::from_str(&metadata).expect("JSON")
}

/// The cycles of each crate with any. Tests, benches and examples are crates of a package too.
fn cycles(metadata: &Value) -> BTreeMap<&str, Vec<Cycle>> {
    let mut cycles: BTreeMap<&str, Vec<Cycle>> = BTreeMap::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        for target in package["targets"].as_array().expect("targets") {
            let root = Path::new(target["src_path"].as_str().expect("a path"));
            let modules = Modules::read(root, &|path| fs::read_to_string(path).ok());
            let modules = modules.unwrap_or_else(|problem| panic!("{problem}"));
            let found = modules.graph().cycles();
            if !found.is_empty() {
                cycles.entry(name).or_default().extend(found);
            }
        }
    }
    cycles
}

#[test]
fn no_files_import_each_other() {
    let metadata = metadata();
    let folder = Path::new(metadata["workspace_root"].as_str().expect("a path"));
    let cycles = cycles(&metadata);
    let messages: BTreeSet<String> = (cycles.iter())
        .flat_map(|(name, cycles)| {
            let messages = cycles.iter().map(|cycle| cycle.message(folder));
            messages.map(move |message| format!("{name}: {message}"))
        })
        .collect();
    let messages: String = messages.into_iter().collect();
    assert!(messages.is_empty(), "{messages}{REMEDY}");
}

#[test]
fn crates_depend_on_crates_below_them() {
    let problems = problems(&metadata(), ARROWS, NEVER_FOR_TESTS);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn dependencies_of_the_generator_reach_no_user() {
    for name in FOR_USERS {
        // The dependencies of derive macros are built for the compiler alone.
        let edges = "normal,no-proc-macro";
        let tree = cargo(&[
            "tree",
            "-p",
            name,
            "--edges",
            edges,
            "--all-features",
            "--prefix",
            "none",
        ]);
        let dependencies: BTreeSet<&str> = (tree.lines())
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert!(dependencies.contains("serde"), "{tree}");
        for tool in FOR_MAINTAINERS {
            assert!(
                !dependencies.contains(tool),
                "{name} brings {tool} to its users; see `cargo tree -p {name} -i {tool} --edges {edges}`, \
                 and make it a dependency of the generator or of tests alone"
            );
        }
    }
}
