//! Processes and bounds. What one process is measured by must not hold the work of another, so a benchmark runs its
//! servers and clients as processes of their own: the same executable in another role, named by its arguments.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};

pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The arguments, but for the one that cargo adds.
pub fn arguments() -> Vec<String> {
    std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect()
}

/// Ends the process: with 1 and all the reasons if it failed.
pub fn end(result: Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    eprintln!("error: {error}");
    let mut source = error.source();
    while let Some(reason) = source {
        eprintln!("  because: {reason}");
        source = reason.source();
    }
    ExitCode::FAILURE
}

/// This executable in another role.
pub struct Peer {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Peer {
    pub fn start(role: &[&str]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        Ok(Self {
            child,
            stdout: BufReader::new(stdout),
        })
    }

    /// The next line that it writes.
    pub fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stdout.read_line(&mut line)? == 0 {
            return Err("another process of the benchmark has ended too early".into());
        }
        Ok(line.trim().to_owned())
    }

    /// Closes its stdin, waits for its end, and returns what else it wrote.
    pub fn finish(mut self) -> Result<String> {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest)?;
        let status = self.child.wait()?;
        if status.success() {
            Ok(rest)
        } else {
            Err(format!("another process of the benchmark has failed with {status}").into())
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Blocks until stdin is closed: by [`Peer::finish`], or because the benchmark is gone.
pub fn until_stdin_closes() -> Result<()> {
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

/// The bound of a figure.
pub enum Limit {
    AtMost(f64),
    #[allow(dead_code, reason = "not every benchmark has one")]
    AtLeast(f64),
}

/// Prints each figure with its limit.
///
/// # Errors
///
/// If one is beyond.
pub fn judge(figures: &[(&str, f64, Limit)]) -> Result<()> {
    println!();
    let mut missed = Vec::new();
    for (name, figure, limit) in figures {
        let (is_met, limit) = match limit {
            Limit::AtMost(limit) => (figure <= limit, format!("at most {limit}")),
            Limit::AtLeast(limit) => (figure >= limit, format!("at least {limit}")),
        };
        let verdict = if is_met { "met" } else { "MISSED" };
        println!("{name}: {figure:.2}, {limit}: {verdict}");
        if !is_met {
            missed.push(*name);
        }
    }
    if missed.is_empty() {
        Ok(())
    } else {
        Err(format!("missed: {}", missed.join(", ")).into())
    }
}

/// The middle one of the figures.
#[allow(dead_code, reason = "not every benchmark has several rounds")]
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
