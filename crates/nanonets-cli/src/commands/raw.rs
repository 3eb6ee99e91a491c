//! Answers as they came, for what the types of the SDK do not have and what they reject.

use nanonets_agents::{ErrorKind, Request};

use crate::failure::Failure;
use crate::output;

/// Sends a request, and prints the body of the answer, also of one that is an error. Of those, the SDK keeps the first 64
/// KiB.
pub async fn print<T: Send + 'static>(request: Request<T>) -> Result<(), Failure> {
    match request.raw().await {
        Ok(answer) => output::raw(&answer.body),
        Err(error) => {
            if error.body().is_empty() {
                return Err(error.into());
            }
            output::raw(error.body())?;
            let is_cut = error.kind() == ErrorKind::TooLarge;
            let failure = Failure::from(error);
            Err(match is_cut {
                true => failure.line("Its beginning is on stdout."),
                false => failure,
            })
        }
    }
}
