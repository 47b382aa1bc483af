//! Which files this system wrote, so that it replaces no other unasked, and does not take its own translations for a person's
//! work. A hidden file beside each holds the SHA-256 of what was written: media servers ignore it, every namespace, store and
//! command line that sees the library sees it, and a file that a person replaced or corrected counts as theirs. Used by the
//! library source, by `subtitles get` and for `output.sidecar`. Does I/O.

use std::{io, path::Path};

use super::{Folder, LibraryFile, Links, Replace};
use crate::store::sha256;

/// Longer files are not this system's.
const MAX_FILE_BYTES: u64 = 64 << 20;
const MAX_RECORD_BYTES: u64 = 100;

/// What a hidden file records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// `subtitles get` or a downloader found the file.
    Found,
    /// An engine translated it.
    Translated,
}

impl Record {
    /// Every kind.
    pub(crate) const ALL: [Self; 2] = [Self::Found, Self::Translated];

    /// The name of the hidden file beside `file`.
    pub(crate) fn name(self, file: &str) -> String {
        let ending = match self {
            Self::Found => "subtitles-get",
            Self::Translated => "machine-translated",
        };
        format!(".{file}.{ending}")
    }

    /// Records the content of the file of this name.
    pub(crate) fn set(self, folder: &Folder, name: &str, content: &[u8]) -> io::Result<()> {
        folder.write(&self.name(name), (sha256(content) + "\n").as_bytes(), Replace::Yes)
    }

    /// Removes the record.
    pub(crate) fn clear(self, folder: &Folder, name: &str) {
        let _ = folder.remove(&self.name(name));
    }

    /// Whether the file is still as recorded; one of more than `max_bytes` is not.
    pub(crate) fn holds(self, file: &LibraryFile, max_bytes: u64) -> bool {
        let Some(digest) = self.digest(file) else { return false };
        file.read(max_bytes).is_ok_and(|content| sha256(&content) == digest)
    }

    /// The record of a file whose content has this SHA-256 digest, if this system wrote it.
    pub(crate) fn find(file: &LibraryFile, digest: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|record| record.digest(file).is_some_and(|recorded| recorded == digest))
    }

    /// The digest that is recorded for the file.
    fn digest(self, file: &LibraryFile) -> Option<String> {
        let record = file.folder().file(&self.name(file.name())).read(MAX_RECORD_BYTES);
        Some(String::from_utf8(record.ok()?).ok()?.trim().to_owned())
    }
}

/// Whether the file is still as this system wrote it.
pub(crate) fn is_unchanged(file: &LibraryFile) -> bool {
    Record::ALL.into_iter().any(|record| record.holds(file, MAX_FILE_BYTES))
}

fn open(path: &Path) -> io::Result<LibraryFile> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Folder::root(parent, Links::Followed)?.file(&name))
}

/// Records that the file was found, for a path that the user of the program named.
pub fn record(path: &Path, content: &[u8]) -> io::Result<()> {
    let file = open(path)?;
    Record::Found.set(file.folder(), file.name(), content)
}

/// [`is_unchanged`] for a path that the user of the program named.
pub fn is_ours(path: &Path) -> bool {
    open(path).is_ok_and(|file| is_unchanged(&file))
}

/// Who had written what is replaced, for a person.
pub const fn whose(is_ours: bool) -> &'static str {
    if is_ours { "what this system had written" } else { "what somebody else had written or changed" }
}
