//! The number of finished tasks that are kept, and the time to look for those to forget.

/// The memory that finished tasks may take together, in bytes.
const MAX_FINISHED_BYTES: usize = 512 * 1024 * 1024;

/// The number of finished tasks that are kept, and the time to look for those to forget.
#[derive(Debug)]
pub(crate) struct Retention {
    max: usize,
    pub max_bytes: usize,
    /// The tasks that were added since the last look, and their memory in bytes.
    added: usize,
    added_bytes: usize,
}

impl Retention {
    pub fn new(max: usize) -> Self {
        Self {
            max,
            max_bytes: MAX_FINISHED_BYTES,
            added: 0,
            added_bytes: 0,
        }
    }

    /// Takes note of a new task, or of a message to a finished one. Returns whether it is time to look at all tasks: not at each new one, as that would
    /// cost more the more tasks there are.
    pub fn add(&mut self, added: usize, bytes: usize, tasks: usize) -> bool {
        self.added += added;
        self.added_bytes += bytes;
        let is_due =
            (tasks > self.max && self.added > tasks / 64) || self.added_bytes > self.max_bytes / 16;
        if is_due {
            (self.added, self.added_bytes) = (0, 0);
        }
        is_due
    }

    /// Whether finished tasks of this number and memory are too many.
    pub fn is_exceeded(&self, tasks: usize, bytes: usize) -> bool {
        tasks > self.max || bytes > self.max_bytes
    }
}
