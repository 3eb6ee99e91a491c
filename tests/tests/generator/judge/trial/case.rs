//! A document with both clients, and the calls of each operation.

use std::collections::BTreeMap;

use openapi_client_gen::api::{Api, Content, Operation};
use openapi_client_gen::skip;
use openapi_document::pointer;
use openapi_document::read::Document;
use serde_json::Value;

use super::callers;
use super::theirs::{self, Route, Theirs};
use super::values::Extent;

/// One of the two clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// That of this workspace's generator.
    Ours,
    /// That of progenitor.
    Theirs,
}

impl Side {
    /// Its name in code.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Theirs => "theirs",
        }
    }
}

/// A document with both clients and the calls.
pub struct Case {
    /// The name of its module.
    pub module: String,
    /// Its model.
    pub api: Api,
    /// The files of our client.
    pub ours: BTreeMap<String, String>,
    /// Their client.
    pub theirs: Theirs,
    /// The calls of both.
    pub calls: Vec<Call>,
    /// The operations without a call, with the reasons.
    pub uncalled: Vec<String>,
    /// The number of operations that both clients have.
    pub operations: usize,
}

/// A call of an operation by both clients with the same inputs.
pub struct Call {
    /// The index of the operation.
    pub operation: usize,
    /// Its inputs.
    pub extent: Extent,
    /// The JSON body.
    pub json: Option<Value>,
    /// The code of our call.
    pub ours: String,
    /// The code of theirs, or the reason why there is none.
    pub theirs: Result<String, String>,
}

impl Call {
    /// The code of the call of a client.
    pub fn code(&self, side: Side) -> Option<&str> {
        match side {
            Side::Ours => Some(&self.ours),
            Side::Theirs => self.theirs.as_deref().ok(),
        }
    }
}

/// Both clients of a document and the calls.
///
/// # Errors
///
/// The reason why progenitor's client or ours can't be generated.
pub fn case(module: &str, document: &Document, uncompiled: &[Route]) -> Result<Case, String> {
    let theirs = theirs::generate(&document.root, uncompiled)?;
    let (generated, _) = skip::supported(document, |document| {
        openapi_client_gen::codegen::generate(document, None)
    })
    .map_err(|problems| {
        let first = problems.first().map(ToString::to_string);
        format!("ours: {}", first.unwrap_or_default())
    })?;
    let api = generated.api;
    let (mut calls, mut uncalled, mut operations) = (Vec::new(), Vec::new(), 0);
    for (index, operation) in api.operations.iter().enumerate() {
        let title = format!("{module} {}", operation.id);
        // As it is in the document: the path template of the model has no fragment.
        let path = pointer::tokens(&operation.origin).nth(1);
        let route = (operation.method.clone(), path.unwrap_or_default());
        let Some(method) = theirs.methods.get(&route) else {
            if !theirs.rejected.contains(&route) {
                uncalled.push(format!("{title}: progenitor has no method for {route:?}"));
            }
            continue;
        };
        operations += 1;
        for extent in [Extent::Required, Extent::All] {
            let Some(inputs) = callers::inputs(&api, operation, extent) else {
                uncalled.push(format!("{title}: no values ({extent:?})"));
                continue;
            };
            calls.push(Call {
                operation: index,
                extent,
                json: inputs.body.clone().filter(|_| has_json(operation)),
                ours: callers::ours(&api, operation, &inputs),
                theirs: callers::theirs(operation, &inputs, method),
            });
        }
    }
    Ok(Case {
        module: module.to_owned(),
        api,
        ours: generated.files,
        theirs,
        calls,
        uncalled,
        operations,
    })
}

/// Whether the body of an operation is JSON.
fn has_json(operation: &Operation) -> bool {
    let body = operation.body.as_ref();
    body.is_some_and(|body| matches!(body.content, Content::Json(_)))
}
