//! The workspace's description after an upstream document was imported: a folder in `fixtures/imports`
//! and a snapshot for each case, with the messages and the diff.

use std::fs;
use std::path::{Path, PathBuf};

use openapi_changes::diff::{self, Class};
use openapi_document::diagnostic::Located;
use openapi_document::read::Document;
use openapi_import::overlay::Overlay;
use openapi_import::{self as import, Imported};
use serde_json::{Value, json};
use similar::TextDiff;

const SPEC: &str = "../spec/agents.yaml";

fn cases() -> Vec<PathBuf> {
    let folder = fs::read_dir("fixtures/imports").expect("the cases");
    let mut cases: Vec<PathBuf> = folder
        .map(|entry| entry.expect("an entry").path())
        .collect();
    cases.sort();
    cases
}

/// A file of a case, which goes by its name alone.
fn open(case: &Path, name: &str) -> Option<Document> {
    let bytes = fs::read(case.join(name)).ok()?;
    Some(Document::parse(name, bytes).expect("a document"))
}

fn run(case: &Path, current: Option<&Document>) -> Result<Imported, Vec<Located>> {
    let upstream = open(case, "upstream.yaml").or_else(|| open(case, "upstream.json"));
    let overlay = open(case, "overlay.yaml").map(Overlay::new).transpose()?;
    import::import(upstream.expect("a document"), current, overlay.as_ref())
}

fn lines<'a>(problems: impl IntoIterator<Item = &'a Located>) -> String {
    problems
        .into_iter()
        .map(|problem| format!("{problem}\n"))
        .collect()
}

#[test]
fn each_case_is_imported_as_its_snapshot_shows() {
    for case in cases() {
        let current = open(&case, "current.yaml");
        let text = match run(&case, current.as_ref()) {
            Ok(imported) => {
                let lost = imported.lost.iter().map(|lost| &lost.problem);
                let old = current.as_ref().map_or("", Document::text);
                let diff = TextDiff::from_lines(old, &imported.text);
                let diff = diff.unified_diff().context_radius(2).to_string();
                format!("{}{}{diff}", lines(&imported.notes), lines(lost))
            }
            Err(problems) => lines(&problems),
        };
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("snapshots/imports");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let name = case
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        settings.bind(|| insta::assert_snapshot!(name, text));
    }
}

#[test]
fn an_import_that_was_made_changes_nothing_when_it_is_made_again() {
    for case in cases() {
        let current = open(&case, "current.yaml");
        let Ok(first) = run(&case, current.as_ref()) else {
            continue;
        };
        let current = Document::parse("current.yaml", first.text.as_str()).expect("a document");
        let second = run(&case, Some(&current)).expect("an import");
        assert_eq!(first.text, second.text, "{}", case.display());
        assert!(second.lost.is_empty(), "{}", case.display());
    }
}

fn spec() -> Document {
    Document::open(Path::new(SPEC)).expect("the description")
}

fn import_into_spec(upstream: &Value) -> Imported {
    let upstream = Document::parse("upstream.json", upstream.to_string()).expect("JSON");
    import::import(upstream, Some(&spec()), None).expect("an import")
}

#[test]
fn importing_our_own_description_changes_nothing() {
    let imported = import::import(spec(), Some(&spec()), None).expect("an import");
    assert_eq!(imported.text, spec().text());
    assert!(imported.lost.is_empty());
}

#[test]
fn a_description_of_another_version_is_taken_over_as_it_is() {
    let mut upstream = in_3_1(&spec().root);
    upstream["openapi"] = json!("3.1.0");
    let imported = import_into_spec(&upstream);
    assert!(imported.lost.is_empty());
    let document = Document::parse("agents.yaml", imported.text.as_str()).expect("a document");
    assert_eq!(document.root["openapi"], "3.1.0");
    let changes = diff::documents(&spec(), &document)
        .expect("two APIs")
        .changes;
    let others = changes
        .iter()
        .filter(|change| change.class() != Class::Neutral);
    assert_eq!(others.count(), 0, "{changes:#?}");
}

/// The document as tools of upstream's would write it: no extensions, null as a type, references without `allOf`,
/// files by their media type.
fn in_3_1(value: &Value) -> Value {
    let members = match value {
        Value::Object(members) => members,
        Value::Array(items) => return items.iter().map(in_3_1).collect(),
        scalar => return scalar.clone(),
    };
    let mut new: serde_json::Map<String, Value> = members
        .iter()
        .filter(|(name, _)| !name.starts_with("x-"))
        .map(|(name, value)| (name.clone(), in_3_1(value)))
        .collect();
    let is_nullable = new.remove("nullable") == Some(json!(true));
    let only = match new
        .get("allOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        Some([only]) => Some(only.clone()),
        _ => None,
    };
    match (is_nullable, new.get("type").cloned(), only) {
        (true, Some(name), _) => {
            new.insert("type".to_owned(), json!([name, "null"]));
        }
        (true, None, Some(only)) => {
            new.remove("allOf");
            new.insert("anyOf".to_owned(), json!([only, { "type": "null" }]));
        }
        (false, _, Some(only)) => {
            new.remove("allOf");
            new.insert("$ref".to_owned(), only["$ref"].clone());
        }
        _ => {}
    }
    if new.get("format") == Some(&json!("binary")) {
        new.remove("format");
        new.insert(
            "contentMediaType".to_owned(),
            json!("application/octet-stream"),
        );
    }
    Value::Object(new)
}

#[test]
fn a_private_field_stays_private_when_upstream_describes_it_anew() {
    let mut upstream = in_3_1(&spec().root);
    upstream["openapi"] = json!("3.1.0");
    let query = "/components/schemas/RunAgentRequest/properties/query";
    *upstream.pointer_mut(query).expect("the prompt") = json!({ "type": "string", "maxLength": 9 });
    let imported = import_into_spec(&upstream);
    let document = Document::parse("agents.yaml", imported.text).expect("a document");
    let query = document.root.pointer(query).expect("the prompt");
    assert_eq!(
        (&query["x-private"], &query["maxLength"]),
        (&json!(true), &json!(9))
    );
}

#[test]
fn an_order_that_means_nothing_is_not_taken_over() {
    let imported = import_into_spec(&reversed(&spec().root));
    assert_eq!(imported.text, spec().text());
    assert!(imported.lost.is_empty());
}

/// The document with each list the other way round whose order means nothing.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let mut value = reversed(value);
                if ["enum", "parameters", "required", "tags"].contains(&name.as_str())
                    && let Value::Array(items) = &mut value
                {
                    items.reverse();
                }
                (name.clone(), value)
            })
            .collect(),
        Value::Array(items) => items.iter().map(reversed).collect(),
        scalar => scalar.clone(),
    }
}

#[test]
fn other_names_of_path_parameters_are_not_taken_over() {
    let text = spec().text().replace("{task_id}", "{id}");
    let text = text.replace("name: task_id\n      in: path", "name: id\n      in: path");
    let upstream = Document::parse("upstream.yaml", text).expect("a document");
    let imported = import::import(upstream, Some(&spec()), None).expect("an import");
    assert_eq!(imported.text, spec().text());
    assert!(!imported.notes.is_empty());
}
