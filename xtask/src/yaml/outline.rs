//! Which lines of a YAML text belong to which member and item.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

/// A value in a text. Lines and columns count from 0.
#[derive(Debug)]
pub struct Node {
    pub kind: Kind,
    /// The last line that has something of it.
    pub last: usize,
}

#[derive(Debug)]
pub enum Kind {
    /// An object in block style: a line or more for each member.
    Object(Vec<Member>),
    /// A list in block style: a line or more for each item.
    List(Vec<Item>),
    /// A scalar, or a collection in brackets.
    Other,
}

#[derive(Debug)]
pub struct Member {
    pub name: String,
    /// Where the key is.
    pub line: usize,
    pub column: usize,
    pub node: Node,
}

#[derive(Debug)]
pub struct Item {
    /// Where the dash is.
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
        let kind = match event {
            Event::Scalar(_, style, 0, None) => {
                let last = self.end_of_scalar(*style, span);
                let kind = Kind::Other;
                return Some(Node { kind, last });
            }
            Event::MappingStart(0, None) => {
                let (members, last) = self.members()?;
                if !is_block {
                    let kind = Kind::Other;
                    return Some(Node { kind, last });
                }
                Kind::Object(members)
            }
            Event::SequenceStart(0, None) => {
                let (items, last) = self.items()?;
                match items.filter(|_| is_block) {
                    Some(items) => Kind::List(items),
                    None => {
                        let kind = Kind::Other;
                        return Some(Node { kind, last });
                    }
                }
            }
            _ => return None,
        };
        let last = match &kind {
            Kind::Object(members) => members
                .last()
                .map(|member| member.node.last.max(member.line)),
            Kind::List(items) => items.last().map(|item| item.node.last),
            Kind::Other => None,
        };
        Some(Node { kind, last: last? })
    }

    /// The members up to the end of the object, and the line in which it ends.
    fn members(&mut self) -> Option<(Vec<Member>, usize)> {
        let mut members = Vec::new();
        loop {
            match self.next()? {
                (Event::MappingEnd, span) => return Some((members, line(span))),
                (Event::Scalar(name, _, 0, None), span) if name != "<<" => {
                    let (event, value) = self.next()?;
                    let node = self.node(&event, value)?;
                    members.push(Member {
                        name: name.into_owned(),
                        line: line(span),
                        column: span.start.col(),
                        node,
                    });
                }
                _ => return None,
            }
        }
    }

    /// The items up to the end of the list, unless one of them doesn't start in the line of its dash, and the line in
    /// which the list ends.
    fn items(&mut self) -> Option<(Option<Vec<Item>>, usize)> {
        let mut items = Some(Vec::new());
        let mut inner_last = 0;
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Some((items, line(span).max(inner_last)));
            }
            let dash = self.dash(span);
            let node = self.node(&event, span)?;
            inner_last = node.last;
            match (&mut items, dash) {
                (Some(items), Some(column)) => items.push(Item {
                    line: line(span),
                    column,
                    node,
                }),
                _ => items = None,
            }
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

    /// A block ends where the next thing starts, with blank lines between that are not its own.
    fn end_of_scalar(&self, style: ScalarStyle, span: Span) -> usize {
        let end = span.end.line().saturating_sub(1);
        if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return end;
        }
        let first = line(span);
        let mut last = end
            .saturating_sub(1)
            .min(self.lines.len().saturating_sub(1));
        while last > first
            && self
                .lines
                .get(last)
                .is_some_and(|line| line.trim().is_empty())
        {
            last -= 1;
        }
        last.max(first)
    }
}

fn line(span: Span) -> usize {
    span.start.line().saturating_sub(1)
}
