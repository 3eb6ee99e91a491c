//! Documents changed at random: no difference in the generated code goes untold.

mod common;

use common::mutation::{Choices, corpus, mutate};
use xtask::codegen::{self, Files};
use xtask::diff;
use xtask::emit::Options;
use xtask::read::Document;

/// How many documents are changed, and how many of them can still be generated at least.
const TRIED: u64 = 150;
const GENERATED: usize = 50;

/// The generated code, but for how a path parameter becomes text: that is chosen by its type.
fn files(document: &Document) -> Option<Files> {
    let mut generated = codegen::generate(document, &Options::default()).ok()?;
    for text in generated.files.values_mut() {
        *text = text.replace(".to_string()", "");
    }
    Some(generated.files)
}

#[test]
fn no_difference_in_the_code_goes_untold() {
    let corpus = corpus(&common::workspace());
    let mut generated = 0;
    let mut untold = Vec::new();
    for seed in 1..=TRIED {
        let mut choices = Choices::seeded(seed);
        let root = choices.pick(&corpus).clone();
        let mut changed = root.clone();
        let how = mutate(&mut changed, &mut choices);
        let [old, new] = [root, changed]
            .map(|root| Document::parse("a.json", root.to_string()).expect("a document"));
        let (Some(before), Some(after)) = (files(&old), files(&new)) else {
            continue;
        };
        generated += 1;
        let found = diff::documents(&old, &new).expect("both are generated");
        if found.changes.is_empty() && before != after {
            untold.push(format!("{seed}: {how}"));
        }
    }
    assert!(untold.is_empty(), "{untold:#?}");
    assert!(generated >= GENERATED, "{generated} of {TRIED}");
}
