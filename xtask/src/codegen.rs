//! The pipeline: check, construct, render, format. Reading and writing are up to the caller.

use std::collections::BTreeMap;

use crate::api::Api;
use crate::construct::{self, naming};
use crate::diagnostic::{Diagnostic, Located, Severity};
use crate::output::MARKER;
use crate::read::Document;
use crate::render::{self, package};
use crate::sound;
use crate::view::{self, OperationView};

/// Files to be: path with `/` on every system, and content.
pub type Files = BTreeMap<String, String>;

/// What a run of the pipeline made.
#[derive(Debug)]
pub struct Generated {
    /// The files of the generated module.
    pub files: Files,
    /// What the reader may want to know, in the order of the document.
    pub notes: Vec<Located>,
    /// The model that they were printed from.
    pub api: Api,
}

/// Generates the module for a document: its model, rendered. `inner` is a type that every client carries for its hooks.
///
/// # Errors
///
/// Everything that is wrong with the document, in its order; nothing is generated then.
pub fn generate(document: &Document, inner: Option<&str>) -> Result<Generated, Vec<Located>> {
    let (mut errors, mut notes): (Vec<Diagnostic>, Vec<Diagnostic>) = document
        .duplicate_keys()
        .into_iter()
        .chain(crate::check::check(document))
        .partition(|problem| problem.severity == Severity::Error);
    let (mut api, mut files) = (Api::default(), Files::new());
    let named = |mut problems: Vec<Diagnostic>| {
        view::name_operations(&OperationView::all(&document.root), &mut problems);
        problems
    };
    if errors.is_empty() {
        let module = construct::construct(document).and_then(|constructed| {
            api = constructed;
            let mut files = render::module(&api, inner)?;
            let mocks = render::mocks(&api).map_err(|problem| vec![problem])?;
            files.extend(mocks.map(|text| ("mock.rs".to_owned(), text)));
            Ok(files)
        });
        match module {
            Ok(module) => {
                files = module;
                notes.extend(named(naming::notes(&api)));
            }
            Err(problems) => errors = named(problems),
        }
    } else if let Some(Err(problems)) =
        sound::schemas(document, &errors).map(|sound| construct::construct(&sound))
    {
        errors.extend(named(problems));
    }
    if !errors.is_empty() {
        errors.extend(notes);
        return Err(document.locate_all(errors));
    }
    let header = header(&source_name(document));
    for text in files.values_mut() {
        text.insert_str(0, &format!("{header}\n"));
    }
    Ok(Generated {
        files,
        notes: document.locate_all(notes),
        api,
    })
}

/// Generates a crate for a document: the module in `src/generated`, and what makes a crate of it.
///
/// # Errors
///
/// As [`generate`].
pub fn generate_crate(document: &Document, name: &str) -> Result<Generated, Vec<Located>> {
    let mut generated = generate(document, None)?;
    let source = source_name(document);
    generated.files = std::mem::take(&mut generated.files)
        .into_iter()
        .map(|(path, text)| (format!("src/generated/{path}"), text))
        .chain([
            (
                "Cargo.toml".to_owned(),
                format!(
                    "# {MARKER} from {source}. Do not edit.\n\n{}",
                    package::manifest(name, &generated.api)
                ),
            ),
            (
                "src/lib.rs".to_owned(),
                format!("{}\n{}", header(&source), package::lib(&generated.api)),
            ),
        ])
        .collect();
    Ok(generated)
}

/// The first lines of every generated Rust file.
fn header(source: &str) -> String {
    format!(
        "// {MARKER} from {source}.\n// Do not edit: change the API description or the generator and run it again.\n"
    )
}

/// The file's name without its folder, which differs from machine to machine.
fn source_name(document: &Document) -> String {
    let name = document.name.rsplit(['/', '\\']).next().unwrap_or_default();
    name.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
