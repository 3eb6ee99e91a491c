//! The mocks that progenitor prints for the model compile against the types that this generator prints, and match the requests
//! of the client.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{rich, workspace};
use crate::judge::trial::theirs::{self, Method};
use crate::judge::trial::values::Extent;
use crate::judge::trial::{callers, scratch};
use heck::ToPascalCase;
use openapi_client_gen::api::Api;
use openapi_client_gen::codegen;
use openapi_client_gen::render::package::{DEPENDENCIES, MOCKS, PATTERNS};
use openapi_document::read::Document;
use serde_json::json;

/// The documents of all features, with a name of a module for each.
fn documents() -> Vec<(String, PathBuf)> {
    let folders = [
        workspace().join("tests/fixtures/features"),
        workspace().join("tests/fixtures/judge"),
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
    let dependencies = format!("{DEPENDENCIES}{PATTERNS}{MOCKS}")
        .replace(", optional = true", "")
        .replace("features = [\"fs\", ", "features = [\"fs\", \"macros\", ");
    format!(
        "[package]\nname = \"mocks\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n[workspace]\n"
    )
}

/// The calls of a document's operations, each to a server that has a mock of the operation and nothing else.
fn calls(module: &str, api: &Api, mocks: &str, count: &mut usize) -> String {
    let matchers = theirs::matchers(mocks);
    let mut text = String::from(
        "use super::{self as ours, support, types, mock::MockServerExt, Client};\nuse crate::{json, report, sent};\nuse httpmock::MockServer;\n",
    );
    let mut run = String::from("pub async fn run() {\n");
    for (number, operation) in api.operations.iter().enumerate() {
        let matcher = format!("{}When", operation.name.to_pascal_case());
        let Some(arguments) = matchers.get(&matcher) else {
            continue;
        };
        let Some(inputs) = callers::inputs(api, operation, Extent::All) else {
            continue;
        };
        let method = Method {
            name: matcher,
            arguments: arguments.clone(),
        };
        let (mut values, mut matched) = (String::new(), String::new());
        for (name, code) in callers::matched(operation, &inputs, &method) {
            let _ = writeln!(values, "    let the_{name} = {code};");
            let _ = write!(matched, ".{name}(the_{name})");
        }
        let (name, code) = (&operation.name, callers::ours(api, operation, &inputs));
        let _ = writeln!(
            text,
            "async fn call_{number}() -> Result<(), String> {{\n{values}    let server = MockServer::start();\n    \
             let mock = MockServerExt::{name}(&server, |when, _| {{ let _ = when{matched}; }});\n    \
             let client = &Client::new(&server.base_url()).map_err(|error| error.to_string())?;\n    {code}?;\n    \
             match mock.calls() {{ 1 => Ok(()), _ => Err(\"no match\".to_owned()) }}\n}}"
        );
        let _ = writeln!(
            run,
            "    report(\"{module}.{name}\", Box::pin(call_{number}()).await);"
        );
        *count += 1;
    }
    format!("{text}{run}}}\n")
}

#[test]
fn the_mocks_of_every_fixture_match_the_requests_of_the_client() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("src");
    let mut main = scratch::PRELUDE.to_owned();
    let (mut runs, mut count) = (String::new(), 0);
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
        let index = "mod generated;\npub use generated::*;\n#[path = \"generated/mock.rs\"]\npub mod mock;\npub mod calls;\n";
        fs::write(module.join("mod.rs"), index).expect("written");
        let calls = calls(
            &name,
            &generated.api,
            &generated.files["mock.rs"],
            &mut count,
        );
        fs::write(module.join("calls.rs"), calls).expect("written");
        let _ = writeln!(main, "mod of_{name};");
        let _ = writeln!(runs, "    Box::pin(of_{name}::calls::run()).await;");
    }
    let _ = write!(
        main,
        "#[tokio::main(flavor = \"current_thread\")]\nasync fn main() {{\n{runs}}}\n"
    );
    fs::write(source.join("main.rs"), main).expect("written");
    fs::write(folder.path().join("Cargo.toml"), manifest()).expect("written");
    // The versions of the workspace are those that are on this machine.
    let lock = folder.path().join("Cargo.lock");
    fs::copy(workspace().join("Cargo.lock"), lock).expect("the lock file");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("standalone");
    let program =
        scratch::build(folder.path(), &target).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let done = Command::new(program).output().expect("the program starts");
    let [stdout, stderr] = [&done.stdout, &done.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert_eq!((done.status.code(), &*stdout), (Some(0), ""), "{stderr}");
    assert!(count >= 140, "{count} calls");
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
