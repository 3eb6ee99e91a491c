//! `cargo xtask codegen`: the client, written or compared.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use openapi_client_gen::explain::explain;
use openapi_client_gen::output::{Difference, Stale};
use openapi_client_gen::{Error, Generator, codegen, names};
use openapi_document::diagnostic::Located;
use openapi_document::read::Document;

use super::{FINDINGS, Outcome, print, source, workspace};

/// The type that the client of the workspace carries for its hooks.
const INNER: &str = "crate::Context";

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
    /// Skip what can't be generated; list the reasons.
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
    let start = Instant::now();
    let spec = args.spec.clone().unwrap_or_else(source::own);
    let folder = match &args.out {
        Some(folder) => folder.clone(),
        None => workspace().join("crates/nanonets-agents-api/src/generated"),
    };
    let document = source::read(&spec).map_err(rejected)?;
    if args.model {
        let (api, _) = codegen::model(&document).map_err(rejected)?;
        print(&api.to_string());
        return Ok(0);
    }
    let client = generator(args, document).generate().map_err(lines)?;
    for note in &client.generated.notes {
        eprintln!("{note}");
    }
    if args.skip_unsupported {
        source::skipped(&client.document.name, &client.skipped);
        let (skipped, all) = (client.skipped.len(), client.operations_of_document());
        eprintln!("skipped {skipped} of {all} operations");
    }
    if args.explain {
        for line in explain(&client.document, &client.generated.api) {
            print(&format!("{line}\n"));
        }
    }
    if args.check {
        let stale = client.compare(&folder).map_err(lines)?;
        return Ok(check(args, &folder, &stale));
    }
    let summary = client.write(&folder).map_err(lines)?;
    let (name, seconds) = (folder.display(), start.elapsed().as_secs_f64());
    match summary.changed {
        0 => eprintln!("{name} is up to date: {summary}, {seconds:.1} s"),
        _ => eprintln!("wrote {name}: {summary}, {seconds:.1} s"),
    }
    Ok(0)
}

fn rejected(problems: Vec<Located>) -> String {
    lines(Error::Rejected(problems))
}

fn lines(error: Error) -> String {
    error.to_string()
}

fn generator(args: &CodegenArgs, document: Document) -> Generator {
    let generator = Generator::of(document).skip_unsupported(args.skip_unsupported);
    match &args.crate_name {
        Some(name) => generator.crate_name(name).mocks(args.mock),
        // The client of the workspace has hooks and mocks.
        None => generator.inner_type(INNER).mocks(true),
    }
}

/// Lists stale files, with the command that corrects them.
fn check(args: &CodegenArgs, folder: &Path, stale: &[Stale]) -> u8 {
    if stale.is_empty() {
        eprintln!("{} is up to date", folder.display());
        return 0;
    }
    for stale in stale {
        let path = folder.join(&stale.path);
        eprintln!("{} {}", path.display(), stale.difference.describe());
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
        (0, 1) => eprintln!("run `{command}` to update it"),
        (0, _) => eprintln!("run `{command}` to update them"),
        _ => eprintln!("then run `{command}` to update the rest"),
    }
    FINDINGS
}

fn package_name(name: &str) -> Result<String, String> {
    let is_valid = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        && !names::is_keyword(name);
    let reason = "a crate's name is a letter, then letters, digits, `-` or `_`, and no keyword";
    is_valid
        .then(|| name.to_owned())
        .ok_or_else(|| reason.to_owned())
}
