//! What a worker has at hand for its tasks during one session with the broker.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio_util::sync::CancellationToken;

use crate::{cancelled::Cancelled, metrics::Metrics, store::Store};

/// The ports of a task: where events go, where files and claims are, what time it is, and what has ended.
pub struct Desk<P, C> {
    /// Where events go.
    pub publisher: P,
    /// Where files and claims are.
    pub store: Store,
    /// What time it is.
    pub clock: C,
    /// The jobs that were deleted.
    pub cancelled: Arc<Cancelled>,
    /// Ends with the session.
    pub over: CancellationToken,
    /// Ends when this process was asked to stop.
    pub stop: CancellationToken,
    /// The worker's name in events.
    pub worker: String,
    /// What its claims begin with: no other process's do, not even one of the same name.
    pub incarnation: String,
    /// What is counted.
    pub metrics: Metrics,
    pub(crate) claims: AtomicU64,
}

impl<P, C> Desk<P, C> {
    /// A desk whose session has just begun.
    pub fn new(publisher: P, store: Store, clock: C, worker: String, incarnation: String, metrics: Metrics) -> Self {
        Self {
            publisher,
            store,
            clock,
            cancelled: Arc::default(),
            over: CancellationToken::new(),
            stop: CancellationToken::new(),
            worker,
            incarnation,
            metrics,
            claims: AtomicU64::new(0),
        }
    }

    /// The owner of the next claim; no two are the same.
    pub(crate) fn owner(&self) -> String {
        format!("{}/{}", self.incarnation, self.claims.fetch_add(1, Ordering::Relaxed))
    }
}
