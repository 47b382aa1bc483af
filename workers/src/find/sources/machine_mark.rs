//! Which sidecars this system translated itself, so that it does not take its own translations for a person's work. A
//! hidden file beside the sidecar holds the SHA-256 of what was written: media servers ignore it, every namespace, store
//! and command line that sees the library sees it, and a sidecar that a person replaced or corrected counts as a person's.
//! Does I/O.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::store::sha256;

/// The path of a sidecar's mark.
fn path(sidecar: &Path) -> PathBuf {
    let name = sidecar.file_name().unwrap_or_default().to_string_lossy();
    sidecar.with_file_name(format!(".{name}.machine-translated"))
}

/// Marks a sidecar as machine-translated, before it is written, so that it never exists unmarked.
pub(crate) async fn set(sidecar: &Path, bytes: &[u8]) -> io::Result<()> {
    tokio::fs::write(path(sidecar), sha256(bytes) + "\n").await
}

/// Removes the mark, for a sidecar that a person made.
pub(crate) async fn clear(sidecar: &Path) {
    let _ = tokio::fs::remove_file(path(sidecar)).await;
}

/// Whether the file is still what this system translated.
pub(super) async fn is_set(sidecar: &Path) -> bool {
    let Ok(mark) = tokio::fs::read_to_string(path(sidecar)).await else { return false };
    tokio::fs::read(sidecar).await.is_ok_and(|bytes| sha256(&bytes) == mark.trim())
}
