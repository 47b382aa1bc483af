//! What the scanner does with a task: a library, or some paths in it, come in; pages of videos with their subtitles go out as
//! events, and at the end what was counted. It reads and never writes a library.
//!
//! ```text
//!  task ──▶ walk (folder by folder, in order) ──▶ inspect (only what changed) ──▶ pages ──▶ subtitle.scan.page …
//!                                                   ▲            │                          subtitle.scan.finished
//!                                    cache (store) ─┘            └──▶ cache
//! ```

mod cache;
mod error;
mod inspect;
mod order;
mod run;
mod select;
mod walk;
mod work;

use std::time::Duration;

use crate::{
    find::{Libraries, parser::Parser},
    metrics::WorkerMetrics,
    store::Store,
};

/// Scans libraries.
#[derive(Debug)]
pub struct Scanner {
    /// Where it keeps what it has learned of files that did not change.
    pub store: Store,
    /// The libraries.
    pub libraries: Libraries,
    /// What reads the videos.
    pub parser: Parser,
    /// How long a delivery is held before the scan continues as a new task: well below the broker's limit.
    pub continue_after: Duration,
    /// What it counts.
    pub metrics: WorkerMetrics,
}
