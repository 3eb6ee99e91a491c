//! The crate of both clients of all documents and their callers: written, built once, and run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use openapi_client_gen::render::package;
use serde_json::Value;

use super::case::{Case, Side};
use super::recorder::Recorder;

/// The dependencies beside those of our clients: of progenitor's clients, and of the program.
const DEPENDENCIES: &str = "\
regress = \"0.12\"
tokio = { version = \"1.54\", features = [\"macros\", \"rt\"] }
";

/// The manifest: what a test needs, and no more.
fn manifest() -> String {
    let ours: String = package::DEPENDENCIES
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("tokio = "))
        .collect();
    format!(
        "[package]\nname = \"judged\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{ours}{DEPENDENCIES}\n[workspace]\n"
    )
}

/// The functions that callers use.
pub const PRELUDE: &str = r#"
#![allow(warnings)]

/// Decodes a value as JSON.
pub fn json<T: serde::de::DeserializeOwned>(json: &str, name: &str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| format!("{name}: {json}: {error}"))
}

/// Tells a request that was not sent from one that was not answered well.
pub fn sent<T, E>(result: Result<T, progenitor_client::Error<E>>) -> Result<(), String> {
    match result {
        Err(progenitor_client::Error::InvalidRequest(reason)) => Err(format!("request: {reason}")),
        Err(progenitor_client::Error::CommunicationError(error)) => {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(error) = source {
                text = format!("{text}: {error}");
                source = error.source();
            }
            Err(format!("request: {text}"))
        }
        _ => Ok(()),
    }
}

pub fn report(call: &str, result: Result<(), String>) {
    if let Err(reason) = result {
        println!("{call} {}", reason.replace('\n', " "));
    }
}
"#;

/// Writes the crate of the documents.
pub fn write(folder: &Path, cases: &[Case], lock: &Path) {
    let source = folder.join("src");
    fs::create_dir_all(&source).expect("a folder");
    fs::write(folder.join("Cargo.toml"), manifest()).expect("written");
    // The versions of the workspace are those that are on this machine.
    fs::copy(lock, folder.join("Cargo.lock")).expect("the lock file");
    let mut main = PRELUDE.to_owned();
    let mut calls = String::new();
    for case in cases {
        let name = &case.module;
        let module = source.join(name);
        for (path, text) in &case.ours {
            let path = module.join("ours").join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("written");
        }
        fs::write(module.join("theirs.rs"), &case.theirs.code).expect("written");
        let mut index = String::from("pub mod ours;\npub mod theirs;\n");
        for side in [Side::Ours, Side::Theirs] {
            let word = side.word();
            let _ = writeln!(index, "pub mod calls_of_{word};");
            let file = module.join(format!("calls_of_{word}.rs"));
            fs::write(file, callers(case, side)).expect("written");
            let _ = writeln!(
                calls,
                "    Box::pin({name}::calls_of_{word}::run(&base, &http)).await;"
            );
        }
        fs::write(module.join("mod.rs"), index).expect("written");
        let _ = writeln!(main, "mod {name};");
    }
    let _ = write!(
        main,
        "#[tokio::main(flavor = \"current_thread\")]\nasync fn main() {{\n    let base = std::env::args().nth(1).expect(\"a URL\");\n    \
         let http = reqwest::Client::builder().no_proxy().build().expect(\"a client\");\n{calls}}}\n"
    );
    fs::write(source.join("main.rs"), main).expect("written");
}

/// The callers of a client: a function for each call.
fn callers(case: &Case, side: Side) -> String {
    let mut text = format!(
        "use super::{}::{{self, types, Client}};\nuse crate::{{json, report, sent}};\n",
        side.word()
    );
    let mut run = String::from(
        "pub async fn run(base: &str, http: &reqwest::Client) {\n    let http = http.clone();\n",
    );
    for (number, call) in case.calls.iter().enumerate() {
        let Some(code) = call.code(side) else {
            continue;
        };
        let _ = writeln!(
            text,
            "async fn call_{number}(client: &Client) -> Result<(), String> {{\n    {code}\n}}"
        );
        let title = format!("{}.{number}.{}", case.module, side.word());
        let _ = writeln!(
            run,
            "    report(\"{title}\", Box::pin(call_{number}(&Client::new_with_client(&format!(\"{{base}}/{title}\"), http.clone()))).await);"
        );
    }
    format!("{text}{run}}}\n")
}

fn cargo(folder: &Path, target: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env_remove("RUSTFLAGS");
    command
}

/// An error of the compiler.
#[derive(Debug)]
pub struct CompileError {
    /// The line of the file.
    pub line: usize,
    /// The message.
    pub text: String,
}

/// Builds the crate. The program, or the errors by the file that they are in.
///
/// # Panics
///
/// If cargo fails otherwise than by an error in a file.
pub fn build(folder: &Path, target: &Path) -> Result<PathBuf, BTreeMap<String, Vec<CompileError>>> {
    let output = cargo(folder, target)
        .args(["build", "--offline", "--message-format=json"])
        .output()
        .expect("cargo starts");
    let mut errors: BTreeMap<String, Vec<CompileError>> = BTreeMap::new();
    let mut program = None;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Value = serde_json::from_str(line).expect("a message");
        if let Some(path) = message["executable"].as_str() {
            program = Some(PathBuf::from(path));
        }
        if message["message"]["level"] == "error" {
            let spans = message["message"]["spans"].as_array();
            let primary = spans
                .into_iter()
                .flatten()
                .filter(|span| span["is_primary"] == true);
            let rendered = message["message"]["rendered"].as_str().unwrap_or_default();
            for span in primary {
                let file = span["file_name"].as_str().unwrap_or_default();
                let line = span["line_start"].as_u64().unwrap_or_default();
                errors
                    .entry(file.to_owned())
                    .or_default()
                    .push(CompileError {
                        line: usize::try_from(line).expect("a line"),
                        text: rendered.to_owned(),
                    });
            }
        }
    }
    match program {
        Some(program) if output.status.success() => Ok(program),
        _ if errors.is_empty() => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        _ => Err(errors),
    }
}

/// Runs the program against the recorder: the calls that sent no request, with the reasons.
pub fn run(program: &Path, recorder: &Recorder) -> BTreeMap<String, String> {
    let output = Command::new(program)
        .arg(recorder.url())
        .output()
        .expect("the program starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).expect("text");
    lines
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(call, reason)| (call.to_owned(), reason.to_owned()))
        .collect()
}
