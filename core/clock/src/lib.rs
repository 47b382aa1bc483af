//! Ports for time, randomness and tasks. Every loop of the operator and the workers takes them as arguments, so that the
//! simulation runs hours in a moment and can repeat a run from its seed. Production uses [`SystemRuntime`]. Does I/O.
#![warn(missing_docs)]

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Wall-clock time, monotonic time, sleeping and jitter.
pub trait Clock: Clone + Send + Sync + 'static {
    /// Wall-clock time; it may jump.
    fn now(&self) -> Timestamp;

    /// Monotonic time since an arbitrary moment in the past.
    fn elapsed(&self) -> Duration;

    /// Returns after `duration`.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// A random number in [0, 1) for jitter.
    fn jitter(&self) -> f64;
}

/// A clock that can also spawn tasks.
pub trait Runtime: Clock {
    /// Spawns a detached task.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);
}

/// This machine's clock, random numbers, and the current tokio runtime.
#[derive(Clone, Copy, Debug)]
pub struct SystemRuntime {
    start: Instant,
}

impl Default for SystemRuntime {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemRuntime {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn jitter(&self) -> f64 {
        fastrand::f64()
    }
}

impl Runtime for SystemRuntime {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(tokio::spawn(task));
    }
}
