//! What a worker's tasks have at hand during one session with the broker.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{cancelled::CancelledJobs, claim::Claimant};
use crate::{metrics::WorkerMetrics, store::Store};

/// Which worker process this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerIdentity {
    /// Its name in events and on the broker.
    pub name: String,
    /// Unique to this run of the process: another process, even one of the same name, has another incarnation.
    pub incarnation: String,
}

/// The ports of a task and the signals that end it.
#[derive(Debug)]
pub struct TaskContext<P, C> {
    /// Where events go.
    pub publisher: Arc<P>,
    /// Where files and claims are kept.
    pub store: Store,
    /// Time.
    pub clock: C,
    /// Jobs known to be deleted, and attempts known to be stopped.
    pub cancelled: Arc<CancelledJobs>,
    /// Cancelled when the session with the broker ends.
    pub session_ended: CancellationToken,
    /// Cancelled when this process is asked to stop.
    pub stop: CancellationToken,
    /// The worker's name in events.
    pub worker: String,
    /// Takes its claims.
    pub claimant: Arc<Claimant>,
    /// What it counts.
    pub metrics: WorkerMetrics,
}

impl<P, C> TaskContext<P, C> {
    /// The context of a session that has just begun, in a process of which no job is known to be deleted.
    pub fn new(publisher: Arc<P>, store: Store, clock: C, identity: WorkerIdentity, metrics: WorkerMetrics) -> Self {
        let WorkerIdentity { name, incarnation } = identity;
        Self {
            publisher,
            store,
            clock,
            cancelled: Arc::default(),
            session_ended: CancellationToken::new(),
            stop: CancellationToken::new(),
            worker: name,
            claimant: Arc::new(Claimant::new(incarnation)),
            metrics,
        }
    }
}
