//! How long the command takes that does next to nothing: what a person waits for each time.
//!
//! `cargo bench -p nanonets-cli` starts the command [`ROUNDS`] times in turns with one that does nothing at all, which
//! shows what of it is the system's, and prints medians. It fails if a bound is missed.

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 21;
const HELP: Duration = Duration::from_millis(10);
const SIMULATED_RUN: Duration = Duration::from_millis(150);

fn main() -> ExitCode {
    let nothing = || Command::new("true");
    let help = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nanonets"));
        command.arg("--help");
        command
    };
    let run = || {
        let documents = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/fixtures/documents"
        );
        let mut command = Command::new(env!("CARGO_BIN_EXE_nanonets"));
        command
            .args(["--simulate", "run"])
            .arg(format!("--file={documents}/invoice.pdf"))
            .arg(format!("--schema={documents}/invoice.schema.json"));
        command
    };
    let (mut of_nothing, mut of_help, mut of_run) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        of_nothing.push(time(nothing()));
        of_help.push(time(help()));
        of_run.push(time(run()));
    }
    println!("{:<24} {:?}", "true", median(of_nothing));
    let mut is_met = true;
    for (name, times, bound) in [
        ("nanonets --help", of_help, HELP),
        ("a simulated run", of_run, SIMULATED_RUN),
    ] {
        let time = median(times);
        let verdict = if time <= bound { "met" } else { "MISSED" };
        println!("{name:<24} {time:?}, at most {bound:?}: {verdict}");
        is_met &= time <= bound;
    }
    if is_met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// How long a command takes that has to succeed.
fn time(mut command: Command) -> Duration {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let start = Instant::now();
    let status = quiet.status();
    let time = start.elapsed();
    assert!(status.is_ok_and(|status| status.success()), "{command:?}");
    time
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
