//! What others see of a running worker: its metrics, and the session on which it takes tasks.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use subtitle_broker::Session;
use tokio::sync::watch;

use crate::metrics::WorkerMetrics;

/// What others see of a running worker.
#[derive(Debug)]
pub struct WorkerState<S> {
    /// What it counts.
    pub metrics: WorkerMetrics,
    sessions: Arc<Sessions>,
    /// The session on which it takes tasks, while it does.
    pub session: watch::Sender<Option<Arc<S>>>,
}

/// The sessions of all workers of this process.
#[derive(Debug, Default)]
struct Sessions {
    workers: AtomicUsize,
    open: AtomicUsize,
}

impl<S> Clone for WorkerState<S> {
    fn clone(&self) -> Self {
        Self { metrics: self.metrics.clone(), sessions: self.sessions.clone(), session: self.session.clone() }
    }
}

impl<S: Session> WorkerState<S> {
    /// The state of a worker that has not started.
    pub fn new(metrics: WorkerMetrics) -> Self {
        Self::with_sessions(metrics, Arc::default())
    }

    /// The state of another worker of the same process, which has not started.
    #[must_use]
    pub fn for_another_worker(&self) -> Self {
        Self::with_sessions(self.metrics.clone(), self.sessions.clone())
    }

    fn with_sessions(metrics: WorkerMetrics, sessions: Arc<Sessions>) -> Self {
        sessions.workers.fetch_add(1, Ordering::Relaxed);
        Self { metrics, sessions, session: watch::Sender::new(None) }
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
        let Sessions { workers, open } = &*self.sessions;
        let is_open = session.is_some();
        let was_open = self.session.send_replace(session).is_some();
        match (was_open, is_open) {
            (false, true) => open.fetch_add(1, Ordering::Relaxed),
            (true, false) => open.fetch_sub(1, Ordering::Relaxed),
            _ => 0,
        };
        let is_connected = open.load(Ordering::Relaxed) >= workers.load(Ordering::Relaxed);
        self.metrics.broker_connected.set([], i64::from(is_connected));
    }
}
