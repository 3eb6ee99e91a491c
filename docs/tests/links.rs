//! Every relative link between the documents of the workspace, and every anchor, exists. Links to the web are not followed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The folder of the workspace.
fn root() -> PathBuf {
    let parent = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    parent.expect("a workspace").to_owned()
}

/// The documents: at the root, of each crate, and all below `docs`.
fn documents() -> Vec<PathBuf> {
    let root = root();
    let mut found = Vec::new();
    collect(&root, 0, &mut found);
    for folder in ["spec", "xtask", "tests"] {
        collect(&root.join(folder), 0, &mut found);
    }
    collect(&root.join("tests/fixtures"), 1, &mut found);
    collect(&root.join("crates"), 1, &mut found);
    collect(&root.join("docs"), 3, &mut found);
    found.sort();
    found
}

/// The Markdown files of a folder and of the folders in it, so many levels deep.
fn collect(folder: &Path, levels: usize, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if levels > 0 {
                collect(&path, levels - 1, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// A link or an image, and the bytes of the document where it is.
struct Link {
    target: String,
    range: Range<usize>,
}

/// The links and the anchors of a document.
fn read(text: &str) -> (Vec<Link>, BTreeSet<String>) {
    let mut links = Vec::new();
    let mut anchors: BTreeMap<String, usize> = BTreeMap::new();
    let mut heading: Option<String> = None;
    let parser = Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                let target = dest_url.to_string();
                links.push(Link { target, range });
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&words);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let anchor = anchor(&heading.take().unwrap_or_default());
                *anchors.entry(anchor).or_default() += 1;
            }
            _ => {}
        }
    }
    let repeated = anchors
        .iter()
        .flat_map(|(name, &count)| (1..count).map(move |number| format!("{name}-{number}")));
    let all = repeated.chain(anchors.keys().cloned()).collect();
    (links, all)
}

/// The anchor of a heading, as GitHub and mdBook make it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter_map(|character| match character {
        ' ' => Some('-'),
        '-' | '_' => Some(character),
        _ => character.is_alphanumeric().then_some(character),
    });
    kept.collect()
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

/// Why a link of a document leads nowhere, and the remedy.
fn problem(document: &Path, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, fragment) = match target.split_once('#') {
        Some((file, fragment)) => (file, Some(fragment)),
        None => (target, None),
    };
    // rustdoc resolves paths of items.
    if fragment.is_none() && !file.contains(['/', '.']) {
        return None;
    }
    let path = match file {
        "" => document.to_owned(),
        _ => plain(&document.parent()?.join(file)),
    };
    let root = root();
    if !path.starts_with(&root) {
        return Some("it leaves the repository: link to a file in it, or to a URL".to_owned());
    }
    let name = path.strip_prefix(&root).ok()?.display().to_string();
    if !path.exists() {
        return Some(format!(
            "{name} does not exist: correct the path, or link to the file that has the content now"
        ));
    }
    let guide = root.join("docs/guide/src");
    if document.starts_with(&guide) && !path.starts_with(&guide) {
        return Some(format!(
            "{name} is not part of the book, so the link is dead in it: write `{name}` without a link"
        ));
    }
    let fragment = fragment?;
    let text = fs::read_to_string(&path).unwrap_or_default();
    let (_, anchors) = read(&text);
    if anchors.contains(fragment) {
        return None;
    }
    let anchors: Vec<String> = anchors.into_iter().collect();
    Some(format!(
        "{name} has no heading with the anchor `{fragment}`; it has: {}",
        anchors.join(", ")
    ))
}

#[test]
fn every_relative_link_and_anchor_exists() {
    let mut problems = Vec::new();
    let mut count = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).expect("a document");
        for link in read(&text).0 {
            count += 1;
            if let Some(problem) = problem(&document, &link.target) {
                let line = text[..link.range.start].matches('\n').count() + 1;
                let name = document.strip_prefix(root()).unwrap_or(&document);
                let name = name.display();
                problems.push(format!("{name}:{line}: `{}`: {problem}", link.target));
            }
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    assert!(count > 50, "only {count} links were found");
}

#[test]
fn a_link_that_leads_nowhere_is_named_with_the_remedy() {
    let readme = root().join("README.md");
    for (target, expected) in [
        (
            "docs/nothing.md",
            "docs/nothing.md does not exist: correct the path",
        ),
        (
            "CONTRIBUTING.md#no-such-heading",
            "has no heading with the anchor `no-such-heading`; it has: ",
        ),
        ("#no-such-heading", "README.md has no heading"),
        ("../elsewhere.md", "it leaves the repository"),
    ] {
        let problem = problem(&readme, target).unwrap_or_default();
        assert!(problem.contains(expected), "{target}: {problem}");
    }
    for target in [
        "https://example.com/#x",
        "LICENSE-MIT",
        "#layout",
        "docs/decisions",
    ] {
        assert_eq!(problem(&readme, target), None, "{target}");
    }
}

#[test]
fn every_page_is_in_the_table_of_contents_and_short() {
    let pages = root().join("docs/guide/src");
    let summary = pages.join("SUMMARY.md");
    let text = fs::read_to_string(&summary).expect("a table of contents");
    let listed: BTreeSet<String> = read(&text).0.into_iter().map(|link| link.target).collect();
    let mut found = Vec::new();
    collect(&pages, 0, &mut found);
    for page in found.into_iter().filter(|page| *page != summary) {
        let name = page
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        assert!(
            listed.contains(&name),
            "docs/guide/src/SUMMARY.md does not list {name}: add it"
        );
        let text = fs::read_to_string(&page).expect("a page");
        let words = text.split_whitespace().count();
        assert!(
            words <= 1100,
            "docs/guide/src/{name} has {words} words: split it, 1,000 is the limit"
        );
    }
}
