//! Why a library cannot be scanned at all. Pure.

use std::io;

use crate::find::LibraryUnavailable;

/// Why a scan has no result.
#[derive(Debug, thiserror::Error)]
pub(super) enum ScanError {
    /// One of the task's globs.
    #[error("failed to read the glob '{glob}'")]
    Glob {
        glob: String,
        #[source]
        source: globset::Error,
    },
    /// The task has more globs than a policy may have.
    #[error("failed to accept {count} globs: at most {most} are allowed")]
    TooManyGlobs { count: usize, most: usize },
    /// One of the task's paths.
    #[error("failed to scan '{path}': only paths below '{folder}' in the library are allowed")]
    Outside { path: String, folder: String },
    /// The library.
    #[error("failed to scan the library")]
    Library(#[from] LibraryUnavailable),
    /// The process is about to end.
    #[error("failed to start the scan")]
    Interrupted(#[source] io::Error),
    /// The folder that the namespace is confined to.
    #[error("failed to open the folder '{folder}'")]
    Folder {
        folder: String,
        #[source]
        source: io::Error,
    },
}
