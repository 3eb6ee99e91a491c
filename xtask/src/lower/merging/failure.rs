//! Why what a schema is made of can't be put together.

use super::expansion::MAX_COMBINATIONS;
use super::{MAX_DEPTH, MAX_SCHEMAS, MAX_VALUES};
use crate::diagnostic::Diagnostic;

/// Why parts can't be put together.
#[derive(Debug)]
pub enum Failure {
    /// No value fits them all.
    Contradiction,
    TooDeep,
    /// The branches of unions combine in too many ways.
    TooManyCombinations,
    /// Too many schemas come of it.
    TooManySchemas,
    TooManyValues,
}

impl Failure {
    /// What is said of the schema at a place.
    pub fn diagnostic(&self, place: &str) -> Diagnostic {
        let too_intricate = |message| {
            Diagnostic::error("too-intricate", place, message).hint(
                "describe the value as any JSON by leaving its type out, or list what really occurs",
            )
        };
        match self {
            Self::Contradiction => Diagnostic::error(
                "contradiction",
                place,
                "no value fits the schema: its parts contradict each other",
            )
            .hint("correct one of the parts, or describe what the value really is"),
            Self::TooDeep => too_intricate(format!(
                "the schema is made of parts that are made of parts more than {MAX_DEPTH} levels deep"
            )),
            Self::TooManyCombinations => too_intricate(format!(
                "the schema combines unions in more than {MAX_COMBINATIONS} ways"
            )),
            Self::TooManySchemas => too_intricate(format!(
                "to put the schema together takes more than {MAX_SCHEMAS} others"
            )),
            Self::TooManyValues => Diagnostic::error(
                "too-intricate",
                place,
                format!(
                    "up to here, schemas are put together from more than {MAX_VALUES} values, and twice those of the document"
                ),
            )
            .hint("leave fields that many schemas take from one to a property, or combine fewer unions"),
        }
    }
}

/// Takes from what is left.
pub fn spend(left: &mut usize, values: usize) -> Result<(), Failure> {
    *left = left.saturating_sub(values);
    if *left == 0 {
        return Err(Failure::TooManyValues);
    }
    Ok(())
}
