//! Writing a value into a text that holds another: the lines of what is the same are kept.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

use serde_json::{Map, Value};

use super::outline::{Item, Kind, Member, Node, outline};
use super::{Order, emit, ordered};
use crate::pointer;
use crate::read::Document;

/// The text of `old` with `new` in the place of its value; `None` if the text can't be taken apart.
pub fn merge(old: &Document, new: &Value, order: &Order<'_>) -> Option<String> {
    let text = old.text();
    let merge = Merge {
        lines: text
            .split('\n')
            .map(|line| line.trim_end_matches('\r'))
            .collect(),
        order,
    };
    let outline = outline(text)?;
    let (Kind::Object(members), Value::Object(was), Value::Object(is)) =
        (&outline.kind, &old.root, new)
    else {
        return None;
    };
    let mut lines = merge.object(members, was, is, "", 0);
    lines.extend(merge.rest(&outline));
    let mut text = lines.join("\n");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Some(text)
}

/// A text with the line ends of another one.
pub fn with_line_ends(text: String, of: &str) -> String {
    match of.contains("\r\n") {
        true => text.replace('\n', "\r\n"),
        false => text,
    }
}

struct Merge<'a> {
    lines: Vec<&'a str>,
    order: &'a Order<'a>,
}

impl Merge<'_> {
    /// What follows the whole value.
    fn rest(&self, outline: &Node) -> Vec<String> {
        let rest = self.lines.get(outline.last + 1..).unwrap_or_default();
        rest.iter().map(|line| (*line).to_owned()).collect()
    }

    /// The lines of an object whose first line may start at `start`.
    fn object(
        &self,
        members: &[Member],
        was: &Map<String, Value>,
        is: &Map<String, Value>,
        at: &str,
        start: usize,
    ) -> Vec<String> {
        let indent = members.first().map_or(0, |member| member.column);
        let known: HashSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
        // What is new comes after the member that it follows in the other order, or first of all.
        let mut following: HashMap<Option<&str>, Vec<&str>> = HashMap::new();
        let mut before = None;
        for name in ordered(is, at, self.order) {
            if known.contains(name.as_str()) {
                before = Some(name.as_str());
            } else {
                following.entry(before).or_default().push(name);
            }
        }
        let spacing = self.spacing(members);
        let mut lines = Vec::new();
        let write_new = |lines: &mut Vec<String>, names: Option<&Vec<&str>>| {
            for name in names.into_iter().flatten() {
                if spacing && !lines.is_empty() {
                    lines.push(String::new());
                }
                let at = pointer::join(at, name);
                lines.extend(emit::member(name, &is[*name], indent, &at, self.order));
            }
        };
        write_new(&mut lines, following.get(&None));
        let mut end = start;
        for member in members {
            let trivia = self.trivia(end..member.line);
            end = member.node.last + 1;
            let Some(value) = is.get(&member.name) else {
                let is_blank = trivia.group.iter().all(|line| line.trim().is_empty());
                lines.extend(trivia.group.into_iter().filter(|_| !is_blank));
                continue;
            };
            lines.extend(trivia.group);
            lines.extend(trivia.own);
            let at = pointer::join(at, &member.name);
            lines.extend(self.member(member, was.get(&member.name), value, indent, &at));
            write_new(&mut lines, following.get(&Some(member.name.as_str())));
        }
        lines
    }

    fn member(
        &self,
        member: &Member,
        was: Option<&Value>,
        is: &Value,
        indent: usize,
        at: &str,
    ) -> Vec<String> {
        let range = member.line..member.node.last + 1;
        let after = member.line + 1;
        match (&member.node.kind, was, is) {
            (_, Some(was), is) if was == is => self.verbatim(range, indent),
            (Kind::Object(members), Some(Value::Object(was)), Value::Object(is))
                if !is.is_empty() =>
            {
                let mut lines = self.verbatim(member.line..after, indent);
                lines.extend(self.object(members, was, is, at, after));
                lines
            }
            (Kind::List(items), Some(Value::Array(was)), Value::Array(is)) if !is.is_empty() => {
                let mut lines = self.verbatim(member.line..after, indent);
                lines.extend(self.list(items, was, is, at, after));
                lines
            }
            _ => emit::member(&member.name, is, indent, at, self.order),
        }
    }

    fn list(
        &self,
        items: &[Item],
        was: &[Value],
        is: &[Value],
        at: &str,
        start: usize,
    ) -> Vec<String> {
        let indent = items.first().map_or(0, |item| item.column);
        let mut starts = Vec::new();
        let mut end = start;
        for item in items {
            starts.push(end);
            end = item.node.last + 1;
        }
        let partners = partners(was, is);
        let mut lines = Vec::new();
        for (index, (value, partner)) in is.iter().zip(partners).enumerate() {
            let at = pointer::join(at, &index.to_string());
            let known = partner.and_then(|partner| {
                let item = items.get(partner)?;
                Some((item, starts.get(partner)?, was.get(partner)?))
            });
            let Some((item, start, was)) = known else {
                lines.extend(emit::item(value, indent, &at, self.order));
                continue;
            };
            let trivia = self.trivia(*start..item.line);
            lines.extend(trivia.group);
            lines.extend(trivia.own);
            match (&item.node.kind, was, value) {
                _ if was == value => {
                    lines.extend(self.verbatim(item.line..item.node.last + 1, item.column));
                }
                (Kind::Object(members), Value::Object(was), Value::Object(is))
                    if !is.is_empty() =>
                {
                    // The first member stands in the line of the dash, with nothing before it.
                    let mut object = self.object(members, was, is, &at, item.line);
                    emit::with_dash(&mut object, indent);
                    lines.extend(object);
                }
                _ => lines.extend(emit::item(value, indent, &at, self.order)),
            }
        }
        lines
    }

    /// Lines as they are, but for what stands before the first of them in its line.
    fn verbatim(&self, range: Range<usize>, indent: usize) -> Vec<String> {
        let lines = self.lines.get(range).unwrap_or_default();
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        if let Some(first) = lines.first_mut() {
            let text: String = first.chars().skip(indent).collect();
            *first = format!("{}{text}", " ".repeat(indent));
        }
        lines
    }

    /// Blank lines and comments before a member, split in two: what is set off by a blank line is about the group, and
    /// stays if the member goes.
    fn trivia(&self, range: Range<usize>) -> Trivia {
        let lines = self.lines.get(range).unwrap_or_default();
        let blank = lines.iter().rposition(|line| line.trim().is_empty());
        let (group, own) = lines.split_at(blank.map_or(0, |blank| blank + 1));
        let text = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        Trivia {
            group: text(group),
            own: text(own),
        }
    }

    /// Whether blank lines stand between most members.
    fn spacing(&self, members: &[Member]) -> bool {
        let is_blank = |line: usize| {
            self.lines
                .get(line)
                .is_some_and(|line| line.trim().is_empty())
        };
        let pairs = members.windows(2);
        let spaced = pairs.filter(|pair| is_blank(pair[0].node.last + 1)).count();
        members.len() > 1 && 2 * spaced >= members.len() - 1
    }
}

