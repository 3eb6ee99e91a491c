//! `cargo xtask codegen`: the client, written or compared.

use std::path::{Path, PathBuf};

use clap::Args;
use xtask::api::Api;
use xtask::codegen::{self, Files, Generated};
use xtask::diagnostic::{Located, Severity};
use xtask::explain::explain;
use xtask::output::{self, Difference, Stale};
use xtask::read::Document;
use xtask::skip::{self, LeftOut};
use xtask::view::OperationView;

use super::{FINDINGS, UNUSABLE, print, source, workspace};

/// The type that the client of the workspace carries for its hooks.
const INNER: Option<&str> = Some("crate::Context");

#[derive(Args)]
pub struct CodegenArgs {
    /// Write nothing; list the files that would change.
    #[arg(long)]
    check: bool,
    /// With --check, print a unified diff.
    #[arg(short, long, requires = "check")]
    verbose: bool,
    /// Print what each operation and schema becomes.
    #[arg(long)]
    explain: bool,
    /// Leave out what can't be generated; say what and why.
    #[arg(long)]
    skip_unsupported: bool,
    /// Add typed mocks of the operations (feature `mock`).
    #[arg(long, requires = "crate_name")]
    mock: bool,
    /// Print the model of the client and write nothing.
    #[arg(long, group = "result", conflicts_with_all = ["check", "explain", "skip_unsupported"])]
    model: bool,
    /// Write a crate for this API description, YAML or JSON.
    #[arg(long, value_name = "FILE", requires = "result")]
    spec: Option<PathBuf>,
    /// That crate's folder: new, empty or codegen's own.
    #[arg(
        long,
        value_name = "DIR",
        group = "result",
        requires = "spec",
        requires = "crate_name"
    )]
    out: Option<PathBuf>,
    /// The name of that crate.
    #[arg(long, value_name = "NAME", requires = "spec", value_parser = package_name)]
    crate_name: Option<String>,
}

pub fn run(args: &CodegenArgs) -> u8 {
    if args.model {
        return match model(args) {
            Ok(api) => {
                print(&api.to_string());
                0
            }
            Err(problems) => rejected(&problems),
        };
    }
    match generate(args) {
        Ok(Done {
            folder,
            document,
            generated,
            left_out,
        }) => {
            for note in &generated.notes {
                eprintln!("{note}");
            }
            if args.skip_unsupported {
                report(&document, &left_out);
            }
            if args.explain {
                for line in explain(&document, &generated.api) {
                    print(&format!("{line}\n"));
                }
            }
            finish(args, &folder, &generated.files)
        }
        Err(problems) => rejected(&problems),
    }
}

fn rejected(problems: &[Located]) -> u8 {
    for problem in problems {
        eprintln!("{problem}");
    }
    let count = problems
        .iter()
        .filter(|problem| problem.diagnostic.severity == Severity::Error)
        .count();
    eprintln!(
        "{count} error{}; nothing was written",
        if count == 1 { "" } else { "s" }
    );
    UNUSABLE
}

/// The model of the client.
fn model(args: &CodegenArgs) -> Result<Api, Vec<Located>> {
    let spec = args.spec.clone();
    let spec = spec.unwrap_or_else(|| workspace().join("spec/agents.yaml"));
    let document = Document::open(&spec).map_err(|problem| vec![*problem])?;
    codegen::model(&document).map(|(api, _)| api)
}

/// What was generated.
struct Done {
    /// Where it is to be written.
    folder: PathBuf,
    document: Document,
    generated: Generated,
    left_out: Vec<LeftOut>,
}

fn generate(args: &CodegenArgs) -> Result<Done, Vec<Located>> {
    let (spec, folder) = match (&args.spec, &args.out) {
        (Some(spec), Some(out)) => (spec.clone(), out.clone()),
        _ => {
            let root = workspace();
            let folder = root.join("crates/nanonets-agents-api/src/generated");
            (root.join("spec/agents.yaml"), folder)
        }
    };
    let document = Document::open(&spec).map_err(|problem| vec![*problem])?;
    let generate = |document: &Document| match &args.crate_name {
        Some(name) => codegen::generate_crate(document, name),
        None => codegen::generate(document, INNER),
    };
    let (mut generated, left_out) = match args.skip_unsupported {
        true => skip::supported(&document, generate)?,
        false => (generate(&document)?, Vec::new()),
    };
    // The client of the workspace has them.
    if args.mock || args.crate_name.is_none() {
        codegen::add_mocks(&mut generated, &document, args.crate_name.as_deref())?;
    }
    Ok(Done {
        folder,
        document,
        generated,
        left_out,
    })
}

