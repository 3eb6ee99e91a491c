//! The client without `async`.

#![cfg(feature = "blocking")]

use nanonets_agents::blocking::{Block as _, BlockStream as _};
use nanonets_agents::{Client, File, Outcome};
use nanonets_agents_sim::{Script, Simulator};
use serde_json::json;

#[test]
fn everything_works_without_async() {
    let simulator = Simulator::start().block();
    let agent = simulator.create_agent("Invoices").id;
    simulator.script(
        Script::new()
            .ask("Which currency?")
            .complete(json!({ "total": 7 })),
    );
    let client = Client::builder(simulator.api_key()).base_url(simulator.base_url());
    let client = client.build().expect("a client");
    let run = client.agent(agent).run().file(File::bytes("a.pdf", "%PDF"));
    let task = run.start().block().expect("a task");
    let Outcome::NeedsInput(question) = task.wait().block().expect("an outcome") else {
        panic!("a question was expected");
    };
    let task = question.reply("EUR").block().expect("a reply");
    let Outcome::Completed(done) = task.wait().block().expect("an outcome") else {
        panic!("a result was expected");
    };
    let output: serde_json::Value = done.extracted().expect("an output");
    assert_eq!(output, json!({ "total": 7 }));

    simulator.add_history(agent, 25);
    let tasks: Result<Vec<_>, _> = client
        .tasks()
        .list()
        .page_size(10)
        .stream()
        .iter()
        .collect();
    assert_eq!(tasks.expect("tasks").len(), 26);
}

#[test]
fn many_threads_can_call_at_once() {
    let simulator = Simulator::start().block();
    let agent = simulator.create_agent("Invoices").id;
    let client = Client::builder(simulator.api_key()).base_url(simulator.base_url());
    let client = client.build().expect("a client");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                client
                    .agent(agent)
                    .run()
                    .query("q")
                    .start()
                    .block()
                    .expect("a task")
            });
        }
    });
    assert_eq!(simulator.tasks().len(), 8);
}
