//! The trial: for each document, our client and progenitor's are generated, compiled with callers of every operation, and run
//! against a server that keeps the requests, which are then compared.

#![allow(dead_code, reason = "the test and the example use their part of it")]

pub mod callers;
pub mod case;
pub mod recorder;
pub mod requests;
pub mod rules;
pub mod scratch;
pub mod theirs;
pub mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use openapi_document::read::Document;

use case::{Call, Case, Side, case};
use recorder::{Recorded, Recorder};
use requests::Difference;
use theirs::Route;

/// The largest number of builds until all of progenitor's clients compile.
const MAX_BUILDS: usize = 5;

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

/// Writes the crate of both clients of the documents and builds it, without the operations and documents for which
/// progenitor's client does not compile.
fn build(
    documents: &[(String, Document)],
    folder: &Path,
    target: &Path,
    lock: &Path,
    report: &mut Report,
) -> (Vec<Case>, PathBuf) {
    let mut uncompiled: BTreeMap<&str, Vec<Route>> = BTreeMap::new();
    let mut cases: Vec<Case> = Vec::new();
    for (module, document) in documents {
        match case(module, document, &[]) {
            Ok(case) => cases.push(case),
            Err(reason) => report.rejected.push((module.clone(), reason)),
        }
    }
    for _ in 0..MAX_BUILDS {
        scratch::write(folder, &cases, lock);
        let errors = match scratch::build(folder, target) {
            Ok(program) => return (cases, program),
            Err(errors) => errors,
        };
        let mut is_theirs = false;
        for (module, document) in documents {
            let Some(index) = cases.iter().position(|case| case.module == *module) else {
                continue;
            };
            let Some(errors) = errors.get(&format!("src/{module}/theirs.rs")) else {
                continue;
            };
            is_theirs = true;
            let routes = errors
                .iter()
                .map(|error| cases[index].theirs.route(error.line));
            let next = match routes.collect::<Option<Vec<Route>>>() {
                Some(routes) => {
                    let uncompiled = uncompiled.entry(module).or_default();
                    uncompiled.extend(routes);
                    case(module, document, uncompiled)
                }
                None => {
                    let first = errors[0].text.lines().next().unwrap_or_default();
                    Err(format!("its client does not compile: {first}"))
                }
            };
            match next {
                Ok(case) => cases[index] = case,
                Err(reason) => {
                    cases.remove(index);
                    report.rejected.push((module.clone(), reason));
                }
            }
        }
        // Until progenitor's clients compile, other errors may follow from those in them.
        if !is_theirs {
            panic!("{errors:#?}");
        }
    }
    panic!("progenitor's clients do not compile in {MAX_BUILDS} attempts");
}

/// Compiles and runs both clients of the documents, each under the name of a module, and compares the requests.
///
/// # Panics
///
/// If our client or a caller does not compile.
pub fn run(documents: &[(String, Document)], folder: &Path, target: &Path, lock: &Path) -> Report {
    let mut report = Report::default();
    let (cases, program) = build(documents, folder, target, lock, &mut report);
    for case in &cases {
        match case.theirs.rejected.is_empty() {
            true => report.accepted.push(case.module.clone()),
            false => report.accepted_in_part.push(case.module.clone()),
        }
        report.rejected_operations += case.theirs.rejected.len();
        report.operations += case.operations;
        report.uncalled.extend(case.uncalled.iter().cloned());
    }
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
    report
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
