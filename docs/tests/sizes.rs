//! Files that people review stay short.

use std::fs;
use std::path::{Path, PathBuf};

/// A kind of file, its longest length in lines, and the remedy for a longer one.
struct Bound {
    extension: &'static str,
    lines: usize,
    remedy: &'static str,
}

const BOUNDS: [Bound; 2] = [
    Bound {
        extension: "snap",
        lines: 150,
        remedy: "nobody reviews it as a whole: test the behaviour instead, or split it by subject",
    },
    Bound {
        extension: "rs",
        lines: 620,
        remedy: "look for its second reason to exist, and move that to a file of its own",
    },
];

/// The folders with files that are written by people or reviewed by them.
const FOLDERS: [&str; 4] = ["crates", "docs", "tests", "xtask"];

/// Generated code, and folders of builds.
const SKIPPED: [&str; 2] = ["generated", "target"];

/// A sentence for each file below a folder that is too long.
fn too_long(folder: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                if !SKIPPED.contains(&&*name) {
                    pending.push(path);
                }
                continue;
            }
            let extension = path.extension().unwrap_or_default();
            let bound = BOUNDS.iter().find(|bound| bound.extension == extension);
            let Some(Bound { lines, remedy, .. }) = bound else {
                continue;
            };
            let text = fs::read_to_string(&path).expect("text");
            let count = text.lines().count();
            if count > *lines {
                let path = path.display();
                problems.push(format!("{path}: {count} lines, at most {lines}: {remedy}"));
            }
        }
    }
    problems.sort();
    problems
}

#[test]
fn no_file_is_too_long_to_review() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let root = root.expect("a workspace");
    let problems = FOLDERS.map(|folder| too_long(&root.join(folder))).concat();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn a_file_that_is_too_long_is_named_with_the_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let nested = folder.path().join("snapshots");
    fs::create_dir(&nested).expect("a folder");
    fs::create_dir(folder.path().join("generated")).expect("a folder");
    let line = "line\n";
    for (name, lines) in [
        ("short.snap", 150),
        ("long.snap", 151),
        ("other.txt", 900),
        ("../generated/types.rs", 900),
    ] {
        fs::write(nested.join(name), line.repeat(lines)).expect("written");
    }
    let problems = too_long(folder.path());
    let [problem] = &problems[..] else {
        panic!("one problem was expected: {problems:?}")
    };
    assert!(
        problem.contains("long.snap: 151 lines, at most 150"),
        "{problem}"
    );
}
