//! Line and column of every JSON pointer of a YAML or JSON text.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, Span};
use serde_json::from_str;

use crate::diagnostic::Position;
use crate::pointer;

/// The position of each member's key and of each array item, by JSON pointer.
///
/// A member is found at its key rather than at its value: that is where a reader looks for it. What an alias expands
/// to has no place of its own and is reported at the alias.
#[derive(Debug, Default)]
pub struct SourceMap {
    positions: HashMap<String, Position>,
    duplicates: Vec<Twice>,
    documents: Vec<Position>,
}

/// A key that one object has twice.
#[derive(Clone, Debug)]
pub struct Twice {
    /// The key.
    pub key: String,
    /// Where it stands for the first time.
    pub first: Position,
    /// Where it stands again.
    pub second: Position,
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// JSON, of which YAML does not take every tab and escape.
    Json,
    /// YAML.
    Yaml,
}

/// The levels of nesting that serde_yaml and serde_json read.
pub const MAX_DEPTH: usize = 128;

/// How deep a YAML text is nested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// No deeper than was asked.
    Bounded,
    /// Too deep, from here on.
    TooDeep(Position),
    /// Bounded as far as that, where there are too many nodes.
    TooMany(Position),
    /// As far as it can be read; the rest may be anything.
    Unknown {
        /// Where reading stopped.
        position: Position,
        /// The same as a byte offset.
        offset: usize,
        /// Why it did.
        message: String,
    },
}

/// Looks whether a YAML text has collections nested more than `limit` levels deep, or more than `most` nodes, keys among
/// them, and reads no further than to the first that is too much: the cost is linear in the length of the text.
pub fn nesting(text: &str, limit: usize, most: usize) -> Nesting {
    let mut depth = 0;
    let mut nodes = 0;
    for event in Parser::new_from_str(text) {
        if let Ok((event, span)) = &event
            && !matches!(event, Event::MappingEnd | Event::SequenceEnd)
        {
            nodes += 1;
            if nodes > most {
                return Nesting::TooMany(position(*span));
            }
        }
        match event {
            Ok((Event::MappingStart(..) | Event::SequenceStart(..), span)) => {
                depth += 1;
                if depth > limit {
                    return Nesting::TooDeep(position(span));
                }
            }
            Ok((Event::MappingEnd | Event::SequenceEnd, _)) => depth -= 1,
            Ok(_) => {}
            Err(error) => {
                let marker = error.marker();
                let position = Position {
                    line: marker.line(),
                    column: marker.col() + 1,
                };
                // Its own limit, which it meets while it reads ahead of the events.
                if error.info().contains("recursion limit") {
                    return Nesting::TooDeep(position);
                }
                return Nesting::Unknown {
                    position,
                    offset: text
                        .char_indices()
                        .nth(marker.index())
                        .map_or(text.len(), |(offset, _)| offset),
                    message: error.info().to_owned(),
                };
            }
        }
    }
    Nesting::Bounded
}

/// A collection whose end was not seen yet.
enum Open {
    Mapping {
        pointer: String,
        key: Option<(String, Position)>,
        /// The keys before, which the positions don't tell: what a repeated key holds has the same pointers.
        seen: HashMap<String, Position>,
    },
    Sequence {
        pointer: String,
        next: usize,
    },
}

impl Open {
    fn mapping(pointer: String) -> Self {
        Self::Mapping {
            pointer,
            key: None,
            seen: HashMap::new(),
        }
    }
}

impl SourceMap {
    /// Reads the positions of `text`. A text that doesn't parse has those before the error.
    pub fn of(text: &str, syntax: Syntax) -> Self {
        match syntax {
            Syntax::Json => Self::of_json(text),
            Syntax::Yaml => Self::of_yaml(text),
        }
    }

