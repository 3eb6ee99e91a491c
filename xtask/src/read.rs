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

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::rc::Rc;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Located, Place, Position};
use crate::pointer;
use crate::shape::Version;
use crate::source_map::{SourceMap, Syntax};
pub use references::Resolved;
use syntax::Parsed;

/// Larger files are refused: the largest API descriptions in the wild are a tenth of this.
const MAX_BYTES: u64 = 128 * 1024 * 1024;

/// An API description as read, before anything was checked.
#[derive(Debug)]
pub struct Document {
    /// The file, as the user named it.
    pub name: String,
    /// The whole document.
    pub root: Value,
    /// The values that were moved: the new pointer and the one in the file.
    moves: BTreeMap<String, String>,
    corrected: Rc<Corrected>,
    source: Rc<Source>,
}

/// The corrections of reading a document.
#[derive(Debug)]
struct Corrected {
    /// The text that was written without quotes.
    notes: Vec<Diagnostic>,
    references: Vec<Resolved>,
}

/// What a document was read from.
#[derive(Debug)]
struct Source {
    text: String,
    syntax: Syntax,
    /// Some object has a key twice.
    twice: bool,
    positions: OnceCell<SourceMap>,
}

impl Source {
    /// Where everything stands, read when it is asked for the first time.
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
        let unreadable = |message: String| {
            locate(
                &name,
                Diagnostic::at("unreadable-file", Place::Position(Position::START), message),
            )
        };
        let failed = |error| unreadable(format!("the file can't be read: {error}"));
        let too_large = || {
            unreadable(format!(
                "the file has more than {MAX_BYTES} bytes, the limit"
            ))
        };
        let file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() > MAX_BYTES {
            return Err(too_large());
        }
        // A device or a pipe says nothing of its size.
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(too_large());
        }
        Self::parse(name, bytes)
    }

    /// Reads a document from memory; `name` is what diagnostics call it.
    ///
    /// # Errors
    ///
    /// One diagnostic, as for [`Document::open`].
    pub fn parse(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Result<Self, Box<Located>> {
        let name = name.into();
        let text = String::from_utf8(bytes.into()).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let position = end_of(&String::from_utf8_lossy(valid));
            let message = "the file is not UTF-8 from here on";
            locate(
                &name,
                Diagnostic::at("invalid-utf8", Place::Position(position), message),
            )
        })?;
        let text = text
            .strip_prefix('\u{feff}')
            .map_or(text.clone(), str::to_owned);
        let Parsed {
            mut root,
            syntax,
            twice,
        } = syntax::parse(&name, &text).map_err(|diagnostic| locate(&name, diagnostic))?;
        let source = Source {
            text,
            syntax,
            twice,
            positions: OnceCell::new(),
        };
        let notes = texts::mend(&mut root, &source.text, || source.positions());
        let references = match Version::of(&root) {
            Version::V30 => Vec::new(),
            Version::V31 => references::resolve(&mut root),
        };
        Ok(Self {
            name,
            root,
            moves: BTreeMap::new(),
            corrected: Rc::new(Corrected { notes, references }),
            source: Rc::new(source),
        })
    }

    /// The same document without some members of its objects, named by their pointers. What is left stands where it
    /// stood.
    #[must_use]
    pub fn without<'a>(&self, pointers: impl IntoIterator<Item = &'a str>) -> Self {
        let mut root = self.root.clone();
        for pointer in pointers {
            let parent = pointer::parent(pointer).unwrap_or_default();
            if let Some(Value::Object(members)) = pointer::get_mut(&mut root, parent) {
                members.remove(&pointer::last(pointer));
            }
        }
        Self {
            name: self.name.clone(),
            root,
            moves: self.moves.clone(),
            corrected: Rc::clone(&self.corrected),
            source: Rc::clone(&self.source),
        }
    }

    /// Line and column of the value at `pointer` itself, if the source has it.
    pub fn own_position(&self, pointer: &str) -> Option<Position> {
        self.positions().get(&pointer::before(&self.moves, pointer))
    }

    /// Line and column of the value at `pointer`, or of the nearest enclosing value that the source has.
    pub fn position(&self, pointer: &str) -> Position {
        self.source_position(&pointer::before(&self.moves, pointer))
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
        let references = self.corrected.references.iter();
        references.map(|resolved| (self.source_position(&resolved.pointer), resolved))
    }

    /// A note for each text that was written without quotes.
    pub fn notes(&self) -> Vec<Diagnostic> {
        let notes = self.corrected.notes.iter().map(|note| match &note.place {
            Place::Pointer(pointer) => Diagnostic {
                place: Place::Position(self.source_position(pointer)),
                ..note.clone()
            },
            Place::Position(_) => note.clone(),
        });
        notes.collect()
    }

    /// Line and column of the value at `pointer` in the file, wherever it was moved since.
    pub fn source_position(&self, pointer: &str) -> Position {
        let positions = self.positions();
        let mut pointer = pointer;
        loop {
            if let Some(position) = positions.get(pointer) {
                return position;
            }
            match pointer::parent(pointer) {
                Some(parent) => pointer = parent,
                None => return Position::START,
            }
        }
    }

    /// Every key that an object has more than once; `root` has the first value of each.
    pub fn duplicate_keys(&self) -> Vec<Diagnostic> {
        if !self.source.twice {
            return Vec::new();
        }
        let hint = "only one of them would count: merge the two, or rename one";
        let problems: Vec<Diagnostic> = self
            .positions()
            .duplicates()
            .iter()
            .map(|twice| {
                let message = format!(
                    "the key `{}` is given twice, first on line {}",
                    twice.key, twice.first.line
                );
                Diagnostic::at("duplicate-key", Place::Position(twice.second), message).hint(hint)
            })
            .collect();
        if problems.is_empty() {
            // The two readers differ on what a key is.
            let message = "a key is given twice in one object";
            return vec![Diagnostic::error("duplicate-key", "", message).hint(hint)];
        }
        problems
    }

    fn positions(&self) -> &SourceMap {
        self.source.positions()
    }

    /// Gives diagnostics their file and positions, in the order of the document.
    pub fn locate_all(&self, diagnostics: Vec<Diagnostic>) -> Vec<Located> {
        let mut located: Vec<Located> = diagnostics
            .into_iter()
            .map(|diagnostic| self.locate(diagnostic))
            .collect();
        located.sort_by_key(|located| located.position);
        located
    }

    /// Gives a diagnostic its file and position.
    pub fn locate(&self, diagnostic: Diagnostic) -> Located {
        let position = match &diagnostic.place {
            Place::Pointer(pointer) => self.position(pointer),
            Place::Position(position) => *position,
        };
        Located {
            file: self.name.clone(),
            position,
            diagnostic,
        }
    }
}

fn locate(name: &str, diagnostic: Diagnostic) -> Box<Located> {
    let position = match diagnostic.place {
        Place::Position(position) => position,
        Place::Pointer(_) => Position::START,
    };
    Box::new(Located {
        file: name.to_owned(),
        position,
        diagnostic,
    })
}

fn end_of(text: &str) -> Position {
    let line = text.matches('\n').count() + 1;
    let column = text.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Position { line, column }
}
