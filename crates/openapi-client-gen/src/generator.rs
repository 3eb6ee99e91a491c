//! The generator as a build script or an xtask uses it: a document in, a folder out.

use std::fmt;
use std::path::Path;

use openapi_document::diagnostic::counted;
use openapi_document::read::Document;
use openapi_document::view::OperationView;

use crate::codegen::{self, Generated};
use crate::error::Error;
use crate::output::{self, Stale};
use crate::parallel;
use crate::skip::{self, Skipped};

/// Generates the client of a document.
///
/// Without [`Generator::crate_name`], the files are those of a module, which a crate includes with `mod generated;`.
#[derive(Clone, Debug)]
pub struct Generator {
    document: Document,
    crate_name: Option<String>,
    inner: Option<String>,
    has_mocks: bool,
    skips_unsupported: bool,
}

impl Generator {
    /// Reads a document, YAML or JSON, OpenAPI 3.0 or 3.1.
    ///
    /// # Errors
    ///
    /// A file that can't be read, is no YAML and no JSON, or exceeds a limit of the reader.
    pub fn open(spec: impl AsRef<Path>) -> Result<Self, Error> {
        let spec = spec.as_ref();
        let document = parallel::on_large_stack(|| Document::open(spec));
        let document = document.map_err(|problem| Error::Rejected(vec![*problem]))?;
        Ok(Self::of(document))
    }

    /// The generator of a document that was read.
    pub fn of(document: Document) -> Self {
        Self {
            document,
            crate_name: None,
            inner: None,
            has_mocks: false,
            skips_unsupported: false,
        }
    }

    /// Generates a crate of this name: its `Cargo.toml`, its `src/lib.rs`, and the module in `src/generated`.
    #[must_use]
    pub fn crate_name(mut self, name: impl Into<String>) -> Self {
        self.crate_name = Some(name.into());
        self
    }

    /// Generates a client that carries a value of this type for its hooks, as progenitor's `with_inner_type`. The type is a path in
    /// the crate that includes the module: `crate::Context`.
    #[must_use]
    pub fn inner_type(mut self, path: impl Into<String>) -> Self {
        self.inner = Some(path.into());
        self
    }

    /// Adds typed mocks of the operations, behind the feature `mock`.
    #[must_use]
    pub fn mocks(mut self, has_mocks: bool) -> Self {
        self.has_mocks = has_mocks;
        self
    }

    /// Skips operations that can't be generated. Without it, one of them rejects the document.
    #[must_use]
    pub fn skip_unsupported(mut self, skips: bool) -> Self {
        self.skips_unsupported = skips;
        self
    }

    /// Generates the client in memory.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] with every problem of the document, in its order.
    pub fn generate(self) -> Result<Client, Error> {
        let (generated, skipped) = parallel::on_large_stack(|| self.generated())?;
        Ok(Client {
            document: self.document,
            generated,
            skipped,
        })
    }

    fn generated(&self) -> Result<(Generated, Vec<Skipped>), Error> {
        let generate = |document: &Document| match &self.crate_name {
            Some(name) => codegen::generate_crate(document, name),
            None => codegen::generate(document, self.inner.as_deref()),
        };
        let (mut generated, skipped) = match self.skips_unsupported {
            true => skip::supported(&self.document, generate)?,
            false => (generate(&self.document)?, Vec::new()),
        };
        if self.has_mocks {
            codegen::add_mocks(&mut generated, &self.document, self.crate_name.as_deref())?;
        }
        Ok((generated, skipped))
    }
}

/// A generated client in memory.
#[derive(Debug)]
pub struct Client {
    /// The document that it was generated from.
    pub document: Document,
    /// Its files, its model, and the notes about the document.
    pub generated: Generated,
    /// The operations of the document that are not in it.
    pub skipped: Vec<Skipped>,
}

impl Client {
    /// Makes a folder hold the files of the client and nothing else. The folder is replaced as a whole, or stays as it was.
    ///
    /// # Errors
    ///
    /// [`Error::Folder`] if the folder has files that no run of the generator wrote, or if a crate would replace the current
    /// directory; [`Error::Io`] if it can't be written. Nothing was written then.
    pub fn write(&self, folder: impl AsRef<Path>) -> Result<Summary, Error> {
        let folder = folder.as_ref();
        output::check_folder(folder)?;
        output::check_content(folder, &self.generated.files)?;
        let changed = output::write(folder, &self.generated.files);
        let changed = changed.map_err(|error| Error::io(folder, error))?;
        Ok(self.summary(changed))
    }

    /// Lists the files of a folder that differ from those of the client, and writes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Folder`] for a path that is no folder; [`Error::Io`] if it can't be read.
    pub fn compare(&self, folder: impl AsRef<Path>) -> Result<Vec<Stale>, Error> {
        let folder = folder.as_ref();
        output::check_folder(folder)?;
        let stale = output::compare(folder, &self.generated.files);
        stale.map_err(|error| Error::io(folder, error))
    }

    /// The number of operations of the document, skipped ones included.
    pub fn operations_of_document(&self) -> usize {
        OperationView::all(&self.document.root).len()
    }

    /// The summary of a run that changed this number of files.
    pub fn summary(&self, changed: usize) -> Summary {
        Summary {
            operations: self.generated.api.operations.len(),
            types: self.generated.api.types.len(),
            files: self.generated.files.len(),
            changed,
        }
    }
}

/// The numbers of a run, printed as `14 operations, 40 types, 35 files; 5 files changed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The operations of the client.
    pub operations: usize,
    /// The types of the client.
    pub types: usize,
    /// The files of the client.
    pub files: usize,
    /// The files that the run wrote or removed, because they differed.
    pub changed: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [operations, types, files] = [
            counted(self.operations, "operation"),
            counted(self.types, "type"),
            counted(self.files, "file"),
        ];
        match self.changed {
            0 => write!(f, "{operations}, {types}, {files}; nothing changed"),
            1 => write!(f, "{operations}, {types}, {files}; 1 file changed"),
            changed => write!(f, "{operations}, {types}, {files}; {changed} files changed"),
        }
    }
}
