//! Time, randomness and tasks as ports: every loop of the operator and the workers takes them as arguments, so that the
//! simulation plays hours in a moment and repeats a run from its seed. [`SystemRuntime`] is what production uses.
#![warn(missing_docs)]

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// The time of day, the time that passes, and waiting.
pub trait Clock: Clone + Send + Sync + 'static {
    /// The time of day; it may jump.
    fn now(&self) -> Timestamp;

    /// Time since an arbitrary moment in the past; it never decreases.
    fn elapsed(&self) -> Duration;

    /// Returns after `duration`.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// A random number from 0 up to but not including 1, for the jitter of waits.
    fn jitter(&self) -> f64;
}

/// A clock that also starts tasks.
pub trait Runtime: Clock {
    /// Runs `task` beside its caller; nobody waits for it.
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