struct Trivia {
    group: Vec<String>,
    own: Vec<String>,
}

/// For each new item the index of the old one that it is, or comes from: an equal one, or else one that goes by the
/// same name.
fn partners(was: &[Value], is: &[Value]) -> Vec<Option<usize>> {
    let mut partners: Vec<Option<usize>> = vec![None; is.len()];
    let mut used = HashSet::new();
    let keys: [fn(&Value) -> Option<String>; 2] = [|item| Some(item.to_string()), identity];
    for key in keys {
        let mut known: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (index, item) in was.iter().enumerate() {
            if let Some(key) = key(item).filter(|_| !used.contains(&index)) {
                known.entry(key).or_default().push_back(index);
            }
        }
        for (partner, item) in partners.iter_mut().zip(is) {
            if partner.is_none() {
                *partner = key(item).and_then(|key| known.get_mut(&key)?.pop_front());
                used.extend(*partner);
            }
        }
    }
    partners
}

/// What tells an item of a list in an API description from the others: the name of a parameter, a tag or a server.
pub fn identity(item: &Value) -> Option<String> {
    let text = |field: &str| item.get(field).and_then(Value::as_str);
    if let Some(target) = text("$ref") {
        return Some(format!("$ref {target}"));
    }
    if let Some(name) = text("name") {
        return Some(format!("name {name} {}", text("in").unwrap_or_default()));
    }
    text("url").map(|url| format!("url {url}"))
}
