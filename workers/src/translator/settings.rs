//! What a translator is made of.

use std::time::Duration;

use crate::{
    find::Libraries,
    metrics::WorkerMetrics,
    store::Store,
    translate::{EngineId, Engines},
};

/// Translates subtitles.
#[derive(Debug)]
pub struct Translator<E = Engines> {
    /// Where files come from and results go.
    pub store: Store,
    /// Where sidecars go.
    pub libraries: Libraries,
    /// The engines.
    pub engines: E,
    /// The order of engines when a job names none.
    pub order: Vec<EngineId>,
    /// Where this system's API is reached.
    pub public_url: String,
    /// How long a delivery is held before the translation continues as a new task: well below the broker's limit.
    pub continue_after: Duration,
    /// The most characters that a namespace may send a day to engines that are not free, if there is a limit.
    pub characters_per_day: Option<u64>,
    /// What it counts.
    pub metrics: WorkerMetrics,
}
