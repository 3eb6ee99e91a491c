//! Documentation comments from descriptions written for somewhere else.
//!
//! A description is Markdown meant for a web page. Put into a doc comment as it is, its brackets become broken links,
//! its angle brackets invalid HTML, and its code blocks tests that are compiled. It is read with rustdoc's own parser,
//! changed where rustdoc would stumble, and written out again.

use proc_macro2::TokenStream;
use pulldown_cmark::{CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};
use quote::quote;

use crate::api::Docs;
pub use crate::text::code;
use crate::text::{self, one_line};

/// The syntax that rustdoc reads, without the extensions that need a second pass over the text.
const MARKDOWN: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS);

/// The paragraphs of a description or what stands for one, and of the note that the API does not document it.
pub fn paragraphs(docs: &Docs, fallback: Option<String>) -> Vec<String> {
    let description = docs.description.as_deref().map(sanitise);
    let description = description.filter(|description| !description.trim().is_empty());
    let note = "*Inferred: the documentation of the API does not state it.*";
    let note = docs.inferred.then(|| note.to_owned());
    description.or(fallback).into_iter().chain(note).collect()
}

/// The Markdown of a description as rustdoc can take it.
pub fn sanitise(description: &str) -> String {
    if is_plain(description) {
        return format!("{description}\n");
    }
    rewritten(description)
}

fn rewritten(description: &str) -> String {
    let mut text: String = description
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|&c| c == '\n' || c == '\t' || !c.is_control() && !is_bidirectional(c))
        .collect();
    text.push('\n');

    let mut events = Vec::new();
    let (mut in_link, mut in_code) = (false, false);
    // A bare URL and the text of a code block may reach the parser's events in pieces.
    let mut pending = String::new();
    for mut event in Parser::new_ext(&text, MARKDOWN).map(Event::into_static) {
        match event {
            Event::Text(text) if !in_link => {
                pending.push_str(&text);
                continue;
            }
            // Paragraphs are filled anew, to the width of a doc comment.
            Event::SoftBreak if !in_link => {
                pending.push(' ');
                continue;
            }
            _ if in_code => events.push(text_event(&format!("{}\n", pending.trim_end()))),
            _ => link_urls(&mut events, &pending),
        }
        pending.clear();
        match event {
            Event::SoftBreak => events.push(text_event(" ")),
            Event::Html(html) => events.extend([text_event(html.trim_end()), Event::SoftBreak]),
            Event::InlineHtml(html) => events.push(Event::Text(html)),
            Event::Start(Tag::HtmlBlock) => events.push(Event::Start(Tag::Paragraph)),
            Event::End(TagEnd::HtmlBlock) => {
                events.pop_if(|last| *last == Event::SoftBreak);
                events.push(Event::End(TagEnd::Paragraph));
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                in_code = true;
                let kind = CodeBlockKind::Fenced(language(&kind).into());
                events.push(Event::Start(Tag::CodeBlock(kind)));
            }
            Event::Start(Tag::Link {
                ref mut link_type,
                ref mut dest_url,
                ..
            }) => {
                in_link = true;
                // rustdoc takes a destination without a scheme for the path of a Rust item.
                let is_absolute = dest_url.contains("://")
                    || *link_type == LinkType::Email
                    || dest_url.starts_with("mailto:");
                if !is_absolute {
                    *dest_url = format!("#{}", dest_url.trim_start_matches('#')).into();
                }
                if !matches!(link_type, LinkType::Autolink | LinkType::Email) {
                    *link_type = LinkType::Inline;
                }
                events.push(event);
            }
            event => {
                in_code &= event != Event::End(TagEnd::CodeBlock);
                in_link &= event != Event::End(TagEnd::Link);
                events.push(event);
            }
        }
    }
    link_urls(&mut events, &pending);

    let options = pulldown_cmark_to_cmark::Options {
        code_block_token_count: 3,
        list_token: '-',
        increment_ordered_list_bullets: true,
        ..pulldown_cmark_to_cmark::Options::default()
    };
    let mut markdown = String::new();
    let events = events.iter();
    match pulldown_cmark_to_cmark::cmark_with_options(events, &mut markdown, MARKDOWN, options) {
        Ok(_) => tidy_quotes(&markdown),
        // Writing to a string does not fail; should an event have no Markdown, its text is still worth showing.
        Err(_) => text.replace(['[', ']', '<', '`'], " "),
    }
}

/// Removes the indentation and the line without text that the writer puts before block quotes.
fn tidy_quotes(markdown: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    let mut in_code = false;
    for line in markdown.lines() {
        in_code ^= line.trim_start().starts_with("```");
        let quote = line.strip_prefix(' ');
        let quote = quote.filter(|rest| rest.starts_with('>') && !in_code);
        let follows_blank = lines.last().is_none_or(|last| last.is_empty());
        if !(follows_blank && quote.is_some_and(|quote| quote.trim_end() == ">")) {
            lines.push(quote.unwrap_or(line));
        }
    }
    lines.join("\n")
}

