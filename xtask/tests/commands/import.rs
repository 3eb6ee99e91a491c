//! `cargo xtask spec import` as a process, in a workspace of its own: what it says, what it returns, what it writes and
//! what it leaves alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::common::{Done, contents, run, xtask};

/// Documents made to keep a reader busy are refused sooner.
const BOUND: Duration = Duration::from_secs(30);

const CURRENT: &str = "# By hand.\nopenapi: 3.0.3\ninfo:\n  title: Notes\n  version: 1.0.0\npaths:\n  /notes:\n    get:\n      operationId: list_notes\n      responses:\n        '200':\n          description: Notes.\ncomponents:\n  schemas:\n    Note:\n      x-private: true\n      type: string\n";

const UPSTREAM: &str = r##"{
    "openapi": "3.1.0",
    "info": { "title": "Notes", "version": "1.1.0" },
    "paths": {
        "/notes": {
            "get": { "operationId": "listNotes", "responses": { "200": { "description": "Notes." } } },
            "post": { "operationId": "add_note", "responses": {} }
        }
    },
    "components": { "schemas": { "Note": { "type": ["string", "null"] } } }
}"##;

/// A workspace with a description and nothing else.
struct Workspace {
    folder: tempfile::TempDir,
}

impl Workspace {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["spec", "xtask"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let workspace = Self { folder };
        workspace.file("spec/agents.yaml", CURRENT);
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("a file");
        path
    }

    fn upstream(&self) -> PathBuf {
        self.file("upstream.json", UPSTREAM)
    }

    fn spec(&self) -> String {
        fs::read_to_string(self.path("spec/agents.yaml")).expect("the description")
    }

    /// The command, without anybody to answer it.
    fn import(&self, file: &Path) -> Command {
        let mut command = xtask();
        command
            .env("CARGO_MANIFEST_DIR", self.path("xtask"))
            .current_dir(self.folder.path())
            .stdin(std::process::Stdio::null())
            .args(["spec", "import"])
            .arg(file);
        command
    }

    /// The messages about a file that is rejected soon, with everything left as it was.
    fn refused(&self, command: &mut Command) -> Done {
        let before = contents(self.folder.path());
        let start = Instant::now();
        let done = run(command);
        assert!(start.elapsed() < BOUND, "{:?}: {done:?}", start.elapsed());
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{done:?}");
        assert!(done.stderr.ends_with("nothing was written\n"), "{done:?}");
        assert!(contents(self.folder.path()) == before);
        done
    }
}

#[test]
fn our_own_description_is_up_to_date_with_itself() {
    let done = run(xtask().args(["spec", "import", "spec/agents.yaml", "--yes"]));
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""), "{done:?}");
    // Our own description has the corrections of the overlay already, which is a warning.
    let end = "spec/agents.yaml is up to date\n";
    assert!(done.stderr.ends_with(end), "{done:?}");
}

#[test]
fn the_diff_is_shown_and_then_written() {
    let workspace = Workspace::new();
    let done = run(workspace.import(&workspace.upstream()).arg("--yes"));
    assert_eq!(done.code, Some(0), "{done:?}");
    for line in [
        "+  version: 1.1.0",
        "+    post:",
        "+      type: [string, 'null']",
    ] {
        assert!(
            done.stdout.lines().any(|said| said == line),
            "{line}:\n{}",
            done.stdout
        );
    }
    assert!(done.stderr.contains("note[kept-name]"), "{done:?}");
    assert!(
        done.stderr.contains("next: `cargo xtask codegen`"),
        "{done:?}"
    );
    let spec = workspace.spec();
    assert!(spec.starts_with("# By hand.\nopenapi: 3.1.0\n"), "{spec}");
    assert!(spec.contains("x-private: true"), "{spec}");
    let names: Vec<String> = contents(&workspace.path("spec")).into_keys().collect();
    assert_eq!(names, ["agents.yaml"], "nothing else is left behind");

    let done = run(workspace.import(&workspace.upstream()).arg("--yes"));
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""), "{done:?}");
    assert!(done.stderr.ends_with("is up to date\n"), "{done:?}");
}

#[test]
fn a_dry_run_shows_the_same_diff_and_writes_nothing() {
    let workspace = Workspace::new();
    let upstream = workspace.upstream();
    let dry = run(workspace.import(&upstream).arg("--dry-run"));
    assert_eq!(dry.code, Some(0), "{dry:?}");
    assert_eq!(workspace.spec(), CURRENT);
    let wet = run(workspace.import(&upstream).arg("--yes"));
    assert_eq!(dry.stdout, wet.stdout);
}

#[test]
fn without_somebody_to_ask_nothing_is_written() {
    let workspace = Workspace::new();
    let done = run(&mut workspace.import(&workspace.upstream()));
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(!done.stdout.is_empty());
    assert!(done.stderr.contains("`--yes`"), "{done:?}");
    assert_eq!(workspace.spec(), CURRENT);
}

