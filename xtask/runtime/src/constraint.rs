//! Constraints of values that are sent: lengths, ranges, patterns, closed objects.
//!
//! A value that was received may break them: only its sender can keep them, and an answer is no worse for it. So reading
//! checks nothing, and a request is checked before it is sent.

use super::error_body::is_field_name;

/// A pattern and the function that searches a text for it.
pub type Pattern = (&'static str, fn(&str) -> bool);

/// The constraints of a value, other than those of its type. Those that its JSON type has no use for do not count.
#[derive(Clone, Copy, Debug)]
pub struct Constraints {
    /// The least and the greatest number of characters of a text.
    pub length: (u64, u64),
    /// The patterns that a text matches.
    pub patterns: &'static [Pattern],
    /// The least and the greatest integer.
    pub integer: (i128, i128),
    /// The bounds of a number.
    pub number: (Bound, Bound),
    /// The only value of a boolean.
    pub boolean: Option<bool>,
    /// The least and the greatest number of items of a list.
    pub items: (u64, u64),
    /// The constraints of each item of a list, and of each value of a map.
    pub item: Option<&'static Self>,
}

/// A bound of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// Any number.
    None,
    /// This number, or one beyond it.
    Inclusive(f64),
    /// A number beyond this one.
    Exclusive(f64),
}

impl Constraints {
    /// No constraints.
    pub const NONE: Self = Self {
        length: (0, u64::MAX),
        patterns: &[],
        integer: (i128::MIN, i128::MAX),
        number: (Bound::None, Bound::None),
        boolean: None,
        items: (0, u64::MAX),
        item: None,
    };

    /// The constraints of each item.
    #[must_use]
    pub fn of_item(&self) -> &Self {
        self.item.unwrap_or(&Self::NONE)
    }

    /// Checks a text.
    ///
    /// # Errors
    ///
    /// The constraint that it breaks.
    pub fn text(&self, text: &str) -> Result<(), Violation> {
        if self.length != Self::NONE.length {
            let characters = text.chars().count() as u64;
            within(characters, self.length, "characters")?;
        }
        match self.patterns.iter().find(|(_, is_match)| !is_match(text)) {
            Some((pattern, _)) => Err(Violation::of(format!("must match the pattern `{pattern}`"))),
            None => Ok(()),
        }
    }

    /// Checks an integer.
    ///
    /// # Errors
    ///
    /// The range that it is out of.
    pub fn integer(&self, number: i128) -> Result<(), Violation> {
        let (least, greatest) = self.integer;
        if (least..=greatest).contains(&number) {
            return Ok(());
        }
        let range = match (least, greatest) {
            (least, greatest) if least == greatest => least.to_string(),
            (least, i128::MAX) => format!("at least {least}"),
            (i128::MIN, greatest) => format!("at most {greatest}"),
            _ => format!("from {least} to {greatest}"),
        };
        Err(Violation::of(format!("must be {range}, not {number}")))
    }

    /// Checks a number.
    ///
    /// # Errors
    ///
    /// The bound that it is beyond.
    pub fn number(&self, number: f64) -> Result<(), Violation> {
        let (least, greatest) = self.number;
        let problem = match (least, greatest) {
            (Bound::Inclusive(least), Bound::Inclusive(greatest))
                if number < least || number > greatest =>
            {
                match least < greatest {
                    true => format!("from {least} to {greatest}"),
                    false => least.to_string(),
                }
            }
            (Bound::Inclusive(least), _) if number < least => format!("at least {least}"),
            (Bound::Exclusive(least), _) if number <= least => format!("more than {least}"),
            (_, Bound::Inclusive(greatest)) if number > greatest => format!("at most {greatest}"),
            (_, Bound::Exclusive(greatest)) if number >= greatest => {
                format!("less than {greatest}")
            }
            _ => return Ok(()),
        };
        Err(Violation::of(format!("must be {problem}, not {number}")))
    }

    /// Checks a boolean.
    ///
    /// # Errors
    ///
    /// The value that it is not.
    pub fn boolean(&self, value: bool) -> Result<(), Violation> {
        match self.boolean {
            Some(only) if only != value => {
                Err(Violation::of(format!("must be {only}, not {value}")))
            }
            _ => Ok(()),
        }
    }

    /// Checks the number of items of a list.
    ///
    /// # Errors
    ///
    /// The range that it is out of.
    pub fn count(&self, items: usize) -> Result<(), Violation> {
        within(items as u64, self.items, "items")
    }
}

fn within(count: u64, (least, greatest): (u64, u64), what: &str) -> Result<(), Violation> {
    if (least..=greatest).contains(&count) {
        return Ok(());
    }
    let range = match (least, greatest) {
        (least, u64::MAX) => format!("at least {least}"),
        (0, greatest) => format!("at most {greatest}"),
        (least, greatest) if least == greatest => format!("exactly {least}"),
        (least, greatest) => format!("from {least} to {greatest}"),
    };
    Err(Violation::of(format!(
        "must have {range} {what}, not {count}"
    )))
}

/// A constraint that a value breaks. It shows no text of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The location in the value, such as `.labels[0]`.
    location: String,
    problem: String,
}

impl Violation {
    fn of(problem: String) -> Self {
        Self {
            location: String::new(),
            problem,
        }
    }

    /// The violation of an object with members that it can't have.
    #[must_use]
    pub fn closed() -> Self {
        Self::of("has members that the API description does not allow".to_owned())
    }

    /// The same, of the object that has the value as a member.
    #[must_use]
    pub fn in_member(mut self, name: &str) -> Self {
        self.location.insert_str(0, &format!(".{name}"));
        self
    }

    /// The same, of the map that has the value at a key. A key that doesn't look like a field name is content, and not shown.
    #[must_use]
    pub fn in_key(self, key: &str) -> Self {
        self.in_member(if is_field_name(key) { key } else { "?" })
    }

    /// The same, of the list that has the value as an item.
    #[must_use]
    pub fn in_item(mut self, index: usize) -> Self {
        self.location.insert_str(0, &format!("[{index}]"));
        self
    }

    /// The message, with the name of the value.
    #[must_use]
    pub fn message(&self, name: &str) -> String {
        format!("`{name}{}` {}", self.location, self.problem)
    }
}

/// [`Constraints`] with some fields, or none of them, as a static reference.
macro_rules! constraints {
    () => {
        &support::constraint::Constraints::NONE
    };
    ($($fields:tt)+) => {
        const {
            &support::constraint::Constraints {
                $($fields)+,
                ..support::constraint::Constraints::NONE
            }
        }
    };
}

pub(crate) use constraints;
