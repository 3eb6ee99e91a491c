//! Commands that a message shows, complete enough to be copied to a POSIX shell.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::path::Path;

use crate::args::Connection;
use crate::terminal;

/// A `nanonets` command, without the options that say which API it calls: [`Self::for_shell`] adds those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine(Vec<OsString>);

impl CommandLine {
    /// A command of these words, each one argument.
    pub fn new<const N: usize>(words: [&str; N]) -> Self {
        Self(words.map(OsString::from).to_vec())
    }

    /// Adds a word.
    pub fn word(mut self, word: &str) -> Self {
        self.0.push(word.into());
        self
    }

    /// Adds the name of a file, which is no option and not stdin, whatever it begins with.
    pub fn file(mut self, path: &Path) -> Self {
        self.0.push(match path.as_os_str().as_encoded_bytes() {
            [b'-', ..] => Path::new(".").join(path).into_os_string(),
            _ => path.as_os_str().to_owned(),
        });
        self
    }

    /// The command as a person types it to call the same API with the same key. The key itself is never part of it.
    pub fn for_shell(&self, connection: &Connection) -> String {
        let mut text = "nanonets".to_owned();
        for word in &self.0 {
            text.push(' ');
            text.push_str(&quoted(word));
        }
        let options = [
            ("--base-url", &connection.base_url),
            ("--api-key-file", &connection.api_key_file),
        ];
        for (name, value) in options {
            if let Some(value) = value {
                text.push(' ');
                text.push_str(&option(name, value));
            }
        }
        text
    }
}

/// An option with its value. One that begins with `-` would be taken for another option, unless it is part of the same word.
pub fn option(name: &str, value: &str) -> String {
    match value.starts_with('-') && value != "-" {
        true => quoted(format!("{name}={value}").as_ref()),
        false => format!("{name} {}", quoted(value.as_ref())),
    }
}

/// A word as a POSIX shell reads it back. What a terminal would not show as it is becomes octal escapes of `printf`.
fn quoted(word: &OsStr) -> String {
    match word.to_str() {
        Some(word) => quoted_text(word),
        None => escaped(word.as_encoded_bytes()),
    }
}

fn quoted_text(word: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "_@%+=:,./-".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    if terminal::printable(word) == word {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    escaped(word.as_bytes())
}

fn escaped(word: &[u8]) -> String {
    let mut text = "\"$(printf '".to_owned();
    for &byte in word {
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
            let quoted = quoted(word.as_ref());
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

    #[test]
    fn a_value_that_looks_like_an_option_is_none() {
        for (value, expected) in [
            ("abc", "--cursor abc"),
            ("-abc_DEF", "--cursor=-abc_DEF"),
            ("--all", "--cursor=--all"),
            ("-a b", "'--cursor=-a b'"),
            ("-", "--cursor -"),
        ] {
            assert_eq!(option("--cursor", value), expected);
        }
        let connection = Connection {
            api_key_file: Some("-key".to_owned()),
            ..Connection::default()
        };
        let find = |path: &Path| CommandLine::new(["runs", "find"]).file(path);
        assert_eq!(
            find(Path::new("-x.json"))
                .word("--wait")
                .for_shell(&connection),
            "nanonets runs find ./-x.json --wait --api-key-file=-key"
        );
        let connection = Connection::default();
        assert_eq!(
            find(Path::new("-")).for_shell(&connection),
            "nanonets runs find ./-"
        );
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt as _;
            let path = Path::new(OsStr::from_bytes(b"r\xff.json"));
            let expected = "nanonets runs find \"$(printf 'r\\377\\056json')\"";
            assert_eq!(find(path).for_shell(&connection), expected);
        }
    }
}
