//! Text to value: YAML or JSON, refused in bounded time and memory.
//!
//! serde_yaml reads YAML, serde_json JSON. Both bound nesting (128 levels), and serde_yaml bounds the expansion of aliases.
//! The scanner of serde_yaml takes quadratic time before it meets some of its bounds, so these are checked before it sees the
//! text. The number of values is bounded here: code that is generated takes a hundred times the memory of its value.

use saphyr_parser::{Event, Parser};
use serde::de::{DeserializeSeed, Deserializer};
use serde_json::Value;

use super::value::{MAX_VALUES, Node, Seen, TOO_MANY_VALUES};
use crate::diagnostic::{Diagnostic, Position};
use crate::source_map::{self, MAX_DEPTH, SourceMap, Syntax};

/// Few enough brackets or directives to look at each of them once for each other.
const FEW: usize = 4096;

/// The bytes of a text that can't have too many values. serde_yaml keeps all values in memory, at thirty times the size of the
/// text, before it returns the first.
const SMALL: usize = 8 * 1024 * 1024;

/// A text that was read.
pub struct Parsed {
    pub root: Value,
    pub syntax: Syntax,
    /// Some object has a key twice.
    pub twice: bool,
}

/// Reads JSON or YAML, whichever it is: the flow style of YAML begins like JSON.
pub fn parse(name: &str, text: &str) -> Result<Parsed, Diagnostic> {
    if text.trim_start().starts_with('{') {
        let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let parsed = read(Syntax::Json, &mut deserializer);
        match parsed.and_then(|parsed| deserializer.end().map(|()| parsed)) {
            Err(_) if is_yaml => {}
            parsed => {
                return parsed.map_err(|error| {
                    let at = (error.line(), error.column());
                    syntax_error(text, &error.to_string(), Some(at))
                });
            }
        }
    }
    bound_effort(text)?;
    read(Syntax::Yaml, serde_yaml::Deserializer::from_str(text)).map_err(|error| {
        let at = error.location().map(|at| (at.line(), at.column()));
        syntax_error(text, &error.to_string(), at)
    })
}

fn read<'de, D: Deserializer<'de>>(syntax: Syntax, deserializer: D) -> Result<Parsed, D::Error> {
    let seen = Seen::default();
    let root = Node(&seen).deserialize(deserializer)?;
    let twice = seen.twice.get();
    Ok(Parsed {
        root,
        syntax,
        twice,
    })
}

/// Rejects a text that serde_yaml would take too long to reject: its scanner looks at every open bracket again for each token,
/// at every `%TAG` again for each other one, and reads the whole document before its nesting is looked at. A text with
/// few brackets can't be deep enough for that to matter and, if it is small, is not read a second time.
fn bound_effort(text: &str) -> Result<(), Diagnostic> {
    let mut directives = (1..)
        .zip(text.split(['\n', '\r']))
        .filter(|(_, line)| line.starts_with('%'));
    if let Some((line, _)) = directives.nth(FEW) {
        let place = Position { line, column: 1 };
        let message = format!("there are more than {FEW} directives, the limit");
        return Err(Diagnostic::at("limit-exceeded", place, message)
            .hint("an API description needs none: remove the lines that begin with `%`"));
    }
    if brackets(text) <= FEW && text.len() <= SMALL {
        return Ok(());
    }
    // Each value has one key at most; a few events are of the document.
    let (mut depth, mut nodes) = (0, 0);
    for event in Parser::new_from_str(text) {
        match event {
            Ok((Event::MappingEnd | Event::SequenceEnd, _)) => depth -= 1,
            Ok((event, span)) => {
                nodes += 1;
                if matches!(event, Event::MappingStart(..) | Event::SequenceStart(..)) {
                    depth += 1;
                }
                let position = source_map::position(&span.start);
                if nodes > 2 * MAX_VALUES + FEW {
                    return Err(too_many(position));
                }
                if depth > MAX_DEPTH {
                    return Err(too_deep(position));
                }
            }
            Err(error) => {
                let position = source_map::position(error.marker());
                // Its own limit, which it meets while it reads ahead of the events.
                if error.info().contains("recursion limit") {
                    return Err(too_deep(position));
                }
                // This scanner did not see the text behind the error.
                let rest = text.chars().skip(error.marker().index());
                if rest.filter(|c| "[{".contains(*c)).count() <= FEW {
                    return Ok(());
                }
                return Err(Diagnostic::at("syntax", position, error.info()));
            }
        }
    }
    Ok(())
}

fn brackets(text: &str) -> usize {
    text.bytes().filter(|byte| b"[{".contains(byte)).count()
}

fn too_many(position: Position) -> Diagnostic {
    let message = format!("the document has more than {MAX_VALUES} values, the limit");
    Diagnostic::at("limit-exceeded", position, message)
        .hint("split it into documents of their own, one for each part of the API")
}

fn too_deep(position: Position) -> Diagnostic {
    let message = format!("the document is nested too deeply: the limit is {MAX_DEPTH} levels");
    Diagnostic::at("limit-exceeded", position, message)
        .hint("move inner schemas to `components/schemas` and refer to them")
}

/// The error of a parser, in the words of this program and at the position that a reader should look at.
fn syntax_error(text: &str, message: &str, at: Option<(usize, usize)>) -> Diagnostic {
    let position = at.map_or(Position::START, |(line, column)| Position {
        line: line.max(1),
        column: column.max(1),
    });
    if message.contains(TOO_MANY_VALUES) {
        return too_many(position);
    }
    if message.contains("limit exceeded") {
        if message.contains("repetition") {
            let message = "the aliases stand for too much";
            return Diagnostic::at("limit-exceeded", position, message)
                .hint("write out what they stand for, or use `$ref`");
        }
        return too_deep(position);
    }
    if message.contains("more than one document") {
        let positions = SourceMap::of(text, Syntax::Yaml);
        let position = positions.second_document().unwrap_or(position);
        let message = "a second YAML document starts here";
        return Diagnostic::at("syntax", position, message)
            .hint("an API description is one document: remove the others");
    }
    // Both parsers name the position that the diagnostic starts with.
    let message = match at {
        Some((line, column)) => {
            message.replacen(&format!(" at line {line} column {column}"), "", 1)
        }
        None => message.to_owned(),
    };
    Diagnostic::at("syntax", position, message)
}
