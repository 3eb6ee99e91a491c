//! First stage: a file becomes a [`Document`], a JSON value with the line and the column of each of its values.
//!
//! Two things of it are corrected, and noted: text that YAML takes for a number (`texts`), and references that are no
//! pointers from the start of the document (`references`).
//!
//! The parsers don't remember positions, so the positions are read separately, and only when one is asked for: a clean
//! run never pays for them.

mod references;
mod syntax;
mod texts;
mod value;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Located, Position};
use crate::pointer;
use crate::shape::Version;
use crate::source_map::{DUPLICATE_KEY, SourceMap, Syntax};
pub use references::Resolved;

/// Larger files are refused: the largest API descriptions in the wild are a tenth of this.
const MAX_BYTES: u64 = 128 * 1024 * 1024;

/// An API description as read, before anything was checked.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file, as the user named it.
    pub name: String,
    /// The whole document.
    pub root: Value,
    /// The values that were moved: the new pointer and the one in the file.
    moves: BTreeMap<String, String>,
    source: Arc<Source>,
}

/// The text of a document, and what reading it found.
#[derive(Debug)]
struct Source {
    text: String,
    syntax: Syntax,
    /// Some object has a key twice.
    twice: bool,
    positions: OnceLock<SourceMap>,
    /// The text that was written without quotes.
    notes: Vec<Diagnostic>,
    references: Vec<Resolved>,
}

impl Source {
    /// The positions, read when they are needed for the first time.
    fn positions(&self) -> &SourceMap {
        let read = || SourceMap::of(&self.text, self.syntax);
        self.positions.get_or_init(read)
    }
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// One diagnostic, when the file can't be read, is not UTF-8, or is neither YAML nor JSON.
    pub fn open(path: &Path) -> Result<Self, Box<Located>> {
        let name = path.display().to_string();
        let read = || {
            // A device or a pipe has no known size.
            let mut bytes = Vec::new();
            let mut file = File::open(path)?.take(MAX_BYTES + 1);
            file.read_to_end(&mut bytes).map(|_| bytes)
        };
        let message = match read() {
            Ok(bytes) if bytes.len() as u64 <= MAX_BYTES => return Self::parse(name, bytes),
            Ok(_) => format!("the file has more than {MAX_BYTES} bytes, the limit"),
            Err(error) => format!("the file can't be read: {error}"),
        };
        let problem = Diagnostic::at("unreadable-file", Position::START, message);
        Err(Box::new(problem.locate(&name, |_| Position::START)))
    }

    /// Reads a document from memory; `name` is what diagnostics call it.
    ///
    /// # Errors
    ///
    /// One diagnostic, as for [`Document::open`].
    pub fn parse(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Result<Self, Box<Located>> {
        let name = name.into();
        let unreadable = |problem: Diagnostic| problem.locate(&name, |_| Position::START);
        let mut text = String::from_utf8(bytes.into()).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let position = end_of(&String::from_utf8_lossy(valid));
            let message = "the file is not UTF-8 from here on";
            unreadable(Diagnostic::at("invalid-utf8", position, message))
        })?;
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        let parsed = syntax::parse(&name, &text).map_err(unreadable)?;
        let mut root = parsed.root;
        let mut source = Source {
            text,
            syntax: parsed.syntax,
            twice: parsed.twice,
            positions: OnceLock::new(),
            notes: Vec::new(),
            references: Vec::new(),
        };
        source.notes = texts::correct(&mut root, &source.text, || source.positions());
        if Version::of(&root) == Version::V31 {
            source.references = references::resolve(&mut root);
        }
        Ok(Self {
            name,
            root,
            moves: BTreeMap::new(),
            source: Arc::new(source),
        })
    }

    /// The same document without some members of its objects, named by their pointers. The others keep their positions.
    #[must_use]
    pub fn without<'a>(&self, pointers: impl IntoIterator<Item = &'a str>) -> Self {
        let mut rest = self.clone();
        for pointer in pointers {
            let parent = pointer::parent(pointer).unwrap_or_default();
            if let Some(Value::Object(members)) = rest.root.pointer_mut(parent) {
                members.remove(&pointer::last(pointer));
            }
        }
        rest
    }

    /// Reads the positions, so that later questions for them are answered at once.
    pub fn read_positions(&self) {
        self.source.positions();
    }

    /// Line and column of the value at `pointer` itself, if the source has it.
    pub fn own_position(&self, pointer: &str) -> Option<Position> {
        let positions = self.source.positions();
        positions.get(&pointer::before(&self.moves, pointer))
    }

    /// Line and column of the value at `pointer`, or of the nearest enclosing value that the source has.
    pub fn position(&self, pointer: &str) -> Position {
        let positions = self.source.positions();
        positions.nearest(&pointer::before(&self.moves, pointer))
    }

    /// The text of the file, without a byte order mark.
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// Remembers that the value at `to` was moved there from `from`.
    pub fn moved(&mut self, from: &str, to: &str) {
        let from = pointer::before(&self.moves, from);
        self.moves.insert(to.to_owned(), from);
    }

    /// The references that were written as pointers, each with its position.
    pub fn resolved_references(&self) -> impl Iterator<Item = (Position, &Resolved)> {
        let references = self.source.references.iter();
        references.map(|resolved| {
            let position = self.source.positions().nearest(&resolved.pointer);
            (position, resolved)
        })
    }

    /// A note for each text that was written without quotes.
    pub fn notes(&self) -> Vec<Diagnostic> {
        self.source.notes.clone()
    }

    /// Every key that an object has more than once; `root` has the first value of each.
    pub fn duplicate_keys(&self) -> Vec<Diagnostic> {
        if !self.source.twice {
            return Vec::new();
        }
        match self.source.positions().duplicates() {
            // The two readers differ on what a key is.
            [] => {
                let message = "a key is given twice in one object";
                vec![Diagnostic::error("duplicate-key", "", message).hint(DUPLICATE_KEY)]
            }
            problems => problems.to_vec(),
        }
    }

    /// Gives diagnostics their file and positions, in the order of the document: errors before notes.
    pub fn locate_all(&self, diagnostics: Vec<Diagnostic>) -> Vec<Located> {
        let located = diagnostics
            .into_iter()
            .map(|diagnostic| self.locate(diagnostic));
        let mut located: Vec<Located> = located.collect();
        located.sort_by_key(|located| (located.position, located.diagnostic.severity));
        located
    }

    /// Gives a diagnostic its file and position.
    pub fn locate(&self, diagnostic: Diagnostic) -> Located {
        diagnostic.locate(&self.name, |pointer| self.position(pointer))
    }
}

/// The position behind a text.
fn end_of(text: &str) -> Position {
    let line = text.matches('\n').count() + 1;
    let column = text.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Position { line, column }
}
