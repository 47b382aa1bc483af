//! Time as the life of a task sees it: a port, so that a simulation can play hours in a moment.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// What a task needs of time.
pub trait Clock: Send + Sync + 'static {
    /// The time of day, which others can read and which may jump.
    fn now(&self) -> Timestamp;

    /// Time since some moment in the past; it only grows.
    fn elapsed(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// This machine's.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
