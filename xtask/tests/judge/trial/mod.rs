//! The trial: for each document, our client and progenitor's are generated, compiled with callers of every operation, and run
//! against a server that keeps the requests, which are then compared.

#![allow(dead_code, reason = "the test and the example use their part of it")]

pub mod callers;
pub mod recorder;
pub mod requests;
pub mod rules;
pub mod scratch;
pub mod theirs;
pub mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use serde_json::Value;
use xtask::api::{Api, Content, Operation};
use xtask::read::Document;
use xtask::skip;

use recorder::{Recorded, Recorder};
use requests::Difference;
use theirs::Theirs;
use values::Extent;

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
}

/// A call of an operation by both clients with the same inputs.
pub struct Call {
    /// The index of the operation.
    pub operation: usize,
    /// Its inputs.
    pub extent: Extent,
    /// The JSON body.
    json: Option<Value>,
    ours: String,
    theirs: Result<String, String>,
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

/// The result of a trial.
#[derive(Debug, Default)]
pub struct Report {
    /// The documents that progenitor accepted as they are.
    pub accepted: Vec<String>,
    /// The documents of which it accepted some operations.
    pub accepted_in_part: Vec<String>,
    /// The other documents, with the reasons.
    pub rejected: Vec<(String, String)>,
    /// The number of operations that were called.
    pub operations: usize,
    /// The number of operations of these documents that progenitor does not accept.
    pub rejected_operations: usize,
    /// The operations without a call, with the reasons.
    pub uncalled: Vec<String>,
    /// The number of pairs of requests that were compared.
    pub requests: usize,
    /// The number of those that are equal, beside the header `api-version`.
    pub equal: usize,
    /// The differences with a reason: how often each occurred, and the first of each.
    pub reasons: BTreeMap<&'static str, (usize, String)>,
    /// The differences without a reason.
    pub faults: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (&self.accepted, &self.accepted_in_part);
        writeln!(
            f,
            "accepted as they are: {} ({})",
            whole.len(),
            whole.join(", ")
        )?;
        writeln!(f, "accepted in part: {} ({})", part.len(), part.join(", "))?;
        writeln!(f, "rejected: {}", self.rejected.len())?;
        for (document, reason) in &self.rejected {
            writeln!(f, "  {document}: {reason}")?;
        }
        writeln!(
            f,
            "operations: {}, and {} that progenitor rejects",
            self.operations, self.rejected_operations
        )?;
        for reason in &self.uncalled {
            writeln!(f, "  not called: {reason}")?;
        }
        let (requests, equal) = (self.requests, self.equal);
        writeln!(
            f,
            "requests: {requests}, equal beside `api-version`: {equal}"
        )?;
        for (reason, (count, first)) in &self.reasons {
            writeln!(f, "  {count} x {reason}\n      {first}")?;
        }
        writeln!(f, "faults: {}", self.faults.len())?;
        for fault in &self.faults {
            writeln!(f, "  {fault}")?;
        }
        Ok(())
    }
}

