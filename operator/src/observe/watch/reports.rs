//! Callbacks and metrics for what the store of the watch does not contain: deleted jobs and undecodable objects. Created by
//! `run` and by the HTTP API. Pure.

use subtitle_telemetry::{Gauge, Registry};

/// The metrics of the watch.
#[derive(Clone, Debug)]
pub struct WatchMetrics {
    undecodable_objects: Gauge<0>,
}

impl WatchMetrics {
    /// Registers the metrics.
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

/// What the watch reports besides the store's contents.
pub struct WatchCallbacks<D, U> {
    /// Called with each deleted job. Deletions of undecodable objects are not reported; the repair loop finds those from
    /// their Redis records.
    pub deleted: D,
    /// Called once per `resourceVersion` of an undecodable object, after logging it.
    pub undecodable: U,
    /// The metrics.
    pub metrics: WatchMetrics,
}
