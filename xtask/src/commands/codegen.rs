//! `cargo xtask codegen`: the client, written or compared.

use std::path::{Path, PathBuf};

use clap::Args;
use openapi_client_gen::codegen::{self, Files, Generated};
use openapi_client_gen::explain::explain;
use openapi_client_gen::output::{self, Difference, Stale};
use openapi_client_gen::skip::{self, LeftOut};
use openapi_document::diagnostic::{Located, Severity, counted};
use openapi_document::read::Document;
use openapi_document::view::OperationView;

use super::{FINDINGS, Outcome, print, source, workspace};

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

pub fn run(args: &CodegenArgs) -> Outcome {
    let spec = args.spec.clone().unwrap_or_else(source::own);
    let document = source::read(&spec).map_err(rejected)?;
    if args.model {
        let (api, _) = codegen::model(&document).map_err(rejected)?;
        print(&api.to_string());
        return Ok(0);
    }
    let (generated, left_out) = generate(args, &document).map_err(rejected)?;
    for note in &generated.notes {
        eprintln!("{note}");
    }
    if args.skip_unsupported {
        source::left_out(&document.name, &left_out);
        let all = OperationView::all(&document.root).len();
        eprintln!("left out {} of {all} operations", left_out.len());
    }
    if args.explain {
        for line in explain(&document, &generated.api) {
            print(&format!("{line}\n"));
        }
    }
    let folder = match &args.out {
        Some(folder) => folder.clone(),
        None => workspace().join("crates/nanonets-agents-api/src/generated"),
    };
    finish(args, &folder, &generated.files)
}

fn rejected(problems: Vec<Located>) -> String {
    let is_error = |problem: &&Located| problem.diagnostic.severity == Severity::Error;
    let errors = counted(problems.iter().filter(is_error).count(), "error");
    format!("{}\n{errors}; nothing was written", source::lines(problems))
}

/// The files to write, and the operations that are not in them.
fn generate(
    args: &CodegenArgs,
    document: &Document,
) -> Result<(Generated, Vec<LeftOut>), Vec<Located>> {
    let generate = |document: &Document| match &args.crate_name {
        Some(name) => codegen::generate_crate(document, name),
        None => codegen::generate(document, INNER),
    };
    let (mut generated, left_out) = match args.skip_unsupported {
        true => skip::supported(document, generate)?,
        false => (generate(document)?, Vec::new()),
    };
    // The client of the workspace has them.
    if args.mock || args.crate_name.is_none() {
        codegen::add_mocks(&mut generated, document, args.crate_name.as_deref())?;
    }
    Ok((generated, left_out))
}

fn finish(args: &CodegenArgs, folder: &Path, files: &Files) -> Outcome {
    let name = folder.display();
    let failed = |error| format!("error: {name}: {error}; nothing was written");
    let refused = |message: String, hint: &str| {
        Err(format!(
            "error: {name} {message}; nothing was written\n    hint: {hint}"
        ))
    };
    match (folder.metadata(), folder.read_link()) {
        (Ok(found), _) if !found.is_dir() => {
            let hint = "choose a new or empty folder";
            return refused("is not a folder".to_owned(), hint);
        }
        (Err(_), Ok(target)) => {
            let message = format!("is a link to {}, which can't be found", target.display());
            let hint = "make the folder that it leads to, or remove the link";
            return refused(message, hint);
        }
        _ => {}
    }
    if args.check {
        return check(args, folder, files).map_err(failed);
    }
    if args.out.is_some() && holds_current(folder) {
        let message = "is the folder that this runs in, or holds it, and is replaced as a whole";
        let hint = "run it from another folder, and name this one";
        return refused(message.to_owned(), hint);
    }
    if let Some(foreign) = output::foreign(folder, files).map_err(failed)? {
        let message = format!("holds what codegen did not write, {foreign} among it");
        let hint = "choose a new or empty folder, or remove what is in it";
        return refused(message, hint);
    }
    if output::write(folder, files).map_err(failed)? {
        eprintln!("wrote {} files to {name}", files.len());
    } else {
        eprintln!("{name} is up to date");
    }
    Ok(0)
}

/// Whether the working directory is the folder or inside of it, and would be replaced.
fn holds_current(folder: &Path) -> bool {
    let current = std::env::current_dir().and_then(|current| current.canonicalize());
    match (folder.canonicalize(), current) {
        (Ok(folder), Ok(current)) => current.starts_with(folder),
        _ => false,
    }
}

fn check(args: &CodegenArgs, folder: &Path, files: &Files) -> std::io::Result<u8> {
    let stale = output::compare(folder, files)?;
    if stale.is_empty() {
        eprintln!("{} is up to date", folder.display());
        return Ok(0);
    }
    for stale in &stale {
        let problem = match stale.difference {
            Difference::Missing => "is missing",
            Difference::Changed => "is stale",
            Difference::Unexpected | Difference::Foreign => "should not be there",
        };
        eprintln!("{} {problem}", folder.join(&stale.path).display());
        if args.verbose {
            print(&stale.diff);
        }
    }
    let is_foreign = |stale: &&Stale| stale.difference == Difference::Foreign;
    let foreign: Vec<&Stale> = stale.iter().filter(is_foreign).collect();
    for Stale { path, .. } in &foreign {
        let path = folder.join(path);
        eprintln!("remove {}: codegen did not write it", path.display());
    }
    let mut command = "cargo xtask codegen".to_owned();
    if args.skip_unsupported {
        command += " --skip-unsupported";
    }
    if let (Some(spec), Some(out), Some(name)) = (&args.spec, &args.out, &args.crate_name) {
        let (spec, out) = (spec.display(), out.display());
        command += &format!(" --spec {spec} --out {out} --crate-name {name}");
    }
    if args.mock {
        command += " --mock";
    }
    match (foreign.len(), stale.len() - foreign.len()) {
        (_, 0) => {}
        (0, 1) => eprintln!("run `{command}` to mend it"),
        (0, _) => eprintln!("run `{command}` to mend them"),
        _ => eprintln!("then run `{command}` to mend the rest"),
    }
    Ok(FINDINGS)
}

fn package_name(name: &str) -> Result<String, String> {
    let is_valid = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        && !openapi_client_gen::names::is_keyword(name);
    let reason = "a crate's name is a letter, then letters, digits, `-` or `_`, and no keyword";
    is_valid
        .then(|| name.to_owned())
        .ok_or_else(|| reason.to_owned())
}
