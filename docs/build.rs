//! Makes a module of each Rust block of the guide, so that the compiler checks it and the tests run it.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

const PAGES: &str = "guide/src";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PAGES}");
    let mut pages: Vec<PathBuf> = fs::read_dir(PAGES)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    pages.sort();
    let mut modules = String::new();
    let mut programs = String::new();
    for page in pages {
        let stem = page.file_stem().ok_or("a page without a name")?;
        let stem = stem.to_string_lossy().replace('-', "_").to_lowercase();
        for (index, code) in rust_blocks(&fs::read_to_string(&page)?).iter().enumerate() {
            let name = format!("{stem}_{}", index + 1);
            if code.contains("fn main()") {
                writeln!(
                    modules,
                    "mod {name} {{\n{code}\npub fn run() -> super::Finished {{ main()?; Ok(()) }}\n}}"
                )?;
                writeln!(programs, "    ({name:?}, {name}::run),")?;
            } else {
                writeln!(modules, "#[cfg(test)]\nmod {name} {{\n{code}}}")?;
            }
        }
    }
    let out = Path::new(&env::var("OUT_DIR")?).join("programs.rs");
    let table = format!("const PROGRAMS: &[Program] = &[\n{programs}];\n");
    fs::write(out, modules + &table)?;
    Ok(())
}

/// The code of the blocks that are marked `rust` and nothing else.
fn rust_blocks(page: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block = None;
    for event in Parser::new(page) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language)))
                if &*language == "rust" =>
            {
                block = Some(String::new());
            }
            Event::Text(text) => {
                if let Some(block) = &mut block {
                    block.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(block.take()),
            _ => {}
        }
    }
    blocks
}
