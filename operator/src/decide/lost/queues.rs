//! Decides when an unresponsive queue is lost and must be recreated. Called by the session supervisor after each check. Pure.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

/// A queue that lost its leader elects a new one within seconds; one whose process is gone never does.
const LOST_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// Minimum number of failed checks, because a suspended process does not check anything meanwhile.
const MIN_CHECKS: u32 = 3;

/// Queues that did not respond to the last check: since when, and the number of consecutive failures.
#[derive(Debug, Default)]
pub struct UnresponsiveQueues(HashMap<&'static str, (Timestamp, u32)>);

impl UnresponsiveQueues {
    /// Records the queues that failed one check of all queues; returns those that are lost.
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
    fn a_queue_is_lost_only_if_it_fails_every_check_for_a_minute() {
        let at = |seconds| Timestamp::from_second(seconds).expect("a time");
        let mut queues = UnresponsiveQueues::default();
        assert!(queues.observe(&["a", "b"], at(0)).is_empty());
        assert!(queues.observe(&["a", "b"], at(59)).is_empty());
        assert!(queues.observe(&["a"], at(59)).is_empty(), "b responds");
        assert_eq!(queues.observe(&["a", "b"], at(60)), ["a"], "b has only failed once since it responded");
        assert!(queues.observe(&["b"], at(119)).is_empty());
        assert_eq!(queues.observe(&["b"], at(120)), ["b"]);
        let mut slept = UnresponsiveQueues::default();
        assert!(
            slept.observe(&["a"], at(0)).is_empty() && slept.observe(&["a"], at(3600)).is_empty(),
            "two checks are not enough"
        );
        assert_eq!(slept.observe(&["a"], at(3601)), ["a"]);
    }
}
