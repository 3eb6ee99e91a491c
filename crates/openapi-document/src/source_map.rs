//! Line and column of every JSON pointer of a YAML or JSON text.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser};
use serde_json::from_str;

use crate::diagnostic::{Diagnostic, Position};
use crate::pointer;

/// The hint about a key that an object has twice.
pub const DUPLICATE_KEY: &str = "only one of them would count: merge the two, or rename one";

/// The position of each member's key and of each array item, by JSON pointer.
///
/// The position of a member is that of its key, where a reader looks for it. The values of an alias have the position of the
/// alias.
#[derive(Debug, Default)]
pub struct SourceMap {
    /// The values; that of the whole text is the first.
    nodes: Vec<Node>,
    duplicates: Vec<Diagnostic>,
    documents: Vec<Position>,
}

/// A value of the text.
#[derive(Debug)]
struct Node {
    position: Position,
    /// The indices of the values inside, by the tokens of JSON pointers.
    inside: HashMap<String, usize>,
}

/// The syntax of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// JSON, of which YAML does not take every tab and escape.
    Json,
    /// YAML.
    Yaml,
}

/// The levels of nesting that serde_yaml and serde_json read.
pub const MAX_DEPTH: usize = 128;

/// A token of either syntax.
enum Token<'a> {
    Scalar(Cow<'a, str>),
    Alias,
    Mapping,
    Sequence,
    End,
}

/// A collection whose end was not seen yet.
struct Open {
    node: usize,
    is_mapping: bool,
    /// The key whose value follows.
    key: Option<(String, Position)>,
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
            && map.documents.len() < 2
            && let Some(Ok((event, span))) = parser.next_event()
        {
            let position = position(&span.start);
            let token = match event {
                Event::Scalar(value, ..) => Token::Scalar(value),
                Event::Alias(_) => Token::Alias,
                Event::MappingStart(..) => Token::Mapping,
                Event::SequenceStart(..) => Token::Sequence,
                Event::MappingEnd | Event::SequenceEnd => Token::End,
                Event::DocumentStart(_) => {
                    map.documents.push(position);
                    continue;
                }
                Event::StreamEnd => break,
                Event::Nothing | Event::StreamStart | Event::DocumentEnd => continue,
            };
            map.token(&mut open, token, position);
        }
        map
    }

    fn of_json(text: &str) -> Self {
        let mut map = Self::default();
        let mut open: Vec<Open> = Vec::new();
        let mut position = Position::START;
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let (length, token) = match first {
                ',' | ':' => (1, None),
                '{' => (1, Some(Token::Mapping)),
                '[' => (1, Some(Token::Sequence)),
                '}' | ']' => (1, Some(Token::End)),
                _ if first.is_whitespace() => (first.len_utf8(), None),
                '"' => {
                    let length = string_length(rest);
                    (length, Some(Token::Scalar(unquoted(&rest[..length]))))
                }
                _ => {
                    let ends = |c: char| c.is_whitespace() || ",]}".contains(c);
                    let length = rest.find(ends).unwrap_or(rest.len());
                    (length, Some(Token::Scalar(rest[..length].into())))
                }
            };
            let (text, after) = rest.split_at(length);
            if let Some(token) = token {
                map.token(&mut open, token, position);
            }
            if first == '\n' {
                position.line += 1;
                position.column = 1;
            } else {
                position.column += text.chars().count();
            }
            rest = after;
        }
        map
    }

    /// The position of the value at `pointer`, if the text has it.
    pub fn get(&self, pointer: &str) -> Option<Position> {
        let (position, is_exact) = self.find(pointer);
        is_exact.then_some(position)
    }

    /// The position of the value at `pointer`, or of the nearest enclosing value that the text has.
    pub fn nearest(&self, pointer: &str) -> Position {
        self.find(pointer).0
    }

    /// The position of the nearest value, and whether that is the one at `pointer`.
    fn find(&self, pointer: &str) -> (Position, bool) {
        let Some(mut node) = self.nodes.first() else {
            return (Position::START, false);
        };
        for token in pointer::tokens(pointer) {
            let index = node.inside.get(&token);
            match index.and_then(|index| self.nodes.get(*index)) {
                Some(inside) => node = inside,
                None => return (node.position, false),
            }
        }
        (node.position, true)
    }

    /// A problem for each key that its object has already, in their order. Merge keys (`<<`) may be repeated.
    pub fn duplicates(&self) -> &[Diagnostic] {
        &self.duplicates
    }

    /// The position of a second YAML document.
    pub fn second_document(&self) -> Option<Position> {
        self.documents.get(1).copied()
    }

    fn token(&mut self, open: &mut Vec<Open>, token: Token<'_>, position: Position) {
        match (token, open.last_mut()) {
            // A scalar in key position names the member whose value follows.
            (
                Token::Scalar(name),
                Some(Open {
                    is_mapping: true,
                    key: key @ None,
                    ..
                }),
            ) => {
                *key = Some((name.into_owned(), position));
            }
            (Token::Scalar(_) | Token::Alias, _) => {
                self.value(open, position);
            }
            (token @ (Token::Mapping | Token::Sequence), _) => {
                let node = self.value(open, position);
                let is_mapping = matches!(token, Token::Mapping);
                let key = None;
                open.push(Open {
                    node,
                    is_mapping,
                    key,
                });
            }
            (Token::End, _) => {
                open.pop();
            }
        }
    }

    /// Records a value that starts at `start` inside the innermost open collection; returns its index.
    fn value(&mut self, open: &mut [Open], start: Position) -> usize {
        let index = self.nodes.len();
        let mut position = start;
        if let Some(outer) = open.last_mut() {
            let inside = self.nodes.get(outer.node).map(|outer| &outer.inside);
            let token = match outer.key.take() {
                Some((key, second)) => {
                    position = second;
                    let first = inside.and_then(|inside| self.nodes.get(*inside.get(&key)?));
                    match first {
                        Some(first) if key != "<<" => {
                            let line = first.position.line;
                            let message =
                                format!("the key `{key}` is given twice, first on line {line}");
                            let problem = Diagnostic::at("duplicate-key", second, message);
                            self.duplicates.push(problem.hint(DUPLICATE_KEY));
                            None
                        }
                        _ => Some(key),
                    }
                }
                // A key that is itself a collection, which the reader refuses.
                None if outer.is_mapping => None,
                None => inside.map(|inside| inside.len().to_string()),
            };
            if let (Some(token), Some(outer)) = (token, self.nodes.get_mut(outer.node)) {
                outer.inside.entry(token).or_insert(index);
            }
        }
        let inside = HashMap::new();
        self.nodes.push(Node { position, inside });
        index
    }
}

/// The position of a marker of the parser.
pub fn position(marker: &Marker) -> Position {
    Position {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

/// The length in bytes of the JSON string that `text` begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// The text of a JSON string.
fn unquoted(string: &str) -> Cow<'_, str> {
    match string.contains('\\') {
        true => from_str(string).unwrap_or_default(),
        false => string.trim_matches('"').into(),
    }
}
