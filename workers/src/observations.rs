//! For how long this process has seen objects of the store unchanged. A key, its content and this process's monotonic time
//! come in, and how long the content has been the same goes out. An object that its writer keeps rewriting is never old, and
//! one that nobody rewrites is, whatever the clocks of the two machines show. Called for claims and announcements. Pure.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sha2::{Digest as _, Sha256};

/// Maximum number of keys that are remembered. A key that is forgotten is seen for the first time again.
const CAPACITY: usize = 2_000;

#[derive(Debug)]
struct Observation {
    digest: [u8; 32],
    first_seen: Duration,
    last_seen: Duration,
}

/// What a process has seen of objects that other processes write.
#[derive(Debug, Default)]
pub struct Observations(Mutex<HashMap<String, Observation>>);

impl Observations {
    /// For how long `key` has had this content; zero when it is seen for the first time. `now` is `Clock::elapsed`
    /// after the content was read.
    pub fn unchanged_for(&self, key: &str, content: &[u8], now: Duration) -> Duration {
        let digest: [u8; 32] = Sha256::digest(content).into();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = seen.get_mut(key).filter(|known| known.digest == digest) {
            known.last_seen = known.last_seen.max(now);
            return now.saturating_sub(known.first_seen);
        }
        if seen.len() >= CAPACITY
            && let Some(oldest) = seen.iter().min_by_key(|(_, known)| known.last_seen).map(|(key, _)| key.clone())
        {
            seen.remove(&oldest);
        }
        seen.insert(key.to_owned(), Observation { digest, first_seen: now, last_seen: now });
        Duration::ZERO
    }

    /// Forgets a key.
    pub fn forget(&self, key: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stays_the_same_grows_old_and_the_least_recently_seen_is_evicted() {
        let (observations, second) = (Observations::default(), Duration::from_secs(1));
        assert_eq!(observations.unchanged_for("a", b"1", second), Duration::ZERO);
        assert_eq!(observations.unchanged_for("a", b"1", 4 * second), 3 * second);
        assert_eq!(observations.unchanged_for("a", b"2", 5 * second), Duration::ZERO);
        assert_eq!(observations.unchanged_for("a", b"1", 6 * second), Duration::ZERO, "nor does an earlier content");
        for key in 0..CAPACITY - 1 {
            observations.unchanged_for(&key.to_string(), b"", 7 * second);
        }
        assert_eq!(observations.unchanged_for("a", b"1", 8 * second), 2 * second);
        observations.unchanged_for("one more", b"", 9 * second);
        assert_eq!(observations.0.lock().expect("not poisoned").len(), CAPACITY);
        assert_eq!(observations.unchanged_for("a", b"1", 10 * second), 4 * second);
        observations.forget("a");
        assert_eq!(observations.unchanged_for("a", b"1", 11 * second), Duration::ZERO);
    }
}
