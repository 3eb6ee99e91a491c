//! Runs a program of the guide: `cargo run -p workspace-docs -- first_minutes_1` is the first Rust block of
//! `guide/src/first-minutes.md`. It needs `NANONETS_API_KEY` and, for the simulator, `NANONETS_BASE_URL`.

type Finished = Result<(), Box<dyn std::error::Error>>;

/// The name of a program, and its `main`.
type Program = (&'static str, fn() -> Finished);

include!(concat!(env!("OUT_DIR"), "/programs.rs"));

fn main() -> Finished {
    let Some(wanted) = std::env::args().nth(1) else {
        for (name, _) in PROGRAMS {
            println!("{name}");
        }
        return Ok(());
    };
    let program = PROGRAMS.iter().find(|(name, _)| *name == wanted);
    let (_, run) =
        program.ok_or("there is no such program; without an argument, all are listed")?;
    run()
}
