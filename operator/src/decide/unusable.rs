//! When a queue that does not answer is given up: what was found at each look and the time come in, what is to be made
//! anew goes out. Pure.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

/// A queue that lost its leader has another one within seconds; one whose process is gone never has.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);
/// Looks that found it so, at least: a process that slept saw nothing meanwhile.
const LOOKS: u32 = 3;

/// Queues that did not answer at the last look: since when, and at how many looks.
#[derive(Debug, Default)]
pub struct Unusable(HashMap<&'static str, (Timestamp, u32)>);

impl Unusable {
    /// One look at every queue found these not answering; those that are to be made anew.
    pub fn look(&mut self, found: &[&'static str], now: Timestamp) -> Vec<&'static str> {
        let seen = |queue: &&'static str| {
            let (since, looks) = self.0.get(queue).copied().unwrap_or((now, 0));
            (*queue, (since, looks + 1))
        };
        self.0 = found.iter().map(seen).collect();
        let is_lost = |(since, looks): (Timestamp, u32)| now.duration_since(since) >= PATIENCE && looks >= LOOKS;
        found.iter().copied().filter(|queue| self.0.get(queue).copied().is_some_and(is_lost)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_given_up_only_when_no_look_for_a_minute_found_it_answering() {
        let at = |seconds| Timestamp::from_second(seconds).expect("a time");
        let mut unusable = Unusable::default();
        assert!(unusable.look(&["a", "b"], at(0)).is_empty());
        assert!(unusable.look(&["a", "b"], at(59)).is_empty());
        assert!(unusable.look(&["a"], at(59)).is_empty(), "b answers");
        assert_eq!(unusable.look(&["a", "b"], at(60)), ["a"], "b is new again");
        assert!(unusable.look(&["b"], at(119)).is_empty());
        assert_eq!(unusable.look(&["b"], at(120)), ["b"]);
        let mut slept = Unusable::default();
        assert!(slept.look(&["a"], at(0)).is_empty() && slept.look(&["a"], at(3600)).is_empty(), "two looks are few");
        assert_eq!(slept.look(&["a"], at(3601)), ["a"]);
    }
}
