//! What others see of a running worker: its metrics, and the session on which it takes tasks.

use std::sync::Arc;

use subtitle_broker::Session;
use tokio::sync::watch;

use crate::metrics::WorkerMetrics;

/// What others see of a running worker.
#[derive(Debug)]
pub struct WorkerState<S> {
    /// What it counts.
    pub metrics: WorkerMetrics,
    /// The session on which it takes tasks, while it does.
    pub session: watch::Sender<Option<Arc<S>>>,
}

impl<S> Clone for WorkerState<S> {
    fn clone(&self) -> Self {
        Self { metrics: self.metrics.clone(), session: self.session.clone() }
    }
}

impl<S: Session> WorkerState<S> {
    /// The state of a worker that has not started.
    pub fn new(metrics: WorkerMetrics) -> Self {
        Self { metrics, session: watch::Sender::new(None) }
    }

    /// Whether the worker can take tasks and publish their events; the error says why not.
    pub fn readiness(&self) -> Result<(), String> {
        match self.session.borrow().as_deref() {
            None => Err("no session with the broker".to_owned()),
            Some(session) if session.is_blocked() => {
                Err("the broker takes no messages: look for a memory or disk alarm".to_owned())
            }
            Some(_) => Ok(()),
        }
    }

    pub(super) fn set_session(&self, session: Option<Arc<S>>) {
        self.metrics.broker_connected.set([], i64::from(session.is_some()));
        self.session.send_replace(session);
    }
}
