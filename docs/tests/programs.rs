//! Each program of the guide is run against the simulator, in a folder with the documents that it names.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use serde_json::json;

/// A program by the name of its page and its number, and a part of what it prints.
struct Program {
    name: &'static str,
    script: fn() -> Script,
    fault: Option<fn() -> Fault>,
    prints: &'static str,
}

const COMPLETES: fn() -> Script = || Script::new().complete_simulated();

const PROGRAMS: [Program; 7] = [
    Program {
        name: "errors_and_money_1",
        script: COMPLETES,
        fault: Some(|| {
            Fault::reset()
                .after_effect()
                .on(Operation::RunAgent)
                .times(1)
        }),
        prints: "task ",
    },
    Program {
        name: "first_minutes_1",
        script: COMPLETES,
        fault: None,
        prints: "simulated vendor wants ",
    },
    Program {
        name: "long_tasks_1",
        script: || {
            Script::new()
                .ask("Which currency?")
                .complete(json!({ "balance": 12.5 }))
        },
        fault: None,
        prints: "Which currency?\nthe balance is 12.50",
    },
    Program {
        name: "long_tasks_2",
        script: || Script::new().complete(json!({ "balance": 12.5 })),
        fault: None,
        prints: "\"balance\": 12.5",
    },
    Program {
        name: "long_tasks_3",
        script: || {
            Script::new()
                .ask("Which currency?")
                .complete(json!({ "total": 7 }))
        },
        fault: None,
        prints: "\"total\": 7",
    },
    Program {
        name: "structured_output_1",
        script: COMPLETES,
        fault: None,
        prints: "simulated vendor (",
    },
    Program {
        name: "structured_output_2",
        script: COMPLETES,
        fault: None,
        prints: "\"iban\": ",
    },
];

/// Runs the program of a block of the guide; without a name, it lists all of them.
fn guide(simulator: &Simulator, folder: &Path, name: Option<&str>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_guide"))
        .args(name)
        .current_dir(folder)
        .env("NANONETS_API_KEY", simulator.api_key())
        .env("NANONETS_BASE_URL", simulator.base_url())
        .output()
        .expect("it can be run")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_program_of_the_guide_prints_what_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    for document in ["invoice.pdf", "statement.pdf", "ledger.xlsx", "receipt.png"] {
        fs::write(folder.path().join(document), "a document").expect("a document");
    }
    for program in &PROGRAMS {
        let simulator = Simulator::start().await;
        simulator.script((program.script)());
        if let Some(fault) = program.fault {
            simulator.fault(fault());
        }
        let output = guide(&simulator, folder.path(), Some(program.name));
        let printed = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && printed.contains(program.prints),
            "docs/guide/src, program {}: {printed:?}, {errors}",
            program.name
        );
    }

    let simulator = Simulator::start().await;
    let listed = guide(&simulator, folder.path(), None);
    let listed = String::from_utf8(listed.stdout).expect("UTF-8");
    let listed: BTreeSet<&str> = listed.lines().collect();
    let run: BTreeSet<&str> = PROGRAMS.iter().map(|program| program.name).collect();
    assert_eq!(
        run, listed,
        "list every program of the guide in docs/tests/programs.rs"
    );
}
