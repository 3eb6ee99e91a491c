//! Two crates of all cases and their callers, built and run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use openapi_client_gen::codegen;
use openapi_document::read::Document;
use serde_json::Value;

use crate::common::workspace;

/// The program of all callers that have to compile.
pub const TOGETHER: &str = "together";

/// A caller as code.
#[derive(Clone)]
pub struct Caller {
    pub title: String,
    pub code: String,
}

/// A crate to be: the API of one side of all cases, and its callers.
#[derive(Default)]
pub struct Side {
    pub document: Value,
    /// Those that have to compile.
    pub together: Vec<Caller>,
    /// Those that must not, each of which is a program.
    pub alone: Vec<Caller>,
    /// Those to run.
    pub run: Vec<String>,
}

/// The declarations that callers find.
const PRELUDE: &str = r#"
#![allow(dead_code, deprecated, unused)]
use client::{operations, types, Client};
type Done = Result<(), Box<dyn std::error::Error>>;

/// A client of a server that answers nothing, and the head of the first request to it, in lower case.
fn listening() -> (Client, std::thread::JoinHandle<String>) {
    use std::io::Read as _;
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let client = Client::new(&format!("http://{}", server.local_addr().expect("an address")));
    let head = std::thread::spawn(move || {
        let (mut connection, _) = server.accept().expect("a connection");
        let mut head = [0; 4096];
        let length = connection.read(&mut head).unwrap_or_default();
        String::from_utf8_lossy(&head[..length]).to_lowercase()
    });
    (client.expect("a client"), head)
}

/// Tells a request that was refused from one that was not answered.
fn sent<T, E: std::fmt::Debug>(result: Result<T, client::Error<E>>) -> Done {
    match result {
        Err(client::Error::InvalidRequest(reason)) => Err(reason.into()),
        _ => Ok(()),
    }
}
"#;

impl Side {
    /// Writes it, and returns where.
    pub fn write(&self, folder: &Path) -> PathBuf {
        let name = format!(
            "{}.json",
            folder.file_name().expect("a name").to_string_lossy()
        );
        let document = Document::parse(name, self.document.to_string()).expect("a document");
        let generated = codegen::generate_crate(&document, "client").expect("a crate");
        let examples = folder.join("examples");
        fs::create_dir_all(&examples).expect("a folder");
        for (path, text) in &generated.files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("written");
        }
        let manifest = folder.join("Cargo.toml");
        let text = fs::read_to_string(&manifest).expect("the manifest");
        let runtime =
            "[dev-dependencies]\ntokio = { version = \"1.54\", features = [\"macros\", \"rt\"] }\n";
        fs::write(&manifest, format!("{text}\n{runtime}")).expect("written");
        // The versions of the workspace are those that are on this machine.
        fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file");

        let function = |caller: &Caller| {
            let Caller { title, code } = caller;
            format!("async fn {title}(client: &Client) -> Done {{\n{code}\nOk(())\n}}\n")
        };
        let mut together = PRELUDE.to_owned();
        for caller in &self.together {
            together.push_str(&function(caller));
        }
        together.push_str("#[tokio::main(flavor = \"current_thread\")]\nasync fn main() {\n");
        together
            .push_str("let client = Client::new(\"http://127.0.0.1:1\").expect(\"a client\");\n");
        for name in &self.run {
            let _ = writeln!(
                together,
                "if {name}(&client).await.is_err() {{ println!(\"{name}\"); }}"
            );
        }
        together.push_str("}\n");
        fs::write(examples.join(format!("{TOGETHER}.rs")), together).expect("written");
        for caller in &self.alone {
            let text = format!("{PRELUDE}{}fn main() {{}}\n", function(caller));
            fs::write(examples.join(format!("{}.rs", caller.title)), text).expect("written");
        }
        fs::write(folder.join("run"), self.run.join("\n")).expect("written");
        folder.to_path_buf()
    }
}

fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("standalone");
    command
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env_remove("RUSTFLAGS");
    command
}

/// Builds a crate and its callers; returns the errors of what doesn't compile, by target.
pub fn build(folder: &Path) -> BTreeMap<String, String> {
    let output = cargo(folder)
        .args([
            "build",
            "--examples",
            "--keep-going",
            "--offline",
            "--no-default-features",
        ])
        .arg("--message-format=json")
        .output()
        .expect("cargo starts");
    let mut failed: BTreeMap<String, String> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let said: Value = serde_json::from_str(line).expect("a message");
        if said["message"]["level"] == "error" {
            let target = said["target"]["name"].as_str().unwrap_or_default();
            let rendered = said["message"]["rendered"].as_str().unwrap_or_default();
            failed
                .entry(target.to_owned())
                .or_default()
                .push_str(rendered);
        }
    }
    if !output.status.success() && failed.is_empty() {
        failed.insert(
            String::new(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        );
    }
    failed
}

/// Runs the callers that are to be run, and returns the names of those that are refused.
pub fn results(folder: &Path) -> String {
    let output = cargo(folder)
        .args([
            "run",
            "--quiet",
            "--offline",
            "--no-default-features",
            "--example",
            TOGETHER,
        ])
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}
