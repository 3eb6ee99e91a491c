//! A crate written with `--spec` and `--out` builds on its own, without a warning.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::{codegen, rich, run, workspace};
use openapi_client_gen::render::package::{DEPENDENCIES, MOCKS, PATTERNS};

#[test]
fn a_crate_written_for_a_document_builds_on_its_own() {
    builds_on_its_own(&rich(), &[], &[]);
}

#[test]
fn a_crate_with_mocks_builds_with_and_without_them() {
    builds_on_its_own(&rich(), &["--mock"], &[]);
    builds_on_its_own(&rich(), &["--mock"], &["--features", "mock"]);
}

#[test]
fn a_crate_without_operations_builds_on_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let document = folder.path().join("empty.json");
    let empty = r#"{ "openapi": "3.0.3", "info": { "title": "T", "version": "1" }, "paths": {} }"#;
    fs::write(&document, empty).expect("the document");
    builds_on_its_own(&document, &[], &[]);
    builds_on_its_own(&document, &["--mock"], &["--features", "mock"]);
}

#[test]
fn the_dependencies_have_the_versions_of_the_workspace() {
    let manifest = fs::read_to_string(workspace().join("Cargo.toml")).expect("the manifest");
    // `"1.2"`, or `{ version = "1.2", .. }`.
    let version = |requirement: &str| requirement.split('"').nth(1).map(str::to_owned);
    for dependency in [DEPENDENCIES, PATTERNS, MOCKS]
        .into_iter()
        .flat_map(str::lines)
    {
        let (name, requirement) = dependency.split_once(" = ").expect("a dependency");
        let mut lines = manifest.lines();
        let of_workspace = lines.find_map(|line| line.strip_prefix(&format!("{name} = ")));
        let of_workspace = of_workspace.expect("a dependency of the workspace");
        assert_eq!(version(requirement), version(of_workspace), "{name}");
    }
}

fn builds_on_its_own(document: &Path, options: &[&str], features: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let written = run(codegen(document, &out).args(options));
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    // The versions of the workspace are those that are on this machine.
    fs::copy(workspace().join("Cargo.lock"), out.join("Cargo.lock")).expect("the lock file");

    // The default feature only adds TLS, which takes longer to compile than all the rest.
    let done = run(Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet", "--no-default-features"])
        .args(features)
        .current_dir(&out)
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

    // The files of cargo do not stop the next run.
    let again = run(codegen(document, &out).args(options));
    assert!(again.stderr.contains("; nothing changed, "), "{again:?}");
    assert!(out.join("Cargo.lock").exists());
}
