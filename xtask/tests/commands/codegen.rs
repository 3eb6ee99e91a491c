//! `cargo xtask codegen` as a process: what it says, what it returns, what it writes and what it leaves alone.

use std::fs;
use std::path::Path;

use crate::common::{codegen, contents, files, rich, run, workspace, xtask};

const BAD: &str = "openapi: 3.0.3\ninfo: { title: T }\npaths: { /a: [] }\n";

#[test]
fn help_reads_well_on_a_terminal_of_80_columns() {
    for arguments in [&["--help"][..], &["codegen", "--help"], &["codegen", "-h"]] {
        let done = run(xtask().args(arguments));
        assert_eq!(done.code, Some(0));
        for line in done.stdout.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
    let done = run(xtask().args(["codegen", "--help"]));
    for flag in [
        "--check",
        "--verbose",
        "--explain",
        "--spec <FILE>",
        "--out <DIR>",
        "--crate-name <NAME>",
        "Exit codes:",
    ] {
        assert!(done.stdout.contains(flag), "{flag}:\n{}", done.stdout);
    }
}

#[test]
fn the_client_in_the_workspace_is_up_to_date() {
    let generated = workspace().join("crates/nanonets-agents-api/src/generated");
    let before = files(&generated);
    let done = run(xtask().args(["codegen", "--check"]));
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""), "{done:?}");
    assert_eq!(
        done.stderr,
        "crates/nanonets-agents-api/src/generated is up to date\n"
    );
    assert_eq!(files(&generated), before);
}

#[test]
fn the_model_of_an_invalid_document_is_not_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = folder.path().join("bad.yaml");
    fs::write(&spec, BAD).expect("a file");
    let done = run(xtask().args(["codegen", "--model", "--spec"]).arg(&spec));
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{done:?}");
    assert!(done.stderr.contains("error[invalid-structure]"), "{done:?}");
}

#[test]
fn a_command_line_that_makes_no_sense_ends_with_2() {
    for arguments in [
        &["codegen", "--spec", "a.yaml"][..],
        &["codegen", "--out", "a"],
        &["codegen", "--verbose"],
        &["codegen", "--no-such-flag"],
        &["codegen", "extra"],
        &["no-such-command"],
        &[],
        &[
            "codegen",
            "--spec",
            "a",
            "--out",
            "b",
            "--crate-name",
            "1st",
        ],
        &["codegen", "--spec", "a", "--out", "b", "--crate-name", "fn"],
        &[
            "codegen",
            "--spec",
            "a",
            "--out",
            "b",
            "--crate-name",
            "a b",
        ],
        &["codegen", "--spec", "a", "--out", "b", "--crate-name", ""],
    ] {
        let done = run(xtask().args(arguments));
        assert_eq!(done.code, Some(2), "{arguments:?}: {done:?}");
        assert_eq!(done.stdout, "");
        assert!(!done.stderr.is_empty());
    }
}

#[test]
fn a_bad_document_ends_with_2_and_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = folder.path().join("bad.yaml");
    fs::write(&spec, BAD).expect("a file");
    let out = folder.path().join("out");
    let done = run(&mut codegen(&spec, &out));
    assert_eq!(done.code, Some(2));
    assert_eq!(
        done.stderr,
        format!(
            "{0}:2:1: error[invalid-structure]: the info object has no `version`\n\
             {0}:3:10: error[invalid-structure]: expected a path item, found a list\n\
             2 errors; nothing was written\n",
            spec.display()
        )
    );
    assert_eq!(done.stdout, "");
    assert_eq!(contents(folder.path()).len(), 1);
    assert!(!out.exists());
}

#[test]
fn a_bad_document_leaves_what_a_good_one_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    assert_eq!(run(&mut codegen(&rich(), &out)).code, Some(0));
    let before = files(&out);
    let spec = folder.path().join("bad.yaml");
    fs::write(&spec, BAD).expect("a file");
    assert_eq!(run(&mut codegen(&spec, &out)).code, Some(2));
    assert_eq!(files(&out), before);
}

#[test]
fn a_document_that_is_not_there_ends_with_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = run(&mut codegen(
        &folder.path().join("none.yaml"),
        &folder.path().join("out"),
    ));
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("error[unreadable-file]"), "{done:?}");
    assert!(contents(folder.path()).is_empty());
}

#[test]
fn a_second_run_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let first = run(&mut codegen(&rich(), &out));
    assert!(first.stderr.contains("35 files changed, "), "{first:?}");
    let before = files(&out);
    let second = run(&mut codegen(&rich(), &out));
    assert_eq!(second.code, Some(0));
    assert!(second.stderr.contains("; nothing changed, "), "{second:?}");
    assert_eq!(files(&out), before);
}

