//! Keys of engines and sources: read from a file, sent to one server, never shown. There is no `Debug` and no `Display`, so that
//! no log or error can hold one by accident. Reads a file.

use std::{fs, io, path::Path};

/// A key.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Reads it from a file, such as a mounted Kubernetes Secret; white space around it is none of it.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let text = text.trim();
        if text.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is empty"));
        }
        Ok(Self(text.to_owned()))
    }

    /// DeepL marks keys of its free plan, which has a server of its own.
    pub(crate) fn is_of_free_plan(&self) -> bool {
        self.0.ends_with(":fx")
    }

    /// For the request that needs it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// A text of somebody who was told the key, without it: servers quote what they refuse.
    pub(crate) fn hidden(&self, text: &str) -> String {
        text.replace(&self.0, "[key]")
    }
}
