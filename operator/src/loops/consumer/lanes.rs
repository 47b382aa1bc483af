//! Many jobs at the same time, each in its order: items come in with a key, batches of one key go out, never two of one
//! key at a time. Pure.

use std::collections::{HashMap, HashSet, VecDeque};

/// Items that wait, by key.
#[derive(Debug)]
pub(super) struct Lanes<T> {
    waiting: HashMap<String, VecDeque<T>>,
    /// Keys that have items and no batch out; the longest waiting first.
    ready: VecDeque<String>,
    busy: HashSet<String>,
    longest_batch: usize,
}

impl<T> Lanes<T> {
    /// Batches have at most `longest_batch` items.
    pub(super) fn new(longest_batch: usize) -> Self {
        Self { waiting: HashMap::new(), ready: VecDeque::new(), busy: HashSet::new(), longest_batch }
    }

    /// Adds an item behind those of its key.
    pub(super) fn push(&mut self, key: String, item: T) {
        let lane = self.waiting.entry(key.clone()).or_default();
        lane.push_back(item);
        if lane.len() == 1 && !self.busy.contains(&key) {
            self.ready.push_back(key);
        }
    }

    /// The next batch; its key is busy until it is done.
    pub(super) fn take(&mut self) -> Option<(String, Vec<T>)> {
        let key = self.ready.pop_front()?;
        let lane = self.waiting.get_mut(&key)?;
        let batch = lane.drain(..lane.len().min(self.longest_batch)).collect();
        if lane.is_empty() {
            self.waiting.remove(&key);
        }
        self.busy.insert(key.clone());
        Some((key, batch))
    }

    /// The batch of this key is handled.
    pub(super) fn done(&mut self, key: &str) {
        self.busy.remove(key);
        if self.waiting.contains_key(key) {
            self.ready.push_back(key.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_keeps_its_order_and_never_has_two_batches_while_others_go_on() {
        let mut lanes = Lanes::new(2);
        for (key, item) in [("a", 1), ("b", 10), ("a", 2), ("a", 3)] {
            lanes.push(key.to_owned(), item);
        }
        assert_eq!(lanes.take(), Some(("a".into(), vec![1, 2])));
        assert_eq!(lanes.take(), Some(("b".into(), vec![10])));
        assert_eq!(lanes.take(), None, "a is busy");
        lanes.push("a".into(), 4);
        lanes.done("b");
        assert_eq!(lanes.take(), None, "b has nothing, a is busy");
        lanes.done("a");
        assert_eq!(lanes.take(), Some(("a".into(), vec![3, 4])));
        lanes.done("a");
        lanes.push("a".into(), 5);
        assert_eq!(lanes.take(), Some(("a".into(), vec![5])));
    }
}
