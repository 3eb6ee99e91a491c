//! A run that is cut short, wherever that happens, leaves the old folder or the new one, never a mixture.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::common::{codegen, contents, rich, run};

type Contents = BTreeMap<String, Vec<u8>>;

/// Two documents that give different files, and the files that each gives.
struct Versions {
    _folder: tempfile::TempDir,
    specs: [PathBuf; 2],
    wanted: [Contents; 2],
}

impl Versions {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let text = fs::read_to_string(rich()).expect("the document");
        let specs = ["one", "two"].map(|name| {
            let spec = folder.path().join(name).join("rich.yaml");
            fs::create_dir_all(folder.path().join(name)).expect("a folder");
            // Every file differs between the two, for each names what it was generated from.
            fs::write(&spec, text.replace("list_items", &format!("list_{name}"))).expect("a file");
            spec
        });
        let wanted = ["a", "b"].map(|name| {
            let index = usize::from(name == "b");
            let out = folder.path().join(name);
            assert_eq!(run(&mut codegen(&specs[index], &out)).code, Some(0));
            contents(&out)
        });
        assert_ne!(wanted[0], wanted[1]);
        Self {
            _folder: folder,
            specs,
            wanted,
        }
    }
}

fn sibling(out: &Path, suffix: &str) -> PathBuf {
    out.with_file_name(format!(
        ".{}.{suffix}",
        out.file_name().expect("a name").to_string_lossy()
    ))
}

#[test]
fn a_killed_run_leaves_one_version_or_the_other() {
    let versions = Versions::new();
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let mut current = 0;
    run(&mut codegen(&versions.specs[current], &out));
    for attempt in 0..24_u32 {
        let next = 1 - current;
        let mut child = codegen(&versions.specs[next], &out)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the command starts");
        // When it dies is left to chance, a little later each time; what must hold does not depend on it.
        let staged = sibling(&out, "new");
        for _ in 0..attempt * 4000 {
            if attempt % 2 == 1 && staged.exists() {
                break;
            }
            std::hint::spin_loop();
        }
        let _ = child.kill();
        child.wait().expect("the end of the command");

        let left = if out.exists() {
            contents(&out)
        } else {
            // Between the two renames that put the new folder in the place of the old one.
            contents(&sibling(&out, "old"))
        };
        match versions.wanted.iter().position(|wanted| *wanted == left) {
            Some(version) => current = version,
            None => panic!("a mixture: {:?}", left.keys().collect::<Vec<_>>()),
        }
    }
    let done = run(&mut codegen(&versions.specs[1 - current], &out));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(contents(&out) == versions.wanted[1 - current]);
    let left: Vec<_> = fs::read_dir(folder.path())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(left, ["out"]);
}

#[test]
fn a_half_written_new_folder_is_thrown_away() {
    let versions = Versions::new();
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    run(&mut codegen(&versions.specs[0], &out));
    let staged = sibling(&out, "new");
    fs::create_dir_all(staged.join("src")).expect("a folder");
    fs::write(staged.join("src/lib.rs"), "// @gen").expect("half a file");
    let done = run(&mut codegen(&versions.specs[1], &out));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(contents(&out) == versions.wanted[1]);
    assert!(!staged.exists());
}

#[test]
fn an_old_folder_without_a_new_one_is_brought_back() {
    let versions = Versions::new();
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    run(&mut codegen(&versions.specs[0], &out));
    let replaced = sibling(&out, "old");
    fs::rename(&out, &replaced).expect("the first of the two renames");
    let done = run(&mut codegen(&versions.specs[0], &out));
    assert!(done.stderr.contains("; nothing changed, "), "{done:?}");
    assert!(contents(&out) == versions.wanted[0]);
    assert!(!replaced.exists());
}

#[test]
fn what_cargo_left_in_the_old_folder_is_brought_over() {
    let versions = Versions::new();
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    run(&mut codegen(&versions.specs[1], &out));
    let replaced = sibling(&out, "old");
    fs::create_dir_all(replaced.join("target")).expect("a folder");
    fs::write(replaced.join("target/built"), "built\n").expect("a file");
    fs::write(replaced.join("Cargo.lock"), "locked\n").expect("a file");
    let done = run(&mut codegen(&versions.specs[1], &out));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(out.join("target/built").exists());
    assert!(out.join("Cargo.lock").exists());
    assert!(!replaced.exists());
}

#[test]
fn a_run_that_can_not_finish_leaves_the_folder_as_it_was() {
    let versions = Versions::new();
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    run(&mut codegen(&versions.specs[0], &out));
    // A file where the new folder is to be written.
    let staged = sibling(&out, "new");
    fs::write(&staged, "in the way\n").expect("a file");
    let done = run(&mut codegen(&versions.specs[1], &out));
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.stderr.contains("nothing was written"), "{done:?}");
    assert!(contents(&out) == versions.wanted[0]);
}
