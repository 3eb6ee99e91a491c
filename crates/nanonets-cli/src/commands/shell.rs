//! Completions and manual pages, both made from the command line itself.

use std::io::Write as _;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;
use crate::failure::Failure;

/// Prints completions.
pub fn completions(shell: Shell) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "nanonets", &mut text);
    print(&text)
}

/// Prints the manual page of the command at a path.
pub fn man(path: &[String]) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    let mut found = &command;
    for name in path {
        found = found
            .find_subcommand(name)
            .ok_or_else(|| Failure::usage(format!("there is no command `{}`", path.join(" "))))?;
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(found.clone())
        .render(&mut text)
        .map_err(|error| Failure::of_stdout(&error))?;
    print(&text)
}

fn print(text: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text)
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::of_stdout(&error))
}
