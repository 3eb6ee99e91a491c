//! Adds a program to a generated crate that decodes and encodes values of the schemas of its document, and compares them:
//!
//! ```console
//! $ cargo run -p xtask --example values -- DOCUMENT CRATE
//! $ cd CRATE && cargo run --example values < values.txt
//! ```
//!
//! The program prints the number of values and of those that came back as they were, then a line for each of the others, up to
//! a hundred. `tests/wild/run --values` does it for public documents. The values are made from the schemas, as the round trip
//! tests of the fixtures make them.

#[path = "../../tests/tests/round_trip/values.rs"]
mod values;

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, thread};

use openapi_client_gen::parallel::STACK_BYTES;
use openapi_client_gen::{codegen, skip};
use openapi_document::read::Document;
use openapi_document::schema::Schema;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [document, folder] = &arguments[..] else {
        return Err("usage: values DOCUMENT CRATE".into());
    };
    let (document, folder) = (document.clone(), folder.clone());
    let work = thread::Builder::new().stack_size(STACK_BYTES);
    let done = work.spawn(move || write(&document, &folder))?.join();
    done.unwrap_or_else(|_| Err("the thread panicked".into()))
}

fn write(document: &Path, folder: &Path) -> Result<()> {
    let name = fs::read_to_string(folder.join("Cargo.toml"))?;
    let name = name.split('"').nth(1).ok_or("the crate has no name")?;
    let document = Document::open(document).map_err(|problem| problem.to_string())?;
    let (generated, _) = skip::supported(&document, |document| codegen::generate(document, None))
        .map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })?;
    let (mut arms, mut lines) = (String::new(), String::new());
    let mut known = Vec::new();
    for definition in &generated.api.types {
        let schema = definition.origin.strip_prefix("/components/schemas/");
        let Some(schema) = schema.filter(|schema| !schema.contains('/')) else {
            continue;
        };
        // The type of responses comes first, if there are two.
        if known.contains(&schema) {
            continue;
        }
        known.push(schema);
        let mut value_type = format!("types::{}", definition.name);
        if let Some(found) = Schema::at(&document.root, &definition.origin) {
            if found.is_nullable() {
                value_type = format!("Option<{value_type}>");
            }
            for value in values::values(&found) {
                writeln!(lines, "{schema}\t{value}")?;
            }
        }
        writeln!(arms, "        {schema:?} => again::<{value_type}>(json),")?;
    }
    let name = name.replace('-', "_");
    let program = PROGRAM.replace("CRATE", &name).replace("ARMS", arms.trim());
    fs::create_dir_all(folder.join("examples"))?;
    fs::write(folder.join("examples/values.rs"), program)?;
    fs::write(folder.join("values.txt"), lines)?;
    Ok(())
}

const PROGRAM: &str = r#"//! Reads a schema and a value per line, and compares each value with what its type makes of it.

use CRATE::Json;
#[allow(unused_imports)]
use CRATE::types;

#[allow(dead_code)]
fn again<T: serde::de::DeserializeOwned + serde::Serialize>(json: &str) -> Option<serde_json::Result<String>> {
    Some(serde_json::from_str::<T>(json).and_then(|value| serde_json::to_string(&value)))
}

fn round_trip(schema: &str, json: &str) -> Option<serde_json::Result<String>> {
    match schema {
        ARMS
        _ => None,
    }
}

fn main() {
    let (mut count, mut equal, mut others) = (0, 0, Vec::new());
    for line in std::io::stdin().lines() {
        let line = line.expect("UTF-8");
        let (schema, json) = line.split_once('\t').expect("a schema and a value");
        let Some(again) = round_trip(schema, json) else {
            continue;
        };
        count += 1;
        let json: Json = serde_json::from_str(json).expect("JSON");
        match again {
            Ok(again) if serde_json::from_str::<Json>(&again).is_ok_and(|again| again == json) => equal += 1,
            Ok(again) => others.push(format!("changed: {schema}: {} became {again}", json.as_json_text())),
            Err(error) => others.push(format!("not decoded: {schema}: {} ({error})", json.as_json_text())),
        }
    }
    println!("values: {count}, equal: {equal}");
    for other in others.iter().take(100) {
        println!("{other}");
    }
}
"#;
