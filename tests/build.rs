//! Generates a client for every document in `fixtures/features`, so that the tests compile them and call them.

use std::error::Error;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::{env, fs};

use xtask::construct::construct;
use xtask::read::Document;
use xtask::render;

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let folder = Path::new("fixtures/features");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    paths.sort();
    let mut modules = String::new();
    for path in paths {
        let name = path
            .file_stem()
            .ok_or("a fixture without a name")?
            .to_string_lossy()
            .into_owned();
        let document = Document::open(&path).map_err(|problem| problem.to_string())?;
        let join = |problems: Vec<String>| problems.join("\n");
        let api = construct(&document).map_err(|problems| {
            let problems = document.locate_all(problems);
            join(problems.iter().map(ToString::to_string).collect())
        })?;
        let files = render::module(&api, None).map_err(|problems| {
            let problems = document.locate_all(problems);
            join(problems.iter().map(ToString::to_string).collect())
        })?;
        // A file that is not generated any more could be in the way of one that is.
        match fs::remove_dir_all(out.join(&name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        for (file, text) in &files {
            let file = out.join(&name).join(file);
            fs::create_dir_all(file.parent().ok_or("a file without a folder")?)?;
            fs::write(file, text)?;
        }
        let module = out.join(&name).join("mod.rs");
        writeln!(modules, "#[path = {module:?}]\npub mod {name};")?;
    }
    fs::write(out.join("fixtures.rs"), modules)?;
    Ok(())
}
