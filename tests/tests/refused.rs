//! Messages of codegen about documents that it rejects: one fixture for each kind of problem, and a snapshot of all
//! that is said about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use openapi_client_gen::codegen;
use openapi_document::diagnostic::{Located, Severity};
use openapi_document::read::Document;

/// Codes that no fixture can have, and why.
const WITHOUT_FIXTURE: [(&str, &str); 2] = [
    (
        "unreadable-file",
        "what the system says differs from one to the next; a test of its own looks at it",
    ),
    (
        "generator",
        "a defect of the generator; a document that has it shows a defect",
    ),
];

/// The modules of other commands, which have tests of their own.
const OTHERS: [&str; 6] = ["emit", "import", "lint", "lower", "overlay", "upgrade"];

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder of fixtures")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .expect("a file name")
        .to_string_lossy()
        .into_owned()
}

/// The notes about a fixture that is generated, or the problems of one that is refused.
type Outcome = Result<Vec<Located>, Vec<Located>>;

/// Runs the pipeline on a fixture, which goes by its file name alone. Each is run once for all tests.
fn outcome(path: &Path) -> &'static Outcome {
    static OUTCOMES: LazyLock<BTreeMap<PathBuf, Outcome>> = LazyLock::new(|| {
        let paths = fixtures("refused").into_iter().chain(fixtures("noted"));
        paths.map(|path| (path.clone(), generate(&path))).collect()
    });
    &OUTCOMES[path]
}

fn generate(path: &Path) -> Outcome {
    let text = fs::read(path).expect("a fixture");
    let document = Document::parse(file_name(path), text).map_err(|problem| vec![*problem])?;
    codegen::generate(&document, None).map(|generated| generated.notes)
}

fn lines(problems: &[Located]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn snapshot(folder: &str, path: &Path, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("snapshots/{folder}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(file_name(path).replace('.', "_"), text));
}

#[test]
fn each_bad_document_is_refused_with_all_its_problems() {
    for path in fixtures("refused") {
        match outcome(&path) {
            Ok(_) => panic!("{} was accepted", path.display()),
            Err(problems) => snapshot("refused", &path, &lines(problems)),
        }
    }
}

#[test]
fn what_can_be_mended_is_noted_and_generated() {
    for path in fixtures("noted") {
        match outcome(&path) {
            Ok(notes) => snapshot("noted", &path, &lines(notes)),
            Err(problems) => panic!("{} was refused:\n{}", path.display(), lines(problems)),
        }
    }
}

#[test]
fn problems_come_in_the_order_of_the_document() {
    for path in fixtures("refused") {
        let problems = outcome(&path).as_ref().err();
        let problems = problems.into_iter().flatten();
        let positions: Vec<_> = problems.map(|problem| problem.position).collect();
        assert!(positions.is_sorted(), "{}: {positions:?}", path.display());
    }
}

#[test]
fn every_position_is_inside_the_file() {
    for path in fixtures("refused").into_iter().chain(fixtures("noted")) {
        let text = String::from_utf8_lossy(&fs::read(&path).expect("a fixture")).into_owned();
        let (Ok(problems) | Err(problems)) = outcome(&path);
        for problem in problems {
            let position = problem.position;
            // A syntax error may be seen at the end of the text: one line, or one character, past the last.
            let widths: Vec<usize> = text
                .split('\n')
                .map(|line| line.chars().count() + 1)
                .collect();
            let width = widths.get(position.line - 1);
            assert!(
                width.is_some_and(|width| (1..=*width).contains(&position.column)),
                "{problem}"
            );
        }
    }
}

#[test]
fn every_code_in_the_source_of_the_generator_has_a_fixture() {
    let mut reached: BTreeSet<String> = BTreeSet::new();
    for path in fixtures("refused").into_iter().chain(fixtures("noted")) {
        let (Ok(problems) | Err(problems)) = outcome(&path);
        reached.extend(
            problems
                .iter()
                .map(|problem| problem.diagnostic.code.to_owned()),
        );
    }
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let known: BTreeSet<String> = ["document", "client-gen", "import"]
        .iter()
        .flat_map(|name| codes(&crates.join(format!("openapi-{name}/src"))))
        .collect();
    assert!(known.len() > 20, "the codes were not found: {known:?}");
    let exempt: BTreeSet<String> = WITHOUT_FIXTURE
        .iter()
        .map(|(code, _)| (*code).to_owned())
        .collect();
    let expected: BTreeSet<String> = known.difference(&exempt).cloned().collect();
    assert_eq!(reached, expected);
    assert!(
        exempt.is_subset(&known),
        "a code in WITHOUT_FIXTURE is gone from the source"
    );
}

/// The codes of all diagnostics that are made in the source files of a folder: the first string after `error(`,
/// `Diagnostic::at(`, or the name of a function that makes one: `problem(`, `report(`.
fn codes(folder: &Path) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let module = path.file_stem().and_then(|name| name.to_str());
        if module.is_some_and(|module| OTHERS.contains(&module)) {
            continue;
        }
        if path.is_dir() {
            codes.extend(self::codes(&path));
        } else {
            codes.extend(codes_of(&fs::read_to_string(&path).expect("a source file")));
        }
    }
    codes
}