#[test]
fn the_command_that_check_suggests_has_the_options_of_the_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let options = ["--mock", "--skip-unsupported"];
    let done = run(codegen(&rich(), &out).arg("--check").args(options));
    assert_eq!(done.code, Some(1), "{done:?}");
    let suggestion = done.stderr.lines().last().unwrap_or_default();
    for option in options {
        assert!(suggestion.contains(option), "{option}: {suggestion}");
    }
}

#[test]
fn check_names_every_file_that_is_not_as_it_should_be_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    run(&mut codegen(&rich(), &out));
    assert_eq!(run(codegen(&rich(), &out).arg("--check")).code, Some(0));

    fs::write(out.join("src/generated/notes.txt"), "mine\n").expect("a file");
    fs::remove_file(out.join("src/generated/mod.rs")).expect("a generated file");
    let lib = fs::read_to_string(out.join("src/lib.rs")).expect("a generated file");
    fs::write(
        out.join("src/lib.rs"),
        lib.replace("mod generated", "mod regenerated"),
    )
    .expect("a file");
    let before = files(&out);

    let done = run(codegen(&rich(), &out).arg("--check"));
    assert_eq!(done.code, Some(1));
    assert_eq!(done.stdout, "");
    let name = |path: &str| out.join(path).display().to_string();
    let said: Vec<&str> = done
        .stderr
        .lines()
        .filter(|line| !line.contains("missing-operation-id") && !line.contains("hint:"))
        .collect();
    assert_eq!(
        said,
        [
            format!("{} is missing", name("src/generated/mod.rs")),
            format!("{} should not be there", name("src/generated/notes.txt")),
            format!("{} is stale", name("src/lib.rs")),
            format!(
                "remove {}: codegen did not write it",
                name("src/generated/notes.txt")
            ),
            format!(
                "then run `cargo xtask codegen --spec {} --out {} --crate-name sample` to update the rest",
                rich().display(),
                out.display()
            ),
        ]
    );

    let done = run(codegen(&rich(), &out).args(["--check", "-v"]));
    assert_eq!(done.code, Some(1));
    for line in [
        "--- a/src/lib.rs",
        "+++ b/src/lib.rs",
        "-mod regenerated;",
        "+mod generated;",
        "-mine",
    ] {
        assert!(
            done.stdout.lines().any(|said| said == line),
            "{line}:\n{}",
            done.stdout
        );
    }
    assert_eq!(files(&out), before);
}

#[test]
fn check_of_a_folder_that_is_not_there_finds_every_file_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let done = run(codegen(&rich(), &out).arg("--check"));
    assert_eq!(done.code, Some(1));
    assert!(done.stderr.contains("Cargo.toml is missing"), "{done:?}");
    assert!(!out.exists());
}

#[test]
fn explain_prints_what_each_operation_and_schema_becomes() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = run(codegen(&rich(), &folder.path().join("out")).arg("--explain"));
    assert_eq!(done.code, Some(0));
    for line in [
        "34:5: operation `add_item_multipart`: method `add_item_multipart`, POST /shelves/{shelf_id}/items with \
         multipart/form-data of 4 parts",
        "64:5: operation `delete_shelves_shelf_id_items_item_id`: method `delete_shelves_shelf_id_items_item_id`, DELETE \
         /shelves/{shelf_id}/items/{item_id}",
        "120:5: schema `#/components/schemas/ItemId`: type `ItemId`, newtype of uuid",
        "166:5: schema `#/components/schemas/Kind`: type `Kind`, union of 2 types, discriminated by `kind`",
        "178:21: schema `#/components/schemas/Disc/properties/kind`: type `DiscKind`, open enum of 1 string",
    ] {
        let line = format!("{}:{line}", rich().display());
        assert!(
            done.stdout.lines().any(|said| said == line),
            "{line}\n{}",
            done.stdout
        );
    }
}

#[test]
fn a_folder_with_something_else_in_it_is_refused_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    fs::create_dir_all(out.join("photos")).expect("a folder");
    fs::write(out.join("photos/cat.jpg"), [0xff, 0xd8, 0xff]).expect("a file");
    let before = files(folder.path());
    let done = run(&mut codegen(&rich(), &out));
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("photos/cat.jpg"), "{done:?}");
    assert!(done.stderr.contains("nothing was written"), "{done:?}");
    assert!(done.stderr.contains("hint: "), "{done:?}");
    assert_eq!(files(folder.path()), before);
}

