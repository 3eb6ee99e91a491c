//! The pipeline: check, construct, render, format. Reading and writing are up to the caller.

use crate::api::Api;
use crate::check;
use crate::construct::{self, naming};
pub use crate::output::Files;
use crate::output::MARKER;
use crate::parallel;
use crate::render::{self, package};
use crate::sound;
use openapi_document::diagnostic::{Diagnostic, Located, Severity};
use openapi_document::read::Document;
use openapi_document::view::{self, OperationView};

/// The folder of the module in a crate.
const MODULE: &str = "src/generated";

/// The result of a run of the pipeline.
#[derive(Debug)]
pub struct Generated {
    /// The files of the generated module.
    pub files: Files,
    /// Notes for the reader, in the order of the document.
    pub notes: Vec<Located>,
    /// The model that they were printed from.
    pub api: Api,
}

/// The model of a document, and what the reader may want to know, in the order of the document.
///
/// # Errors
///
/// Everything that is wrong with the document, in its order.
pub fn model(document: &Document) -> Result<(Api, Vec<Located>), Vec<Located>> {
    let mut problems = check::check(document);
    let located = |mut problems: Vec<Diagnostic>| {
        view::name_operations(&OperationView::all(&document.root), &mut problems);
        document.locate_all(problems)
    };
    let is_error = |problem: &Diagnostic| problem.severity == Severity::Error;
    if !problems.iter().any(is_error) {
        let construct = || construct::construct(document);
        // Notes have positions, which take a while to read.
        let constructed = match problems.is_empty() {
            true => construct(),
            false => parallel::beside(|| document.read_positions(), construct),
        };
        match constructed {
            Ok(api) => {
                problems.extend(naming::notes(&api));
                return Ok((api, located(problems)));
            }
            Err(errors) => problems.extend(errors),
        }
    } else if let Some(sound) = sound::schemas(document, &problems) {
        problems.extend(construct::construct(&sound).err().unwrap_or_default());
    }
    Err(located(problems))
}

/// Generates the module for a document: its model, rendered. `inner` is a type that every client carries for its hooks.
///
/// # Errors
///
/// Everything that is wrong with the document, in its order; nothing is generated then.
pub fn generate(document: &Document, inner: Option<&str>) -> Result<Generated, Vec<Located>> {
    let (api, notes) = model(document)?;
    let files = render::module(&api, inner);
    let mut files = files.map_err(|problems| document.locate_all(problems))?;
    let header = header(&source_name(document));
    for text in files.values_mut() {
        text.insert_str(0, &format!("{header}\n"));
    }
    Ok(Generated { files, notes, api })
}

/// Generates a crate for a document: the module in `src/generated`, and what makes a crate of it.
///
/// # Errors
///
/// As [`generate`].
pub fn generate_crate(document: &Document, name: &str) -> Result<Generated, Vec<Located>> {
    let mut generated = generate(document, None)?;
    generated.files = std::mem::take(&mut generated.files)
        .into_iter()
        .map(|(path, text)| (format!("{MODULE}/{path}"), text))
        .chain(root(document, name, &generated.api, false))
        .collect();
    Ok(generated)
}

/// Adds the mocks to a module, or to the crate of a name. They are behind the feature `mock` of the crate.
///
/// # Errors
///
/// A document whose mocks can't be printed, which is a defect of this crate.
pub fn add_mocks(
    generated: &mut Generated,
    document: &Document,
    crate_name: Option<&str>,
) -> Result<(), Vec<Located>> {
    let mocks = render::mocks(&generated.api);
    let mocks = mocks.map_err(|problem| document.locate_all(vec![problem]))?;
    let text = format!("{}\n{mocks}", header(&source_name(document)));
    let path = match crate_name {
        Some(_) => format!("{MODULE}/mock.rs"),
        None => "mock.rs".to_owned(),
    };
    generated.files.insert(path, text);
    if let Some(name) = crate_name {
        let root = root(document, name, &generated.api, true);
        generated.files.extend(root);
    }
    Ok(())
}

/// The files that make a crate of a module.
fn root(document: &Document, name: &str, api: &Api, has_mocks: bool) -> [(String, String); 2] {
    let source = source_name(document);
    let manifest = package::manifest(name, api, has_mocks);
    let manifest = format!("# {MARKER} from {source}. Do not edit.\n\n{manifest}");
    let lib = format!("{}\n{}", header(&source), package::lib(has_mocks));
    [
        ("Cargo.toml".to_owned(), manifest),
        ("src/lib.rs".to_owned(), lib),
    ]
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