fn codes_of(source: &str) -> BTreeSet<String> {
    ["error(", "Diagnostic::at(", "problem(", "report("]
        .iter()
        .flat_map(|call| source.split(call).skip(1))
        .filter_map(|rest| {
            let (code, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
            Some(code.to_owned())
        })
        .collect()
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let problem = Document::open(Path::new("no/such/file.yaml")).expect_err("no file");
    let text = problem.to_string();
    let start = "no/such/file.yaml:1:1: error[unreadable-file]: the file can't be read: ";
    assert!(text.starts_with(start), "{text}");
}

#[test]
fn a_folder_is_not_a_document() {
    let folder = tempfile::tempdir().expect("a folder");
    let problem = Document::open(folder.path()).expect_err("a folder");
    assert_eq!(problem.diagnostic.code, "unreadable-file");
}

#[test]
fn a_byte_order_mark_moves_nothing() {
    let plain = "openapi: 4.0.0\n";
    let marked = format!("\u{feff}{plain}");
    let positions: Vec<_> = [plain, &marked]
        .into_iter()
        .map(|text| {
            let document = Document::parse("a.yaml", text).expect("YAML");
            let problems = codegen::generate(&document, None).expect_err("a bad version");
            lines(&problems)
        })
        .collect();
    assert_eq!(positions[0], positions[1]);
}

#[test]
fn a_json_document_is_located_like_the_same_document_in_yaml() {
    // Tabs, escapes and a pair of surrogates are at home in JSON and foreign to YAML.
    let text = "{\n\t\"openapi\": \"3.0.3\",\n\t\"info\": { \"title\": \"\\ud83d\\ude00 \\/\", \"version\": \"1\" },\n\t\"paths\": {\n\t\t\"/a\": []\n\t}\n}\n";
    let document = Document::parse("a.json", text).expect("JSON");
    let problems = codegen::generate(&document, None).expect_err("a bad path item");
    assert_eq!(
        lines(&problems),
        "a.json:5:3: error[invalid-structure]: expected a path item, found a list"
    );
}

#[test]
fn yaml_in_flow_style_is_read_although_it_begins_like_json() {
    let text = "{ openapi: 3.0.3, info: { title: T, version: '1' }, paths: {} }\n";
    let document = Document::parse("a.yaml", text).expect("YAML");
    codegen::generate(&document, None).expect("a document without operations");
}

#[test]
fn only_errors_stop_the_generator() {
    for path in fixtures("noted") {
        let notes = outcome(&path).as_ref().expect("notes only");
        assert!(
            notes
                .iter()
                .all(|note| note.diagnostic.severity == Severity::Note)
        );
    }
}
