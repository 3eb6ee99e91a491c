//! Compares the requests of our client of a document with those of progenitor's, on the wire:
//!
//! ```console
//! $ cargo run -p xtask --example judge -- FOLDER DOCUMENT...
//! ```
//!
//! The clients are written to `FOLDER/judged`, built in `FOLDER/target` and run, and the report goes to stdout. Fails if a difference has no
//! reason in `tests/tests/generator/judge`. `tests/wild/run --judge` does it for public documents, each in a process of its own:
//! progenitor overflows the stack on some.

#[path = "../../tests/tests/generator/judge/trial/mod.rs"]
mod trial;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, thread};

use openapi_document::read::Document;

/// Enough for the nesting of public documents in an unoptimised build.
const STACK: usize = 512 << 20;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = env::args().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("which folder?")?;
    let mut documents = Vec::new();
    for path in arguments {
        let name = path.file_stem().ok_or("a document without a name")?;
        let module = format!("api_{}", name.to_string_lossy().replace(['-', '.'], "_"));
        documents.push((module, path));
    }
    let judged = thread::Builder::new().stack_size(STACK).spawn(move || {
        let mut opened = Vec::new();
        for (module, path) in documents {
            let document = Document::open(&path).map_err(|problem| problem.to_string())?;
            opened.push((module, document));
        }
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        let (judged, target) = (folder.join("judged"), folder.join("target"));
        Ok::<_, String>(trial::run(&opened, &judged, &target, &lock))
    })?;
    let report = judged.join().map_err(|_| "a panic")??;
    println!("{report}");
    Ok(match report.faults.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
