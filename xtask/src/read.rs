//! First stage: a file becomes a [`Document`], a JSON value that knows where each of its parts stands.
//!
//! A document of OpenAPI 3.1 is brought to 3.0 on the way, by [`crate::upgrade`], so that whoever has a [`Document`] has
//! one of 3.0; its places are those of the file all the same.
//!
//! YAML is read by serde_yaml, JSON by serde_json: both bound nesting (128 levels) and serde_yaml bounds the expansion
//! of aliases. What serde_yaml bounds too late, because its scanner takes quadratic time to get there, is looked for
//! before it sees the text, so a hostile file is refused in bounded time. Neither remembers positions, so the positions are read
//! separately, and only when one is asked for: a clean run never pays for them.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::rc::Rc;

use percent_encoding::percent_decode_str;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::diagnostic::{Diagnostic, Located, Place, Position};
use crate::lower::{Rewrite, origin};
use crate::pointer;
use crate::source_map::{self, MAX_DEPTH, Nesting, SourceMap, Syntax};
use crate::upgrade::{self, Upgraded};

/// Larger files are refused: the largest API descriptions in the wild are a tenth of this.
const MAX_BYTES: u64 = 128 * 1024 * 1024;

/// So many brackets or directives are read in a moment even if each of them is looked at once for each other.
const FEW: usize = 4096;

