use std::sync::Arc;

use nanonets_agents_api::Context;
use proptest::prelude::*;

use super::characters::{is_blank, is_invisible};
use super::{RUN, Redactor, SHOWN};

const KEY: &str = "nn_live_4f7Q9zXk2LmT8vRc";
const PROMPT: &str = "Extract the invoice number, the total and the IBAN of ACME GmbH & Co. KG.";

fn clean_with(key: &str, private: &[&str], message: &str) -> String {
    let context = Context::with_api_key(key).expect("a key");
    let private: Vec<Arc<str>> = private.iter().map(|&text| text.into()).collect();
    Redactor::new(&context, &private).clean(message)
}

fn clean(message: &str) -> String {
    clean_with(KEY, &[PROMPT], message)
}

#[test]
fn a_key_is_not_shown_however_it_is_written() {
    for (message, expected) in [
        (
            "no such key: nn_live_4f7Q9zXk2LmT8vRc",
            "no such key: (secret)",
        ),
        ("key=nn_live_4f7Q9zXk2LmT8vRc&x=1", "key=(secret)&x=1"),
        ("NN_LIVE_4F7Q9ZXK2LMT8VRC is revoked", "(secret) is revoked"),
        (
            "keys nn_live_4f7Q9 and k2LmT8vRc",
            "keys (secret) and (secret)",
        ),
        (
            "prefix-nn_live_4f7Q9zXk2LmT8vRc-suffix",
            "prefix-(secret)-suffix",
        ),
        (r"\u006en_live_4f7Q9zXk2LmT8vRc", "(secret)"),
        ("%6En%5Flive_4f7Q9zXk2LmT8vRc", "(secret)"),
        ("nn_live_\u{200b}4f7Q9zXk2\nLmT8vRc", "(secret)"),
        ("Basic bm5fbGl2ZV80ZjdROXpYazJMbVQ4dlJj", "Basic (secret)"),
        ("it ends in 8vRc", "it ends in 8vRc"),
    ] {
        assert_eq!(clean(message), expected, "{message:?}");
    }
}

#[test]
fn a_short_key_counts_as_a_whole_word() {
    for (key, message, expected) in [
        ("k", "there is no task", "there is no task"),
        ("k", "no such key: k", "no such key: (secret)"),
        ("k", "key 'k', again k.", "key '(secret)', again (secret)."),
        (
            "test",
            "the latest test has attested it",
            "the latest (secret) has attested it",
        ),
        (
            "hush-key",
            "{\"key\":\"hush-key\"}",
            "{\"key\":\"(secret)\"}",
        ),
        ("hush-key", "key=aHVzaC1rZXk=", "key=(secret)="),
        (
            "elevenchars",
            "elevenchars or elevencharsX",
            "(secret) or elevencharsX",
        ),
    ] {
        assert_eq!(
            clean_with(key, &[], message),
            expected,
            "{key}: {message:?}"
        );
    }
}

#[test]
fn a_prompt_is_not_shown_however_it_is_written() {
    for (message, expected) in [
        (PROMPT, "(redacted)"),
        ("input: Extract the invoice number", "input: (redacted)"),
        ("EXTRACT  THE\n\tinvoice number!", "(redacted)!"),
        (
            "{\"input\":\"of ACME GmbH \\u0026 Co. KG.\"}",
            "{\"input\":\"(redacted)\"}",
        ),
        ("of ACME GmbH &amp; Co. KG.", "(redacted)"),
        ("q=Extract+the%20invoice+number&x=1", "q=(redacted)&x=1"),
        (
            "text RXh0cmFjdCB0aGUgaW52b2ljZSBudW1iZXI=",
            "text (redacted)=",
        ),
        ("the total is not a number", "the total is not a number"),
    ] {
        assert_eq!(clean(message), expected, "{message:?}");
    }
}

