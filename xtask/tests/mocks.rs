//! The mocks that progenitor prints for the model compile against the types that this generator prints.

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{rich, run, workspace};
use serde_json::json;
use xtask::codegen;
use xtask::read::Document;
use xtask::render::package::{DEPENDENCIES, MOCKS, PATTERNS};

/// The documents of all features, with a name of a module for each.
fn documents() -> Vec<(String, PathBuf)> {
    let folders = [
        workspace().join("tests/fixtures/features"),
        workspace().join("xtask/tests/fixtures/judge"),
    ];
    let entries = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).expect("a folder"));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .chain([rich()])
        .collect();
    paths.sort();
    let named = paths.into_iter().map(|path| {
        let name = path.file_stem().expect("a name").to_string_lossy();
        (name.into_owned(), path)
    });
    named.collect()
}

fn manifest() -> String {
    let mut manifest = String::from(
        "[package]\nname = \"mocks\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n",
    );
    for (name, requirement) in DEPENDENCIES.iter().chain([&PATTERNS]).chain(MOCKS) {
        let requirement = requirement.replace(", optional = true", "");
        let _ = writeln!(manifest, "{name} = {requirement}");
    }
    manifest + "\n[workspace]\n"
}

#[test]
fn the_mocks_of_every_fixture_compile_with_the_types_of_the_client() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("src");
    let mut lib = String::from("//! Mocks.\n#![deny(warnings)]\n");
    for (name, path) in documents() {
        let document = Document::open(&path).expect("a document");
        let mut generated = codegen::generate(&document, None).expect("a client");
        codegen::add_mocks(&mut generated, &document, None).expect("mocks");
        let module = source.join(format!("of_{name}"));
        for (path, text) in &generated.files {
            let path = module.join("generated").join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("written");
        }
        let index = "//! A client.\nmod generated;\npub use generated::*;\n#[path = \"generated/mock.rs\"]\npub mod mock;\n";
        fs::write(module.join("mod.rs"), index).expect("written");
        let _ = writeln!(lib, "pub mod of_{name};");
    }
    fs::write(source.join("lib.rs"), lib).expect("written");
    fs::write(folder.path().join("Cargo.toml"), manifest()).expect("written");
    // The versions of the workspace are those that are on this machine.
    let lock = folder.path().join("Cargo.lock");
    fs::copy(workspace().join("Cargo.lock"), lock).expect("the lock file");
    let done = run(Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet"])
        .current_dir(folder.path())
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("standalone"),
        )
        .env_remove("RUSTFLAGS"));
    assert_eq!(
        (done.code, done.stderr.as_str()),
        (Some(0), ""),
        "{}",
        done.stderr
    );
}

#[test]
fn the_text_of_a_path_is_no_pattern_and_an_operation_with_two_bodies_has_two_mocks() {
    let response = json!({ "200": { "description": "Done." } });
    let body = json!({ "content": {
        "application/json": { "schema": { "type": "object" } },
        "multipart/form-data": { "schema": { "type": "object", "properties": { "a": { "type": "string" } } } },
    } });
    let root = json!({
        "openapi": "3.0.3",
        "info": { "title": "T", "version": "1" },
        "paths": {
            "/a+b(c)": { "get": { "operationId": "odd_path", "responses": response } },
            "/runs/{run}": { "post": {
                "operationId": "run",
                "parameters": [{ "name": "run", "in": "path", "required": true, "schema": { "type": "string" } }],
                "requestBody": body,
                "responses": response,
            } },
        },
    });
    let document = Document::parse("odd.json", root.to_string()).expect("a document");
    let mut generated = codegen::generate(&document, None).expect("a client");
    codegen::add_mocks(&mut generated, &document, None).expect("mocks");
    let mocks = &generated.files["mock.rs"];
    for expected in [
        r#""^/a\\+b\\(c\\)$""#,
        "fn odd_path<F>",
        "fn run<F>",
        "fn run_multipart<F>",
    ] {
        assert!(mocks.contains(expected), "{expected}: {mocks}");
    }
}
