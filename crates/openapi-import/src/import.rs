//! An upstream document becomes the workspace's own.
//!
//! Upstream and the overlay that corrects it define the wire. The maintainers define the rest: the names in the
//! generated code, the order, the comments, descriptions where upstream has none, and extensions such as `x-private`.
//! So an equal document changes nothing, and the diff of another one shows the changes of upstream.

mod counterparts;
mod keep;
mod names;
mod notes;
mod order;
mod paths;

use crate::overlay::Overlay;
use crate::yaml;
use openapi_client_gen::check;
use openapi_document::diagnostic::{Diagnostic, Located, Severity};
use openapi_document::pointer;
use openapi_document::read::Document;

pub use keep::Lost;

/// The result of an import.
#[derive(Debug)]
pub struct Imported {
    /// The text of the new description.
    pub text: String,
    /// The new description itself. Its positions are those of the upstream document.
    pub document: Document,
    /// Warnings and notes: of the overlay, then of the upstream document, each in its order.
    pub notes: Vec<Located>,
    /// The extensions that have no counterpart in the new description, in the order of the old one.
    pub lost: Vec<Lost>,
}

/// Makes the new description from an upstream document, the current description and an overlay.
///
/// # Errors
///
/// Everything that is wrong with the upstream document once the overlay has corrected it, or with the overlay.
pub fn import(
    mut upstream: Document,
    current: Option<&Document>,
    overlay: Option<&Overlay>,
) -> Result<Imported, Vec<Located>> {
    check::identify(&upstream).map_err(|problem| vec![upstream.locate(problem)])?;
    let mut notes = Vec::new();
    if let Some(current) = current {
        names::keep(&mut upstream, current, &mut notes);
    }
    // Before annotations are added: whether an action matches must not depend on imports that were made before.
    let mut warnings = match overlay {
        Some(overlay) => {
            let name = upstream.name.clone();
            overlay.apply(&mut upstream.root, &name)?
        }
        None => Vec::new(),
    };
    if let Some(current) = current {
        keep::annotations(&mut upstream.root, &current.root);
    }
    let (errors, others): (Vec<Diagnostic>, Vec<Diagnostic>) = check::check(&upstream)
        .into_iter()
        .partition(|problem| problem.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(upstream.locate_all(errors));
    }
    notes.extend(others);
    warnings.extend(upstream.locate_all(notes));
    let (text, lost) = match current {
        Some(current) => {
            // Only the text is put in order: problems are located in the upstream document.
            let mut root = upstream.root.clone();
            let moved = order::keep(&mut root, &current.root);
            let order = |place: &str| upstream.own_position(&pointer::before(&moved, place));
            let text = yaml::rewrite(current, &root, &order);
            (text, keep::lost(&upstream.root, current))
        }
        None => {
            let order = |place: &str| upstream.own_position(place);
            (yaml::write(&upstream.root, &order), Vec::new())
        }
    };
    Ok(Imported {
        text,
        notes: warnings,
        lost,
        document: upstream,
    })
}
