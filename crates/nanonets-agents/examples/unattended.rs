//! A conversation without a person: questions are answered by a rule.
//!
//! `cargo run -p nanonets-agents --example unattended -- AGENT_ID PROMPT`, with `NANONETS_API_KEY` set and, for the
//! simulator, `NANONETS_BASE_URL`.

use std::time::Duration;

use nanonets_agents::{AgentId, Client, Outcome};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let agent: AgentId = args.next().ok_or("an agent id is needed")?.parse()?;
    let prompt = args.next().ok_or("a prompt is needed")?;
    let client = Client::from_env()?;
    let task = client.agent(agent).run().query(prompt).start().await?;
    let outcome = task
        .wait()
        .timeout(Duration::from_secs(600))
        .answer_with(async |question| {
            let text = question.text().unwrap_or_default();
            let answer = if text.contains("currency") {
                "EUR"
            } else {
                "Use your judgement."
            };
            println!("{text} {answer}");
            Some(answer.to_owned())
        })
        .await?;
    match outcome {
        Outcome::Completed(done) => println!("{}", done.require_output()?.pretty()),
        outcome => println!("the task {} did not complete", outcome.task().id()),
    }
    Ok(())
}
