//! Manual pages, made from the command line itself and the sections that a reader of manuals looks for.

use std::io::{self, Write};

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::args::Cli;
use crate::commands::shell;
use crate::exit_code::EXIT_CODES;
use crate::failure::Failure;

const ENVIRONMENT: [(&str, &str); 3] = [
    (
        "NANONETS_API_KEY",
        "The API key. It is made in the web app under Settings, API Keys.",
    ),
    (
        "NANONETS_BASE_URL",
        "The base URL of the API, if it is not https://agents.nanonets.com.",
    ),
    (
        "NO_COLOR",
        "If it is set, help and usage errors have no colours.",
    ),
];

const EXAMPLES: [(&str, &str); 6] = [
    (
        "nanonets --simulate run --query 'Add it up.'",
        "Try it without a key and without a network.",
    ),
    (
        "nanonets run AGENT --file invoice.pdf --schema invoice.schema.json",
        "Extract the data of a document in the shape of a schema.",
    ),
    (
        "nanonets run AGENT --query-file prompt.txt --timeout 10m",
        "Read the prompt from a file, where the list of processes does not show it.",
    ),
    (
        "nanonets runs find run.json --wait",
        "Look for the task of a run that was started with --record run.json and whose answer was lost.",
    ),
    (
        "nanonets tasks reply TASK 'The amounts are in euros.' --wait",
        "Answer the question of a task, and wait for the task.",
    ),
    (
        "nanonets tasks list --status failed --created-after 2h --all --jsonl",
        "List the tasks of the last two hours that failed, one JSON object per line.",
    ),
];

/// Prints the manual page of the command at a path.
pub fn print(path: &[String]) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    let mut found = &command;
    // `man "tasks list"` is as good as `man tasks list`.
    for name in path.iter().flat_map(|name| name.split_whitespace()) {
        found = found
            .find_subcommand(name)
            .ok_or_else(|| Failure::usage(format!("there is no command `{}`", path.join(" "))))?;
    }
    let mut page = Vec::new();
    render(found, path.is_empty(), &mut page).map_err(|error| Failure::of_stdout(&error))?;
    shell::print(&page)
}

fn render(command: &Command, is_whole: bool, page: &mut dyn Write) -> io::Result<()> {
    let man = Man::new(command.clone());
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(page)?;
    }
    let codes = EXIT_CODES.map(|(code, meaning)| (code.to_string(), meaning));
    section("EXIT STATUS", &codes, page)?;
    section("ENVIRONMENT", &ENVIRONMENT, page)?;
    // Of these, a subcommand has none of its own.
    if is_whole {
        section("EXAMPLES", &EXAMPLES, page)?;
        man.render_version_section(page)?;
    }
    Ok(())
}

/// A section of terms and what they mean.
fn section(name: &str, terms: &[(impl AsRef<str>, &str)], page: &mut dyn Write) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", [name]);
    for (term, meaning) in terms {
        roff.control("TP", []);
        roff.text([bold(term.as_ref())]);
        roff.text([roman(*meaning)]);
    }
    roff.to_writer(page)
}
