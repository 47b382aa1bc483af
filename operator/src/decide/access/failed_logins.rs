//! How many reviews of bad tokens one source may cause: failures come in with their source and time, and whether the next
//! unknown token of it is still reviewed goes out. Called by the HTTP API. Pure.

use std::{collections::HashMap, net::IpAddr};

use jiff::{SignedDuration, Timestamp};

/// Failures that a source may cause at once.
const BURST: u32 = 30;
/// How soon one of them is forgiven.
const FORGIVEN_AFTER: SignedDuration = SignedDuration::from_millis(500);
/// Sources that are remembered.
const CAPACITY: usize = 4096;

/// The failures of each source, as the time at which all of them will be forgiven.
#[derive(Debug, Default)]
pub struct FailedLogins(HashMap<IpAddr, Timestamp>);

impl FailedLogins {
    /// When the source may try again; `None` if it may now.
    pub fn blocked_until(&self, source: IpAddr, now: Timestamp) -> Option<Timestamp> {
        let free = *self.0.get(&source)? - FORGIVEN_AFTER * i32::try_from(BURST).unwrap_or(i32::MAX);
        (free > now).then_some(free)
    }

    /// A token of the source was reviewed and is not valid.
    pub fn add(&mut self, source: IpAddr, now: Timestamp) {
        if self.0.len() >= CAPACITY {
            self.0.retain(|_, forgiven| *forgiven > now);
        }
        if self.0.len() >= CAPACITY {
            self.0.clear();
        }
        let forgiven = self.0.entry(source).or_insert(now);
        *forgiven = (*forgiven).max(now) + FORGIVEN_AFTER;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_guesses_is_blocked_and_no_other_one() {
        let (guesser, other): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let (mut failures, now) = (FailedLogins::default(), Timestamp::UNIX_EPOCH);
        let mut reviewed = 0;
        while failures.blocked_until(guesser, now).is_none() {
            failures.add(guesser, now);
            reviewed += 1;
        }
        assert_eq!(reviewed, BURST + 1);
        assert_eq!(failures.blocked_until(other, now), None);
        let until = failures.blocked_until(guesser, now).expect("blocked");
        assert_eq!((until, failures.blocked_until(guesser, until)), (now + FORGIVEN_AFTER, None));
        for at in 0..10_000_u32 {
            failures.add(IpAddr::from(at.to_be_bytes()), now);
        }
        assert!(failures.0.len() <= CAPACITY);
    }
}
