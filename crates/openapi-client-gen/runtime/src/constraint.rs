//! Constraints of values that are sent: lengths, ranges, patterns, closed objects.
//!
//! A value that was received may break them: only its sender can keep them, and an answer is no worse for it. So reading
//! checks nothing, and a request is checked before it is sent.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde::ser::Serialize;

use super::error_body::is_field_name;
use super::exact::Exact;
use super::json::Json;

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
    /// The numbers of which a number is a multiple, each as its digits and the number of these behind the point.
    pub multiples: &'static [(i128, u32)],
    /// The only value of a boolean.
    pub boolean: Option<bool>,
    /// The least and the greatest number of items of a list.
    pub items: (u64, u64),
    /// Whether no two items of a list are equal.
    pub unique: bool,
    /// The constraints of each item of a list, and of each value of a map.
    pub item: Option<&'static Self>,
    /// The least and the greatest number of members of an object.
    pub members: (u64, u64),
    /// The constraints of the names of the members of an object.
    pub names: Option<&'static Self>,
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
        multiples: &[],
        boolean: None,
        items: (0, u64::MAX),
        unique: false,
        item: None,
        members: (0, u64::MAX),
        names: None,
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

    /// Checks that a number is a multiple. The shortest decimal that reads as the number counts: 0.3 is a multiple of 0.1. A
    /// number of more digits than an `i128` has is not checked.
    ///
    /// # Errors
    ///
    /// The number of which it is no multiple.
    pub fn multiple(&self, number: &impl Display) -> Result<(), Violation> {
        if self.multiples.is_empty() {
            return Ok(());
        }
        let text = number.to_string();
        let Some(number) = decimal(&text) else {
            return Ok(());
        };
        let mut multiples = self.multiples.iter();
        match multiples.find(|multiple| is_multiple(number, **multiple) == Some(false)) {
            Some(multiple) => {
                let multiple = written(*multiple);
                let problem = format!("must be a multiple of {multiple}, not {text}");
                Err(Violation::of(problem))
            }
            None => Ok(()),
        }
    }

    /// Checks that no two items of a list are equal, as JSON is.
    ///
    /// # Errors
    ///
    /// The position of an item that equals one before it.
    pub fn unique<T: Serialize>(&self, items: impl Iterator<Item = T>) -> Result<(), Violation> {
        if !self.unique {
            return Ok(());
        }
        // An item without JSON is an error when it is sent.
        let items: Vec<Option<Json>> = items.map(|item| Json::of(&item).ok()).collect();
        let mut seen = BTreeSet::new();
        for (index, json) in items.iter().enumerate() {
            let Some(text) = json.as_ref().map(Json::as_json_text) else {
                continue;
            };
            // Values that are nested too deep to be compared are compared as text.
            let item = Exact::of(text).ok_or(text);
            if !seen.insert(item) {
                let problem = "must not equal an item before it".to_owned();
                return Err(Violation::of(problem).in_item(index));
            }
        }
        Ok(())
    }

    /// Checks the number of members of an object.
    ///
    /// # Errors
    ///
    /// The range that it is out of.
    pub fn members(&self, members: usize) -> Result<(), Violation> {
        within(members as u64, self.members, "members")
    }

    /// Checks the name of a member of an object.
    ///
    /// # Errors
    ///
    /// The constraint that it breaks.
    pub fn name(&self, name: &str) -> Result<(), Violation> {
        let Some(names) = self.names else {
            return Ok(());
        };
        names.text(name).map_err(|violation| {
            Violation::of(format!("has a member whose name {}", violation.problem))
        })
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

/// The digits of a number, and the number of these behind the point.
fn decimal(text: &str) -> Option<(i128, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction}").parse().ok()?;
    Some((digits, u32::try_from(fraction.len()).ok()?))
}

/// Whether a decimal is a multiple of another one, if an `i128` has enough digits for both.
fn is_multiple(number: (i128, u32), multiple: (i128, u32)) -> Option<bool> {
    let scale = number.1.max(multiple.1);
    let scaled = |(digits, own): (i128, u32)| {
        let factor = 10_i128.checked_pow(scale - own)?;
        digits.checked_mul(factor)
    };
    let remainder = scaled(number)?.checked_rem(scaled(multiple)?)?;
    Some(remainder == 0)
}

fn written((digits, scale): (i128, u32)) -> String {
    let scale = scale as usize;
    let digits = format!("{digits:0>0$}", scale + 1);
    match digits.split_at(digits.len() - scale) {
        (whole, "") => whole.to_owned(),
        (whole, fraction) => format!("{whole}.{fraction}"),
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
