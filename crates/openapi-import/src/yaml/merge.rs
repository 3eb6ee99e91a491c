//! Writes a value into a text that holds another one: the lines of equal members and items stay.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

use serde_json::{Map, Value};

use super::emit;
use super::order::{Order, ordered};
use super::outline::{Entry, outline};
use openapi_document::pointer;
use openapi_document::read::Document;

/// The text of `old` with `new` in the place of its value; `None` if the text can't be taken apart.
pub fn merge(old: &Document, new: &Value, order: &Order<'_>) -> Option<String> {
    let text = old.text();
    let lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
    let merge = Merge {
        lines: lines.collect(),
        order,
    };
    let outline = outline(text)?;
    let (Some(members), Value::Object(is)) = (&outline.entries, new) else {
        return None;
    };
    let mut lines = merge.object(members, old.root.as_object()?, is, "", 0);
    lines.extend(merge.text(outline.last + 1..merge.lines.len()));
    let mut text = lines.join("\n");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Some(text)
}

struct Merge<'a> {
    lines: Vec<&'a str>,
    order: &'a Order<'a>,
}

impl Merge<'_> {
    /// The lines of an object whose first line may start at `start`.
    fn object(
        &self,
        members: &[Entry],
        was: &Map<String, Value>,
        is: &Map<String, Value>,
        at: &str,
        start: usize,
    ) -> Vec<String> {
        let indent = members.first().map_or(0, |member| member.column);
        // A new member comes after the one that it follows in the other order, or first of all.
        let mut following: HashMap<Option<&str>, Vec<&str>> = HashMap::new();
        let mut before = None;
        for name in ordered(is, at, self.order) {
            if was.contains_key(name) {
                before = Some(name.as_str());
            } else {
                following.entry(before).or_default().push(name);
            }
        }
        let spacing = self.spacing(members);
        let mut lines = Vec::new();
        let write_new = |lines: &mut Vec<String>, before: Option<&str>| {
            for name in following.get(&before).into_iter().flatten() {
                if spacing && !lines.is_empty() {
                    lines.push(String::new());
                }
                let at = pointer::join(at, name);
                lines.extend(emit::entry(Some(name), &is[*name], indent, &at, self.order));
            }
        };
        write_new(&mut lines, None);
        for (index, member) in members.iter().enumerate() {
            let name = member.name.as_deref().unwrap_or_default();
            let (group, own) = self.trivia(members, index, start);
            let Some((was, value)) = was.get(name).zip(is.get(name)) else {
                let is_blank = |line: &String| line.trim().is_empty();
                if !group.iter().all(is_blank) {
                    lines.extend(group);
                }
                continue;
            };
            lines.extend(group);
            lines.extend(own);
            lines.extend(self.entry(member, was, value, indent, &pointer::join(at, name)));
            write_new(&mut lines, Some(name));
        }
        lines
    }

    fn list(
        &self,
        items: &[Entry],
        was: &[Value],
        is: &[Value],
        at: &str,
        start: usize,
    ) -> Vec<String> {
        let indent = items.first().map_or(0, |item| item.column);
        let mut lines = Vec::new();
        for (index, (value, partner)) in is.iter().zip(partners(was, is)).enumerate() {
            let at = pointer::join(at, &index.to_string());
            let known = partner.and_then(|partner| Some((partner, items.get(partner)?)));
            let Some((partner, item)) = known else {
                lines.extend(emit::entry(None, value, indent, &at, self.order));
                continue;
            };
            let (group, own) = self.trivia(items, partner, start);
            lines.extend(group);
            lines.extend(own);
            lines.extend(self.entry(item, &was[partner], value, indent, &at));
        }
        lines
    }

    /// The lines of an entry that holds another value now.
    fn entry(
        &self,
        entry: &Entry,
        was: &Value,
        is: &Value,
        indent: usize,
        at: &str,
    ) -> Vec<String> {
        let (name, line) = (entry.name.as_deref(), entry.line);
        if was == is {
            return self.verbatim(line..entry.node.last + 1, indent);
        }
        let entries = entry.node.entries.as_deref().unwrap_or_default();
        let start = line + usize::from(name.is_some());
        let merged = match (was, is) {
            _ if entries.is_empty() => None,
            (Value::Object(was), Value::Object(is)) if !is.is_empty() => {
                Some(self.object(entries, was, is, at, start))
            }
            (Value::Array(was), Value::Array(is)) if !is.is_empty() => {
                Some(self.list(entries, was, is, at, start))
            }
            _ => None,
        };
        let Some(mut lines) = merged else {
            return emit::entry(name, is, indent, at, self.order);
        };
        match name {
            Some(_) => lines.insert(0, self.verbatim(line..start, indent).concat()),
            // The first member or item stands in the line of the dash, with nothing before it.
            None => emit::with_dash(&mut lines, indent),
        }
        lines
    }

    /// Lines as they are.
    fn text(&self, range: Range<usize>) -> Vec<String> {
        let lines = self.lines.get(range).unwrap_or_default();
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    /// Lines as they are, but for the text before the entry that starts in the first of them.
    fn verbatim(&self, range: Range<usize>, indent: usize) -> Vec<String> {
        let mut lines = self.text(range);
        if let Some(first) = lines.first_mut() {
            let text: String = first.chars().skip(indent).collect();
            *first = format!("{}{text}", " ".repeat(indent));
        }
        lines
    }

    /// Blank lines and comments before an entry, split in two: those up to the last blank line are about a group of
    /// entries, and stay if the entry goes. The lines of the first entry may start at `start`.
    fn trivia(&self, entries: &[Entry], index: usize, start: usize) -> (Vec<String>, Vec<String>) {
        let before = index.checked_sub(1).map(|before| &entries[before]);
        let start = before.map_or(start, |before| before.node.last + 1);
        let mut group = self.text(start..entries[index].line);
        let blank = group.iter().rposition(|line| line.trim().is_empty());
        let own = group.split_off(blank.map_or(0, |blank| blank + 1));
        (group, own)
    }

    /// Whether blank lines stand between most members.
    fn spacing(&self, members: &[Entry]) -> bool {
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

/// For each new item the index of the old one that it is, or comes from: an equal one, or else one that goes by the
/// same name.
pub fn partners(was: &[Value], is: &[Value]) -> Vec<Option<usize>> {
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

/// The key of an item in a list of an API description: the name of a parameter or a tag, the URL of a server.
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
