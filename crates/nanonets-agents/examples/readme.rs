//! The code of the README, as a program.
//!
//! `cargo run -p nanonets-agents --example readme -- read AGENT_ID`, `... -- reconcile AGENT_ID` or `... -- totals`, with
//! `NANONETS_API_KEY` set and, for the simulator, `NANONETS_BASE_URL`, where there are the files that it names.

mod read {
    use nanonets_agents::{AgentId, Client};

    #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
    #[expect(dead_code, reason = "they are printed")]
    pub struct Invoice {
        vendor: String,
        line_items: Vec<LineItem>,
    }

    #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
    #[expect(dead_code, reason = "they are printed")]
    pub struct LineItem {
        description: String,
        amount: f64,
    }

    pub async fn read(agent_id: AgentId) -> nanonets_agents::Result<Invoice> {
        let client = Client::from_env()?; // NANONETS_API_KEY, NANONETS_BASE_URL
        client
            .agent(agent_id)
            .run()
            .query("Extract the line items.")
            .file("invoice.pdf")
            .file("invoice-back.pdf")
            .extract::<Invoice>() // schema from the type, upload, wait, decode
            .await
    }
}

mod reconcile {
    use nanonets_agents::{AgentId, Client, Outcome};
    use std::time::Duration;

    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "it is printed")]
    pub struct Report {
        balance: f64,
    }

    pub async fn reconcile(
        client: Client,
        agent_id: AgentId,
    ) -> nanonets_agents::Result<Option<Report>> {
        let run = client.agent(agent_id).run().query("Reconcile March.");
        let mut task = run.start().await?; // keep task.id(): any process can go on with it
        loop {
            task = match task.wait().timeout(Duration::from_secs(600)).await? {
                Outcome::Completed(done) => return Ok(Some(done.extracted::<Report>()?)),
                Outcome::NeedsInput(question) => question.reply("Use the second line.").await?,
                Outcome::NeedsReview(task) => task, // approved in the dashboard; wait again for that
                Outcome::Failed(failure) => {
                    println!("{:?}", failure.reason().await?);
                    return Ok(None);
                }
                _ => return Ok(None), // it was stopped
            };
        }
    }
}

mod totals {
    use nanonets_agents::Client;

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct Invoice {
        vendor: String,
        total: f64,
    }

    #[tokio::main]
    pub async fn main() -> nanonets_agents::Result<()> {
        let client = Client::from_env()?;
        let agent = client.agents().create().await?;
        let run = client.agent(agent.id).run().query("Extract the total.");
        let invoice: Invoice = run.file("Cargo.toml").extract().await?;
        println!("{} wants {}", invoice.vendor, invoice.total);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let which = args
        .next()
        .ok_or("`read`, `reconcile` or `totals` is needed")?;
    if which == "totals" {
        return Ok(totals::main()?);
    }
    let agent = args.next().ok_or("an agent id is needed")?.parse()?;
    let runtime = tokio::runtime::Runtime::new()?;
    if which == "read" {
        println!("{:?}", runtime.block_on(read::read(agent))?);
    } else {
        let client = nanonets_agents::Client::from_env()?;
        println!(
            "{:?}",
            runtime.block_on(reconcile::reconcile(client, agent))?
        );
    }
    Ok(())
}
