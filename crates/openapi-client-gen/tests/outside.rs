//! A crate outside of the workspace generates a client with the lines that the README shows.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

#[test]
fn a_crate_outside_of_the_workspace_generates_a_client() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let example = package.join("example");
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("src")).expect("a folder");
    for file in ["src/main.rs", "petstore.yaml"] {
        fs::copy(example.join(file), folder.path().join(file)).expect("a copy");
    }
    let manifest = fs::read_to_string(example.join("Cargo.toml")).expect("the manifest");
    let dependency = format!("path = {:?}", package.display().to_string());
    let elsewhere = manifest.replace("path = \"..\"", &dependency);
    assert_ne!(elsewhere, manifest);
    fs::write(folder.path().join("Cargo.toml"), elsewhere).expect("written");
    // The versions of the workspace are those that are on this machine.
    let lock = package.join("../../Cargo.lock");
    fs::copy(lock, folder.path().join("Cargo.lock")).expect("the lock file");

    let first = run(folder.path());
    assert_eq!(first, "1 operation, 1 type, 34 files; 34 files changed\n");
    let types = folder.path().join("petstore/src/generated/types.rs");
    let types = fs::read_to_string(types).expect("the types");
    assert!(types.contains("pub struct Pet"), "{types}");
    let second = run(folder.path());
    assert_eq!(second, "1 operation, 1 type, 34 files; nothing changed\n");
}

/// Runs the program of a folder, and returns its output.
fn run(folder: &Path) -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("standalone");
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO"))
        .args(["run", "--offline", "--quiet"])
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .current_dir(folder)
        .output()
        .expect("cargo starts");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).expect("text")
}
