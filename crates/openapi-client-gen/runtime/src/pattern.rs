//! Patterns of texts: regular expressions of ECMAScript.

use std::sync::OnceLock;

use ::regress::Regex;

/// A pattern, compiled when it is first needed.
#[derive(Debug)]
pub struct Pattern {
    source: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// The pattern with this source.
    #[must_use]
    pub const fn new(source: &'static str) -> Self {
        Self {
            source,
            compiled: OnceLock::new(),
        }
    }

    /// Whether a text has a match. A pattern of another dialect matches every text: the server decides.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        let compile = || {
            // JSON Schema's patterns are those of Unicode; without it, more of what documents have is valid.
            let unicode = Regex::with_flags(self.source, "u");
            unicode.or_else(|_| Regex::new(self.source)).ok()
        };
        let compiled = self.compiled.get_or_init(compile);
        compiled
            .as_ref()
            .is_none_or(|regex| regex.find(text).is_some())
    }
}

/// A pattern for [`Constraints`](super::constraint::Constraints).
macro_rules! pattern {
    ($source:literal) => {
        ($source, |text| {
            static PATTERN: support::pattern::Pattern = support::pattern::Pattern::new($source);
            PATTERN.is_match(text)
        })
    };
}

pub(crate) use pattern;
