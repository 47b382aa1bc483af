//! Where the watch reports what its store cannot show: deleted jobs, undecodable objects and their number. Built by `run` and
//! by the HTTP API alone. Pure.

use subtitle_telemetry::{Gauge, Registry};

/// The numbers of the watch.
#[derive(Clone, Debug)]
pub struct WatchMetrics {
    undecodable_objects: Gauge<0>,
}

impl WatchMetrics {
    /// Declares them in `registry`.
    pub fn register(registry: &mut Registry) -> Self {
        Self {
            undecodable_objects: registry.gauge(
                "subtitle_undecodable_objects",
                [],
                "SubtitleJobs that this version cannot decode, as after a rollback; the log and a Kubernetes Event name each.",
            ),
        }
    }

    pub(super) fn set_undecodable(&self, objects: usize) {
        self.undecodable_objects.set([], i64::try_from(objects).unwrap_or(i64::MAX));
    }
}

/// Where the watch reports what the store cannot show.
pub struct Reports<D, U> {
    /// Called with each job that was deleted while it was decodable. (Repair finds the others by their records in Redis.)
    pub deleted: D,
    /// Called once for each version of an object that cannot be decoded, after it was logged.
    pub undecodable: U,
    /// The numbers.
    pub metrics: WatchMetrics,
}
