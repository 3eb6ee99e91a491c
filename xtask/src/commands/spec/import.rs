//! `cargo xtask spec import`: an upstream document, taken over.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use similar::TextDiff;
use xtask::codegen;
use xtask::diagnostic::Located;
use xtask::diff;
use xtask::import::{self, Imported};
use xtask::output;
use xtask::overlay::Overlay;
use xtask::read::Document;

use crate::commands::{FINDINGS, UNUSABLE, print, source, workspace};

#[derive(Args)]
pub struct ImportArgs {
    /// The upstream document.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Corrections in the OpenAPI Overlay format [default: spec/overlay.yaml].
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,
    /// Show what would change, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write without asking.
    #[arg(short, long, conflicts_with = "dry_run")]
    yes: bool,
    /// Let extensions of this name go with what they stood on.
    #[arg(long, value_name = "NAME")]
    drop: Vec<String>,
}

pub fn run(args: &ImportArgs) -> u8 {
    let root = workspace();
    let path = root.join(source::SPEC);
    let refused = |problems: Vec<Located>| {
        let code = source::refuse(&problems);
        eprintln!("nothing was written");
        code
    };
    let (current, imported) = match import(args, &root, &path) {
        Ok(done) => done,
        Err(problems) => return refused(problems),
    };
    for note in &imported.notes {
        eprintln!("{note}");
    }
    let old = current.as_ref().map_or("", Document::text);
    if imported.text == old {
        eprintln!("{} is up to date", path.display());
        return 0;
    }
    // What only shows when the client is generated shows before the description is replaced.
    if let Err(problems) = codegen::generate(&imported.document, None) {
        return refused(problems);
    }
    show(current.as_ref(), &imported);
    finish(args, &path, &imported)
}

/// The description as it is, and what becomes of it.
fn import(
    args: &ImportArgs,
    root: &Path,
    path: &Path,
) -> Result<(Option<Document>, Imported), Vec<Located>> {
    let open = |path: &Path| Document::open(path).map_err(|problem| vec![*problem]);
    let upstream = open(&args.file)?;
    let current = path.exists().then(|| open(path)).transpose()?;
    let usual = root.join("spec/overlay.yaml");
    let overlay = match &args.overlay {
        Some(path) => Some(Overlay::new(open(path)?)?),
        None if usual.exists() => Some(Overlay::new(open(&usual)?)?),
        None => None,
    };
    let imported = import::import(upstream, current.as_ref(), overlay.as_ref())?;
    Ok((current, imported))
}

/// Prints what changes: line by line, and as callers of the client meet it.
fn show(current: Option<&Document>, imported: &Imported) {
    let old = current.map_or("", Document::text);
    let lines = TextDiff::from_lines(old, &imported.text)
        .unified_diff()
        .header("a/spec/agents.yaml", "b/spec/agents.yaml")
        .to_string();
    print(&lines);
    // A description that couldn't be generated before can't be compared, and may be what is being mended.
    if let Some(Ok(changes)) = current.map(|old| diff::documents(old, &imported.document)) {
        source::not_compared(&changes);
        print(&format!("\n{}", diff::text(&changes)));
    }
}

fn finish(args: &ImportArgs, path: &Path, imported: &Imported) -> u8 {
    let kept_back: Vec<_> = imported
        .lost
        .iter()
        .filter(|lost| !args.drop.contains(&lost.extension))
        .collect();
    for lost in &kept_back {
        eprintln!("{}", lost.problem);
    }
    if !kept_back.is_empty() {
        eprintln!(
            "{} would be lost; nothing was written",
            count(kept_back.len(), "extension")
        );
        return FINDINGS;
    }
    if args.dry_run {
        eprintln!("{} would change; nothing was written", path.display());
        return 0;
    }
    if !(args.yes || confirmed(path)) {
        eprintln!("nothing was written; `--yes` writes without asking");
        return FINDINGS;
    }
    match output::replace(path, &imported.text) {
        Ok(()) => {
            eprintln!("wrote {}; next: `cargo xtask codegen`", path.display());
            0
        }
        Err(error) => {
            eprintln!("error: {}: {error}; nothing was written", path.display());
            UNUSABLE
        }
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Asks, if there is somebody to ask.
fn confirmed(path: &Path) -> bool {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return false;
    }
    eprint!("write {}? [y/N] ", path.display());
    let _ = io::stderr().flush();
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok_and(|_| {
        let answer = answer.trim();
        answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes")
    })
}
