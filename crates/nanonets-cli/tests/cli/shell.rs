//! Completions, manual pages and help.

use std::collections::BTreeMap;

use crate::process::{command, finished};

const COMMANDS: [&[&str]; 22] = [
    &[],
    &["run"],
    &["runs"],
    &["runs", "find"],
    &["agents"],
    &["agents", "list"],
    &["agents", "get"],
    &["agents", "create"],
    &["agents", "update"],
    &["agents", "publish"],
    &["agents", "versions"],
    &["tasks"],
    &["tasks", "list"],
    &["tasks", "get"],
    &["tasks", "summary"],
    &["tasks", "result"],
    &["tasks", "messages"],
    &["tasks", "reply"],
    &["tasks", "cancel"],
    &["tasks", "wait"],
    &["completions"],
    &["man"],
];

#[test]
fn completions_are_there_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let mut command = command();
        command.args(["completions", shell]);
        let script = finished(command).data().to_owned();
        assert!(script.contains("cancel-on-interrupt"), "{shell}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    for path in COMMANDS {
        let mut command = command();
        command.arg("man").args(path);
        let page = finished(command).data().to_owned();
        for expected in [".TH ", ".SH \"EXIT STATUS\"", ".SH ENVIRONMENT"] {
            assert!(page.contains(expected), "{path:?}: {page}");
        }
        assert_eq!(page.contains(".SH EXAMPLES"), path.is_empty());
    }
    let mut quoted = command();
    quoted.args(["man", "tasks list"]);
    assert!(finished(quoted).data().contains("created\\-after"));
    let mut command = command();
    command.args(["man", "nothing"]);
    assert_eq!(finished(command).code, 2);
}

#[test]
fn help_reads_well_at_80_columns() {
    // A snapshot for each group of commands.
    let mut groups: BTreeMap<&str, String> = BTreeMap::new();
    for path in COMMANDS {
        let mut command = command();
        command.args(path).arg("--help");
        let page = finished(command).data().to_owned();
        for line in page.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        // The options of all commands are shown once.
        let own = match path {
            [] => page.as_str(),
            _ => page.split("\nConnection:").next().unwrap_or_default(),
        };
        let is_group = |name: &&str| ["agents", "run", "runs", "tasks"].contains(name);
        let group = path.first().copied().filter(is_group);
        let group = group.unwrap_or("nanonets");
        let help = groups.entry(group).or_default();
        let words = ["nanonets"].iter().chain(path).chain(&["--help"]);
        let words: Vec<&str> = words.copied().collect();
        help.push_str(&format!("$ {}\n{}\n\n", words.join(" "), own.trim_end()));
    }
    for (group, help) in groups {
        insta::assert_snapshot!(format!("help_{group}"), help);
    }
}