/// Says which operations are not in what was generated, and why.
fn report(document: &Document, left_out: &[LeftOut]) {
    source::left_out(&document.name, left_out);
    eprintln!(
        "left out {} of {} operations",
        left_out.len(),
        OperationView::all(&document.root).len()
    );
}

fn finish(args: &CodegenArgs, folder: &Path, files: &Files) -> u8 {
    let refuse = |(message, hint): (String, &str)| {
        eprintln!("error: {message}; nothing was written");
        eprintln!("    hint: {hint}");
        UNUSABLE
    };
    if let Some(reason) = unusable(folder) {
        return refuse(reason);
    }
    if args.check {
        return check(args, folder, files).unwrap_or_else(|error| failed(folder, &error));
    }
    if args.out.is_some() && holds_current(folder) {
        let message = format!(
            "{} is the folder that this runs in, or holds it, and is replaced as a whole",
            folder.display()
        );
        return refuse((message, "run it from another folder, and name this one"));
    }
    match output::foreign(folder, files) {
        Ok(None) => write(folder, files).unwrap_or_else(|error| failed(folder, &error)),
        Ok(Some(foreign)) => {
            let message = format!(
                "{} holds what codegen did not write, {foreign} among it",
                folder.display()
            );
            refuse((
                message,
                "choose a new or empty folder, or remove what is in it",
            ))
        }
        Err(error) => failed(folder, &error),
    }
}

fn failed(folder: &Path, error: &std::io::Error) -> u8 {
    eprintln!("error: {}: {error}; nothing was written", folder.display());
    UNUSABLE
}

/// Why something can't be a folder to write to, and what to do about it.
fn unusable(folder: &Path) -> Option<(String, &'static str)> {
    match (folder.metadata(), folder.read_link()) {
        (Ok(found), _) if !found.is_dir() => Some((
            format!("{} is not a folder", folder.display()),
            "choose a new or empty folder",
        )),
        (Err(_), Ok(target)) => Some((
            format!(
                "{} is a link to {}, which can't be found",
                folder.display(),
                target.display()
            ),
            "make the folder that it leads to, or remove the link",
        )),
        _ => None,
    }
}

/// Whether replacing the folder would pull the ground from under whoever runs this.
fn holds_current(folder: &Path) -> bool {
    let current = std::env::current_dir().and_then(|current| current.canonicalize());
    match (folder.canonicalize(), current) {
        (Ok(folder), Ok(current)) => current.starts_with(folder),
        _ => false,
    }
}

fn write(folder: &Path, files: &Files) -> std::io::Result<u8> {
    if output::write(folder, files)? {
        eprintln!("wrote {} files to {}", files.len(), folder.display());
    } else {
        eprintln!("{} is up to date", folder.display());
    }
    Ok(0)
}

fn check(args: &CodegenArgs, folder: &Path, files: &Files) -> std::io::Result<u8> {
    let stale = output::compare(folder, files)?;
    if stale.is_empty() {
        eprintln!("{} is up to date", folder.display());
        return Ok(0);
    }
    for Stale {
        path,
        difference,
        diff,
    } in &stale
    {
        let what = match difference {
            Difference::Missing => "is missing",
            Difference::Changed => "is stale",
            Difference::Unexpected | Difference::Foreign => "should not be there",
        };
        eprintln!("{} {what}", folder.join(path).display());
        if args.verbose {
            print(diff);
        }
    }
    let (foreign, own): (Vec<&Stale>, Vec<&Stale>) = stale
        .iter()
        .partition(|stale| stale.difference == Difference::Foreign);
    for Stale { path, .. } in &foreign {
        eprintln!(
            "remove {}: codegen did not write it",
            folder.join(path).display()
        );
    }
    let skip = if args.skip_unsupported {
        " --skip-unsupported"
    } else {
        ""
    };
    let command = match (&args.spec, &args.out, &args.crate_name) {
        (Some(spec), Some(out), Some(name)) => {
            format!(
                "cargo xtask codegen{skip} --spec {} --out {} --crate-name {name}",
                spec.display(),
                out.display()
            )
        }
        _ => format!("cargo xtask codegen{skip}"),
    };
    match (foreign.len(), own.len()) {
        (_, 0) => {}
        (0, 1) => eprintln!("run `{command}` to mend it"),
        (0, _) => eprintln!("run `{command}` to mend them"),
        _ => eprintln!("then run `{command}` to mend the rest"),
    }
    Ok(FINDINGS)
}

fn package_name(name: &str) -> Result<String, String> {
    let mut characters = name.chars();
    let starts = characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic());
    if starts
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        && !xtask::names::is_keyword(name)
    {
        Ok(name.to_owned())
    } else {
        Err(
            "a crate's name is a letter, then letters, digits, `-` or `_`, and no keyword"
                .to_owned(),
        )
    }
}