/// An API description as read, before anything was checked.
#[derive(Debug)]
pub struct Document {
    /// The file, as the user named it.
    pub name: String,
    /// The whole document, in terms of OpenAPI 3.0.
    pub root: Value,
    upgraded: Rc<Upgraded>,
    source: Rc<Source>,
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
        let mut bytes = Vec::new();
        // A device or a pipe has no size to ask for.
        File::open(path)
            .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|error| unreadable(format!("the file can't be read: {error}")))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(unreadable(format!(
                "the file has more than {MAX_BYTES} bytes, the limit"
            )));
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
        } = parse(&name, &text).map_err(|diagnostic| locate(&name, diagnostic))?;
        let upgraded = upgrade::upgrade(&mut root);
        Ok(Self {
            name,
            root,
            upgraded: Rc::new(upgraded),
            source: Rc::new(Source {
                text,
                syntax,
                twice,
                positions: OnceCell::new(),
            }),
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
            upgraded: Rc::clone(&self.upgraded),
            source: Rc::clone(&self.source),
        }
    }

    /// Line and column of the value at `pointer` itself, if the source has it.
    pub fn own_position(&self, pointer: &str) -> Option<Position> {
        self.positions()
            .get(&origin(&self.upgraded.origins, pointer))
    }

    /// Line and column of the value at `pointer`, or of the nearest enclosing value that the source has.
    pub fn position(&self, pointer: &str) -> Position {
        self.source_position(&origin(&self.upgraded.origins, pointer))
    }

    /// The text of the file, without a byte order mark.
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// Remembers that what stands at `to` stood at `from` before somebody moved it.
    pub fn moved(&mut self, from: &str, to: &str) {
        let from = origin(&self.upgraded.origins, from);
        let upgraded = Rc::make_mut(&mut self.upgraded);
        upgraded.origins.insert(to.to_owned(), from);
    }

    /// What bringing the document to OpenAPI 3.0 changed, in the order of the passes, each with its place.
    pub fn upgrades(&self) -> impl Iterator<Item = (Position, &Rewrite)> {
        let rewrites = self.upgraded.rewrites.iter();
        rewrites.map(|rewrite| (self.source_position(&rewrite.pointer), rewrite))
    }

    /// What of it OpenAPI 3.0 can't say: what is wrong, and what was made less strict.
    pub fn upgrade_problems(&self) -> Vec<Diagnostic> {
        let errors = self.upgraded.errors.iter();
        // What was taken out since has no problem any more.
        let errors = errors.filter(|error| match &error.place {
            Place::Pointer(pointer) => self.has_unit_of(pointer),
            Place::Position(_) => true,
        });
        let notes = self.upgraded.notes.iter().map(|note| match &note.place {
            Place::Pointer(pointer) => Diagnostic {
                place: Place::Position(self.source_position(pointer)),
                ..note.clone()
            },
            Place::Position(_) => note.clone(),
        });
        errors.cloned().chain(notes).collect()
    }

    /// Whether the operation or the component is there that a place belongs to.
    fn has_unit_of(&self, place: &str) -> bool {
        let end = place
            .match_indices('/')
            .nth(3)
            .map_or(place.len(), |(at, _)| at);
        pointer::get(&self.root, &place[..end]).is_some()
    }

    /// Line and column of what stands at `pointer` in the file.
    fn source_position(&self, pointer: &str) -> Position {
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
        let source = &self.source;
        let read = || SourceMap::of(&source.text, source.syntax);
        source.positions.get_or_init(read)
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

/// A text that was read.
struct Parsed {
    root: Value,
    syntax: Syntax,
    /// Some object has a key twice.
    twice: bool,
}

/// Reads JSON or YAML, whichever it is: the flow style of YAML begins like JSON.
fn parse(name: &str, text: &str) -> Result<Parsed, Diagnostic> {
    if text.trim_start().starts_with('{') {
        let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
        match read_json(text) {
            Ok(parsed) => return Ok(parsed),
            Err(_) if is_yaml => {}
            Err(error) => {
                let at = (error.line(), error.column());
                return Err(syntax_error(
                    text,
                    Syntax::Json,
                    &error.to_string(),
                    Some(at),
                ));
            }
        }
    }
    bound_effort(text)?;
    read_yaml(text).map_err(|error| {
        let at = error.location().map(|at| (at.line(), at.column()));
        syntax_error(text, Syntax::Yaml, &error.to_string(), at)
    })
}

fn read_json(text: &str) -> serde_json::Result<Parsed> {
    let twice = Cell::new(false);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let root = Node { twice: &twice }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(Parsed {
        root,
        syntax: Syntax::Json,
        twice: twice.get(),
    })
}

fn read_yaml(text: &str) -> serde_yaml::Result<Parsed> {
    let twice = Cell::new(false);
    let root = Node { twice: &twice }.deserialize(serde_yaml::Deserializer::from_str(text))?;
    Ok(Parsed {
        root,
        syntax: Syntax::Yaml,
        twice: twice.get(),
    })
}

/// A reference is a URL, whose fragment may be percent-encoded; as a pointer it is not.
fn decoded(key: &str, value: Value) -> Value {
    match value {
        Value::String(target) if key == "$ref" && target.contains('%') => {
            let decoded = percent_decode_str(&target).decode_utf8();
            Value::String(decoded.map_or_else(|_| target.clone(), Cow::into_owned))
        }
        value => value,
    }
}

/// Refuses what serde_yaml would take too long to refuse: its scanner looks at every open bracket again for each token,
/// at every `%TAG` again for each other one, and reads the whole document before its nesting is looked at. A text with
/// few brackets can't be deep enough for that to matter and is not read a second time.
fn bound_effort(text: &str) -> Result<(), Diagnostic> {
    let mut directives = (1..)
        .zip(text.split(['\n', '\r']))
        .filter(|(_, line)| line.starts_with('%'));
    if let Some((line, _)) = directives.nth(FEW) {
        let place = Place::Position(Position { line, column: 1 });
        let message = format!("there are more than {FEW} directives, the limit");
        return Err(Diagnostic::at("limit-exceeded", place, message)
            .hint("an API description needs none: remove the lines that begin with `%`"));
    }
    if brackets(text) <= FEW {
        return Ok(());
    }
    match source_map::nesting(text, MAX_DEPTH) {
        Nesting::Bounded => Ok(()),
        Nesting::TooDeep(position) => Err(too_deep(position)),
        // What stands behind the place that this scanner doesn't understand was not seen by it.
        Nesting::Unknown {
            position,
            offset,
            message,
        } => {
            let rest = text.get(offset..).unwrap_or(text);
            if brackets(rest) <= FEW {
                return Ok(());
            }
            Err(Diagnostic::at("syntax", Place::Position(position), message))
        }
    }
}

fn brackets(text: &str) -> usize {
    text.bytes().filter(|byte| b"[{".contains(byte)).count()
}

fn too_deep(position: Position) -> Diagnostic {
    let message = format!("the document is nested too deeply: the limit is {MAX_DEPTH} levels");
    Diagnostic::at("limit-exceeded", Place::Position(position), message)
        .hint("move inner schemas to `components/schemas` and refer to them")
}

/// What a parser says, in the words of this program and at the place that a reader should look at.
fn syntax_error(
    text: &str,
    syntax: Syntax,
    message: &str,
    at: Option<(usize, usize)>,
) -> Diagnostic {
    let position = at.map_or(Position::START, |(line, column)| Position {
        line: line.max(1),
        column: column.max(1),
    });
    if message.contains("limit exceeded") {
        if message.contains("repetition") {
            let message = "the aliases stand for too much";
            return Diagnostic::at("limit-exceeded", Place::Position(position), message)
                .hint("write out what they stand for, or use `$ref`");
        }
        return too_deep(position);
    }
    if message.contains("more than one document") {
        let position = SourceMap::of(text, syntax)
            .second_document()
            .unwrap_or(position);
        let message = "a second YAML document starts here";
        return Diagnostic::at("syntax", Place::Position(position), message)
            .hint("an API description is one document: remove the others");
    }
    // Both parsers name the position that the diagnostic starts with.
    let message = match at {
        Some((line, column)) => {
            message.replacen(&format!(" at line {line} column {column}"), "", 1)
        }
        None => message.to_owned(),
    };
    Diagnostic::at("syntax", Place::Position(position), message)
}

/// A JSON value read from any serde format, with what `serde_json::Value` lets pass noticed or mended: of a key that
/// is given twice the first value counts and the flag is raised, keys that aren't strings (`200:`) become strings,
/// merge keys (`<<`) are applied, and numbers beyond 64 bits become floating point.
#[derive(Clone, Copy)]
struct Node<'a> {
    twice: &'a Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// A member's name, as it is written: asking for a string keeps YAML from reading `200` or `1.10` as numbers.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key that is a string")
            }

            fn visit_str<E: de::Error>(self, key: &str) -> Result<Key, E> {
                Ok(Key(key.to_owned()))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can hold")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "JSON has no wider integer; a float is what its readers expect"
    )]
    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "JSON has no wider integer; a float is what its readers expect"
    )]
    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom(format!("`{value}` is not a number that JSON can hold")))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        let mut merged = Vec::new();
        while let Some(Key(key)) = entries.next_key()? {
            let value = decoded(&key, entries.next_value_seed(self)?);
            match value {
                Value::Object(base) if key == "<<" => merged.push(base),
                _ if map.contains_key(&key) => self.twice.set(true),
                _ => {
                    map.insert(key, value);
                }
            }
        }
        for (key, value) in merged.into_iter().flatten() {
            map.entry(key).or_insert(value);
        }
        Ok(Value::Object(map))
    }

    fn visit_enum<A: de::EnumAccess<'de>>(self, _: A) -> Result<Value, A::Error> {
        Err(de::Error::custom(
            "YAML tags such as `!name` have no meaning in an API description",
        ))
    }
}
