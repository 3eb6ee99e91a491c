//! The simulator in a process of its own.

use nanonets_agents::{AgentId, Client};
use nanonets_agents_sim::{Operation, Script, Simulator};

use crate::common::{Peer, Result, until_stdin_closes};

/// The simulator, seen from the benchmark.
pub struct Server {
    peer: Peer,
    pub base_url: String,
    pub api_key: String,
    pub agent: AgentId,
}

impl Server {
    /// Starts this executable in a role that calls [`serve`].
    pub fn start(role: &[&str]) -> Result<Self> {
        let mut peer = Peer::start(role)?;
        let line = peer.line()?;
        let [base_url, api_key, agent] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(format!("the simulator says {line:?}").into());
        };
        Ok(Self {
            base_url: base_url.to_owned(),
            api_key: api_key.to_owned(),
            agent: agent.parse()?,
            peer,
        })
    }

    /// A client of it.
    pub fn client(&self) -> Result<Client> {
        client(&self.base_url, &self.api_key)
    }

    /// Stops it, and returns how many reads of a task, and of a task's answer, it has seen.
    pub fn stop(self) -> Result<(u64, u64)> {
        let counts = self.peer.finish()?;
        let (tasks, summaries) = counts.trim().split_once(' ').ok_or("no counts")?;
        Ok((tasks.parse()?, summaries.parse()?))
    }
}

pub fn client(base_url: &str, api_key: &str) -> Result<Client> {
    Ok(Client::builder(api_key).base_url(base_url).build()?)
}

/// Serves tasks that follow the script until stdin is closed.
#[tokio::main(flavor = "current_thread")]
pub async fn serve(script: Script) -> Result<()> {
    let simulator = Simulator::start().await;
    simulator.script(script);
    let agent = simulator.create_agent("Invoices").id;
    println!("{} {} {agent}", simulator.base_url(), simulator.api_key());
    tokio::task::spawn_blocking(until_stdin_closes).await??;
    let count = |operation| simulator.count(operation);
    println!(
        "{} {}",
        count(Operation::GetTask),
        count(Operation::GetTaskSummary)
    );
    Ok(())
}
