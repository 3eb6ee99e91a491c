//! How long `cargo xtask codegen` works, and how that compares with progenitor and prettyplease alone.
//!
//! `cargo bench -p xtask` prints what the command itself takes on this workspace, then a table. For documents of growing
//! size it has the whole pipeline, from text to the text of every file, and the baseline: the same text read by
//! serde_yaml into openapiv3, given to progenitor, printed by prettyplease. `cargo bench -p xtask -- FILE...` adds rows
//! for other documents, such as those that `tests/wild/run` fetches. Of many, progenitor refuses an operation, or panics: then
//! the baseline `fails`.
//!
//! Machines are noisy, and a process remembers what it did before. So each run is a process of its own, which
//! times itself, the two take turns, each figure is the least of several, and what counts is the ratio.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use openapi_client_gen::codegen;
use openapi_document::read::Document;
use openapi_document::view::OperationView;
use progenitor::{GenerationSettings, Generator, InterfaceStyle};

/// The allocator of the command, for both sides.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const ROUNDS: usize = 12;
const SIZES: [usize; 4] = [10, 100, 400, 1000];
/// A document of a thousand operations takes no longer.
const MOST_MILLISECONDS: f64 = 1200.0;
/// The pipeline takes no more than this times what the baseline takes, for documents from this number of operations on:
/// below, the support code that every client has a copy of weighs more than the generated code.
const MOST_RATIO: f64 = 1.0;
const LEAST_OPERATIONS: usize = 100;
/// `codegen --check` takes no longer where nothing changed, from the start of the process to its end.
const MOST_CHECK_MILLISECONDS: f64 = 25.0;

/// The names by which the benchmark starts itself.
const PIPELINE: &str = "--pipeline";
const BASELINE: &str = "--baseline";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [work, file] if work == PIPELINE => return one(file, pipeline),
        [work, file] if work == BASELINE => return one(file, baseline),
        _ => {}
    }
    let spec = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/agents.yaml");
    let mut missed = Vec::new();

    let check = least((0..ROUNDS * 2).map(|_| check()).collect::<Result<_, _>>()?);
    println!("codegen --check, nothing changed: {check:.1} ms");
    if check > MOST_CHECK_MILLISECONDS {
        missed.push(format!("--check may take {MOST_CHECK_MILLISECONDS} ms"));
    }

    println!(
        "\ndocument             operations   pipeline   baseline   ratio   pipeline per operation"
    );
    let folder = tempfile::tempdir()?;
    row("spec/agents.yaml", Path::new(spec))?;
    let ratio = |name: &str| format!("{name} may take {MOST_RATIO} times the baseline");
    for size in SIZES {
        let file = folder.path().join(format!("{size}.yaml"));
        fs::write(&file, document(size)?)?;
        let name = format!("{size} operations");
        let made = row(&name, &file)?;
        if made.is_judged && made.ratio.is_none_or(|ratio| ratio > MOST_RATIO) {
            missed.push(ratio(&name));
        }
        if made.milliseconds > MOST_MILLISECONDS {
            missed.push(format!("{name} may take {MOST_MILLISECONDS} ms"));
        }
    }
    for file in arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
    {
        let path = PathBuf::from(file);
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let public = row(&name, &path)?;
        if public.is_judged && public.ratio.is_some_and(|ratio| ratio > MOST_RATIO) {
            missed.push(ratio(&name));
        }
    }
    if missed.is_empty() {
        return Ok(());
    }
    Err(missed.join("; ").into())
}

/// The figures for one document.
struct Row {
    /// The milliseconds of the pipeline.
    milliseconds: f64,
    /// None if the baseline fails.
    ratio: Option<f64>,
    /// The document is large enough for [`MOST_RATIO`].
    is_judged: bool,
}

/// Prints the figures for one document.
fn row(name: &str, file: &Path) -> Result<Row, Box<dyn Error>> {
    let document = Document::open(file).map_err(|problem| problem.to_string())?;
    let operations = OperationView::all(&document.root).len();
    let (mut ours, mut theirs) = (Vec::new(), Some(Vec::new()));
    for _ in 0..ROUNDS {
        ours.push(start(PIPELINE, file)?);
        if let Some(times) = &mut theirs {
            match start(BASELINE, file) {
                Ok(time) => times.push(time),
                Err(_) => theirs = None,
            }
        }
    }
    let (ours, theirs) = (least(ours), theirs.map(least));
    let ratio = theirs.map(|theirs| ours / theirs);
    let baseline = theirs.map_or("fails".to_owned(), |theirs| format!("{theirs:.0} ms"));
    let shown = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
    let each = ours / operations.max(1) as f64;
    println!(
        "{name:<20} {operations:>10} {ours:>7.0} ms {baseline:>10} {shown:>7} {each:>21.2} ms"
    );
    Ok(Row {
        milliseconds: ours,
        ratio,
        is_judged: operations >= LEAST_OPERATIONS,
    })
}

