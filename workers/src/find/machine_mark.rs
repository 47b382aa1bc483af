//! Which sidecars this system translated itself, so that it does not find its own translations as if people had made
//! them. A hidden file beside the sidecar holds the SHA-256 of what was written: media servers pass it over, every
//! namespace, store and command line that sees the library sees it, and a sidecar that a person replaced or corrected
//! is a person's. Does I/O.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::store::sha256;

/// Where the mark of a sidecar is.
fn place(sidecar: &Path) -> PathBuf {
    let name = sidecar.file_name().unwrap_or_default().to_string_lossy();
    sidecar.with_file_name(format!(".{name}.machine-translated"))
}

/// Marks what is about to be written as a machine's; before it is written, so that it is never there without.
pub(crate) async fn set(sidecar: &Path, bytes: &[u8]) -> io::Result<()> {
    tokio::fs::write(place(sidecar), sha256(bytes) + "\n").await
}

/// Takes the mark away, for what a person made.
pub(crate) async fn clear(sidecar: &Path) {
    let _ = tokio::fs::remove_file(place(sidecar)).await;
}

/// Whether the file is still what this system translated.
pub(super) async fn is_set(sidecar: &Path) -> bool {
    let Ok(mark) = tokio::fs::read_to_string(place(sidecar)).await else { return false };
    tokio::fs::read(sidecar).await.is_ok_and(|bytes| sha256(&bytes) == mark.trim())
}
