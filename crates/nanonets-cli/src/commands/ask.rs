//! Questions of a task, put to the person at the terminal.

use std::io::{BufRead as _, IsTerminal as _, stderr, stdin};

use nanonets_agents::Question;

use crate::terminal::printable;

/// Asks a person, if there is one. `None` if there is none, or if nothing more is typed.
pub async fn ask(question: &Question) -> Option<String> {
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return None;
    }
    let text = words(question);
    let typed = tokio::task::spawn_blocking(move || {
        // Text that was typed before the question is no answer to it.
        #[cfg(unix)]
        let _ = rustix::termios::tcflush(stdin(), rustix::termios::QueueSelector::IFlush);
        loop {
            for line in text.lines() {
                eprintln!("{}", printable(line));
            }
            eprint!("> ");
            let mut line = String::new();
            match stdin().lock().read_line(&mut line) {
                Ok(0) | Err(_) => {
                    eprintln!();
                    return None;
                }
                Ok(_) if line.trim().is_empty() => {}
                Ok(_) => return Some(line.trim().to_owned()),
            }
        }
    });
    typed.await.unwrap_or_default()
}

/// The text of a question, or its JSON.
pub fn words(question: &Question) -> String {
    let content = question
        .message()
        .and_then(|message| message.content.as_ref())
        .filter(|content| !content.is_null());
    match (question.text(), content) {
        (Some(text), _) => text.to_owned(),
        (None, Some(content)) => content.as_json_text().to_owned(),
        (None, None) => "the agent asks a question, but its messages have none".to_owned(),
    }
}
