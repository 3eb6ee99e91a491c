//! Places in the API, and what a document says of them.

use crate::diff::{Owner, Part, Place};

/// A place in the API: an operation or a schema, a part of it, and a field in there, however deep.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    pub owner: Owner,
    pub part: Option<Part>,
    pub fields: Vec<String>,
}

impl Site {
    /// What is about the whole.
    pub fn of(owner: Owner) -> Self {
        Self {
            owner,
            part: None,
            fields: Vec::new(),
        }
    }

    /// What is about a part of an operation.
    pub fn part(owner: Owner, what: &'static str, name: &str) -> Self {
        let name = name.to_owned();
        Self {
            part: Some(Part { what, name }),
            ..Self::of(owner)
        }
    }

    /// A field of what is here.
    pub fn field(&self, name: &str) -> Self {
        let mut site = self.clone();
        site.fields.push(name.to_owned());
        site
    }

    /// As a change names it.
    pub fn place(&self) -> Place {
        let fields = self.fields.join(".");
        let part = match &self.part {
            Some(Part { what, name }) if !fields.is_empty() => Some(Part {
                what,
                name: match name.as_str() {
                    "" => fields,
                    name => format!("{name}.{fields}"),
                },
            }),
            None if !fields.is_empty() => Some(Part {
                what: "field",
                name: fields,
            }),
            part => part.clone(),
        };
        Place {
            owner: self.owner.clone(),
            part,
        }
    }
}

/// A step in what is said of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// One of OpenAPI's words.
    Word(String),
    /// A name that the document chose.
    Name(String),
}

impl Key {
    pub fn text(&self) -> &str {
        match self {
            Self::Word(text) | Self::Name(text) => text,
        }
    }
}

/// Where the walk is: what is said of which site.
#[derive(Clone, Debug)]
pub struct At {
    pub site: Site,
    pub keys: Vec<Key>,
    /// How many references were followed on the way.
    pub hops: usize,
}

impl At {
    pub fn new(site: Site) -> Self {
        Self {
            site,
            keys: Vec::new(),
            hops: 0,
        }
    }

    pub fn word(&self, word: &str) -> Self {
        self.key(Key::Word(word.to_owned()))
    }

    pub fn name(&self, name: &str) -> Self {
        self.key(Key::Name(name.to_owned()))
    }

    fn key(&self, key: Key) -> Self {
        let mut at = self.clone();
        at.keys.push(key);
        at
    }

    /// What is said of a field, whose site is its own.
    pub fn field(&self, name: &str) -> Self {
        Self {
            hops: self.hops,
            ..Self::new(self.site.field(name))
        }
    }

    /// The last word, if no name follows it.
    pub fn last_word(&self) -> &str {
        match self.keys.last() {
            Some(Key::Word(word)) => word,
            _ => "",
        }
    }
}
