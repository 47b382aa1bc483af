//! Limits on waiting that count only time in which this program ran: a laptop that sleeps, a virtual machine that is paused or
//! a Ctrl-Z uses up nothing. Everything that waits for a process uses one. Reads the clock.

use std::time::{Duration, Instant};

/// The longest time between two questions that counts in full; what is asked meanwhile takes less.
const STEP: Duration = Duration::from_secs(20);

/// A limit that runs from its creation.
pub struct Limit {
    left: Duration,
    asked: Instant,
}

impl Limit {
    /// A limit of this length.
    pub fn new(length: Duration) -> Self {
        Self { left: length, asked: Instant::now() }
    }

    /// Whether the time is over; has to be asked regularly.
    pub fn is_over(&mut self) -> bool {
        self.left(Instant::now()).is_zero()
    }

    fn left(&mut self, now: Instant) -> Duration {
        self.left = self.left.saturating_sub(now.duration_since(self.asked).min(STEP));
        self.asked = now;
        self.left
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Limit;

    #[test]
    fn an_hour_asleep_uses_up_one_step_of_a_limit() {
        let begun = Instant::now();
        let mut limit = Limit { left: Duration::from_secs(60), asked: begun };
        let mut left_after = |seconds| limit.left(begun + Duration::from_secs(seconds));
        assert_eq!(left_after(10), Duration::from_secs(50), "it ran");
        assert_eq!(left_after(3610), Duration::from_secs(30), "it slept");
        assert_eq!(left_after(3630), Duration::from_secs(10));
        assert_eq!(left_after(3650), Duration::ZERO);
    }
}
