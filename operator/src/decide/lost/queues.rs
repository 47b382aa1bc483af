//! When a queue that does not answer is lost: the queues that failed a check and the time come in, those to recreate go
//! out. Called by the session supervisor. Pure.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

/// A queue that lost its leader has another one within seconds; one whose process is gone never gets one.
const LOST_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// Checks that it must have failed: a process that slept checked nothing meanwhile.
const MIN_CHECKS: u32 = 3;

/// Queues that did not answer the last check: since when, and how many checks in a row.
#[derive(Debug, Default)]
pub struct UnansweringQueues(HashMap<&'static str, (Timestamp, u32)>);

impl UnansweringQueues {
    /// One check of every queue found these not answering; returns those that are lost.
    pub fn observe(&mut self, found: &[&'static str], now: Timestamp) -> Vec<&'static str> {
        let seen = |queue: &&'static str| {
            let (since, checks) = self.0.get(queue).copied().unwrap_or((now, 0));
            (*queue, (since, checks + 1))
        };
        self.0 = found.iter().map(seen).collect();
        let is_lost =
            |(since, checks): (Timestamp, u32)| now.duration_since(since) >= LOST_AFTER && checks >= MIN_CHECKS;
        found.iter().copied().filter(|queue| self.0.get(queue).copied().is_some_and(is_lost)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_lost_only_when_it_answered_no_check_for_a_minute() {
        let at = |seconds| Timestamp::from_second(seconds).expect("a time");
        let mut queues = UnansweringQueues::default();
        assert!(queues.observe(&["a", "b"], at(0)).is_empty());
        assert!(queues.observe(&["a", "b"], at(59)).is_empty());
        assert!(queues.observe(&["a"], at(59)).is_empty(), "b answers");
        assert_eq!(queues.observe(&["a", "b"], at(60)), ["a"], "b starts over");
        assert!(queues.observe(&["b"], at(119)).is_empty());
        assert_eq!(queues.observe(&["b"], at(120)), ["b"]);
        let mut slept = UnansweringQueues::default();
        assert!(
            slept.observe(&["a"], at(0)).is_empty() && slept.observe(&["a"], at(3600)).is_empty(),
            "two checks are not enough"
        );
        assert_eq!(slept.observe(&["a"], at(3601)), ["a"]);
    }
}