#[test]
fn a_schema_in_a_string_in_json_is_not_shown() {
    let schema = r#"{"properties":{"vendor":{"description":"Who\nwrites the \"invoice\""}}}"#;
    let echoed = serde_json::json!({ "schema": schema }).to_string();
    let message = serde_json::json!({ "detail": echoed }).to_string();
    let shown = clean_with(KEY, &[schema], &message);
    assert_eq!(shown, r#"{"detail":"{\"schema\":\"(redacted)\"}"}"#);
    let shown = clean_with(
        KEY,
        &[schema],
        "bad description: Who writes the \"invoice\"",
    );
    assert_eq!(shown, "bad description: (redacted)");
}

#[test]
fn a_short_private_text_counts_as_a_whole_word() {
    for (text, message, expected) in [
        ("a.pdf", "a.pdf is too large", "(redacted) is too large"),
        ("a.pdf", "aa.pdf is too large", "aa.pdf is too large"),
        (
            "file",
            "the profile of \"File\"",
            "the profile of \"(redacted)\"",
        ),
        (
            "Total due?",
            "no such field: total  due?",
            "no such field: (redacted)",
        ),
        ("pdf", "no such pdf", "no such pdf"),
    ] {
        assert_eq!(
            clean_with(KEY, &[text], message),
            expected,
            "{text}: {message:?}"
        );
    }
}

#[test]
fn a_few_characters_of_a_script_with_many_are_not_shown() {
    let prompt = "请从合同中提取所有付款条款";
    let shown = clean_with(KEY, &[prompt], "无效的输入: 提取所有付款");
    assert_eq!(shown, "无效的输入: (redacted)");
}

#[test]
fn a_message_is_one_line_without_commands_for_a_terminal() {
    let message =
        "  bad\u{1b}[31m\r\n request\u{9b}2J \u{202e}desrever\u{2069} a\u{200b}b \u{feff}\u{7}";
    assert_eq!(clean(message), "bad [31m request 2J desrever ab");
    assert_eq!(clean("\u{200b}\n\u{7f} "), "");
}

#[test]
fn a_long_message_is_cut_behind_what_is_removed() {
    let filler = "x".repeat(SHOWN - 4);
    let shown = clean(&format!("{filler} {KEY} and more"));
    assert_eq!(shown, format!("{filler}..."));
    let shown = clean(&format!("{} {KEY} and more", &filler[..SHOWN - 20]));
    assert_eq!(
        shown,
        format!("{} (secret) and more", &filler[..SHOWN - 20])
    );
    let shown = clean(&PROMPT.repeat(1000));
    assert_eq!(shown, "(redacted)...");
}

#[test]
fn a_body_that_is_no_text_is_shown_all_the_same() {
    let context = Context::with_api_key(KEY).expect("a key");
    let redactor = Redactor::new(&context, &[]);
    assert_eq!(
        redactor.clean_bytes(b"bad \xff\xfe gateway"),
        "bad \u{fffd}\u{fffd} gateway"
    );
    let shown = redactor.clean_bytes(&[0xe2; 100_000]);
    assert_eq!(shown.chars().count(), SHOWN + 3);
}

#[test]
fn megabytes_of_a_prompt_take_no_more_than_a_walk_through_them() {
    let long = "aab".repeat(300_000);
    let message = format!("input: {}", "aab".repeat(100_000));
    assert_eq!(
        clean_with(KEY, &[&long, &long], &message),
        "input: (redacted)..."
    );
}

/// The characters that count when texts are compared.
fn folded(text: &str) -> Vec<char> {
    let visible = text.chars().filter(|&c| !is_blank(c) && !is_invisible(c));
    visible.flat_map(char::to_lowercase).collect()
}

/// Whether any part of what is shown, without the placeholders, has a run in common with the text.
fn shows(shown: &str, text: &str) -> bool {
    let text = folded(text);
    let runs: std::collections::HashSet<&[char]> = text.windows(RUN).collect();
    let parts = shown
        .split("(secret)")
        .flat_map(|part| part.split("(redacted)"));
    parts
        .map(folded)
        .any(|part| part.windows(RUN).any(|run| runs.contains(run)))
}

/// How a server may write what it repeats.
fn written(text: &str, way: u8) -> String {
    match way % 8 {
        0 => serde_json::Value::from(text).to_string(),
        1 => text.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        2 => text.to_uppercase(),
        3 => text.split_whitespace().collect::<Vec<_>>().join("\r\n  "),
        4 => text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;"),
        5 => text
            .encode_utf16()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect(),
        6 => format!("{text:?}"),
        _ => text.to_owned(),
    }
}

/// A message that repeats parts of texts among other things.
fn message(texts: Vec<String>) -> impl Strategy<Value = String> {
    let part = (
        0..texts.len(),
        any::<u8>(),
        any::<[prop::sample::Index; 2]>(),
        "[ -~]{0,12}",
    );
    prop::collection::vec(part, 1..6).prop_map(move |parts| {
        let echo = |(text, way, cuts, other): (usize, u8, [prop::sample::Index; 2], String)| {
            let text = written(&texts[text], way);
            let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let cut = |index: prop::sample::Index| match bounds.is_empty() {
                true => 0,
                false => bounds[index.index(bounds.len())],
            };
            let (from, to) = (cut(cuts[0]), cut(cuts[1]));
            let part = match way {
                0..128 => &text[from..],
                128..192 => &text[..to],
                192.. => &text[from.min(to)..from.max(to)],
            };
            format!("{other}{part}")
        };
        parts.into_iter().map(echo).collect()
    })
}

fn sent() -> impl Strategy<Value = (String, String, String)> {
    ("[!-~]{12,80}", "\\PC{4,300}").prop_flat_map(|(key, prompt)| {
        let texts = vec![key.clone(), prompt.clone()];
        (Just(key), Just(prompt), message(texts))
    })
}

proptest! {
    #[test]
    fn nothing_of_a_key_or_a_prompt_is_shown((key, prompt, message) in sent()) {
        let shown = clean_with(&key, &[&prompt], &message);
        prop_assert!(!shows(&shown, &key), "{shown:?} has {key:?}");
        prop_assert!(!shows(&shown, &prompt), "{shown:?} has {prompt:?}");
        prop_assert!(shown.chars().count() <= SHOWN + 3);
        prop_assert!(!shown.chars().any(|c| c.is_control() || is_invisible(c)), "{shown:?}");
    }

    #[test]
    fn a_whole_key_is_removed_wherever_it_is(
        key in "[!-~]{12,80}",
        before in "[a-z0-9 .:{\"]{0,60}",
        after in "[a-z0-9 .:}\"]{0,60}",
        way in any::<u8>(),
    ) {
        let message = format!("{before}{}{after}", written(&key, way));
        let shown = clean_with(&key, &[], &message);
        prop_assert!(shown.contains("(secret)"), "{shown:?}");
        let (head, tail) = (&key[..8.min(key.len() / 2 + 1)], &key[key.len() - 8.min(key.len() / 2 + 1)..]);
        let shown = shown.to_lowercase();
        prop_assert!(!shown.contains(&head.to_lowercase()), "{shown:?} has {head:?}");
        prop_assert!(!shown.contains(&tail.to_lowercase()), "{shown:?} has {tail:?}");
    }

    #[test]
    fn a_message_without_secrets_is_unchanged(
        words in prop::collection::vec("[a-m.,:'(){}\\[\\]\"]{1,10}", 1..18),
        key in "[N-Z0-9_-]{1,60}",
        prompt in "[n-zäöü0-9 ]{0,200}",
    ) {
        let message = words.join(" ");
        prop_assert_eq!(clean_with(&key, &[&prompt], &message), message);
    }

    #[test]
    fn any_message_can_be_cleaned(message in ".{0,400}", key in "[!-~]{1,40}", prompt in ".{0,100}") {
        clean_with(&key, &[&prompt], &message);
    }

    #[test]
    fn any_body_can_be_cleaned(body in prop::collection::vec(any::<u8>(), 0..600)) {
        let context = Context::with_api_key(KEY).expect("a key");
        let shown = Redactor::new(&context, &[]).clean_bytes(&body);
        prop_assert!(!shown.chars().any(char::is_control));
    }
}
