//! The id of what an answer says was created, although the answer is odd or breaks off.

use uuid::Uuid;

/// The members that an answer may be wrapped in.
const ENVELOPES: [&str; 6] = ["data", "result", "response", "task", "agent", "version"];
/// The deepest object that is looked into.
const DEEPEST: usize = 64;

/// The id in a field of an answer, although the rest of the answer is odd or missing.
///
/// The field counts at the top of the document, and in objects that wrap the answer: [`ENVELOPES`] within each other, or an
/// array. The least deep one is taken. The id of anything else in the answer, such as a tool of an agent, is not that of what
/// was created, and neither is the nil UUID. JSON in a JSON string is read once. The document may break off.
pub(super) fn created_id(body: &[u8], field: &str) -> Option<Uuid> {
    let body = body
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(body)
        .trim_ascii();
    if !body.starts_with(b"\"") {
        return outer_id(body, field);
    }
    let text: String = serde_json::from_slice(body).ok()?;
    outer_id(text.trim().as_bytes(), field)
}

/// An object or an array that is open at a position of a document.
struct Container {
    is_object: bool,
    /// It is the answer, or wraps it.
    is_outer: bool,
    /// The name of the member whose value is next.
    name: Option<String>,
}

fn outer_id(json: &[u8], field: &str) -> Option<Uuid> {
    let mut open: Vec<Container> = Vec::new();
    let mut found: Option<(usize, Uuid)> = None;
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' if open.len() < DEEPEST => {
                let is_outer = match open.last() {
                    None => true,
                    Some(parent) => {
                        let is_envelope = |name: &String| ENVELOPES.contains(&name.as_str());
                        let is_item = !parent.is_object && open.len() == 1;
                        parent.is_outer
                            && (is_item || parent.name.as_ref().is_some_and(is_envelope))
                    }
                };
                open.push(Container {
                    is_object: byte == b'{',
                    is_outer,
                    name: None,
                });
            }
            b'{' | b'[' => break,
            b'}' | b']' => {
                open.pop();
            }
            b',' => {
                if let Some(container) = open.last_mut() {
                    container.name = None;
                }
            }
            b'"' => {
                let text = text_at(json, at);
                let (depth, container) = (open.len(), open.last_mut());
                // It breaks off, or the document is not JSON.
                let (Some((text, end)), Some(container)) = (text, container) else {
                    break;
                };
                at = end;
                if container.is_object && container.name.is_none() {
                    container.name = text.or(Some(String::new()));
                } else if container.is_object
                    && container.is_outer
                    && container.name.as_deref() == Some(field)
                    && found.is_none_or(|(before, _)| depth < before)
                {
                    let id = text.and_then(|text| text.trim().parse::<Uuid>().ok());
                    let id = id.filter(|id| !id.is_nil());
                    found = id.map(|id| (depth, id)).or(found);
                }
            }
            // Not JSON.
            _ if open.is_empty() => break,
            _ => {}
        }
        if open.is_empty() {
            break;
        }
    }
    found.map(|(_, id)| id)
}

/// The string whose first character is here, if it decodes, and the position after its end.
fn text_at(json: &[u8], start: usize) -> Option<(Option<String>, usize)> {
    let mut at = start;
    loop {
        match json.get(at)? {
            b'"' => break,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    let text = json.get(start - 1..=at)?;
    Some((serde_json::from_slice(text).ok(), at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "7f7e4431-66f4-4eb9-bc91-473994247fe4";

    fn id(body: &str) -> Option<String> {
        created_id(body.as_bytes(), "task_id").map(|id| id.to_string())
    }

    #[test]
    fn an_id_is_read_from_an_answer_whose_other_fields_are_odd() {
        for body in [
            r#"{"task_id":"ID"}"#,
            r#"{"task_id":"ID","created_at":"yesterday","message":null}"#,
            r#"{"message":7,"task_id":" ID "}"#,
            r#"{"data":{"task_id":"ID"}}"#,
            r#"{"task_id":null,"task":{"task_id":"ID"}}"#,
            r#"{"task_id":"00000000-0000-0000-0000-000000000000","task":{"task_id":"ID"}}"#,
            r#"{"data":{"task":{"task_id":"ID"}}}"#,
            r#"{"task_id":"ID","task_id":null}"#,
            r#"{"task_id":null,"task_id":"ID"}"#,
            r#"[{"task_id":"ID"}]"#,
            r#"{"agent_id":null,"task_id" : "ID","title":"cut o"#,
            r#"{"data":{"task_id":"ID","title":"cut o"#,
            r#"{"parent":{"task_id":"OTHER"},"task":{"task_id":"ID"}}"#,
            r#"{"data":{"task_id":"OTHER"},"task_id":"ID"}"#,
            r#""{\"task_id\":\"ID\"}""#,
            "\u{feff}{\"task_id\":\"ID\"}",
            r#"{"title":"\ud83d","task_id":"ID"}"#,
        ] {
            let other = "11111111-2222-4333-8444-555555555555";
            let json = body.replace("OTHER", other).replace("ID", ID);
            assert_eq!(id(&json).as_deref(), Some(ID), "{body}");
        }
    }

    #[test]
    fn what_is_no_id_is_not_taken_for_one() {
        for body in [
            "",
            "<h1>Bad gateway</h1>",
            r#"{"task_id":7}"#,
            r#"{"task_id":"seven"}"#,
            r#"{"task_id":"00000000-0000-0000-0000-000000000000"}"#,
            r#"{"message":"the \"task_id\" is \"ID\"","task_id":null}"#,
            r#"{"id":"ID"}"#,
            r#"{"task_id":"7f7e4431-66f4-4eb9-bc9"#,
            r#"{"parent":{"task_id":"ID"}}"#,
            r#"{"related":[{"task_id":"ID"}],"title":"cut o"#,
            r#"{"config":{"data":{"task_id":"ID"}}}"#,
            r#"{"data":[{"task_id":"ID"}]}"#,
            r#"{"message":"{\"task_id\":\"ID\"}"}"#,
            r#""\"{\\\"task_id\\\":\\\"ID\\\"}\"""#,
            r#"task_id: {"task_id":"ID"}"#,
        ] {
            assert_eq!(id(&body.replace("ID", ID)), None, "{body}");
        }
    }
}
