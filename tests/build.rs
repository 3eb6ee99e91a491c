//! Generates clients for the fixtures, so that the tests compile them and call them.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::{env, fs};

use openapi_client_gen::api::Api;
use openapi_client_gen::construct::construct;
use openapi_client_gen::render;
use openapi_document::diagnostic::Located;
use openapi_document::read::Document;
use openapi_document::schema::Schema;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut modules = String::new();
    let mut values = String::new();
    let folders = ["fixtures/features", "fixtures/noted", "fixtures/values"];
    let folders: Vec<_> = folders.into_iter().map(documents).collect::<Result<_>>()?;
    for (name, document) in folders.iter().flatten() {
        let problems = |problems| lines(document.locate_all(problems));
        let api = construct(document).map_err(problems)?;
        let files = render::module(&api, None).map_err(problems)?;
        write_module(&out.join("fixtures"), name, &files, &mut modules)?;
        round_trips(name, document, &api, &mut values)?;
    }
    for function in [ROUND_TRIP, VIOLATION] {
        writeln!(
            modules,
            "{function}\n    match (fixture, schema) {{\n{values}        _ => None,\n    }}\n}}"
        )?;
    }
    fs::write(out.join("fixtures.rs"), modules)?;
    Ok(())
}

/// The documents in a folder, by name.
fn documents(folder: &str) -> Result<Vec<(String, Document)>> {
    println!("cargo::rerun-if-changed={folder}");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    paths.sort();
    let named = paths.into_iter().map(|path| {
        let name = path.file_stem().ok_or("a fixture without a name")?;
        let document = Document::open(&path).map_err(|problem| problem.to_string())?;
        Ok((name.to_string_lossy().into_owned(), document))
    });
    named.collect()
}

fn lines(problems: Vec<Located>) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn write_module(
    out: &Path,
    name: &str,
    files: &BTreeMap<String, String>,
    modules: &mut String,
) -> Result<()> {
    // A file that is not generated any more could be in the way of one that is.
    match fs::remove_dir_all(out.join(name)) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    for (file, text) in files {
        let file = out.join(name).join(file);
        fs::create_dir_all(file.parent().ok_or("a file without a folder")?)?;
        fs::write(file, text)?;
    }
    let module = out.join(name).join("mod.rs");
    writeln!(modules, "#[path = {module:?}]\npub mod {name};")?;
    Ok(())
}

const ROUND_TRIP: &str = "
/// Decodes a value of a component schema of a fixture and encodes it again.
#[must_use]
pub fn round_trip(fixture: &str, schema: &str, json: &str) -> Option<serde_json::Result<String>> {
    macro_rules! apply {
        ($fixture:ident, $value:ty) => {
            Some(again::<$value>(json))
        };
    }
    fn again<T: serde::de::DeserializeOwned + serde::Serialize>(json: &str) -> serde_json::Result<String> {
        serde_json::to_string(&serde_json::from_str::<T>(json)?)
    }";

const VIOLATION: &str = "
/// Decodes a value of a component schema of a fixture, and returns the constraint that it breaks.
#[must_use]
pub fn violation(fixture: &str, schema: &str, json: &str) -> Option<String> {
    macro_rules! apply {
        ($fixture:ident, $value:ty) => {{
            let value: $fixture::support::wire::As<$value> = serde_json::from_str(json).ok()?;
            let constraints = $fixture::support::constraint::Constraints::NONE;
            let checked = $fixture::support::wire::Wire::check(&value.0, &constraints);
            checked.err().map(|violation| violation.message(schema))
        }};
    }";

/// An arm for each component schema.
fn round_trips(fixture: &str, document: &Document, api: &Api, arms: &mut String) -> Result<()> {
    let mut seen = Vec::new();
    for definition in &api.types {
        let Some(schema) = definition.origin.strip_prefix("/components/schemas/") else {
            continue;
        };
        if schema.contains('/') || seen.contains(&schema) {
            continue;
        }
        seen.push(schema);
        let is_nullable = Schema::at(&document.root, &definition.origin)
            .is_some_and(|schema| schema.is_nullable());
        let name = format!("{fixture}::types::{}", definition.name);
        let name = if is_nullable {
            format!("Option<{name}>")
        } else {
            name
        };
        writeln!(
            arms,
            "        ({fixture:?}, {schema:?}) => apply!({fixture}, {name}),"
        )?;
    }
    Ok(())
}