/// Runs one sort of work in a process of its own; returns the milliseconds that it measured.
fn start(work: &str, file: &Path) -> Result<f64, Box<dyn Error>> {
    let done = Command::new(std::env::current_exe()?)
        .args([work, &file.display().to_string()])
        .stderr(Stdio::null())
        .output()?;
    let text = String::from_utf8(done.stdout)?;
    text.trim()
        .parse()
        .map_err(|_| format!("{} can't be worked on", file.display()).into())
}

/// The work of such a process.
fn one(file: &str, work: fn(&str) -> Result<(), Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let start = Instant::now();
    work(&text)?;
    println!("{}", milliseconds(start.elapsed()));
    Ok(())
}

fn pipeline(text: &str) -> Result<(), Box<dyn Error>> {
    let document = Document::parse("document.yaml", text).map_err(|problem| problem.to_string())?;
    let generated = codegen::generate(&document, None)
        .map_err(|problems| format!("{} problems", problems.len()))?;
    std::hint::black_box(generated);
    Ok(())
}

fn baseline(text: &str) -> Result<(), Box<dyn Error>> {
    let openapi = serde_yaml::from_str(text)?;
    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Builder);
    settings.with_derive("PartialEq");
    settings.with_map_type("::std::collections::BTreeMap");
    let tokens = Generator::new(&settings).generate_tokens(&openapi)?;
    std::hint::black_box(prettyplease::unparse(&syn::parse2(tokens)?));
    Ok(())
}

/// Milliseconds that the command takes on this workspace, from its start to its end.
fn check() -> Result<f64, Box<dyn Error>> {
    let start = Instant::now();
    let done = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["codegen", "--check"])
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .output()?;
    let spent = milliseconds(start.elapsed());
    if !done.status.success() {
        return Err("the workspace has stale files: run `cargo xtask codegen`".into());
    }
    Ok(spent)
}

fn least(times: Vec<f64>) -> f64 {
    times.into_iter().fold(f64::INFINITY, f64::min)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A document that progenitor takes as it is, in the proportions of the real one: a list with filters, a read and a
/// write for every resource, described in prose, with an enum, an id and nested objects.
fn document(operations: usize) -> Result<String, std::fmt::Error> {
    let resources = operations.div_ceil(3);
    let mut text = String::from("openapi: 3.0.3\ninfo: { title: Large, version: '1' }\npaths:\n");
    for n in 0..resources {
        write!(
            text,
            "
  /things{n}:
    get:
      operationId: list_things{n}
      summary: List things of kind {n}
      description: Walks the things, newest first, one page per call. Nothing is left out unless a filter says so.
      parameters:
      - {{ name: limit, in: query, description: How many at most., schema: {{ type: integer, minimum: 1, maximum: 100 }} }}
      - {{ name: cursor, in: query, description: Where to go on., schema: {{ type: string }} }}
      - {{ name: status, in: query, description: In which state., schema: {{ $ref: '#/components/schemas/Status{n}' }} }}
      responses:
        '200': {{ description: A page., content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/Page{n}' }} }} }} }}
    post:
      operationId: create_thing{n}
      summary: Create a thing of kind {n}
      requestBody: {{ required: true, content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/NewThing{n}' }} }} }} }}
      responses:
        '201': {{ description: The thing., content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/Thing{n}' }} }} }} }}
  /things{n}/{{id}}:
    get:
      operationId: get_thing{n}
      summary: Read a thing of kind {n}
      parameters:
      - {{ name: id, in: path, required: true, description: Which., schema: {{ $ref: '#/components/schemas/Id{n}' }} }}
      responses:
        '200': {{ description: The thing., content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/Thing{n}' }} }} }} }}
"
        )?;
    }
    text.push_str("components:\n  schemas:\n");
    for n in 0..resources {
        write!(
            text,
            "
    Id{n}: {{ type: string, format: uuid, description: Names a thing. }}
    Status{n}: {{ type: string, enum: [new, running, done, failed], description: Where a thing is in its life. }}
    Page{n}:
      type: object
      description: One page.
      required: [data]
      properties:
        data: {{ type: array, description: The things., items: {{ $ref: '#/components/schemas/Thing{n}' }} }}
        next_cursor: {{ type: string, nullable: true, description: Where to go on. }}
    NewThing{n}:
      type: object
      description: What a thing of kind {n} is made of.
      required: [name]
      properties:
        name: {{ type: string, description: What it is called. }}
        note: {{ type: string, nullable: true, description: What somebody said of it. }}
        count: {{ type: integer, format: int64, description: How many there are. }}
    Thing{n}:
      type: object
      description: A thing of kind {n}.
      required: [id, name, created_at]
      properties:
        id: {{ $ref: '#/components/schemas/Id{n}' }}
        status: {{ $ref: '#/components/schemas/Status{n}' }}
        name: {{ type: string, description: What it is called. }}
        note: {{ type: string, nullable: true, description: What somebody said of it. }}
        count: {{ type: integer, format: int64, description: How many there are. }}
        created_at: {{ type: string, format: date-time, description: When it was made. }}
        owner:
          type: object
          description: Whose it is.
          properties:
            name: {{ type: string, description: The owner's name. }}
            since: {{ type: string, format: date-time, description: Since when. }}
"
        )?;
    }
    Ok(text)
}
