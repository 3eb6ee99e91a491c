//! Texts that several tasks have in common, kept once.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

/// The number of texts that a new one is compared with.
const RECENT: usize = 16;

/// The texts that were used last.
#[derive(Debug, Default)]
pub(crate) struct Texts(VecDeque<Weak<str>>);

impl Texts {
    /// Replaces a text by an equal one that is in use, if there is one among the recent ones.
    pub fn share(&mut self, text: &mut Arc<str>) {
        let position = self.0.iter().position(|recent| {
            // The length tells most of them apart.
            recent.upgrade().is_some_and(|recent| recent == *text)
        });
        let recent = position.and_then(|position| self.0.remove(position));
        match recent.as_ref().and_then(Weak::upgrade) {
            Some(recent) => *text = recent,
            None => self.0.truncate(RECENT - 1),
        }
        self.0.push_front(Arc::downgrade(text));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{RECENT, Texts};

    #[test]
    fn an_equal_text_is_kept_once_while_it_is_in_use() {
        let mut texts = Texts::default();
        let mut first: Arc<str> = "Add it up.".into();
        texts.share(&mut first);
        for number in 0..RECENT - 1 {
            texts.share(&mut number.to_string().into());
        }
        let mut second: Arc<str> = "Add it up.".into();
        texts.share(&mut second);
        assert!(Arc::ptr_eq(&first, &second));
        for number in 0..100 {
            texts.share(&mut number.to_string().into());
        }
        assert_eq!(texts.0.len(), RECENT);
        let mut third: Arc<str> = "Add it up.".into();
        texts.share(&mut third);
        assert!(!Arc::ptr_eq(&first, &third), "it is not a recent one");
    }
}
