//! Limits on waiting that count only time in which this program ran: a laptop that sleeps, a virtual machine that is paused or
//! a Ctrl-Z uses up nothing. Everything that waits for a process uses one. Reads the clock.

use std::time::{Duration, Instant};

/// The most that is counted between two calls of `poll_expired`; callers poll more often than that.
const MAX_STEP: Duration = Duration::from_secs(20);

/// A timeout that runs from its creation.
pub struct AwakeTimeout {
    left: Duration,
    last_checked: Instant,
}

impl AwakeTimeout {
    /// A timeout of this length.
    pub fn new(length: Duration) -> Self {
        Self { left: length, last_checked: Instant::now() }
    }

    /// Counts the time since the last call, and returns whether the timeout has expired; must be called at least every 20 s.
    pub fn poll_expired(&mut self) -> bool {
        self.count_until(Instant::now()).is_zero()
    }

    fn count_until(&mut self, now: Instant) -> Duration {
        self.left = self.left.saturating_sub(now.duration_since(self.last_checked).min(MAX_STEP));
        self.last_checked = now;
        self.left
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::AwakeTimeout;

    #[test]
    fn an_hour_asleep_uses_up_one_step_of_a_timeout() {
        let start = Instant::now();
        let mut timeout = AwakeTimeout { left: Duration::from_secs(60), last_checked: start };
        let mut left_after = |seconds| timeout.count_until(start + Duration::from_secs(seconds));
        assert_eq!(left_after(10), Duration::from_secs(50), "it ran");
        assert_eq!(left_after(3610), Duration::from_secs(30), "it slept");
        assert_eq!(left_after(3630), Duration::from_secs(10));
        assert_eq!(left_after(3650), Duration::ZERO);
    }
}
