//! Which files this system wrote, so that it replaces no other unasked: a hidden file beside each holds the SHA-256 of what
//! was written, and a file that somebody changed since counts as theirs. Used by `subtitles get` and for `output.sidecar`.
//! Does I/O.

use std::{io, path::Path};

use crate::{
    find::folder::{Folder, LibraryFile, Links, Replace},
    store::sha256,
};

/// Endings of the hidden files: of what was found, by `subtitles get` or a downloader, and of what was translated.
const FOUND: &str = "subtitles-get";
const TRANSLATED: &str = "machine-translated";
/// Longer files are not this system's.
const MAX_FILE_BYTES: u64 = 64 << 20;
const MAX_RECORD_BYTES: u64 = 100;

fn record_name(file: &str, ending: &str) -> String {
    format!(".{file}.{ending}")
}

/// Records that the file of this name was found by this system, with this content.
pub(crate) fn record_in(folder: &Folder, name: &str, content: &[u8]) -> io::Result<()> {
    folder.write(&record_name(name, FOUND), (sha256(content) + "\n").as_bytes(), Replace::Yes)
}

/// Whether the file is still as this system wrote it.
pub(crate) fn is_unchanged(file: &LibraryFile) -> bool {
    let Ok(content) = file.read(MAX_FILE_BYTES) else { return false };
    let digest = sha256(&content);
    [FOUND, TRANSLATED].iter().any(|ending| {
        let record = file.folder().file(&record_name(file.name(), ending)).read(MAX_RECORD_BYTES);
        record.is_ok_and(|record| String::from_utf8_lossy(&record).trim() == digest)
    })
}

fn open(path: &Path) -> io::Result<LibraryFile> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Folder::root(parent, Links::Followed)?.file(&name))
}

/// [`record_in`] for a path that the person who runs the program named.
pub fn record(path: &Path, content: &[u8]) -> io::Result<()> {
    let file = open(path)?;
    record_in(file.folder(), file.name(), content)
}

/// [`is_unchanged`] for a path that the person who runs the program named.
pub fn is_ours(path: &Path) -> bool {
    open(path).is_ok_and(|file| is_unchanged(&file))
}

/// Who had written what is replaced, for a person.
pub const fn whose(is_ours: bool) -> &'static str {
    if is_ours { "what this system had written" } else { "what somebody else had written or changed" }
}
