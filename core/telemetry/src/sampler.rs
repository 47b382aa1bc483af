//! Limits how many lines per second a busy loop logs: all lines up to the limit, then one in a hundred. Used for the line that each
//! event gets when it is published or received. Pure.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Above the limit, one line of this many is logged.
const ONE_IN: u64 = 100;

/// The lines of one kind in one process.
#[derive(Debug)]
pub struct LogSampler {
    lines_per_second: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    second: u64,
    in_second: u64,
    skipped: u64,
}

impl LogSampler {
    /// Logs every line up to `lines_per_second`.
    pub const fn new(lines_per_second: u64) -> Self {
        Self { lines_per_second, state: Mutex::new(State { second: 0, in_second: 0, skipped: 0 }) }
    }

    /// Whether to log a line at `elapsed`, of which only a change of the whole seconds matters: `Some` with the number of lines skipped since the last logged one.
    pub fn admit(&self, elapsed: Duration) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if elapsed.as_secs() != state.second {
            (state.second, state.in_second) = (elapsed.as_secs(), 0);
        }
        state.in_second += 1;
        if state.in_second <= self.lines_per_second || state.in_second.is_multiple_of(ONE_IN) {
            Some(std::mem::take(&mut state.skipped))
        } else {
            state.skipped += 1;
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_above_the_limit_are_sampled_and_counted() {
        let sampler = LogSampler::new(20);
        let admitted = |second, lines: usize| -> Vec<u64> {
            (0..lines).filter_map(|_| sampler.admit(Duration::from_secs(second))).collect()
        };
        assert_eq!(admitted(1, 20), [0; 20], "everything up to the limit");
        assert_eq!(admitted(2, 250), [vec![0; 20], vec![79, 99]].concat(), "then one in a hundred");
        assert_eq!(admitted(3, 1), [50], "the next line tells how many were skipped");
    }
}
