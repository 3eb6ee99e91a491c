//! Text that matches the simple regular expressions found in schemas.
//!
//! A string with a `pattern` is only useful to a validating client if it matches, and the patterns people write
//! (`^[A-Z]{3}$`, `^INV-\d+$`) are short sequences. Literals, classes, groups, alternatives and quantifiers are
//! understood; anything else (look-around, back-references, Unicode classes) is given up on.

use std::iter::Peekable;
use std::str::Chars;

use super::limits::MAX_TEXT;

const DIGITS: &str = "0123456789";
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A text that `pattern` matches, of `shortest` to `longest` characters if a few tries find one.
pub(super) fn matching(
    pattern: &str,
    rng: &mut fastrand::Rng,
    shortest: usize,
    longest: usize,
) -> Option<String> {
    let mut last = None;
    for aim in [0, shortest, 0, shortest, 0, shortest, 0, shortest] {
        let mut generator = Generator {
            rest: pattern.chars().peekable(),
            rng,
            aim,
            longest,
        };
        let text = generator.alternatives(0)?;
        if generator.rest.next().is_some() {
            return None;
        }
        if (shortest..=longest).contains(&text.chars().count()) {
            return Some(text);
        }
        last = Some(text);
    }
    last
}

enum Atom {
    OneOf(Vec<char>),
    Text(String),
}

struct Generator<'p, 'r> {
    rest: Peekable<Chars<'p>>,
    rng: &'r mut fastrand::Rng,
    /// How often to repeat what may be repeated; 0 leaves it to chance.
    aim: usize,
    longest: usize,
}

impl Generator<'_, '_> {
    /// One of the alternatives up to the end or an unmatched `)`, which is left for the caller.
    fn alternatives(&mut self, depth: usize) -> Option<String> {
        let (mut options, mut current) = (Vec::new(), String::new());
        while let Some(next) = self.rest.next_if(|next| *next != ')') {
            match next {
                '|' => options.push(std::mem::take(&mut current)),
                '^' | '$' => {}
                _ => {
                    let atom = self.atom(next, depth)?;
                    current.push_str(&self.repeated(&atom)?);
                }
            }
            if current.len() > MAX_TEXT {
                return None;
            }
        }
        options.push(current);
        self.rng.choice(options)
    }

    fn atom(&mut self, first: char, depth: usize) -> Option<Atom> {
        const MAX_GROUPS: usize = 8;
        Some(match first {
            '(' if depth < MAX_GROUPS => {
                if self.rest.next_if_eq(&'?').is_some() {
                    self.rest.next_if_eq(&':')?;
                }
                let text = self.alternatives(depth + 1)?;
                self.rest.next_if_eq(&')')?;
                Atom::Text(text)
            }
            '[' => Atom::OneOf(self.class()?),
            '\\' => Atom::OneOf(self.escape()?),
            '.' => Atom::OneOf(LETTERS.chars().collect()),
            '(' | '*' | '+' | '?' | '{' => return None,
            literal => Atom::OneOf(vec![literal]),
        })
    }

    fn escape(&mut self) -> Option<Vec<char>> {
        Some(match self.rest.next()? {
            'd' => DIGITS.chars().collect(),
            'w' => LETTERS.chars().chain(DIGITS.chars()).collect(),
            's' => vec![' '],
            'D' | 'S' => vec!['x'],
            'W' => vec!['-'],
            literal if !literal.is_alphanumeric() => vec![literal],
            _ => return None,
        })
    }

    /// The members of a class, of which the `[` has been read.
    fn class(&mut self) -> Option<Vec<char>> {
        const MAX_RANGE: usize = 128;
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut members = Vec::new();
        loop {
            match self.rest.next()? {
                ']' => break,
                '\\' => members.extend(self.escape()?),
                low => match self.rest.next_if_eq(&'-') {
                    Some(_) if self.rest.peek() == Some(&']') => members.extend([low, '-']),
                    Some(_) => members.extend((low..=self.rest.next()?).take(MAX_RANGE)),
                    None => members.push(low),
                },
            }
        }
        if negated {
            members = LETTERS
                .chars()
                .chain(DIGITS.chars())
                .filter(|c| !members.contains(c))
                .collect();
        }
        Some(members).filter(|members| !members.is_empty())
    }

    fn repeated(&mut self, atom: &Atom) -> Option<String> {
        let (least, most) = self.quantifier()?;
        let usual = (least.max(1) + 3).min(self.longest).max(least).min(most);
        let preferred = if most == 1 {
            least
        } else {
            least.max(1).min(usual)
        };
        let count = if self.aim > 0 {
            self.aim.clamp(least, most)
        } else {
            self.rng.usize(preferred..=usual)
        };
        let width = if let Atom::Text(text) = atom {
            text.len()
        } else {
            1
        };
        if count.saturating_mul(width) > MAX_TEXT {
            return None;
        }
        Some(match atom {
            Atom::OneOf(members) => (0..count)
                .filter_map(|_| self.rng.choice(members))
                .collect(),
            Atom::Text(text) => text.repeat(count),
        })
    }

    /// The bounds of the quantifier that follows; `None` if it is malformed.
    fn quantifier(&mut self) -> Option<(usize, usize)> {
        let Some(mark) = self.rest.next_if(|next| "*+?{".contains(*next)) else {
            return Some((1, 1));
        };
        let bounds = match mark {
            '*' => (0, usize::MAX),
            '+' => (1, usize::MAX),
            '?' => (0, 1),
            _ => {
                let body: String = self.rest.by_ref().take_while(|next| *next != '}').collect();
                let (least, most) = body.split_once(',').unwrap_or((&body, &body));
                let most = if most.is_empty() {
                    usize::MAX
                } else {
                    most.parse().ok()?
                };
                (least.parse().ok()?, most)
            }
        };
        self.rest.next_if_eq(&'?');
        Some(bounds).filter(|(least, most)| least <= most && *least <= MAX_TEXT)
    }
}
