//! Which sidecars this system translated itself, so that it does not take its own translations for a person's work. A
//! hidden file beside the sidecar holds the SHA-256 of what was written: media servers ignore it, every namespace, store
//! and command line that sees the library sees it, and a sidecar that a person replaced or corrected counts as a person's.
//! Does I/O.

use std::io;

use crate::{
    find::folder::{Folder, LibraryFile, Replace},
    store::sha256,
};

/// The longest mark, in bytes.
const LONGEST: u64 = 100;

/// The name of a sidecar's mark.
fn name(sidecar: &str) -> String {
    format!(".{sidecar}.machine-translated")
}

/// Marks a sidecar as machine-translated, before it is written, so that it never exists unmarked.
pub(crate) fn set(folder: &Folder, sidecar: &str, bytes: &[u8]) -> io::Result<()> {
    folder.write(&name(sidecar), (sha256(bytes) + "\n").as_bytes(), Replace::Yes)
}

/// Removes the mark, for a sidecar that a person made.
pub(crate) fn clear(folder: &Folder, sidecar: &str) {
    let _ = folder.remove(&name(sidecar));
}

/// Whether the file is still what this system translated.
pub(super) fn is_set(sidecar: &LibraryFile, largest: u64) -> bool {
    let mark = sidecar.folder().file(&name(sidecar.name())).read(LONGEST);
    let Some(mark) = mark.ok().and_then(|bytes| String::from_utf8(bytes).ok()) else { return false };
    sidecar.read(largest).is_ok_and(|bytes| sha256(&bytes) == mark.trim())
}
