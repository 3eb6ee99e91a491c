//! The text of a placeholder string.

/// The label of a made-up string: its property, and its index in the nearest array.
#[derive(Clone, Copy)]
pub(super) struct Label<'n> {
    pub(super) word: &'n str,
    pub(super) ordinal: Option<usize>,
}

impl Label<'_> {
    /// `simulated vendor name 2`, between `shortest` and `longest` characters; the ordinal is the last to be cut.
    pub(super) fn text(self, shortest: usize, longest: usize) -> String {
        let head = format!("simulated {}", self.words());
        let mut tail = self.ordinal.map(|n| format!(" {n}")).unwrap_or_default();
        if head.chars().count() + tail.len() > longest {
            tail = tail.trim_start().to_owned();
        }
        let room = longest.saturating_sub(tail.len());
        let mut text: String = head
            .chars()
            .take(room)
            .chain(tail.chars())
            .take(longest)
            .collect();
        let missing = shortest.min(longest).saturating_sub(text.chars().count());
        text.extend(" simulated".chars().cycle().take(missing));
        text
    }

    /// The property's name in words: `vendorName` and `vendor_name` are `vendor name`.
    pub(super) fn words(self) -> String {
        let mut words = String::new();
        let mut lower = false;
        for c in self.word.chars().take(60) {
            if c.is_uppercase() && lower {
                words.push(' ');
            }
            lower = c.is_lowercase();
            words.extend(
                c.to_lowercase()
                    .map(|c| if matches!(c, '_' | '-' | '.') { ' ' } else { c }),
            );
        }
        let words = words.trim();
        if words.is_empty() {
            "value".to_owned()
        } else {
            words.to_owned()
        }
    }
}
