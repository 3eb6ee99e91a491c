//! What has to be left out of a document so that the rest of it can be generated: `--skip-unsupported`.
//!
//! A document that somebody else wrote can't be corrected by who reads it. So each error is charged to the operations
//! that have to do with its place, directly or by way of what they refer to; those are taken out, and what they alone
//! needed may stay as bad as it is. An error that no operation can answer for stops the generator all the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::Api;
use crate::codegen::{self, Generated};
use crate::diagnostic::{Located, Place, Position, Severity};
use crate::pointer;
use crate::read::Document;
use crate::shape::Walk;
use crate::view::{METHODS, OperationView};

/// An operation that was left out.
#[derive(Debug)]
pub struct LeftOut {
    /// Its operationId, or what stands for one.
    pub operation: String,
    /// Method and path.
    pub route: String,
    /// Where it stands.
    pub position: Position,
    /// Why, in the order of the document.
    pub causes: Vec<Located>,
}

/// The model of what can be generated of a document, and the operations that are not in it, in the order of the document.
///
/// # Errors
///
/// The problems of the document as a whole.
pub fn model(document: &Document) -> Result<(Api, Vec<LeftOut>), Vec<Located>> {
    let api = |document: &Document| codegen::model(document).map(|(api, _)| api);
    rounds(document, api)
}

/// Generates what can be generated of a document: the module, and the operations that are not in it, in the order of the
/// document.
///
/// # Errors
///
/// What is wrong with the document as a whole; nothing is generated then.
pub fn generate(
    document: &Document,
    inner: Option<&str>,
) -> Result<(Generated, Vec<LeftOut>), Vec<Located>> {
    rounds(document, |document| codegen::generate(document, inner))
}

/// [`generate`] for a crate of its own.
///
/// # Errors
///
/// As [`generate`].
pub fn generate_crate(
    document: &Document,
    name: &str,
) -> Result<(Generated, Vec<LeftOut>), Vec<Located>> {
    rounds(document, |document| codegen::generate_crate(document, name))
}

/// Some problems show only once others are gone, so this goes on until there are none or none can be charged to anything.
fn rounds<T>(
    document: &Document,
    attempt: impl Fn(&Document) -> Result<T, Vec<Located>>,
) -> Result<(T, Vec<LeftOut>), Vec<Located>> {
    let mut left_out = Vec::new();
    let mut rest = document.without([]);
    loop {
        let problems = match attempt(&rest) {
            Ok(made) => {
                left_out.sort_by_key(|left_out: &LeftOut| left_out.position);
                return Ok((made, left_out));
            }
            Err(problems) => problems,
        };
        let units = Units::of(&rest);
        let bad = units.tainted(&rest, &problems)?;
        if bad.is_empty() {
            return Err(problems);
        }
        left_out.extend(units.left_out(&rest, &bad, &problems));
        rest = rest.without(bad.iter().map(String::as_str));
    }
}

/// The parts of a document that can be taken out: operations, path items and components, each by its pointer, and the
/// units that each of them needs.
struct Units {
    needs: BTreeMap<String, BTreeSet<String>>,
}

impl Units {
    fn of(document: &Document) -> Self {
        let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for found in Walk::document(&document.root).found {
            let Some(unit) = unit(&found.pointer) else {
                continue;
            };
            let needed = needs.entry(unit.to_owned()).or_default();
            let target = found.reference.as_deref().and_then(|target| {
                let target = unit_of_target(target)?;
                (target != unit).then(|| target.to_owned())
            });
            needed.extend(target);
        }
        for operation in OperationView::all(&document.root) {
            let item = pointer::join("/paths", operation.path);
            let pointer = operation.pointer();
            let own = unit(&pointer).unwrap_or(&item);
            if own != item {
                needs.entry(own.to_owned()).or_default().insert(item);
            }
        }
        Self { needs }
    }

