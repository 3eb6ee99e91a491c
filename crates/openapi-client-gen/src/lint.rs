//! The errors and notes of the generator, and warnings about legal documents whose generated client is harder to use or
//! to maintain than necessary.

mod evidence;
mod names;
mod operations;
mod paging;

use crate::check::{Rule, Subject};
use crate::codegen;
use openapi_document::diagnostic::Located;
use openapi_document::read::Document;

/// All findings about a document, in its order.
pub fn lint(document: &Document) -> Vec<Located> {
    let mut findings =
        codegen::model(document).map_or_else(|problems| problems, |(_, notes)| notes);
    let rules: [Rule; 4] = [
        names::check,
        operations::check,
        paging::check,
        evidence::check,
    ];
    let mut warnings = Vec::new();
    Subject::of(document).apply(&rules, &mut warnings);
    let warnings = warnings.into_iter();
    findings.extend(warnings.map(|warning| document.locate(warning.warning())));
    findings.sort_by_key(|finding| finding.position);
    findings
}
