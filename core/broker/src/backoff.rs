//! The pace of reconnecting: how long the last session lived comes in, the pause before the next one goes out. Pure.

use std::time::Duration;

/// The first pause.
const SHORTEST: Duration = Duration::from_millis(200);
/// No pause is longer: what came back is used soon.
const LONGEST: Duration = Duration::from_secs(10);
/// A session that lived this long was a good one: the next pause is short again.
const SETTLED: Duration = Duration::from_secs(30);

/// Pauses that double from 200 ms to 10 s and start over after a session that lived 30 s.
#[derive(Clone, Copy, Debug)]
pub struct ReconnectBackoff {
    ceiling: Duration,
}

impl Default for ReconnectBackoff {
    fn default() -> Self {
        Self { ceiling: SHORTEST }
    }
}

impl ReconnectBackoff {
    /// The pause after a session that lived `lived` (zero for one that never began). `jitter`, from 0 to 1, says
    /// where between half and the whole of it: a fleet that lost its broker must not come back in one moment.
    pub fn pause(&mut self, lived: Duration, jitter: f64) -> Duration {
        if lived >= SETTLED {
            self.ceiling = SHORTEST;
        }
        let pause = self.ceiling.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
        self.ceiling = (self.ceiling * 2).min(LONGEST);
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
