//! The classes of changes, held against the compiler.
//!
//! Each case in `fixtures/changes` is a change of a small document, what is to be told of it, and a caller of the old
//! API. Both sides of all cases are generated as two crates. Callers of what is told to break have to fail to compile
//! against the new one, each by itself; all others have to compile, together; and where something is told to break when
//! it runs, the caller is run on both sides.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use common::{rich, workspace};
use serde::Deserialize;
use serde_json::{Map, Value};
use xtask::codegen;
use xtask::diff::{self, Change, Diff, Effect, Kind};
use xtask::read::Document;

/// What is replaced by a number of each case's own.
const PLACEHOLDER: &str = "42";

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    old: Value,
    new: Value,
    /// Every change, as [`told`] writes it.
    tells: Vec<String>,
    /// The body of a function that gets a client of the old API.
    caller: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/changes")
}

/// All cases, by what happens in them, with what is told of each.
fn cases() -> &'static [(String, Case, Diff)] {
    static CASES: LazyLock<Vec<(String, Case, Diff)>> = LazyLock::new(|| {
        let files = ["operations", "requests", "fields", "schemas"].map(|name| {
            let path = folder().join(format!("{name}.yaml"));
            let text = fs::read_to_string(path).expect("the cases");
            serde_yaml::from_str::<BTreeMap<String, Case>>(&text).expect("cases")
        });
        let cases = files.into_iter().flatten();
        cases
            .map(|(name, case)| {
                let diff = case.diff();
                (name, case, diff)
            })
            .collect()
    });
    &CASES
}

impl Case {
    /// The document before and after the change.
    fn documents(&self) -> (Value, Value) {
        let base = fs::read_to_string(folder().join("base.yaml")).expect("the base");
        let mut old: Value = serde_yaml::from_str(&base).expect("a document");
        merge(&mut old, &self.old);
        let mut new = old.clone();
        merge(&mut new, &self.new);
        (old, new)
    }

    fn diff(&self) -> Diff {
        let (old, new) = self.documents();
        let document = |name, root: &Value| Document::parse(name, root.to_string());
        diff::documents(
            &document("old.json", &old).expect("a document"),
            &document("new.json", &new).expect("a document"),
        )
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
    }
}

/// Applies a JSON merge patch (RFC 7396), except that no patch changes nothing.
fn merge(target: &mut Value, patch: &Value) {
    match patch {
        Value::Null => {}
        Value::Object(members) => {
            if !target.is_object() {
                *target = Value::Object(Map::new());
            }
            for (name, patch) in members {
                if patch.is_null() {
                    target
                        .as_object_mut()
                        .and_then(|target| target.remove(name));
                } else {
                    merge(&mut target[name], patch);
                }
            }
        }
        value => *target = value.clone(),
    }
}

/// `breaking: schema Thing, field id is gone`.
fn told(change: &Change) -> String {
    let class = match change.effect {
        Effect::Build => "breaking",
        Effect::Run => "breaking when run",
        Effect::More => "additive",
        Effect::None => "neutral",
    };
    format!(
        "{class}: {} {}",
        diff::place(&change.place, ""),
        change.what
    )
}

fn has(diff: &Diff, effect: Effect) -> bool {
    diff.changes.iter().any(|change| change.effect == effect)
}

#[test]
fn each_change_is_told_in_the_words_of_the_api() {
    let wrong: Vec<String> = cases()
        .iter()
        .filter_map(|(name, case, diff)| {
            let found: Vec<String> = diff.changes.iter().map(told).collect();
            (found != case.tells).then(|| format!("{name}: {found:#?}, not {:#?}", case.tells))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_kind_of_change_has_a_case() {
    let seen: BTreeSet<Kind> = cases()
        .iter()
        .flat_map(|(_, _, diff)| diff.changes.iter().map(|change| change.kind))
        .collect();
    let missing: Vec<&Kind> = Kind::ALL
        .iter()
        .filter(|kind| !seen.contains(kind))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_document_is_no_change_of_itself() {
    let document = Document::open(&rich()).expect("a document");
    let diff = diff::documents(&document, &document).expect("an API");
    assert_eq!(diff.changes.iter().map(told).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn the_compiler_agrees() {
    let scratch = tempfile::tempdir().expect("a folder");
    let (mut old, mut new) = (Side::default(), Side::default());
    let mut breaking = BTreeSet::new();
    for (index, (_, case, diff)) in cases().iter().enumerate() {
        let number = (1000 + index).to_string();
        let numbered = |value: &Value| -> Value {
            let text = value.to_string().replace(PLACEHOLDER, &number);
            serde_json::from_str(&text).expect("JSON")
        };
        let (before, after) = case.documents();
        merge(&mut old.document, &numbered(&before));
        merge(&mut new.document, &numbered(&after));
        let name = format!("case_{number}");
        let caller = Caller {
            code: case.caller.replace(PLACEHOLDER, &number),
            title: name.clone(),
        };
        if has(diff, Effect::Build) {
            breaking.insert(name.clone());
            new.alone.push(caller.clone());
        } else {
            new.together.push(caller.clone());
        }
        if has(diff, Effect::Run) && !has(diff, Effect::Build) {
            old.run.push(name.clone());
            new.run.push(name);
        }
        old.together.push(caller);
    }
    let old = old.write(&scratch.path().join("old"));
    let new = new.write(&scratch.path().join("new"));

    assert_eq!(build(&old), BTreeMap::new(), "callers of the old API");
    assert_eq!(results(&old), "", "none of them is refused");

    let failed = build(&new);
    let names: BTreeSet<String> = failed.keys().cloned().collect();
    assert_eq!(
        names,
        breaking,
        "{}",
        failed.get(TOGETHER).map_or("", String::as_str)
    );
    let refused: Vec<String> = results(&new).lines().map(str::to_owned).collect();
    let expected = fs::read_to_string(new.join("run")).expect("the list");
    assert_eq!(
        refused,
        expected.lines().collect::<Vec<_>>(),
        "all of them are refused"
    );
}

/// The program of all callers that have to compile.
const TOGETHER: &str = "together";

/// A caller as code.
#[derive(Clone)]
struct Caller {
    title: String,
    code: String,
}

/// A crate to be: the API of one side of all cases, and its callers.
#[derive(Default)]
struct Side {
    document: Value,
    /// Those that have to compile.
    together: Vec<Caller>,
    /// Those that must not, each of which is a program.
    alone: Vec<Caller>,
    /// Those to run.
    run: Vec<String>,
}

/// What callers find declared.
const PRELUDE: &str = r"
#![allow(dead_code, deprecated, unused)]
use client::{builder, types, Client};
type Done = Result<(), Box<dyn std::error::Error>>;

/// Tells a request that was refused from one that was not answered.
fn sent<T, E: std::fmt::Debug>(result: Result<T, client::Error<E>>) -> Done {
    match result {
        Err(client::Error::InvalidRequest(reason)) => Err(reason.into()),
        _ => Ok(()),
    }
}
";

impl Side {
    fn write(&self, folder: &Path) -> PathBuf {
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
fn build(folder: &Path) -> BTreeMap<String, String> {
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
fn results(folder: &Path) -> String {
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
