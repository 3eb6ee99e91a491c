//! The same document gives the same bytes, in whatever order and notation its members are written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::common::{codegen, contents, rich, run, workspace};
use openapi_client_gen::codegen;
use openapi_client_gen::output;
use openapi_document::read::Document;
use serde_json::Value;

fn documents() -> Vec<std::path::PathBuf> {
    vec![rich(), workspace().join("spec/agents.yaml")]
}

fn root(path: &Path) -> Value {
    Document::open(path).expect("a document").root
}

/// The value as JSON, with the members of every object in reverse order.
fn reversed(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            let members: Vec<String> = names
                .into_iter()
                .rev()
                .map(|name| {
                    format!(
                        "{}:{}",
                        Value::from(name.as_str()),
                        reversed(&members[name])
                    )
                })
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(reversed).collect();
            format!("[{}]", items.join(","))
        }
        scalar => scalar.to_string(),
    }
}

/// The files generated from a text, without the name of the source, which stands in their first line.
fn generated(name: &str, text: &str) -> BTreeMap<String, String> {
    let document = Document::parse(name, text).expect("a document");
    let generated = codegen::generate(&document, None).expect("a good document");
    generated
        .files
        .into_iter()
        .map(|(path, text)| (path, text.replace(name, "the document")))
        .collect()
}

#[test]
fn the_order_of_members_does_not_matter() {
    for path in documents() {
        let root = root(&path);
        let forwards = generated("a.json", &root.to_string());
        let backwards = generated("a.json", &reversed(&root));
        assert!(forwards == backwards, "{}", path.display());
    }
}

#[test]
fn json_gives_what_yaml_gives() {
    for path in documents() {
        let yaml = fs::read_to_string(&path).expect("a document");
        let json = serde_json::to_string_pretty(&root(&path)).expect("JSON");
        assert!(
            generated("a.yaml", &yaml) == generated("a.json", &json),
            "{}",
            path.display()
        );
    }
}

#[test]
fn two_processes_write_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let [one, two] = ["one", "two"].map(|name| {
        let out = folder.path().join(name);
        assert_eq!(run(&mut codegen(&rich(), &out)).code, Some(0));
        contents(&out)
    });
    assert!(one == two);
}

#[test]
fn an_operation_more_leaves_the_files_of_the_others_alone() {
    let mut document = root(&rich());
    let before = generated("a.json", &document.to_string());
    document["paths"]["/a_first"]["get"] = serde_json::json!({
        "operationId": "a_first",
        "responses": { "200": { "description": "Ok." } },
    });
    let after = generated("a.json", &document.to_string());
    let changed: Vec<&str> = after
        .iter()
        .filter(|(path, text)| before.get(*path) != Some(text))
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(changed, ["client.rs", "descriptor.rs", "operations.rs"]);
}

#[test]
fn each_file_of_the_client_is_guarded() {
    let root = workspace();
    let document = Document::open(&root.join("spec/agents.yaml")).expect("the document");
    let mut generated =
        codegen::generate(&document, Some("crate::Context")).expect("a good document");
    codegen::add_mocks(&mut generated, &document, None).expect("mocks");
    let files = generated.files;
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("generated");
    output::write(&out, &files).expect("a written folder");
    assert!(
        output::compare(&out, &files)
            .expect("a comparison")
            .is_empty()
    );

    let on_disk = contents(&root.join("crates/nanonets-agents-api/src/generated"));
    assert_eq!(
        on_disk.keys().collect::<Vec<_>>(),
        files.keys().collect::<Vec<_>>()
    );
    for (path, text) in &files {
        let file = out.join(path);
        let stale = |what: output::Difference| {
            let stale = output::compare(&out, &files).expect("a comparison");
            let named: Vec<_> = stale
                .iter()
                .map(|stale| (stale.path.as_str(), stale.difference.clone()))
                .collect();
            assert_eq!(named, [(path.as_str(), what)]);
        };
        fs::write(&file, format!("{text} ")).expect("an altered file");
        stale(output::Difference::Changed);
        fs::remove_file(&file).expect("a removed file");
        stale(output::Difference::Missing);
        fs::write(&file, text).expect("the file again");
        let other = out.join(format!("{path}.orig"));
        fs::write(&other, text).expect("a file too many");
        let extra = output::compare(&out, &files).expect("a comparison");
        assert_eq!(extra.len(), 1);
        assert_eq!(extra[0].difference, output::Difference::Unexpected);
        fs::remove_file(&other).expect("the file too many");
    }
}
