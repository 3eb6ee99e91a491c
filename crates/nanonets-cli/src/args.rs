//! The command line.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{ArgAction, Args, Parser, Subcommand};
use clap_complete::Shell;
use nanonets_agents::{AgentId, AgentStatus, TaskId, TaskStatus};

use crate::exit_code::EXIT_CODES;
use crate::time;

/// The exit codes, below the help of a command that can end with any of them.
fn codes() -> String {
    let rows = EXIT_CODES.map(|(code, meaning)| format!("  {code:<3}  {meaning}\n"));
    format!(
        "Exit codes:\n{}\nData goes to stdout, everything else to stderr.",
        rows.concat()
    )
}

/// Run document agents of the Nanonets Agents API.
#[derive(Debug, Parser)]
#[command(name = "nanonets", version, after_help = codes(), max_term_width = 80)]
pub struct Cli {
    #[command(flatten)]
    pub connection: Connection,
    #[command(flatten)]
    pub format: Format,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Connection")]
pub struct Connection {
    /// Read the API key from FILE, or from stdin for `-`, instead of NANONETS_API_KEY
    #[arg(long, value_name = "FILE", global = true)]
    pub api_key_file: Option<String>,
    #[arg(long, value_name = "URL", global = true)]
    #[arg(
        help = "Call the API at URL instead of NANONETS_BASE_URL or https://agents.nanonets.com"
    )]
    pub base_url: Option<String>,
    /// Call a simulator that starts with this command: needs no key and no network
    #[arg(long, global = true, conflicts_with_all = ["api_key_file", "base_url"])]
    pub simulate: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Format {
    /// Write JSON, also to a terminal
    #[arg(long, global = true)]
    pub json: bool,
    /// Write one JSON object per line
    #[arg(long, global = true, conflicts_with = "json")]
    pub jsonl: bool,
    /// Write nothing but errors to stderr
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run an agent on a prompt and documents, and print its output
    Run(Run),
    /// Look for the task of a run whose answer was lost
    #[command(subcommand)]
    Runs(Runs),
    /// List, print, create, change and publish agents
    #[command(subcommand)]
    Agents(Agents),
    /// List, print, answer, wait for and cancel tasks
    #[command(subcommand)]
    Tasks(Tasks),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page of a command, for `man -l -`
    Man {
        /// The command, such as `tasks list`; without one, `nanonets` itself
        command: Vec<String>,
    },
}

