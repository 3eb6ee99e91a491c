//! Waiting for a task that another process started, and giving up in time to do something else.
//!
//! `cargo run -p nanonets-agents --example resume -- TASK_ID SECONDS`, with `NANONETS_API_KEY` set and, for the
//! simulator, `NANONETS_BASE_URL`.

use std::time::Duration;

use nanonets_agents::{Client, Outcome, TaskId};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let task: TaskId = args.next().ok_or("a task id is needed")?.parse()?;
    let seconds = args
        .next()
        .ok_or("a number of seconds is needed")?
        .parse()?;
    let client = Client::from_env()?;
    let wait = client
        .task(task)
        .wait()
        .timeout(Duration::from_secs_f64(seconds));
    match wait.await {
        Ok(Outcome::Completed(done)) => println!("{}", done.require_output()?.pretty()),
        Ok(outcome) => println!("{outcome:?}"),
        Err(error) => match error.waited() {
            Some(waited) => println!("{error}, after {} polls; run this again", waited.polls),
            None => return Err(error.into()),
        },
    }
    Ok(())
}
