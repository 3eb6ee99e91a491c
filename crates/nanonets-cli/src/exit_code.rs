//! The exit codes, which a script can rely on.

/// Every exit code and its meaning, for `--help` and the manual pages.
pub const EXIT_CODES: [(u8, &str); 9] = [
    (0, "done"),
    (
        Code::Refused as u8,
        "nothing happened: the API refused, or was not reached",
    ),
    (
        Code::Usage as u8,
        "nothing happened: the command line, or a file that it names, is invalid",
    ),
    (
        Code::Failed as u8,
        "the task failed, was stopped, or completed with an empty output or none",
    ),
    (
        Code::NeedsPerson as u8,
        "the task needs a person: it asks a question, or waits for approval",
    ),
    (
        Code::TimedOut as u8,
        "timed out while waiting; the task may still be running",
    ),
    (
        Code::Ambiguous as u8,
        "ambiguous: a task may be running; look before you repeat the command",
    ),
    (
        Code::Interrupted as u8,
        "interrupted by Ctrl-C; a task keeps running, unless --cancel-on-interrupt",
    ),
    (
        Code::Terminated as u8,
        "ended by the signal TERM or HUP; the same holds",
    ),
];

/// How a command can end, other than well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Nothing happened: the API refused, or was not reached.
    Refused = 1,
    /// Nothing happened: the command line, or a file that it names, is invalid.
    Usage = 2,
    /// The task failed, was stopped, or completed with an empty output or none.
    Failed = 3,
    /// The task needs a person: it asks a question, or waits for approval.
    NeedsPerson = 4,
    /// Timed out while waiting for a task.
    TimedOut = 5,
    /// The request took effect or may have, and its result is not known.
    Ambiguous = 6,
    /// Ctrl-C: the code that shells give a process that it ends.
    Interrupted = 130,
    /// The signal TERM or HUP: the code that shells give after TERM.
    Terminated = 143,
}
