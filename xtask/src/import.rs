//! An upstream document becomes the workspace's own.
//!
//! What goes over the wire is upstream's to say, and what an overlay corrects of it. What is not on the wire is the
//! maintainers': the names by which the generated code goes, the order, the comments, descriptions where upstream has
//! none, and extensions such as `x-private`. So a document that says the same changes nothing, and the diff of one
//! that doesn't shows what upstream changed.

mod counterparts;
mod keep;
mod names;
mod order;
mod paths;

use crate::check;
use crate::diagnostic::{Diagnostic, Located, Severity};
use crate::overlay::Overlay;
use crate::read::Document;
use crate::yaml;

/// What an import makes.
#[derive(Debug)]
pub struct Imported {
    /// The text of the new description.
    pub text: String,
    /// The new description itself. Its places are those of the upstream document.
    pub document: Document,
    /// What the reader may want to know: of the overlay, then of the upstream document, each in its order.
    pub notes: Vec<Located>,
    /// What the maintainers wrote and the new description has no place for, in the order of the old one.
    pub lost: Vec<Lost>,
}

/// An extension of the old description that the new one lacks.
#[derive(Debug)]
pub struct Lost {
    /// Its name, such as `x-private`.
    pub extension: String,
    /// Where it stood, and what can be done.
    pub problem: Located,
}

/// Makes of an upstream document, the description as it is and an overlay the description as it will be.
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
    let mut said = Vec::new();
    // Before what is kept is added: whether an action matches must not depend on imports that were made before.
    if let Some(overlay) = overlay {
        let name = upstream.name.clone();
        said = overlay.apply(&mut upstream.root, &name)?;
    }
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
    let (text, lost) = match current {
        Some(current) => {
            // Only what is written is put in order: whatever is said of the document is said of upstream's.
            let mut root = upstream.root.clone();
            let moved = order::keep(&mut root, &current.root);
            let order = |place: &str| upstream.own_position(&order::before(&moved, place));
            let text = yaml::rewrite(current, &root, &order);
            (text, keep::lost(&upstream.root, current))
        }
        None => {
            let order = |place: &str| upstream.own_position(place);
            (yaml::write(&upstream.root, &order), Vec::new())
        }
    };
    said.extend(upstream.locate_all(notes));
    Ok(Imported {
        text,
        notes: said,
        lost,
        document: upstream,
    })
}