    /// The units that have an error in them, and those that need them.
    ///
    /// # Errors
    ///
    /// The errors that are in no unit.
    fn tainted(
        &self,
        document: &Document,
        problems: &[Located],
    ) -> Result<BTreeSet<String>, Vec<Located>> {
        let exists = |unit: &str| pointer::get(&document.root, unit).is_some();
        let (own, foreign): (Vec<_>, Vec<_>) = errors(problems)
            .map(|problem| (problem, place(problem).and_then(unit)))
            .partition(|(_, unit)| unit.is_some_and(exists));
        if !foreign.is_empty() {
            let foreign = foreign.into_iter();
            return Err(foreign.map(|(problem, _)| problem.clone()).collect());
        }
        let mut needed_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (unit, needs) in &self.needs {
            for need in needs {
                needed_by.entry(need).or_default().push(unit);
            }
        }
        let mut tainted = BTreeSet::new();
        let mut pending: Vec<&str> = own.into_iter().filter_map(|(_, unit)| unit).collect();
        while let Some(unit) = pending.pop() {
            if tainted.insert(unit.to_owned()) {
                pending.extend(needed_by.get(unit).into_iter().flatten());
            }
        }
        Ok(tainted)
    }

    /// The operations among `bad`, each with the errors that it is left out for.
    fn left_out(
        &self,
        document: &Document,
        bad: &BTreeSet<String>,
        problems: &[Located],
    ) -> Vec<LeftOut> {
        let mut by_unit: BTreeMap<&str, Vec<&Located>> = BTreeMap::new();
        for problem in errors(problems) {
            if let Some(unit) = place(problem).and_then(unit) {
                by_unit.entry(unit).or_default().push(problem);
            }
        }
        OperationView::all(&document.root)
            .into_iter()
            .filter_map(|operation| {
                // One of a path item that several paths refer to is left out with the path.
                let pointer = operation.pointer();
                let mut units = [
                    unit(&pointer)?.to_owned(),
                    pointer::join("/paths", operation.path),
                ]
                .into_iter();
                Some((operation, units.find(|unit| bad.contains(unit))?))
            })
            .map(|(operation, unit)| {
                let needed = self.closure(unit);
                let causes = needed
                    .iter()
                    .filter_map(|unit| by_unit.get(unit.as_str()))
                    .flatten();
                let mut causes: Vec<Located> = causes.map(|&cause| cause.clone()).collect();
                causes.sort_by_key(|cause| cause.position);
                LeftOut {
                    operation: operation.effective_id(),
                    route: format!(
                        "{} {}",
                        operation.method.to_ascii_uppercase(),
                        operation.path
                    ),
                    position: document.position(&operation.pointer()),
                    causes,
                }
            })
            .collect()
    }

    /// A unit and all that it needs.
    fn closure(&self, unit: String) -> BTreeSet<String> {
        let mut closure = BTreeSet::new();
        let mut pending = vec![unit];
        while let Some(unit) = pending.pop() {
            if let Some(needs) = self.needs.get(&unit)
                && closure.insert(unit)
            {
                pending.extend(needs.iter().cloned());
            }
        }
        closure
    }
}

fn errors(problems: &[Located]) -> impl Iterator<Item = &Located> {
    problems
        .iter()
        .filter(|problem| problem.diagnostic.severity == Severity::Error)
}

fn place(problem: &Located) -> Option<&str> {
    match &problem.diagnostic.place {
        Place::Pointer(pointer) => Some(pointer),
        Place::Position(_) => None,
    }
}

/// The unit that a place belongs to.
fn unit(pointer: &str) -> Option<&str> {
    let ends: Vec<usize> = pointer
        .match_indices('/')
        .map(|(at, _)| at)
        .skip(1)
        .chain([pointer.len()])
        .take(3)
        .collect();
    let upto = |level: usize| ends.get(level).map(|end| &pointer[..*end]);
    match upto(0)? {
        "/components" => upto(2),
        "/paths" => match upto(2) {
            Some(operation) if METHODS.contains(&pointer::last(operation).as_str()) => {
                Some(operation)
            }
            _ => upto(1),
        },
        _ => None,
    }
}

fn unit_of_target(target: &str) -> Option<&str> {
    unit(target.strip_prefix('#')?)
}