/// Both clients of a document and the calls; the reason if there are none.
pub fn case(module: &str, document: &Document, report: &mut Report) -> Option<Case> {
    let reject = |report: &mut Report, reason: String| {
        report.rejected.push((module.to_owned(), reason));
    };
    let theirs = match theirs::generate(&document.root) {
        Ok(theirs) => theirs,
        Err(reason) => {
            reject(report, reason);
            return None;
        }
    };
    let generated = match skip::generate(document, None) {
        Ok((generated, _)) => generated,
        Err(problems) => {
            let first = problems.first().map(ToString::to_string);
            reject(report, format!("ours: {}", first.unwrap_or_default()));
            return None;
        }
    };
    match theirs.rejected.is_empty() {
        true => report.accepted.push(module.to_owned()),
        false => report.accepted_in_part.push(module.to_owned()),
    }
    report.rejected_operations += theirs.rejected.len();
    let api = generated.api;
    let mut calls = Vec::new();
    for (index, operation) in api.operations.iter().enumerate() {
        let title = format!("{module} {}", operation.id);
        let key = (operation.method.clone(), operation.path_template());
        let Some(method) = theirs.methods.get(&key) else {
            if !theirs.rejected.contains(&key) {
                report
                    .uncalled
                    .push(format!("{title}: progenitor has no method for {key:?}"));
            }
            continue;
        };
        report.operations += 1;
        for extent in [Extent::Required, Extent::All] {
            let Some(inputs) = callers::inputs(&api, operation, extent) else {
                report
                    .uncalled
                    .push(format!("{title}: no values ({extent:?})"));
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
    Some(Case {
        module: module.to_owned(),
        api,
        ours: generated.files,
        theirs,
        calls,
    })
}

/// Compiles and runs both clients of the documents, and compares the requests.
///
/// # Panics
///
/// If our client or a caller does not compile.
pub fn run(cases: Vec<Case>, folder: &Path, target: &Path, lock: &Path, report: &mut Report) {
    let mut cases = cases;
    scratch::write(folder, &cases, lock);
    let program = match scratch::build(folder, target) {
        Ok(program) => program,
        Err(errors) => {
            // Documents whose client by progenitor is not Rust that compiles.
            let theirs: BTreeSet<&str> = errors
                .keys()
                .filter(|file| file.ends_with("theirs.rs"))
                .filter_map(|file| file.split('/').nth(1))
                .collect();
            for (file, errors) in &errors {
                let module = file.split('/').nth(1).unwrap_or_default();
                if !theirs.contains(module) {
                    report
                        .faults
                        .push(format!("{file} does not compile: {}", errors[0]));
                }
            }
            for module in &theirs {
                let first = &errors[&format!("src/{module}/theirs.rs")][0];
                let first = first.lines().next().unwrap_or_default();
                let reason = format!("its client does not compile: {first}");
                report.rejected.push(((*module).to_owned(), reason));
            }
            cases.retain(|case| {
                !errors
                    .keys()
                    .any(|file| file.split('/').nth(1) == Some(&case.module))
            });
            report
                .accepted
                .retain(|name| cases.iter().any(|case| case.module == *name));
            report
                .accepted_in_part
                .retain(|name| cases.iter().any(|case| case.module == *name));
            scratch::write(folder, &cases, lock);
            scratch::build(folder, target).unwrap_or_else(|errors| panic!("{errors:#?}"))
        }
    };
    let recorder = Recorder::start();
    let unsent = scratch::run(&program, &recorder);
    let requests = recorder.stop();
    for case in &cases {
        for (number, call) in case.calls.iter().enumerate() {
            let operation = &case.api.operations[call.operation];
            let differences = compare(case, number, call, &unsent, &requests);
            let is_compared = differences
                .iter()
                .all(|difference| !difference.location.starts_with("call"));
            report.requests += usize::from(is_compared);
            let is_equal = differences
                .iter()
                .all(|difference| difference.location == "header api-version");
            report.equal += usize::from(is_equal);
            for difference in differences {
                let title = format!(
                    "{} {} ({:?}): {}: ours {:?}, theirs {:?}",
                    case.module,
                    operation.id,
                    call.extent,
                    difference.location,
                    difference.ours,
                    difference.theirs
                );
                match rules::reason(&case.api, operation, &difference) {
                    Some(reason) => report.reasons.entry(reason).or_insert((0, title)).0 += 1,
                    None => report.faults.push(title),
                }
            }
        }
    }
}

fn compare(
    case: &Case,
    number: usize,
    call: &Call,
    unsent: &BTreeMap<String, String>,
    requests: &BTreeMap<String, Recorded>,
) -> Vec<Difference> {
    let title = |side: Side| format!("{}.{number}.{}", case.module, side.word());
    let request = |side| {
        requests.get(&title(side)).ok_or_else(|| {
            let reason = unsent.get(&title(side)).cloned();
            reason.unwrap_or_else(|| "no request".to_owned())
        })
    };
    let theirs = match &call.theirs {
        Ok(_) => request(Side::Theirs),
        Err(reason) => Err(format!("signature: {reason}")),
    };
    let ours = request(Side::Ours);
    if let (Ok(ours), Some(json)) = (&ours, &call.json) {
        let changed = requests::changed(json, &ours.body);
        if !changed.is_empty() {
            return changed;
        }
    }
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => requests::differences(ours, theirs),
        (ours, theirs) => vec![Difference {
            location: "call".to_owned(),
            ours: ours.err(),
            theirs: theirs.err(),
        }],
    }
}

/// Whether the body of an operation is JSON.
fn has_json(operation: &Operation) -> bool {
    let body = operation.body.as_ref();
    body.is_some_and(|body| matches!(body.content, Content::Json(_)))
}
