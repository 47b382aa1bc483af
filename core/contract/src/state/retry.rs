//! The delay before a job's next attempt. The jitter is derived from the job's id and failure count, so that the same failure
//! always gets the same retry time. Pure.

use std::time::Duration;

/// Exponential backoff with a maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryBackoff {
    /// Delay before the second attempt.
    pub initial: Duration,
    /// Maximum delay.
    pub max: Duration,
}

impl RetryBackoff {
    /// The delay after the `failures`-th failure (from 1): doubled each time, capped, then shortened by 0 to 9.9 %, so that
    /// jobs that failed together are not retried at the same moment.
    pub fn delay(self, failures: u32, job_id: &str) -> Duration {
        let doubled = self.initial.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(30)));
        let capped = doubled.min(self.max);
        let jitter = job_id.bytes().fold(failures, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        capped.saturating_sub(capped / 1000 * (jitter % 100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: RetryBackoff = RetryBackoff { initial: Duration::from_secs(10), max: Duration::from_secs(60) };

    #[test]
    fn delays_double_up_to_the_cap_within_a_tenth() {
        for (failures, nominal) in [(1, 10), (2, 20), (3, 40), (4, 60), (40, 60)] {
            let delay = BACKOFF.delay(failures, "job");
            let nominal = Duration::from_secs(nominal);
            assert!(delay <= nominal && delay >= nominal * 9 / 10, "{failures}: {delay:?}");
        }
    }

    #[test]
    fn delay_is_deterministic_per_job() {
        assert_eq!(BACKOFF.delay(2, "a"), BACKOFF.delay(2, "a"));
        assert_ne!(BACKOFF.delay(2, "a"), BACKOFF.delay(2, "b"));
    }
}
