//! The pictures in the READMEs are what the command prints.
//!
//! `UPDATE_PICTURES=1 cargo test -p nanonets-cli --test cli pictures` draws `docs/pictures/run.svg` again.

use std::fmt::Write as _;
use std::fs;

use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use serde_json::json;

use crate::process::{against, finished, root, steady};
use crate::pseudo_terminal::Session;

const COLUMNS: usize = 84;
/// Seconds that each screen of the recording is shown. The first one is the command alone.
const SECONDS: [u32; 7] = [2, 2, 2, 3, 2, 2, 5];
const QUESTION: &str = "The amounts have no currency sign. Which currency are they in?";

/// The stages of a run whose lines a person sees.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Stage {
    Uploading,
    Running,
}

/// A line that is drawn again and again, without the time, the speed and the spinner, which differ from run to run.
fn live_line(drawn: &str) -> Option<(Stage, String)> {
    let drawn = drawn.trim_end();
    if let Some(bar) = drawn.strip_prefix("uploading ") {
        let (_, total) = bar.split_once('/')?;
        let (total, _) = total.split_once(',')?;
        let end = format!(" {total}/{total}, 7.72 MiB/s");
        let blocks = COLUMNS - "uploading ".len() - end.len();
        let line = format!("uploading {}{end}", "█".repeat(blocks));
        return Some((Stage::Uploading, line));
    }
    let (_, state) = drawn.split_once(' ')?;
    let (status, elapsed) = state.split_once(", ")?;
    let is_time =
        elapsed.ends_with('s') && elapsed.starts_with(|first: char| first.is_ascii_digit());
    (status == "running" && is_time).then(|| (Stage::Running, "⠹ running, 2s".to_owned()))
}

/// The screens of a recording: the lines that stay so far, and the line that is drawn again and again.
fn screens(command: Vec<String>, recorded: &str) -> Vec<Vec<String>> {
    let mut lines = command;
    let mut screens = vec![lines.clone()];
    let mut stage = None;
    for line in recorded.split("\r\n") {
        let mut draws: Vec<&str> = line.split(['\r', '\u{1b}']).collect();
        let last = draws.pop().unwrap_or_default();
        for draw in draws {
            let draw = draw.strip_prefix("[2K").unwrap_or(draw);
            let Some((next, text)) = live_line(draw) else {
                continue;
            };
            if stage != Some(next) {
                let mut screen = lines.clone();
                screen.push(text);
                screens.push(screen);
            }
            stage = Some(next);
        }
        let settled = last.strip_prefix("[2K").unwrap_or(last);
        if let Some(answer) = settled.strip_prefix("> ") {
            lines.push("> ".to_owned());
            screens.push(lines.clone());
            lines.pop();
            lines.push(format!("> {answer}"));
            screens.push(lines.clone());
            stage = None;
        } else {
            lines.push(settled.to_owned());
        }
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    screens.push(lines);
    screens
}

/// Draws the screens, each for its time, over and over. A viewer without animations shows the last one.
fn draw(screens: &[Vec<String>]) -> String {
    let rows = screens.iter().map(Vec::len).max().unwrap_or_default();
    let (width, height) = (COLUMNS * 84 / 10 + 32, rows * 20 + 32);
    let total: u32 = SECONDS.iter().sum();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-label=\"A recording of nanonets run\">\n<style>\n\
         text {{ font: 14px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #e6edf3; white-space: pre }}\n\
         .typed {{ fill: #7ee787 }}\n"
    );
    let mut start = 0;
    for (index, seconds) in SECONDS.iter().enumerate() {
        let end = start + seconds;
        let (from, to) = (start * 100 / total, end * 100 / total);
        let is_last = index + 1 == SECONDS.len();
        let opacity = if is_last { "" } else { "; opacity: 0" };
        let _ = writeln!(
            svg,
            ".s{index} {{ animation: s{index} {total}s step-end infinite{opacity} }}"
        );
        let before = if start == 0 { "" } else { "0% { opacity: 0 } " };
        let after = if is_last { 1 } else { 0 };
        let _ = writeln!(
            svg,
            "@keyframes s{index} {{ {before}{from}% {{ opacity: 1 }} {to}% {{ opacity: {after} }} }}"
        );
        start = end;
    }
    svg.push_str(
        "@media (prefers-reduced-motion) { g { animation: none !important } }\n</style>\n",
    );
    let _ = writeln!(
        svg,
        "<rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#0d1117\"/>"
    );
    for (index, screen) in screens.iter().enumerate() {
        let _ = writeln!(svg, "<g class=\"s{index}\">");
        for (row, line) in screen.iter().enumerate() {
            let is_typed = ["$ ", "    --", "> "]
                .iter()
                .any(|start| line.starts_with(start));
            let class = if is_typed { " class=\"typed\"" } else { "" };
            let text = line
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            let y = row * 20 + 30;
            let _ = writeln!(
                svg,
                "<text x=\"16\" y=\"{y}\" xml:space=\"preserve\"{class}>{text}</text>"
            );
        }
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recording_of_a_run_is_what_a_run_prints() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    let script = Script::new().running(1).ask(QUESTION).running(1);
    simulator.script(script.complete(json!({
        "currency": "EUR",
        "invoice_number": "2026-0117",
        "total": 1499.4,
        "vendor": "Tischlerei Brandt GmbH",
    })));
    let args = [
        "run",
        &agent,
        "--file",
        "invoice.pdf",
        "--schema",
        "invoice.schema.json",
    ];
    let mut command = against(&simulator, &args);
    command.current_dir(root().join("tests/fixtures/documents"));
    let mut session = Session::of_width(command, u16::try_from(COLUMNS).expect("a width"));
    session.expect("> ");
    session.type_line("EUR");
    let (code, recorded) = session.end();
    assert_eq!(code, 0, "{recorded}");

    let command = vec![
        format!("$ nanonets run {agent} \\"),
        "    --file invoice.pdf --schema invoice.schema.json".to_owned(),
    ];
    let screens = screens(command, &recorded);
    assert_eq!(screens.len(), SECONDS.len(), "{recorded:?}");
    let drawn = draw(&screens);
    let path = root().join("docs/pictures/run.svg");
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        fs::write(&path, drawn).expect("a picture");
        return;
    }
    let picture = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        picture == drawn,
        "{} is not what `nanonets run` prints now; draw it again by `UPDATE_PICTURES=1 cargo test -p nanonets-cli --test cli pictures`",
        path.display()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_error_of_the_readme_is_what_a_lost_answer_prints() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    let bad_gateway = Fault::status(502).html("<h1>502 Bad Gateway</h1>");
    simulator.fault(bad_gateway.after_effect().on(Operation::RunAgent));
    let mut command = against(&simulator, &["run", &agent, "--file", "invoice.pdf"]);
    command.current_dir(root().join("tests/fixtures/documents"));
    let run = finished(command);
    assert_eq!(run.code, 6, "{}", run.stderr);

    let readme = fs::read_to_string(root().join("README.md")).expect("a README");
    let block = readme.split_once(&format!("$ nanonets run {agent} --file invoice.pdf\n"));
    let block = block.and_then(|(_, rest)| rest.split_once("```"));
    let (block, _) = block.unwrap_or_else(|| panic!("README.md has no block of:\n{}", run.stderr));
    assert_eq!(
        steady(block),
        steady(&run.stderr),
        "the error in README.md is not what is printed: copy the second one into it"
    );
}
