//! What a downloader is made of.

use subtitle_clock::SystemRuntime;

use crate::{
    find::{Finder, SourceId},
    metrics::WorkerMetrics,
    observations::Observations,
    store::Store,
    task::claim::Claimant,
};

/// Finds subtitles.
#[derive(Debug)]
pub struct Downloader<S = Finder, C = SystemRuntime> {
    /// Where results and claims are kept.
    pub store: Store,
    /// The sources.
    pub finder: S,
    /// The order of sources when a job names none.
    pub order: Vec<SourceId>,
    /// Where this system's API is reached.
    pub public_url: String,
    /// What it counts.
    pub metrics: WorkerMetrics,
    /// Time.
    pub clock: C,
    /// Takes its claims to providers' files.
    pub claimant: Claimant,
    /// Of what the translators announce.
    pub announcements: Observations,
}
