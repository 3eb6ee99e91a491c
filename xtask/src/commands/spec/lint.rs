//! `cargo xtask spec lint`: the errors and notes of codegen, and warnings.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use openapi_client_gen::lint;
use openapi_document::diagnostic::{Located, Severity, counted};
use serde_json::json;

use crate::commands::{FINDINGS, Outcome, UNUSABLE, print, source};

#[derive(Args)]
pub struct LintArgs {
    /// The document; spec/agents.yaml if none is named.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// End with 1 if there is a finding that codegen would go on with.
    #[arg(long, value_parser = ["warnings"])]
    fail_on: Option<String>,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

pub fn run(args: &LintArgs) -> Outcome {
    let path = args.file.clone().unwrap_or_else(source::own);
    let findings = match source::read(&path) {
        Ok(document) => lint::lint(&document),
        Err(problems) => problems,
    };
    match args.format {
        Format::Text => {
            for finding in &findings {
                print(&format!("{finding}\n"));
            }
        }
        Format::Json => {
            let findings: Vec<_> = findings.iter().map(value).collect();
            print(&format!("{:#}\n", json!(findings)));
        }
    }
    let count = |severity| {
        let of_severity = |finding: &&Located| finding.diagnostic.severity == severity;
        findings.iter().filter(of_severity).count()
    };
    let [errors, warnings, notes] = [Severity::Error, Severity::Warning, Severity::Note].map(count);
    eprintln!(
        "{}, {}, {}",
        counted(errors, "error"),
        counted(warnings, "warning"),
        counted(notes, "note")
    );
    Ok(match args.fail_on {
        _ if errors > 0 => UNUSABLE,
        Some(_) if warnings > 0 => FINDINGS,
        _ => 0,
    })
}

fn value(finding: &Located) -> serde_json::Value {
    let diagnostic = &finding.diagnostic;
    json!({
        "file": finding.file,
        "line": finding.position.line,
        "column": finding.position.column,
        "severity": diagnostic.severity.to_string(),
        "code": diagnostic.code,
        "message": diagnostic.message,
        "operation": diagnostic.operation,
        "hint": diagnostic.hint,
    })
}
