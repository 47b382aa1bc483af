//! A cache whose entries expire and whose size is bounded; the time is an argument. Pure.

use std::{collections::HashMap, hash::Hash};

use jiff::Timestamp;

/// Values by key, each with its own expiry.
#[derive(Debug)]
pub struct TtlCache<K, V> {
    entries: HashMap<K, (V, Timestamp)>,
    capacity: usize,
}

impl<K: Eq + Hash, V: Clone> TtlCache<K, V> {
    /// An empty cache of at most `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: HashMap::new(), capacity }
    }

    /// The value, unless it has expired.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        self.entries.get(key).filter(|(_, expiry)| *expiry > now).map(|(value, _)| value.clone())
    }

    /// Caches a value until `expiry`. A full cache evicts expired entries or, if there are none, everything; callers must
    /// tolerate a miss.
    pub fn insert(&mut self, key: K, value: V, expiry: Timestamp, now: Timestamp) {
        let is_full = |entries: &HashMap<K, _>| entries.len() >= self.capacity && !entries.contains_key(&key);
        if is_full(&self.entries) {
            self.entries.retain(|_, (_, expiry)| *expiry > now);
        }
        if is_full(&self.entries) {
            self.entries.clear();
        }
        self.entries.insert(key, (value, expiry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_expires_at_its_time_and_the_capacity_is_never_exceeded() {
        let at = |seconds| Timestamp::from_second(seconds).expect("a time");
        let mut cache = TtlCache::with_capacity(2);
        cache.insert("a", 1, at(30), at(0));
        assert_eq!((cache.get(&"a", at(29)), cache.get(&"a", at(30))), (Some(1), None));
        cache.insert("b", 2, at(60), at(0));
        cache.insert("c", 3, at(60), at(31));
        assert_eq!(
            (cache.get(&"a", at(31)), cache.get(&"b", at(31))),
            (None, Some(2)),
            "a full cache did not drop its expired entry"
        );
        cache.insert("c", 5, at(60), at(31));
        assert_eq!(cache.get(&"b", at(31)), Some(2), "replacing an entry of a full cache dropped another");
        cache.insert("d", 4, at(60), at(31));
        assert_eq!(cache.entries.len(), 1, "a full cache without expired entries was not cleared");
    }
}
