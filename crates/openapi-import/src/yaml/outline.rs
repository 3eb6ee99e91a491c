//! Which lines of a YAML text belong to which member and item.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

/// A value in a text. Lines and columns count from 0.
#[derive(Debug)]
pub struct Node {
    /// The members or items of a collection in block style, with a line or more for each.
    pub entries: Option<Vec<Entry>>,
    /// The last line that has something of it.
    pub last: usize,
}

/// A member of an object, or an item of a list.
#[derive(Debug)]
pub struct Entry {
    /// The name of a member.
    pub name: Option<String>,
    /// The position of the key or the dash.
    pub line: usize,
    pub column: usize,
    pub node: Node,
}

/// Takes a text apart; `None` for one that is not a single document, or has anchors and merge keys, by which one part
/// depends on another.
pub fn outline(text: &str) -> Option<Node> {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        lines: &lines,
    };
    loop {
        match reader.next()? {
            (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
            (event, span) => return reader.node(&event, span),
        }
    }
}

struct Reader<'a, I> {
    events: I,
    lines: &'a [&'a str],
}

impl<'a, I: Iterator<Item = Result<(Event<'a>, Span), ScanError>>> Reader<'a, I> {
    fn next(&mut self) -> Option<(Event<'a>, Span)> {
        self.events.next()?.ok()
    }

    /// The node that an event starts. Its depth is bounded by the reader that has read the text before.
    fn node(&mut self, event: &Event<'a>, span: Span) -> Option<Node> {
        // A collection in block style starts without a character of its own.
        let is_block = span.start.index() == span.end.index();
        let (entries, end) = match event {
            Event::Scalar(_, style, 0, None) => (None, self.end_of_scalar(*style, span)),
            Event::MappingStart(0, None) => self.entries(true)?,
            Event::SequenceStart(0, None) => self.entries(false)?,
            _ => return None,
        };
        let entries = entries.filter(|_| is_block);
        let last = match &entries {
            Some(entries) => entries.last()?.node.last,
            None => end,
        };
        Some(Node { entries, last })
    }

    /// The entries up to the end of a collection, and its last line. There are no entries if an item doesn't start in
    /// the line of its dash.
    fn entries(&mut self, is_object: bool) -> Option<(Option<Vec<Entry>>, usize)> {
        let mut entries = Some(Vec::new());
        let mut last = 0;
        loop {
            let (event, start) = self.next()?;
            let (name, column, (event, span)) = match event {
                Event::MappingEnd | Event::SequenceEnd => {
                    return Some((entries, line(start).max(last)));
                }
                Event::Scalar(name, _, 0, None) if is_object && name != "<<" => {
                    let name = Some(name.into_owned());
                    (name, Some(start.start.col()), self.next()?)
                }
                _ if is_object => return None,
                event => (None, self.dash(start), (event, start)),
            };
            let mut node = self.node(&event, span)?;
            node.last = node.last.max(line(start));
            last = node.last;
            entries = entries.zip(column).map(|(mut entries, column)| {
                entries.push(Entry {
                    name,
                    line: line(start),
                    column,
                    node,
                });
                entries
            });
        }
    }

    /// The column of the dash before an item, if nothing else is before it in its line.
    fn dash(&self, span: Span) -> Option<usize> {
        let before: String = self
            .lines
            .get(line(span))?
            .chars()
            .take(span.start.col())
            .collect();
        let is_dash = before.trim() == "-";
        is_dash.then(|| before.len() - before.trim_start().len())
    }

    /// The last line of a scalar. A block ends where the next node starts, after blank lines that don't belong to it.
    fn end_of_scalar(&self, style: ScalarStyle, span: Span) -> usize {
        let end = span.end.line().saturating_sub(1);
        if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return end;
        }
        let lines = self.lines.get(..end).unwrap_or(self.lines);
        let last = lines.iter().rposition(|line| !line.trim().is_empty());
        last.unwrap_or_default().max(line(span))
    }
}

fn line(span: Span) -> usize {
    span.start.line().saturating_sub(1)
}
