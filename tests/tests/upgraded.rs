//! What documents of OpenAPI 3.1 become: for each fixture a snapshot of the same in 3.0.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use xtask::check;
use xtask::diagnostic::Severity;
use xtask::read::Document;
use xtask::shape::Walk;
use xtask::yaml;

fn fixtures() -> BTreeMap<String, PathBuf> {
    fs::read_dir("fixtures/features")
        .expect("the fixtures")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            (
                path.file_stem()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned(),
                path,
            )
        })
        .filter(|(name, _)| name.starts_with("openapi_3_1"))
        .collect()
}

fn open(path: &Path) -> Document {
    Document::open(path).expect("a document")
}

#[test]
fn each_fixture_becomes_the_3_0_that_its_snapshot_shows() {
    for (name, path) in fixtures() {
        let document = open(&path);
        let text = yaml::write(&document.root, &|pointer| document.own_position(pointer));
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("snapshots/upgraded");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, text));
    }
}

#[test]
fn what_becomes_of_a_fixture_has_the_shape_of_3_0_and_no_errors() {
    for path in fixtures().values() {
        let document = open(path);
        let misfits = Walk::document(&document.root).misfits;
        assert!(misfits.is_empty(), "{}: {misfits:?}", path.display());
        let errors: Vec<_> = check::check(&document)
            .into_iter()
            .filter(|problem| problem.severity == Severity::Error)
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
    }
}

const MOVED: &str = "\
openapi: 3.1.0
info: { title: T, version: '1' }
paths:
  /a:
    $ref: '#/components/pathItems/A'
components:
  pathItems:
    A:
      get:
        responses:
          '99': { description: Odd. }
  schemas:
    B:
      anyOf:
        - type: 'null'
        - type: string
          enum: []
    C:
      $ref: '#/components/schemas/D/$defs/E'
    D:
      $defs:
        E:
          type: wrong
";

#[test]
fn what_is_said_about_a_moved_schema_names_its_line_in_the_file() {
    let document = Document::parse("a.yaml", MOVED).expect("YAML");
    let mut lines: Vec<(usize, &str)> = check::check(&document)
        .into_iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| {
            let code = problem.code;
            (document.locate(problem).position.line, code)
        })
        .collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            (11, "invalid-status"),
            (17, "enum-value"),
            (23, "unknown-type")
        ]
    );
}
