//! JSON pointers (RFC 6901), the address of every place in a document.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

/// `pointer` extended by one member name or index, escaped.
pub fn join(pointer: &str, token: &str) -> String {
    let mut joined = String::with_capacity(pointer.len() + 1 + token.len());
    joined.push_str(pointer);
    push(&mut joined, token);
    joined
}

/// Extends `pointer` by one member name or index, escaped.
pub fn push(pointer: &mut String, token: &str) {
    pointer.push('/');
    if token.contains(['~', '/']) {
        pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(token);
    }
}

/// The unescaped tokens of a pointer, outermost first.
pub fn tokens(pointer: &str) -> impl Iterator<Item = String> + '_ {
    pointer.split('/').skip(1).map(unescape)
}

/// The pointer of the enclosing value, or `None` for the whole document.
pub fn parent(pointer: &str) -> Option<&str> {
    pointer.rfind('/').map(|end| &pointer[..end])
}

/// The last token of a pointer, unescaped; empty for the whole document.
pub fn last(pointer: &str) -> String {
    pointer.rsplit('/').next().map(unescape).unwrap_or_default()
}

/// Undoes the escapes of one token.
pub fn unescape(token: &str) -> String {
    unescaped(token).into_owned()
}

fn unescaped(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

/// The pointer before a value was moved; `moves` has the old pointer for each new one.
pub fn before(moves: &BTreeMap<String, String>, pointer: &str) -> String {
    let mut prefix = pointer;
    loop {
        if let Some(old) = moves.get(prefix) {
            return format!("{old}{}", &pointer[prefix.len()..]);
        }
        match parent(prefix) {
            Some(parent) => prefix = parent,
            None => return pointer.to_owned(),
        }
    }
}

/// The value at `pointer`. Other than [`Value::pointer`], it makes no strings on the way, which counts when every node
/// of a large document is looked up many times.
pub fn get<'a>(root: &'a Value, pointer: &str) -> Option<&'a Value> {
    tokens_of(pointer)?.try_fold(root, |value, token| match value {
        Value::Object(members) => members.get(&*unescaped(token)),
        Value::Array(items) => items.get(index(token)?),
        _ => None,
    })
}

/// The tokens as they are written; `None` if it is no pointer.
fn tokens_of(pointer: &str) -> Option<impl Iterator<Item = &str>> {
    let is_pointer = pointer.is_empty() || pointer.starts_with('/');
    is_pointer.then(|| pointer.split('/').skip(1))
}

/// An index as RFC 6901 writes it: without a sign, and without zeros before it.
fn index(token: &str) -> Option<usize> {
    let is_canonical = token == "0" || token.starts_with(|first| matches!(first, '1'..='9'));
    token.parse().ok().filter(|_| is_canonical)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{get, join};

    #[test]
    fn looks_up_what_serde_json_looks_up() {
        let root = json!({ "a/b": [1, { "~": 2, "": 3 }], "~1": { "01": 4, "+1": 5 } });
        let pointers = [
            "",
            "/",
            "a",
            "#/a",
            "/a~1b",
            "/a~1b/0",
            "/a~1b/1/~0",
            "/a~1b/1/",
            "/a~1b/01",
            "/a~1b/+1",
            "/a~1b/2",
            "/~01/01",
            "/~01/+1",
            "/a~1b/0/0",
        ];
        for pointer in pointers {
            let expected = root.pointer(pointer).cloned();
            assert_eq!(get(&root, pointer).cloned(), expected, "{pointer}");
        }
    }

    #[test]
    fn escapes_what_it_joins() {
        assert_eq!(join("/paths", "/a~b/{c}"), "/paths/~1a~0b~1{c}");
    }
}
