//! Running the command.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nanonets_agents_sim::Simulator;

/// The result of a run of the command.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// The commands that stderr shows: lines of their own, indented.
    pub fn commands(&self) -> Vec<&str> {
        let lines = self.stderr.lines();
        lines
            .filter_map(|line| line.strip_prefix("    "))
            .filter(|line| line.starts_with("nanonets "))
            .collect()
    }

    /// The data, of a run that succeeded.
    pub fn data(&self) -> &str {
        assert_eq!(self.code, 0, "{}", self.stderr);
        &self.stdout
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.data()).expect("JSON")
    }
}

/// The command with a clean environment.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nanonets"));
    command
        .env_remove("NANONETS_API_KEY")
        .env_remove("NANONETS_BASE_URL")
        .env_remove("NO_COLOR")
        .env("TZ", "UTC")
        .current_dir(root());
    command
}

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("a workspace").to_owned()
}

/// The command, set up to call a simulator.
pub fn against(simulator: &Simulator, args: &[&str]) -> Command {
    let mut command = command();
    command
        .args(args)
        .env("NANONETS_API_KEY", simulator.api_key())
        .env("NANONETS_BASE_URL", simulator.base_url());
    command
}

/// Runs what a message says to run, as a shell reads it.
#[cfg(unix)]
pub fn copied(simulator: &Simulator, line: &str) -> Run {
    let own = command();
    let folder = Path::new(own.get_program()).parent().expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", line])
        .current_dir(root())
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("NANONETS_API_KEY", simulator.api_key())
        .env("NANONETS_BASE_URL", simulator.base_url());
    finished(shell)
}

/// Runs a command with something on stdin.
pub fn fed(mut command: Command, input: &str) -> Run {
    let pipes = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("it can be run");
    let mut stdin = child.stdin.take().expect("a pipe");
    // One that asks nothing may be gone already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    Run {
        code: output.status.code().expect("an exit code"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Runs a command without input.
pub fn finished(command: Command) -> Run {
    fed(command, "")
}

/// Runs the command against a simulator.
pub fn nanonets(simulator: &Simulator, args: &[&str]) -> Run {
    finished(against(simulator, args))
}

/// A text without what differs from run to run: times and the port of a simulator.
pub fn steady(text: &str) -> String {
    let digits: String = text
        .chars()
        .map(|character| {
            if character.is_ascii_digit() {
                '0'
            } else {
                character
            }
        })
        .collect();
    let mut steady = String::new();
    let mut at = 0;
    while let Some(rest) = digits.get(at..) {
        let shape = ["0000-00-00T00:00:00", "0000-00-00 00:00", "127.0.0.0:00000"];
        let found = shape
            .iter()
            .filter_map(|shape| Some((rest.find(shape)?, shape.len())));
        let Some((start, length)) = found.min() else {
            break;
        };
        steady.push_str(&text[at..at + start]);
        steady.push_str(if length == 15 { "HOST" } else { "TIME" });
        let end = at + start + length;
        // Fractions of a second, and an offset.
        let more = text[end..].find(|c: char| !(c.is_ascii_digit() || ".Z".contains(c)));
        at = end + more.unwrap_or(text.len() - end);
    }
    steady.push_str(&text[at..]);
    steady
}
