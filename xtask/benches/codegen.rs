//! How long `cargo xtask codegen` works, and how that compares with progenitor and prettyplease alone.
//!
//! `cargo bench -p xtask` prints two tables. The first times the whole pipeline, from the text of `spec/agents.yaml` to
//! the text of every file. The second runs documents of growing size through the pipeline and, in turns with it, through
//! the baseline: the same text read by serde_yaml into openapiv3, given to progenitor, printed by prettyplease. Machines
//! are noisy, so each figure is the least of several runs, and what counts is the ratio of two figures taken in turns.

use std::error::Error;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use xtask::codegen;
use xtask::emit::{Options, run_progenitor};
use xtask::read::Document;

const ROUNDS: usize = 12;
const SIZES: [usize; 4] = [10, 100, 400, 1000];
/// A document of a thousand operations takes no longer.
const MOST_MILLISECONDS: f64 = 3000.0;
/// The pipeline takes no more than this times what the baseline takes.
const MOST_RATIO: f64 = 1.25;

fn main() -> Result<(), Box<dyn Error>> {
    let spec =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/agents.yaml"))?;
    pipeline(&spec)?;
    let whole = least(
        (0..ROUNDS * 4)
            .map(|_| timed(|| pipeline(&spec)))
            .collect::<Result<Vec<_>, _>>()?,
    );
    println!(
        "spec/agents.yaml, text to files: {:.1} ms",
        milliseconds(whole)
    );

    let mut missed = false;
    println!("\noperations   pipeline   baseline   ratio   pipeline per operation");
    for size in SIZES {
        let document = document(size)?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(timed(|| pipeline(&document))?);
            theirs.push(timed(|| baseline(&document))?);
        }
        let (ours, theirs) = (milliseconds(least(ours)), milliseconds(least(theirs)));
        missed |= size >= 100 && (ours / theirs > MOST_RATIO || ours > MOST_MILLISECONDS);
        let each = ours / size as f64;
        println!(
            "{size:>10} {ours:>8.0} ms {theirs:>7.0} ms {:>7.2} {each:>22.3} ms",
            ours / theirs
        );
    }
    if missed {
        return Err(format!(
            "from 100 operations on, the ratio must be at most {MOST_RATIO}, and {MOST_MILLISECONDS} ms are enough for all"
        )
        .into());
    }
    Ok(())
}

fn pipeline(text: &str) -> Result<(), Box<dyn Error>> {
    let document = Document::parse("document.yaml", text).map_err(|problem| problem.to_string())?;
    let generated = codegen::generate(&document, &Options::default()).map_err(|problems| {
        problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    })?;
    std::hint::black_box(generated);
    Ok(())
}

fn baseline(text: &str) -> Result<(), Box<dyn Error>> {
    let openapi = serde_yaml::from_str(text)?;
    let tokens = run_progenitor(&openapi)?;
    std::hint::black_box(prettyplease::unparse(&syn::parse2(tokens)?));
    Ok(())
}

fn timed(work: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn least(times: Vec<Duration>) -> Duration {
    times.into_iter().min().unwrap_or_default()
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
