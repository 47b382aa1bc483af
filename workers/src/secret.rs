//! Keys of engines and sources: read from a file, sent to one server, never shown. There is no `Debug` and no `Display`, so that
//! no log or error can hold one by accident. Does I/O: reads a file.

use std::{fs, io, path::Path};

use anyhow::Context as _;

/// A key.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Reads it from a file, such as a mounted Kubernetes Secret; without the white space around it.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let text = text.trim();
        if text.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is empty"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The key itself, for the request that needs it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// A text without the key: servers quote what they refuse.
    pub(crate) fn hidden(&self, text: &str) -> String {
        text.replace(&self.0, "[key]")
    }
}

/// The key in `file`, where there is one; the error names the file.
pub(crate) fn read_key(file: Option<&Path>) -> anyhow::Result<Option<Secret>> {
    let read =
        |file: &Path| Secret::read(file).with_context(|| format!("failed to read a key from '{}'", file.display()));
    file.map(read).transpose()
}