#[derive(Debug, Args)]
#[command(after_help = codes())]
pub struct Run {
    /// The agent's id; not needed with --simulate
    #[arg(value_parser = agent_to_run)]
    pub agent: Option<AgentId>,
    /// The prompt; others on this machine can see it in the list of processes
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub query: Option<String>,
    /// Read the prompt from FILE, or from stdin for `-`
    #[arg(long, value_name = "FILE", conflicts_with = "query")]
    pub query_file: Option<String>,
    /// A document; can be given several times
    #[arg(long, value_name = "PATH")]
    pub file: Vec<PathBuf>,
    /// The wanted output as a JSON Schema: a file, `-` for stdin, or the JSON itself
    #[arg(long, value_name = "FILE_OR_JSON")]
    pub schema: Option<String>,
    /// Guidance for the output, such as the format of dates
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub instructions: Option<String>,
    /// Write a record of the run to FILE before it is sent, for `runs find`
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Put a marker in front of the prompt, by which `runs find` recognises the task
    #[arg(long, requires = "record")]
    pub marker: bool,
    /// Start the task, print its id and exit
    #[arg(long, conflicts_with_all = ["timeout", "cancel_on_interrupt"])]
    pub no_wait: bool,
    #[command(flatten)]
    pub waiting: Waiting,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct Waiting {
    /// Stop after this time, such as 90s or 10m; by default, a wait stops after a day. A started task keeps running
    #[arg(long, value_name = "TIME", value_parser = time::duration, allow_hyphen_values = true)]
    pub timeout: Option<Duration>,
    /// Cancel the task on Ctrl-C
    #[arg(long)]
    pub cancel_on_interrupt: bool,
}

#[derive(Debug, Subcommand)]
pub enum Runs {
    /// List the tasks that a run may have started; ends with 1 if there was none, with 6 if none is certain
    #[command(after_help = codes())]
    Find {
        /// The file that `run --record` wrote
        record: PathBuf,
        /// Look again until that is known: up to five minutes after the end of the run
        #[arg(long)]
        wait: bool,
        /// The API key was replaced since the run by another one of the same workspace
        #[arg(long)]
        other_key: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum Agents {
    /// List agents, newest first
    List {
        /// Only agents whose name contains TEXT, ignoring case
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        #[arg(long, value_delimiter = ',', value_parser = status::<AgentStatus>)]
        #[arg(help = only_in("agents", AgentStatus::KNOWN))]
        status: Vec<AgentStatus>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Print an agent with its configuration
    Get {
        /// The agent's id
        #[arg(value_parser = id::<AgentId>)]
        agent: AgentId,
        #[command(flatten)]
        raw: Raw,
    },
    /// Create an agent, which is published at once
    Create {
        /// Its name
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        #[command(flatten)]
        prompt: Prompt,
        /// Its configuration: a JSON file, `-` for stdin, or the JSON itself
        #[arg(long, value_name = "FILE_OR_JSON")]
        config: Option<String>,
    },
    /// Change an agent in place
    Update {
        /// The agent's id
        #[arg(value_parser = id::<AgentId>)]
        agent: AgentId,
        /// Rename it
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        #[command(flatten)]
        prompt: Prompt,
        /// Change these keys of its configuration; null removes one
        #[arg(long, value_name = "FILE_OR_JSON", conflicts_with = "replace_config")]
        merge_config: Option<String>,
        /// Replace its whole configuration
        #[arg(long, value_name = "FILE_OR_JSON")]
        replace_config: Option<String>,
        /// Allow runs of it, or forbid them
        #[arg(long, value_name = "BOOL", action = ArgAction::Set)]
        active: Option<bool>,
    },
    /// Publish the draft of an agent
    Publish {
        /// The agent's id
        #[arg(value_parser = id::<AgentId>)]
        agent: AgentId,
    },
    /// List the versions of an agent, newest first
    Versions {
        /// The agent's id
        #[arg(value_parser = id::<AgentId>)]
        agent: AgentId,
        #[command(flatten)]
        paging: Paging,
    },
}

#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct Prompt {
    /// Its system prompt
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub system_prompt: Option<String>,
    /// Read its system prompt from FILE, or from stdin for `-`
    #[arg(long, value_name = "FILE")]
    pub system_prompt_file: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Tasks {
    /// List tasks, newest first
    List {
        /// Only tasks of this agent
        #[arg(long, value_name = "ID", value_parser = id::<AgentId>)]
        agent: Option<AgentId>,
        #[arg(long, value_delimiter = ',', value_parser = status::<TaskStatus>)]
        #[arg(help = only_in("tasks", TaskStatus::KNOWN))]
        status: Vec<TaskStatus>,
        /// Only tasks created then or later: 2026-01-31T09:30:00Z, a date, or how long ago, like 2h
        #[arg(long, value_name = "TIME", value_parser = time::time)]
        created_after: Option<DateTime<Utc>>,
        /// Only tasks created then or earlier
        #[arg(long, value_name = "TIME", value_parser = time::time)]
        created_before: Option<DateTime<Utc>>,
        /// Only tasks whose title contains TEXT, ignoring case
        #[arg(long, value_name = "TEXT")]
        title: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Print the status of a task
    Get {
        /// The task's id
        #[arg(value_parser = id::<TaskId>)]
        task: TaskId,
        #[command(flatten)]
        raw: Raw,
    },
    /// Print the summary of a task, with its output
    Summary {
        /// The task's id
        #[arg(value_parser = id::<TaskId>)]
        task: TaskId,
        #[command(flatten)]
        raw: Raw,
    },
    /// Print a task with everything that the agent did
    Result {
        /// The task's id
        #[arg(value_parser = id::<TaskId>)]
        task: TaskId,
        #[command(flatten)]
        raw: Raw,
    },
    /// Print the conversation, oldest message first
    Messages {
        /// The task's id
        #[arg(value_parser = id::<TaskId>)]
        task: TaskId,
        #[command(flatten)]
        raw: Raw,
    },
    /// Answer a question, or send another message
    #[command(after_help = codes())]
    Reply {
        /// The task's id
        #[arg(value_parser = id::<TaskId>)]
        task: TaskId,
        /// The message, or `-` for stdin; others on this machine can see it in the list of processes
        #[arg(allow_hyphen_values = true, required_unless_present = "message_file")]
        message: Option<String>,
        /// Read the message from FILE, or from stdin for `-`
        #[arg(long, value_name = "FILE", conflicts_with = "message")]
        message_file: Option<String>,
        /// Then wait for the task, as `wait` does
        #[arg(long)]
        wait: bool,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Cancel a task; a step in progress still ends
    Cancel {
        /// The task's id
        #[arg(value_parser = id::<TaskId>)]
        task: TaskId,
    },
    /// Wait for a task and print its output
    #[command(after_help = codes())]
    Wait {
        /// The task's id
        #[arg(value_parser = id::<TaskId>)]
        task: TaskId,
        #[command(flatten)]
        waiting: Waiting,
    },
}

#[derive(Debug, Args)]
pub struct Paging {
    /// At most N items
    #[arg(long, value_name = "N", default_value = "20", value_parser = limit, allow_hyphen_values = true)]
    pub limit: usize,
    /// All items
    #[arg(long, conflicts_with = "limit")]
    pub all: bool,
    /// Start where an earlier list ended
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
    /// Print the body of the answer as it came: one page, with at most 100 items
    #[arg(long, conflicts_with_all = ["all", "json", "jsonl"])]
    pub raw: bool,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct Raw {
    /// Print the body of the answer as it came, whatever it is
    #[arg(long, conflicts_with_all = ["json", "jsonl"])]
    pub raw: bool,
}

/// An id of whatever kind.
fn id<T: std::str::FromStr>(text: &str) -> Result<T, &'static str> {
    text.parse()
        .map_err(|_| "an id is a UUID, such as 7f7e4431-66f4-4eb9-bc91-473994247fe4")
}

/// The longest list.
fn limit(text: &str) -> Result<usize, &'static str> {
    text.parse()
        .ok()
        .filter(|&limit| limit > 0)
        .ok_or("give a number from 1 on, or --all")
}

/// The id of an agent, where it is easy to name a document instead.
fn agent_to_run(text: &str) -> Result<AgentId, String> {
    id(text).map_err(|error| {
        if Path::new(text).exists() {
            format!("{error}; a document is given by --file")
        } else {
            error.to_owned()
        }
    })
}

/// The help of a filter by status.
fn only_in<S: Display>(what: &str, known: &[S]) -> String {
    let known: Vec<String> = known.iter().map(S::to_string).collect();
    let known = known.join(", ");
    format!("Only {what} in one of these statuses, separated by commas: {known}")
}

/// A status by its name. One that this version does not know may be one of a newer service.
fn status<S: for<'a> From<&'a str>>(text: &str) -> Result<S, String> {
    match text.trim() {
        "" => Err("a status is missing".to_owned()),
        status => Ok(S::from(status)),
    }
}
