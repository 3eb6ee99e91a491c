//! A task that asks: its questions are printed, and answered from stdin.
//!
//! `cargo run -p nanonets-agents --example converse -- AGENT_ID PROMPT`, with `NANONETS_API_KEY` set and, for the
//! simulator, `NANONETS_BASE_URL`.

use std::io::stdin;
use std::time::Duration;

use nanonets_agents::{AgentId, Client, Outcome};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let agent: AgentId = args.next().ok_or("an agent id is needed")?.parse()?;
    let prompt = args.next().ok_or("a prompt is needed")?;
    let client = Client::from_env()?;
    let mut task = client.agent(agent).run().query(prompt).start().await?;
    println!("task {}", task.id());
    loop {
        let wait = task.wait().timeout(Duration::from_secs(600));
        task = match wait.on_status(|task| println!("{}", task.status)).await? {
            Outcome::NeedsInput(question) => {
                println!(
                    "{}",
                    question.text().unwrap_or("(a question that is no text)")
                );
                let mut answer = String::new();
                stdin().read_line(&mut answer)?;
                question.reply(answer.trim()).await?
            }
            Outcome::NeedsReview(task) => {
                println!("approve it in the dashboard");
                task
            }
            Outcome::Completed(done) => {
                println!("{}", done.require_output()?.pretty());
                return Ok(());
            }
            Outcome::Failed(failure) => {
                let reason = failure.reason().await?.unwrap_or_default();
                return Err(format!("the task has failed: {reason}").into());
            }
            outcome => return Err(format!("{outcome:?}").into()),
        };
    }
}
