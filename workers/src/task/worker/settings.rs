//! How a worker runs. Pure.

use std::time::Duration;

use super::super::context::WorkerIdentity;

/// How a worker runs.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Tasks side by side, which is also the prefetch.
    pub concurrency: u16,
    /// Its names.
    pub identity: WorkerIdentity,
    /// How long the tasks in flight may go on after the worker is asked to stop.
    pub grace: Duration,
}
