//! The command as its users run it: a process of its own, against the simulator.

mod after_effect;
mod ambiguity;
mod bad_input;
#[cfg(unix)]
mod batch;
mod causes;
mod codes;
mod commands;
#[cfg(unix)]
mod documents;
#[cfg(unix)]
mod found;
mod odd_answers;
mod output;
#[cfg(unix)]
mod pictures;
mod process;
#[cfg(unix)]
mod pseudo_terminal;
mod raw;
#[path = "../../../nanonets-agents/tests/common/raw_server.rs"]
mod raw_server;
mod record;
mod shell;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod terminal;
