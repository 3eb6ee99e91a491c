//! How a command fails: one line for a person, an exit code for a script.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents::{AgentId, Error, ErrorKind};

use crate::terminal;

/// Every exit code and what it says, for `--help` and the manual pages.
pub const EXIT_CODES: [(u8, &str); 8] = [
    (0, "done"),
    (
        Code::Refused as u8,
        "the API or the network refused; the message says which, and what to do",
    ),
    (
        Code::Usage as u8,
        "the command line, or something that it names, can't be used",
    ),
    (Code::Failed as u8, "the task has failed or was stopped"),
    (
        Code::NeedsPerson as u8,
        "the task needs a person: it asks something, or waits for approval",
    ),
    (
        Code::TimedOut as u8,
        "the task was waited for in vain; it goes on",
    ),
    (
        Code::Interrupted as u8,
        "interrupted by Ctrl-C; a task goes on, unless --cancel-on-interrupt",
    ),
    (Code::Terminated as u8, "the same, by the signal TERM"),
];

/// How a command can end, other than well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The API or the network refused.
    Refused = 1,
    /// The command line, or what it names, can't be used.
    Usage = 2,
    /// The task has failed or was stopped.
    Failed = 3,
    /// The task needs a person: it asks something, or waits for approval.
    NeedsPerson = 4,
    /// The task was waited for in vain.
    TimedOut = 5,
    /// Ctrl-C; what a shell says of a process that this ends.
    Interrupted = 130,
    /// The signal that ends processes; what a shell says then.
    Terminated = 143,
}

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub struct Failure {
    code: Code,
    message: String,
    /// Whoever reads stdout has gone, which is nothing to complain about.
    is_silent: bool,
}

impl Failure {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            is_silent: false,
        }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same with something more to know.
    pub fn and(mut self, more: &str) -> Self {
        self.message = format!("{}; {more}", self.message);
        self
    }

    /// Stdout can't be written to.
    pub fn of_stdout(error: &std::io::Error) -> Self {
        Self {
            is_silent: error.kind() == std::io::ErrorKind::BrokenPipe,
            ..Self::new(Code::Refused, format!("stdout can't be written: {error}"))
        }
    }

    /// Says why, on stderr.
    pub fn report(self) -> ExitCode {
        if self.is_silent {
            return ExitCode::SUCCESS;
        }
        let line = terminal::printable(&self.message);
        // There is nobody to tell that stderr is closed.
        let _ = writeln!(std::io::stderr(), "error: {line}");
        ExitCode::from(self.code as u8)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::of(&error)
    }
}

impl Failure {
    /// What an error comes to at a shell.
    pub fn of(error: &Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Configuration | ErrorKind::InvalidRequest => Code::Usage,
            ErrorKind::Timeout => Code::TimedOut,
            _ => Code::Refused,
        };
        if is_elsewhere(error) {
            let operation = error.operation().unwrap_or_default();
            let status = error.status().unwrap_or_default();
            let message =
                format!("{operation}: {status}: this is not the API's answer; {CHECK_URL}");
            return Self::new(code, message);
        }
        let mut message = in_words_of_the_shell(error);
        if let Some(cause) = root(error) {
            let _ = write!(message, ": {cause}");
        }
        if let Some(remedy) = remedy(error) {
            let _ = write!(message, "; {remedy}");
        }
        Self::new(code, message)
    }
}

/// What the library says, where it does not speak of calls that a shell can't make.
fn in_words_of_the_shell(error: &Error) -> String {
    let message = error.to_string();
    match error.kind() {
        ErrorKind::Configuration if message.contains("allow_plain_http") => {
            "the API key is not sent over plain http to another machine: use https in \
             NANONETS_BASE_URL or --base-url"
                .to_owned()
        }
        // Nothing was sent: neither the operation nor the part of its form matters.
        ErrorKind::InvalidRequest => {
            let words = message.split_once("part `files`: ");
            words.map_or(message.clone(), |(_, words)| words.to_owned())
        }
        _ => message,
    }
}

const CHECK_URL: &str = "check NANONETS_BASE_URL or --base-url";

/// Whether something else than the API has answered: a page, or the way to another place.
fn is_elsewhere(error: &Error) -> bool {
    let is_page = error
        .server_message()
        .is_some_and(|words| words.starts_with('<'));
    is_page || error.status().is_some_and(|status| status.is_redirection())
}

/// Whether the API is not where it is looked for, rather than out of order there.
pub fn is_other_server(error: &Error) -> bool {
    let status = error.status();
    error.kind() == ErrorKind::Unreadable || status.is_some_and(|status| status.is_redirection())
}

/// What lies at the bottom of an error, such as a refused connection.
fn root(error: &Error) -> Option<String> {
    let mut cause = error.source()?;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Some(cause.to_string())
}

/// The command that lists the tasks that an agent may have been started on.
pub fn tasks_since(agent: AgentId, time: DateTime<Utc>) -> String {
    // The clock that this is compared with is another than the one here.
    let time = time.checked_sub_signed(TimeDelta::minutes(1));
    let time = time.map(|time| format!(" --created-after {}", time.format("%FT%TZ")));
    format!(
        "nanonets tasks list --agent {agent}{}",
        time.unwrap_or_default()
    )
}

/// The command that shows whether something took effect of which no answer came.
fn where_it_shows(error: &Error) -> String {
    let Some(ambiguity) = error.ambiguity() else {
        return "nanonets tasks list".to_owned();
    };
    match (error.operation(), ambiguity.task_id, ambiguity.agent_id) {
        (_, Some(task), _) => format!("nanonets tasks messages {task}"),
        (Some("run_agent"), _, Some(agent)) => tasks_since(agent, ambiguity.since),
        (_, _, Some(agent)) => format!("nanonets agents versions {agent}"),
        _ => "nanonets agents list".to_owned(),
    }
}

/// What to do about an error.
fn remedy(error: &Error) -> Option<String> {
    let words = if error.is_ambiguous() && error.kind() == ErrorKind::Unreadable {
        let shows = where_it_shows(error);
        return Some(format!("{CHECK_URL}; if that is right, look at `{shows}`"));
    } else if error.is_ambiguous() {
        return Some(format!("look at `{}`", where_it_shows(error)));
    } else if error.is_unauthorized() {
        "set NANONETS_API_KEY, or give --api-key-file, with a valid key: keys are made in the web app under Settings, API Keys"
    } else if error.is_forbidden() {
        "the key belongs to another workspace, or the agent is not active"
    } else if error.is_not_found() {
        "check the id, and that the key is of its workspace"
    } else if error.is_rate_limited() {
        "try again later, or less often"
    } else {
        match error.kind() {
            ErrorKind::Unreadable => {
                "check NANONETS_BASE_URL or --base-url: this is not the API's answer"
            }
            ErrorKind::Connect => "check the network, and NANONETS_BASE_URL or --base-url",
            ErrorKind::Lost => "try again",
            ErrorKind::Status
                if error
                    .status()
                    .is_some_and(|status| status.is_server_error()) =>
            {
                "the service is out of order, or NANONETS_BASE_URL or --base-url is not the API's: try again later"
            }
            _ => return None,
        }
    };
    Some(words.to_owned())
}
