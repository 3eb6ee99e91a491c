//! The `cargo xtask` commands that the guide, the README and CONTRIBUTING show are run, unless they write into the repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace.
fn root() -> &'static Path {
    let parent = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    parent.expect("a workspace")
}

/// The executable of `cargo xtask`. `cargo test --workspace` has built it; a test of this package alone builds it once.
fn xtask() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    let folder = test.parent().and_then(Path::parent).expect("a folder");
    let path = folder
        .join("xtask")
        .with_extension(std::env::consts::EXE_EXTENSION);
    if !path.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "xtask", "--target-dir"]);
        build
            .arg(folder.parent().expect("a folder"))
            .current_dir(root());
        let status = build.status().expect("it can be run");
        assert!(status.success(), "`cargo build -p xtask` fails");
    }
    path
}

/// The arguments of the `cargo xtask` commands in the console blocks of a document, with their lines.
fn commands(document: &str) -> Vec<(usize, Vec<&str>)> {
    let mut commands = Vec::new();
    let mut is_console = false;
    for (index, line) in document.lines().enumerate() {
        if line.starts_with("```") {
            is_console = line == "```console";
        }
        if let Some(typed) = line.strip_prefix("$ cargo xtask ").filter(|_| is_console) {
            let typed = typed.split('#').next().unwrap_or(typed);
            commands.push((index + 1, typed.split_whitespace().collect()));
        }
    }
    commands
}

/// Whether a command writes nothing but the folder that it names, and needs no document of somebody else.
fn can_be_run(arguments: &[&str]) -> bool {
    match arguments {
        ["codegen", options @ ..] => options.contains(&"--out") || options.contains(&"--check"),
        ["spec", "lint" | "diff", ..] => true,
        ["release-notes", options @ ..] => !options.contains(&"--write"),
        _ => false,
    }
}

#[test]
fn the_xtask_commands_that_documents_show_succeed() {
    let xtask = xtask();
    let parent = tempfile::tempdir().expect("a folder");
    let folder = parent.path().join("clone");
    fs::create_dir(&folder).expect("a folder");
    let document = root().join("tests/fixtures/features/parameters.yaml");
    for name in ["petstore.yaml", "petstore-1.yaml", "petstore-2.yaml"] {
        fs::copy(&document, folder.join(name)).expect("a document");
    }
    let pages = fs::read_dir(root().join("docs/guide/src")).expect("a guide");
    let mut documents: Vec<PathBuf> = pages.map(|page| page.expect("a page").path()).collect();
    documents.extend(["README.md", "CONTRIBUTING.md"].map(|name| root().join(name)));
    documents.sort();
    let mut count = 0;
    for path in documents {
        let text = fs::read_to_string(&path).expect("a document");
        for (line, arguments) in commands(&text) {
            if !can_be_run(&arguments) {
                continue;
            }
            count += 1;
            let names_petstore = arguments.iter().any(|word| word.starts_with("petstore"));
            let folder = if names_petstore {
                folder.as_path()
            } else {
                root()
            };
            let output = Command::new(&xtask)
                .args(&arguments)
                .current_dir(folder)
                .output();
            let output = output.expect("it can be run");
            assert!(
                output.status.success(),
                "{}:{line}: `cargo xtask {}` fails: {}",
                path.display(),
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
    assert!(count >= 7, "only {count} commands were found");
    assert!(parent.path().join("petstore/Cargo.toml").exists());
}
