//! Exponential backoff with jitter for reconnecting. Called by the loops of the operator and the workers with the lifetime of
//! the last session. Pure.

use std::time::Duration;

/// The initial pause.
const INITIAL: Duration = Duration::from_millis(200);
/// The maximum pause; short, so that a broker that is available again is used soon.
const MAX: Duration = Duration::from_secs(10);
/// A session that lasted this long resets the backoff.
const RESET_AFTER: Duration = Duration::from_secs(30);

/// Pauses that double from 200 ms to 10 s and are reset after a session that lasted 30 s.
#[derive(Clone, Copy, Debug)]
pub struct ReconnectBackoff {
    ceiling: Duration,
}

impl Default for ReconnectBackoff {
    fn default() -> Self {
        Self { ceiling: INITIAL }
    }
}

impl ReconnectBackoff {
    /// The pause after a session that lasted for `lived` (zero if it could not be opened). `jitter`, from 0 to 1, scales it
    /// between half and the whole, so that processes that lost the same broker do not reconnect at the same moment.
    pub fn pause(&mut self, lived: Duration, jitter: f64) -> Duration {
        if lived >= RESET_AFTER {
            self.ceiling = INITIAL;
        }
        let pause = self.ceiling.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
        self.ceiling = (self.ceiling * 2).min(MAX);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(backoff: &mut ReconnectBackoff, lived: Duration, jitter: f64) -> u128 {
        backoff.pause(lived, jitter).as_millis()
    }

    #[test]
    fn pauses_double_to_ten_seconds_and_stay_there() {
        let mut backoff = ReconnectBackoff::default();
        let pauses = [(); 8].map(|()| milliseconds(&mut backoff, Duration::ZERO, 1.0));
        assert_eq!(pauses, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    }

    #[test]
    fn only_a_session_that_lived_starts_over() {
        let mut backoff = ReconnectBackoff::default();
        backoff.pause(Duration::ZERO, 1.0);
        assert_eq!(milliseconds(&mut backoff, Duration::from_secs(29), 1.0), 400);
        assert_eq!(milliseconds(&mut backoff, Duration::from_secs(30), 1.0), 200);
    }

    #[test]
    fn jitter_takes_away_at_most_half() {
        let pause = |jitter| milliseconds(&mut ReconnectBackoff::default(), Duration::ZERO, jitter);
        assert_eq!((pause(0.0), pause(0.5), pause(1.0), pause(f64::INFINITY)), (100, 150, 200, 200));
    }
}
