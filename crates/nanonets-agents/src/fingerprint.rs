//! A fingerprint of what a run sends, to recognise the same run in another process.

use std::io;

use futures_util::StreamExt;
use nanonets_agents_api::types::TaskOutputConfig;
use sha2::{Digest, Sha256};

use crate::file::File;

/// SHA-256 over the parts of a run, each preceded by its name and length.
#[derive(Debug, Default)]
pub(crate) struct Fingerprint(Sha256);

impl Fingerprint {
    pub fn text(&mut self, name: &str, text: &str) {
        self.part(name, text.len() as u64);
        self.0.update(text);
    }

    pub fn output(&mut self, output: &TaskOutputConfig) {
        self.text(
            "output_schema",
            output.output_schema.as_deref().unwrap_or_default(),
        );
        self.text(
            "instructions",
            output.instructions.as_deref().unwrap_or_default(),
        );
    }

    /// Adds a file: its content if it can be read twice, and its name and length in any case.
    pub async fn file(&mut self, file: &File) -> io::Result<()> {
        self.text("file", &file.sent_name());
        self.part("length", file.length().unwrap_or(u64::MAX));
        if let Some(mut content) = file.repeatable_content().await? {
            while let Some(chunk) = content.next().await {
                self.0.update(&chunk?);
            }
        }
        Ok(())
    }

    pub fn finish(self) -> String {
        use std::fmt::Write as _;
        let mut text = "sha256:".to_owned();
        for byte in self.0.finalize() {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    fn part(&mut self, name: &str, length: u64) {
        self.0.update(name);
        self.0.update([0]);
        self.0.update(length.to_be_bytes());
    }
}