#[test]
fn a_mark_that_would_be_lost_stops_the_import_until_it_is_let_go_by_name() {
    let workspace = Workspace::new();
    let upstream = workspace.file("upstream.json", UPSTREAM.replace("\"Note\":", "\"Memo\":"));
    let done = run(workspace.import(&upstream).arg("--yes"));
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(
        done.stderr
            .contains("error[lost-extension]: `x-private: true`"),
        "{done:?}"
    );
    assert_eq!(workspace.spec(), CURRENT);

    let done = run(workspace
        .import(&upstream)
        .args(["--yes", "--drop", "x-public"]));
    assert_eq!(done.code, Some(1), "{done:?}");
    let done = run(workspace
        .import(&upstream)
        .args(["--yes", "--drop", "x-private"]));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(workspace.spec().contains("Memo:"));
}

#[test]
fn the_overlay_of_the_workspace_is_applied_and_another_can_be_named() {
    let overlay = |summary: &str| {
        format!(
            "overlay: 1.0.0\ninfo: {{ title: T, version: '1' }}\nactions:\n  - target: $.paths['/notes'].post\n    update: {{ summary: {summary} }}\n"
        )
    };
    let workspace = Workspace::new();
    workspace.file("spec/overlay.yaml", overlay("By default."));
    let other = workspace.file("other.yaml", overlay("By name."));
    let done = run(workspace.import(&workspace.upstream()).arg("--dry-run"));
    assert!(
        done.stdout.contains("+      summary: By default."),
        "{done:?}"
    );
    let done = run(workspace
        .import(&workspace.upstream())
        .arg("--dry-run")
        .arg("--overlay")
        .arg(other));
    assert!(done.stdout.contains("+      summary: By name."), "{done:?}");
}

