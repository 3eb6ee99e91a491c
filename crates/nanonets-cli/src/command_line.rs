//! Commands that a message shows, complete enough to be copied to a POSIX shell.

use std::fmt::Write as _;

use crate::args::Connection;
use crate::terminal;

/// A `nanonets` command, without the options that say which API it calls: [`Self::for_shell`] adds those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine(Vec<String>);

impl CommandLine {
    /// A command of these words, each one argument.
    pub fn new<const N: usize>(words: [&str; N]) -> Self {
        Self(words.map(str::to_owned).to_vec())
    }

    /// The command as a person types it to call the same API with the same key. The key itself is never part of it.
    pub fn for_shell(&self, connection: &Connection) -> String {
        let mut text = "nanonets".to_owned();
        let options = [
            ("--base-url", &connection.base_url),
            ("--api-key-file", &connection.api_key_file),
        ];
        let options = options
            .iter()
            .filter_map(|(name, value)| Some([*name, value.as_deref()?]));
        for word in self.0.iter().map(String::as_str).chain(options.flatten()) {
            text.push(' ');
            text.push_str(&quoted(word));
        }
        text
    }
}

/// A word as a POSIX shell reads it back. What a terminal would not show as it is becomes octal escapes of `printf`.
pub fn quoted(word: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "_@%+=:,./-".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    if terminal::printable(word) == word {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let mut text = "\"$(printf '".to_owned();
    for byte in word.bytes() {
        if byte.is_ascii_alphanumeric() {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "\\{byte:03o}");
        }
    }
    text + "')\""
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Every word comes back from a shell as it was, and shows nothing that steers a terminal.
    #[cfg(unix)]
    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for word in [
            "",
            "plain-1.5_/:",
            "two words",
            "it's",
            "$(reboot) `reboot` \"x\" \\ * ~ # ; & |",
            "-n",
            "%s%d 100%",
            "line\nbreak",
            "escape \u{1b}[31m and 1\u{9b}31m",
            "right to left \u{202e}txt.exe",
            "zero\u{200b}width",
            "ümläut",
        ] {
            let quoted = quoted(word);
            assert_eq!(terminal::printable(&quoted), quoted);
            let output = Command::new("sh")
                .args(["-c", &format!("printf '%s' {quoted}")])
                .output()
                .expect("a shell");
            assert_eq!(String::from_utf8_lossy(&output.stdout), word, "{quoted}");
        }
    }

    #[test]
    fn a_command_calls_the_same_api() {
        let command = CommandLine::new(["tasks", "wait", "ID"]);
        let connection = Connection {
            base_url: Some("https://a.example/x y".to_owned()),
            api_key_file: Some("keys/my key".to_owned()),
            simulate: false,
        };
        assert_eq!(
            command.for_shell(&connection),
            "nanonets tasks wait ID --base-url 'https://a.example/x y' --api-key-file 'keys/my key'"
        );
    }
}