    fn of_yaml(text: &str) -> Self {
        let mut map = Self::default();
        let mut open: Vec<Open> = Vec::new();
        let mut parser = Parser::new_from_str(text);
        // Deeper places than the readers go to have pointers too long to keep.
        while open.len() <= MAX_DEPTH
            && let Some(Ok((event, span))) = parser.next_event()
        {
            match event {
                Event::Scalar(value, ..) => {
                    // A scalar in key position names the member whose value follows.
                    if let Some(Open::Mapping {
                        key: key @ None, ..
                    }) = open.last_mut()
                    {
                        *key = Some((value.into_owned(), position(span)));
                    } else {
                        map.value(&mut open, position(span));
                    }
                }
                Event::Alias(_) => {
                    map.value(&mut open, position(span));
                }
                Event::MappingStart(..) => {
                    let pointer = map.value(&mut open, position(span));
                    open.push(Open::mapping(pointer));
                }
                Event::SequenceStart(..) => {
                    let pointer = map.value(&mut open, position(span));
                    open.push(Open::Sequence { pointer, next: 0 });
                }
                Event::MappingEnd | Event::SequenceEnd => {
                    open.pop();
                }
                Event::DocumentStart(_) => {
                    map.documents.push(position(span));
                    if map.documents.len() == 2 {
                        break;
                    }
                }
                Event::StreamEnd => break,
                Event::Nothing | Event::StreamStart | Event::DocumentEnd => {}
            }
        }
        map
    }

    fn of_json(text: &str) -> Self {
        let mut map = Self::default();
        let mut open: Vec<Open> = Vec::new();
        let mut position = Position::START;
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '"' => string_length(rest),
                '{' | '}' | '[' | ']' | ',' | ':' => 1,
                _ if first.is_whitespace() => first.len_utf8(),
                _ => rest
                    .find(|c: char| c.is_whitespace() || ",]}".contains(c))
                    .unwrap_or(rest.len()),
            };
            let (token, after) = rest.split_at(length);
            match (first, open.last_mut()) {
                (
                    '"',
                    Some(Open::Mapping {
                        key: key @ None, ..
                    }),
                ) => {
                    let name = from_str(token).unwrap_or_default();
                    *key = Some((name, position));
                }
                ('{', _) => {
                    let pointer = map.value(&mut open, position);
                    open.push(Open::mapping(pointer));
                }
                ('[', _) => {
                    let pointer = map.value(&mut open, position);
                    open.push(Open::Sequence { pointer, next: 0 });
                }
                ('}' | ']', _) => {
                    open.pop();
                }
                (',' | ':', _) => {}
                _ if first.is_whitespace() => {}
                _ => {
                    map.value(&mut open, position);
                }
            }
            if first == '\n' {
                position.line += 1;
                position.column = 1;
            } else {
                position.column += token.chars().count();
            }
            rest = after;
        }
        map
    }

    /// The position of the value at `pointer`, if the text has it.
    pub fn get(&self, pointer: &str) -> Option<Position> {
        self.positions.get(pointer).copied()
    }

    /// Each key that stands in an object that has it already, in their order. Merge keys (`<<`) may be repeated.
    pub fn duplicates(&self) -> &[Twice] {
        &self.duplicates
    }

    /// Where a second YAML document starts.
    pub fn second_document(&self) -> Option<Position> {
        self.documents.get(1).copied()
    }

    /// Records a value that starts at `start` inside the innermost open collection; returns its pointer.
    fn value(&mut self, open: &mut [Open], start: Position) -> String {
        let (pointer, position) = match open.last_mut() {
            None => (String::new(), start),
            Some(Open::Mapping { pointer, key, seen }) => match key.take() {
                Some((key, second)) => {
                    let member = pointer::join(pointer, &key);
                    match seen.get(&key) {
                        Some(_) if key == "<<" => {}
                        Some(&first) => self.duplicates.push(Twice { key, first, second }),
                        None => {
                            seen.insert(key, second);
                        }
                    }
                    (member, second)
                }
                // A key that is itself a collection, which the reader refuses.
                None => (pointer.clone(), start),
            },
            Some(Open::Sequence { pointer, next }) => {
                let item = pointer::join(pointer, &next.to_string());
                *next += 1;
                (item, start)
            }
        };
        self.positions.entry(pointer.clone()).or_insert(position);
        pointer
    }
}

fn position(span: Span) -> Position {
    Position {
        line: span.start.line(),
        column: span.start.col() + 1,
    }
}

/// The length in bytes of the JSON string that `text` begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}
