//! `cargo xtask spec import`: an upstream document becomes the description of the workspace.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use openapi_changes::diff;
use openapi_client_gen::codegen;
use openapi_client_gen::output;
use openapi_document::diagnostic::{Located, counted};
use openapi_document::read::Document;
use openapi_import::overlay::Overlay;
use openapi_import::{self as import, Imported};
use similar::TextDiff;

use crate::commands::{FINDINGS, Outcome, print, source, workspace};

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

pub fn run(args: &ImportArgs) -> Outcome {
    let path = source::own();
    let refused = |problems| format!("{}\nnothing was written", source::lines(problems));
    let (current, imported) = import(args, &path).map_err(refused)?;
    for note in &imported.notes {
        eprintln!("{note}");
    }
    let old = current.as_ref().map_or("", Document::text);
    if imported.text == old {
        eprintln!("{} is up to date", path.display());
        return Ok(0);
    }
    // Problems that only show when the client is generated show before the description is replaced.
    codegen::generate(&imported.document, None).map_err(refused)?;
    show(current.as_ref(), &imported);
    finish(args, &path, &imported)
}

/// The description as it is, and the imported one.
fn import(args: &ImportArgs, path: &Path) -> Result<(Option<Document>, Imported), Vec<Located>> {
    let upstream = source::read(&args.file)?;
    let current = path.exists().then(|| source::read(path)).transpose()?;
    let usual = workspace().join("spec/overlay.yaml");
    let usual = usual.exists().then_some(usual);
    let overlay = match args.overlay.as_ref().or(usual.as_ref()) {
        Some(path) => Some(Overlay::new(source::read(path)?)?),
        None => None,
    };
    let imported = import::import(upstream, current.as_ref(), overlay.as_ref())?;
    Ok((current, imported))
}

/// Prints the changes: of lines, and of the generated client.
fn show(current: Option<&Document>, imported: &Imported) {
    let old = current.map_or("", Document::text);
    let lines = TextDiff::from_lines(old, &imported.text)
        .unified_diff()
        .header("a/spec/agents.yaml", "b/spec/agents.yaml")
        .to_string();
    print(&lines);
    // An invalid description can't be compared; this import may be its correction.
    if let Some(Ok(changes)) = current.map(|old| diff::documents(old, &imported.document)) {
        source::not_compared(&changes);
        print(&format!("\n{}", diff::text(&changes)));
    }
}

fn finish(args: &ImportArgs, path: &Path, imported: &Imported) -> Outcome {
    let lost = imported.lost.iter();
    let kept_back: Vec<_> = lost
        .filter(|lost| !args.drop.contains(&lost.extension))
        .collect();
    for lost in &kept_back {
        eprintln!("{}", lost.problem);
    }
    let path_name = path.display();
    if !kept_back.is_empty() {
        let extensions = counted(kept_back.len(), "extension");
        eprintln!("{extensions} would be lost; nothing was written");
        return Ok(FINDINGS);
    }
    if args.dry_run {
        eprintln!("{path_name} would change; nothing was written");
        return Ok(0);
    }
    if !(args.yes || confirmed(path)) {
        eprintln!("nothing was written; `--yes` writes without asking");
        return Ok(FINDINGS);
    }
    output::replace(path, &imported.text)
        .map_err(|error| format!("error: {path_name}: {error}; nothing was written"))?;
    eprintln!("wrote {path_name}; next: `cargo xtask codegen`");
    Ok(0)
}

/// Asks for confirmation; without a terminal there is none.
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