#[test]
fn a_first_import_makes_the_file() {
    let workspace = Workspace::new();
    fs::remove_file(workspace.path("spec/agents.yaml")).expect("the description");
    let done = run(workspace.import(&workspace.upstream()).arg("--yes"));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(
        workspace
            .spec()
            .starts_with("openapi: 3.1.0\ninfo:\n  title: Notes\n")
    );
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_description_is_followed() {
    let workspace = Workspace::new();
    fs::rename(
        workspace.path("spec/agents.yaml"),
        workspace.path("real.yaml"),
    )
    .expect("a file");
    std::os::unix::fs::symlink("../real.yaml", workspace.path("spec/agents.yaml")).expect("a link");
    let done = run(workspace.import(&workspace.upstream()).arg("--yes"));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(workspace.path("spec/agents.yaml").is_symlink());
    let real = fs::read_to_string(workspace.path("real.yaml")).expect("the description");
    assert!(real.contains("1.1.0"), "{real}");
}

#[test]
fn a_command_line_that_makes_no_sense_ends_with_2() {
    let workspace = Workspace::new();
    let upstream = workspace.upstream();
    for arguments in [
        &["--yes", "--dry-run"][..],
        &["extra"],
        &["--overlay"],
        &["--drop"],
    ] {
        let done = run(workspace.import(&upstream).args(arguments));
        assert_eq!(
            (done.code, done.stdout.as_str()),
            (Some(2), ""),
            "{arguments:?}: {done:?}"
        );
    }
}

#[test]
fn what_is_no_openapi_document_is_refused() {
    let workspace = Workspace::new();
    for (text, code) in [
        ("just: yaml\n", "error[not-openapi]"),
        ("[1, 2]", "error[not-openapi]"),
        ("", "error[not-openapi]"),
        ("a: [", "error[syntax]"),
        (
            "openapi: 3.2.0\n",
            "error[unsupported-version]: OpenAPI 3.2.0 is not supported",
        ),
        ("a: 1\na: 2\n", "error[not-openapi]"),
    ] {
        let file = workspace.file("upstream.yaml", text);
        let done = workspace.refused(&mut workspace.import(&file));
        assert!(done.stderr.contains(code), "{text}: {done:?}");
    }
}

#[test]
fn swagger_is_named_with_what_converts_it() {
    let workspace = Workspace::new();
    let file = workspace.file("upstream.yaml", "swagger: '2.0'\ninfo: { title: T }\n");
    let done = workspace.refused(&mut workspace.import(&file));
    assert!(
        done.stderr
            .contains("upstream.yaml:1:1: error[unsupported-version]: this is Swagger 2.0"),
        "{done:?}"
    );
    assert!(
        done.stderr
            .contains("hint: convert it to OpenAPI 3.0 first"),
        "{done:?}"
    );
}

#[test]
fn a_file_of_200_mb_is_refused() {
    let workspace = Workspace::new();
    let path = workspace.path("upstream.yaml");
    let file = fs::File::create(&path).expect("a file");
    file.set_len(200 * 1024 * 1024).expect("a length");
    let start = Instant::now();
    let done = run(&mut workspace.import(&path));
    assert!(start.elapsed() < BOUND);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(
        done.stderr
            .contains("error[unreadable-file]: the file has more than"),
        "{done:?}"
    );
    assert_eq!(workspace.spec(), CURRENT);
}

#[test]
fn what_nests_a_thousand_levels_deep_is_refused() {
    let workspace = Workspace::new();
    let lists = format!(
        "openapi: 3.1.0\nx: {}{}\n",
        "[".repeat(1000),
        "]".repeat(1000)
    );
    let items = format!(
        "{{\"openapi\": \"3.1.0\", \"components\": {}1{}}}",
        "{\"items\": ".repeat(1000),
        "}".repeat(1000)
    );
    for (name, text) in [("upstream.yaml", lists), ("upstream.json", items)] {
        let file = workspace.file(name, text);
        let done = workspace.refused(&mut workspace.import(&file));
        assert!(done.stderr.contains("error[limit-exceeded]"), "{done:?}");
    }
}

#[test]
fn anchors_that_expand_without_end_are_refused() {
    let workspace = Workspace::new();
    let mut text = "openapi: 3.1.0\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    let file = workspace.file("upstream.yaml", text);
    let done = workspace.refused(&mut workspace.import(&file));
    assert!(done.stderr.contains("error[limit-exceeded]"), "{done:?}");
}

#[test]
fn a_key_that_is_given_twice_is_refused_with_both_places() {
    let workspace = Workspace::new();
    let text = UPSTREAM.replacen("\"post\"", "\"get\"", 1);
    let file = workspace.file("upstream.json", text);
    let done = workspace.refused(&mut workspace.import(&file));
    assert!(done.stderr.contains("upstream.json:7:13: error[duplicate-key]: the key `get` is given twice, first on line 6"), "{done:?}");
}

#[test]
fn what_is_not_utf8_is_refused_where_it_stops_being() {
    let workspace = Workspace::new();
    let file = workspace.file("upstream.yaml", b"openapi: 3.1.0\ninfo: \xff\n");
    let done = workspace.refused(&mut workspace.import(&file));
    assert!(
        done.stderr
            .contains("upstream.yaml:2:7: error[invalid-utf8]"),
        "{done:?}"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let workspace = Workspace::new();
    let done = workspace.refused(&mut workspace.import(Path::new("none.yaml")));
    assert!(
        done.stderr
            .contains("none.yaml:1:1: error[unreadable-file]"),
        "{done:?}"
    );
    let upstream = workspace.upstream();
    let done = workspace.refused(workspace.import(&upstream).args(["--overlay", "none.yaml"]));
    assert!(
        done.stderr
            .contains("none.yaml:1:1: error[unreadable-file]"),
        "{done:?}"
    );
}

#[test]
fn an_overlay_that_matches_nothing_or_is_broken_is_refused_with_its_place() {
    let workspace = Workspace::new();
    let upstream = workspace.upstream();
    let head = "overlay: 1.0.0\ninfo: { title: T, version: '1' }\nactions:\n";
    for (text, said) in [
        (
            format!("{head}  - target: $.paths['/gone']\n    remove: true\n"),
            "overlay.yaml:4:5: error[overlay-unmatched]: `$.paths['/gone']` selects nothing",
        ),
        (
            format!("{head}  - target: $.paths[\n    remove: true\n"),
            "overlay.yaml:4:5: error[invalid-overlay]",
        ),
        (
            format!("{head}  - target: $.paths\n    remove: perhaps\n"),
            "overlay.yaml:5:5: error[invalid-overlay]",
        ),
        ("overlay: [\n".to_owned(), "overlay.yaml:2:1: error[syntax]"),
        (
            "not: an overlay\n".to_owned(),
            "overlay.yaml:1:1: error[invalid-overlay]",
        ),
    ] {
        workspace.file("spec/overlay.yaml", &text);
        let done = workspace.refused(workspace.import(&upstream).arg("--yes"));
        assert!(done.stderr.contains(said), "{said}:\n{}", done.stderr);
    }
}

#[test]
fn a_description_that_the_overlay_did_not_mend_is_refused() {
    let workspace = Workspace::new();
    let text = UPSTREAM.replace(
        "\"responses\": {} }",
        "\"parameters\": [{ \"name\": \"s\", \"in\": \"body\", \"schema\": {} }] }",
    );
    let upstream = workspace.file("upstream.json", text);
    let done = workspace.refused(&mut workspace.import(&upstream));
    assert!(
        done.stderr
            .contains("upstream.json:7:65: error[unsupported-parameter]"),
        "{done:?}"
    );
    assert!(done.stderr.contains("(operation `add_note`)"), "{done:?}");
}

#[test]
fn a_reader_that_stops_early_does_not_stop_the_import() {
    let workspace = Workspace::new();
    let upstream = workspace.upstream();
    let mut child = workspace
        .import(&upstream)
        .arg("--yes")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the command starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("an end").code(), Some(0));
    assert!(workspace.spec().contains("1.1.0"));
}
