//! Line and column of every JSON pointer of a YAML or JSON text.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, Span};

use crate::diagnostic::Position;
use crate::pointer;

/// The position of each member's key and of each array item, by JSON pointer.
///
/// A member is found at its key rather than at its value: that is where a reader looks for it. What an alias expands
/// to has no place of its own and is reported at the alias.
#[derive(Debug, Default)]
pub struct SourceMap {
    positions: HashMap<String, Position>,
}

/// A collection whose end was not seen yet.
enum Open {
    Mapping {
        pointer: String,
        key: Option<(String, Position)>,
    },
    Sequence {
        pointer: String,
        next: usize,
    },
}

impl SourceMap {
    /// Reads the positions of `text`. A text that doesn't parse has those before the error.
    pub fn of(text: &str) -> Self {
        let mut map = Self::default();
        let mut open: Vec<Open> = Vec::new();
        let mut parser = Parser::new_from_str(text);
        while let Some(Ok((event, span))) = parser.next_event() {
            match event {
                Event::Scalar(value, ..) => {
                    // A scalar in key position names the member whose value follows.
                    if let Some(Open::Mapping {
                        key: key @ None, ..
                    }) = open.last_mut()
                    {
                        *key = Some((value.into_owned(), position(span)));
                    } else {
                        map.value(&mut open, span);
                    }
                }
                Event::Alias(_) => {
                    map.value(&mut open, span);
                }
                Event::MappingStart(..) => {
                    let pointer = map.value(&mut open, span);
                    open.push(Open::Mapping { pointer, key: None });
                }
                Event::SequenceStart(..) => {
                    let pointer = map.value(&mut open, span);
                    open.push(Open::Sequence { pointer, next: 0 });
                }
                Event::MappingEnd | Event::SequenceEnd => {
                    open.pop();
                }
                Event::DocumentEnd | Event::StreamEnd => break,
                Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => {}
            }
        }
        map
    }

    /// The position of the value at `pointer`, if the text has it.
    pub fn get(&self, pointer: &str) -> Option<Position> {
        self.positions.get(pointer).copied()
    }

    /// Records a value that starts at `span` inside the innermost open collection; returns its pointer.
    fn value(&mut self, open: &mut [Open], span: Span) -> String {
        let (pointer, position) = match open.last_mut() {
            None => (String::new(), position(span)),
            Some(Open::Mapping { pointer, key }) => match key.take() {
                Some((key, position)) => (pointer::join(pointer, &key), position),
                // A key that is itself a collection, which the reader refuses.
                None => (pointer.clone(), position(span)),
            },
            Some(Open::Sequence { pointer, next }) => {
                let item = pointer::join(pointer, &next.to_string());
                *next += 1;
                (item, position(span))
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
