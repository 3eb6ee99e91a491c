//! Writes a program that decodes and encodes values of the types of an API description:
//!
//! ```text
//! cargo run -p xtask --example roundtrip -- openapi.yaml target/roundtrip
//! ```
//!
//! The program reads a component name and a JSON value per line, separated by a tab, and prints what came back.

mod values;

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use xtask::construct::construct;
use xtask::construct::schema::Schema;
use xtask::read::Document;
use xtask::render;

const MANIFEST: &str = r#"[package]
name = "roundtrip"
version = "0.1.0"
edition = "2024"

[dependencies]
bytes = "1.11"
chrono = { version = "0.4.45", default-features = false, features = ["serde", "std"] }
futures-util = { version = "0.3.32", default-features = false, features = ["std"] }
percent-encoding = "2.3"
progenitor-client = "0.15.1"
reqwest = { version = "0.13.4", default-features = false, features = ["json", "query", "stream"] }
serde = { version = "1.0.229", features = ["derive"] }
serde_json = { version = "1.0.154", features = ["raw_value"] }
serde_path_to_error = "0.1"
tokio = { version = "1.54", features = ["fs", "rt", "sync"] }
uuid = { version = "1.29", features = ["serde"] }

[workspace]
"#;

const MODULE: &str = "mod generated;
use generated::{support, types};

fn again<T: support::wire::Wire>(json: &str) -> String {
    match serde_json::from_str::<support::wire::As<T>>(json) {
        Ok(support::wire::As(value)) => {
            serde_json::to_string(&support::wire::As(&value)).unwrap_or_else(|error| format!(\"!{error}\"))
        }
        Err(error) => format!(\"!{error}\"),
    }
}

fn main() {
    for line in std::io::stdin().lines() {
        let line = line.expect(\"UTF-8\");
        let (name, json) = line.split_once('\\t').expect(\"a tab\");
        println!(\"{}\", roundtrip(name, json));
    }
}
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [spec, folder] = &*arguments else {
        eprintln!("usage: roundtrip SPEC FOLDER");
        return ExitCode::FAILURE;
    };
    match write(Path::new(spec), Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn write(spec: &Path, folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let document = Document::open(spec).map_err(|problem| problem.to_string())?;
    let api = construct(&document).map_err(|problems| {
        let problems = document.locate_all(problems);
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })?;
    let source = folder.join("src");
    std::fs::create_dir_all(source.join("generated/support"))?;
    std::fs::write(folder.join("Cargo.toml"), MANIFEST)?;
    let files = render::module(&api, None).map_err(|problems| format!("{problems:?}"))?;
    for (path, text) in files {
        std::fs::write(source.join("generated").join(path), text)?;
    }
    let (mut arms, mut lines) = (String::new(), String::new());
    for definition in &api.types {
        let Some(name) = definition.origin.strip_prefix("/components/schemas/") else {
            continue;
        };
        if name.contains('/') {
            continue;
        }
        let mut is_nullable = false;
        if let Some(schema) = Schema::at(&document.root, &definition.origin) {
            is_nullable = schema.is_nullable(&document.root);
            for value in values::values(&document.root, &schema) {
                writeln!(lines, "{name}\t{value}")?;
            }
        }
        let ty = match is_nullable {
            true => format!("Option<types::{}>", definition.name),
            false => format!("types::{}", definition.name),
        };
        writeln!(arms, "        {name:?} => again::<{ty}>(json),")?;
    }
    let main = format!(
        "{MODULE}\nfn roundtrip(name: &str, json: &str) -> String {{\n    match name {{\n{arms}        _ => \"!unknown type\".to_owned(),\n    }}\n}}\n"
    );
    std::fs::write(source.join("main.rs"), main)?;
    std::fs::write(folder.join("values.txt"), lines)?;
    Ok(())
}