#[test]
fn a_hand_written_file_among_generated_ones_is_not_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    run(&mut codegen(&rich(), &out));
    fs::write(out.join("src/mine.rs"), "// by hand\n").expect("a file");
    let before = files(&out);
    assert_eq!(run(&mut codegen(&rich(), &out)).code, Some(2));
    assert_eq!(files(&out), before);
}

#[test]
fn a_file_where_the_folder_should_be_is_not_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    fs::write(&out, "mine\n").expect("a file");
    let done = run(&mut codegen(&rich(), &out));
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.stderr.contains("is not a folder"), "{done:?}");
    assert!(done.stderr.contains("hint: "), "{done:?}");
    assert_eq!(fs::read_to_string(&out).expect("a file"), "mine\n");
    assert_eq!(contents(folder.path()).len(), 1);
}

#[test]
fn what_cargo_left_in_the_folder_survives_the_next_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    run(&mut codegen(&rich(), &out));
    fs::write(out.join("Cargo.lock"), "locked\n").expect("a file");
    fs::create_dir_all(out.join("target/debug")).expect("a folder");
    fs::write(out.join("target/debug/built"), "built\n").expect("a file");
    let done = run(&mut codegen(&without_notes(folder.path()), &out));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stderr.contains("wrote "), "{done:?}");
    assert!(!out.join("src/generated/builder/add_note.rs").exists());
    let lock = fs::read_to_string(out.join("Cargo.lock")).expect("the lock file");
    assert_eq!(lock, "locked\n");
    assert!(out.join("target/debug/built").exists());
}

#[test]
fn check_of_a_folder_with_one_file_too_many_names_no_command_that_would_refuse_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    run(&mut codegen(&rich(), &out));
    fs::write(out.join("src/mine.rs"), "// by hand\n").expect("a file");
    let done = run(codegen(&rich(), &out).arg("--check"));
    assert_eq!(done.code, Some(1), "{done:?}");
    let mine = out.join("src/mine.rs").display().to_string();
    let last = format!("remove {mine}: codegen did not write it\n");
    assert!(done.stderr.ends_with(&last), "{done:?}");
    assert!(!done.stderr.contains("run `"), "{done:?}");
}

#[test]
fn an_empty_folder_of_somebody_else_is_not_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    run(&mut codegen(&rich(), &out));
    fs::create_dir_all(out.join("drafts/mine")).expect("a folder");
    let done = run(&mut codegen(&without_notes(folder.path()), &out));
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.stderr.contains("drafts/mine/ among it"), "{done:?}");
    assert!(out.join("drafts/mine").is_dir());
    let done = run(codegen(&rich(), &out).arg("--check"));
    assert_eq!(done.code, Some(1), "{done:?}");
}

#[test]
fn a_folder_that_lost_all_its_files_is_filled_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    run(&mut codegen(&rich(), &out));
    let before = contents(&out);
    fs::remove_dir_all(out.join("src/generated")).expect("generated files");
    fs::create_dir(out.join("src/generated")).expect("a folder");
    let done = run(&mut codegen(&rich(), &out));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(contents(&out) == before);
}

#[cfg(unix)]
#[test]
fn what_is_neither_a_file_nor_a_folder_is_not_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    run(&mut codegen(&rich(), &out));
    let pipe = std::process::Command::new("mkfifo")
        .arg(out.join("pipe"))
        .status();
    assert!(pipe.expect("mkfifo").success());
    std::os::unix::fs::symlink("/dev/zero", out.join("zeroes")).expect("a link");
    for (code, arguments) in [(2, &[][..]), (1, &["--check", "-v"])] {
        let done = run(codegen(&rich(), &out).args(arguments));
        assert_eq!(done.code, Some(code), "{done:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_named_with_what_it_leads_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    std::os::unix::fs::symlink("nowhere", &out).expect("a link");
    let done = run(&mut codegen(&rich(), &out));
    assert_eq!(done.code, Some(2), "{done:?}");
    let said = format!("{} is a link to nowhere", out.display());
    assert!(done.stderr.contains(&said), "{done:?}");
}

#[test]
fn the_folder_that_it_runs_in_is_rejected_with_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = run(codegen(&rich(), Path::new(".")).current_dir(folder.path()));
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(
        done.stderr.contains("is the folder that this runs in"),
        "{done:?}"
    );
    assert!(folder.path().is_dir());
}

/// The same document without one of its operations.
fn without_notes(folder: &Path) -> std::path::PathBuf {
    let text = fs::read_to_string(rich()).expect("the document");
    let start = text.find("  /notes:\n").expect("the path");
    let end = text.find("  /login:\n").expect("the path after it");
    let spec = folder.join("rich.yaml");
    fs::write(&spec, [&text[..start], &text[end..]].concat()).expect("a file");
    spec
}
