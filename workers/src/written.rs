//! Which files this system wrote, so that it replaces no other unasked: a hidden file beside each holds the SHA-256 of what
//! was written, and a file that somebody changed since counts as theirs. Used by `subtitles get` and for `output.sidecar`.
//! Does I/O.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::store::sha256;

/// Endings of the hidden files: of what was found, by `subtitles get` or a downloader, and of what was translated.
const ENDINGS: [&str; 2] = ["subtitles-get", "machine-translated"];

fn records(file: &Path) -> [PathBuf; 2] {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    ENDINGS.map(|ending| file.with_file_name(format!(".{name}.{ending}")))
}

/// Records that `file` was found by this system, with this content.
pub fn record(file: &Path, content: &[u8]) -> io::Result<()> {
    let [record, _] = records(file);
    fs::write(record, sha256(content) + "\n")
}

/// Whether `file` is still as this system wrote it.
pub fn is_ours(file: &Path) -> bool {
    let Ok(content) = fs::read(file) else { return false };
    let digest = sha256(&content);
    records(file).iter().any(|record| fs::read_to_string(record).is_ok_and(|recorded| recorded.trim() == digest))
}

/// Who had written what is replaced, for a person.
pub const fn whose(is_ours: bool) -> &'static str {
    if is_ours { "what this system had written" } else { "what somebody else had written or changed" }
}
