//! Answers as they came, for what the types of the SDK do not have and what they reject.

use nanonets_agents::Request;

use crate::failure::Failure;
use crate::output;

/// Sends a request, and prints the body of the answer.
pub async fn print<T: Send + 'static>(request: Request<T>) -> Result<(), Failure> {
    output::raw(&request.raw().await?.body)
}