/// A sentence of ours around words of the document, on one line.
pub fn line(text: &str) -> String {
    sanitise(&one_line(text)).trim().to_owned()
}

/// Whether a text is one line of prose in which nothing can be taken for Markdown: most descriptions are, and reading
/// them as Markdown would be a good part of what generating costs.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" ,.;'()-/:?%".contains(&byte))
        && !text.ends_with(' ')
        && !text.contains("  ")
        && !text.contains("//")
}

fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The language of a code block, `text` where rustdoc would take it for Rust and compile it.
fn language(kind: &CodeBlockKind<'_>) -> &'static str {
    const SHOWN: &str =
        "json yaml yml xml html http sh bash shell console python javascript js toml";
    let info = match kind {
        CodeBlockKind::Fenced(info) => info.trim(),
        CodeBlockKind::Indented => "",
    };
    let mut shown = SHOWN.split(' ');
    let known = shown.find(|language| info.eq_ignore_ascii_case(language));
    known.unwrap_or("text")
}

fn text_event(text: &str) -> Event<'static> {
    Event::Text(text.to_owned().into())
}

/// Pushes text, with the URLs in it as links.
fn link_urls(events: &mut Vec<Event<'static>>, text: &str) {
    let mut rest = text;
    let start = |text: &str| {
        text.find("https://")
            .into_iter()
            .chain(text.find("http://"))
            .min()
    };
    while let Some(start) = start(rest) {
        let (before, found) = rest.split_at(start);
        let end = found.find(|c: char| c.is_whitespace() || "<>\"`()[]{}|\\^".contains(c));
        let url = &found[..end.unwrap_or(found.len())];
        let url = url.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
        if !before.is_empty() {
            events.push(text_event(before));
        }
        if url.ends_with('/') && url.len() <= "https://".len() {
            events.push(text_event(url));
        } else {
            let link = Tag::Link {
                link_type: LinkType::Autolink,
                dest_url: url.to_owned().into(),
                title: CowStr::Borrowed(""),
                id: CowStr::Borrowed(""),
            };
            events.extend([
                Event::Start(link),
                text_event(url),
                Event::End(TagEnd::Link),
            ]);
        }
        rest = &found[url.len()..];
    }
    if !rest.is_empty() {
        events.push(text_event(rest));
    }
}

/// The width of a comment, in characters, beyond which a line is broken between words: 100 columns with `    /// ` before it.
const WIDTH: usize = 92;

/// A comment as tokens.
pub fn comment(markdown: &str) -> TokenStream {
    let mut lines = Vec::new();
    let mut in_code = false;
    for line in markdown.trim().lines().map(str::trim_end) {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        let keep = in_code || fence || line.contains('|') || line.trim_start().starts_with('#');
        match keep {
            true => lines.push(line.to_owned()),
            false => lines.extend(wrapped(line)),
        }
    }
    // A blank follows `///`.
    let lines = lines.into_iter().map(|line| match line.is_empty() {
        true => line,
        false => format!(" {line}"),
    });
    quote!(#(#[doc = #lines])*)
}

/// The attribute of an item that is deprecated; `what` is its word in the API description.
pub fn deprecated(is_deprecated: bool, what: &str) -> Option<TokenStream> {
    let reason = format!("the API description marks this {what} as deprecated");
    is_deprecated.then(|| quote!(#[deprecated = #reason]))
}

/// A line of Markdown as several, with the indentation that keeps them in the same paragraph or list item.
fn wrapped(line: &str) -> Vec<String> {
    let text = line.trim_start();
    let first = text.split_once(' ').map(|(first, _)| first);
    let marker = first.filter(|first| is_marker(first));
    let marker = marker.map_or(0, |marker| marker.len() + 1);
    let indent = " ".repeat(line.len() - text.len() + marker);
    let first = &line[..line.len() - text.len()];
    // A word that would begin a list or a heading stays where it is.
    text::wrapped(text, WIDTH, [first, &indent], |word| !is_marker(word))
}

fn is_marker(word: &str) -> bool {
    let number = word
        .strip_suffix(['.', ')'])
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    number || word.chars().all(|c| "-+*#>=_~`".contains(c))
}

/// The sentence about a default, which is JSON.
pub fn server_default(default: &str) -> String {
    format!("The server's default is {}.", code(default))
}

/// A text as the first line of a comment: on one line, ended by one period.
pub fn sentence(text: &str) -> String {
    let text = one_line(text);
    let text = text.trim_end_matches(['.', ',', ';', ':']);
    if text.ends_with(['!', '?']) || text.is_empty() {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_that_is_passed_over_would_not_have_changed() {
        for text in [
            "A task.",
            "Newest first, one page per call; at most 100 (the server's limit).",
            "The well-known media type application/json: 50% of all? a) b. 1. - 2) yes",
            "Setext - --- no: heading here: www.example.com",
        ] {
            assert!(is_plain(text), "{text}");
            assert_eq!(rewritten(text).trim_end(), sanitise(text).trim_end());
        }
    }
}
