//! Queues items by key, so that many jobs are handled concurrently and each in its order: batches contain items of one key, and
//! a key never has two batches in progress. Called by the consumer loop. Pure.

use std::collections::{HashMap, HashSet, VecDeque};

/// Queued items, by key.
#[derive(Debug)]
pub(super) struct Lanes<T> {
    waiting: HashMap<String, VecDeque<T>>,
    /// Keys with items and without a batch in progress, in FIFO order.
    ready: VecDeque<String>,
    busy: HashSet<String>,
    max_batch: usize,
}

impl<T> Lanes<T> {
    /// Batches have at most `max_batch` items.
    pub(super) fn new(max_batch: usize) -> Self {
        Self { waiting: HashMap::new(), ready: VecDeque::new(), busy: HashSet::new(), max_batch }
    }

    /// Appends an item to the queue of its key.
    pub(super) fn push(&mut self, key: String, item: T) {
        let lane = self.waiting.entry(key.clone()).or_default();
        lane.push_back(item);
        if lane.len() == 1 && !self.busy.contains(&key) {
            self.ready.push_back(key);
        }
    }

    /// The next batch; its key is busy until `done` is called.
    pub(super) fn take(&mut self) -> Option<(String, Vec<T>)> {
        let key = self.ready.pop_front()?;
        let lane = self.waiting.get_mut(&key)?;
        let batch = lane.drain(..lane.len().min(self.max_batch)).collect();
        if lane.is_empty() {
            self.waiting.remove(&key);
        }
        self.busy.insert(key.clone());
        Some((key, batch))
    }

    /// Marks the batch of this key as handled.
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
    fn a_key_keeps_its_order_and_has_one_batch_while_others_proceed() {
        let mut lanes = Lanes::new(2);
        for (key, item) in [("a", 1), ("b", 10), ("a", 2), ("a", 3)] {
            lanes.push(key.to_owned(), item);
        }
        assert_eq!(lanes.take(), Some(("a".into(), vec![1, 2])));
        assert_eq!(lanes.take(), Some(("b".into(), vec![10])));
        assert_eq!(lanes.take(), None, "a busy key got a second batch");
        lanes.push("a".into(), 4);
        lanes.done("b");
        assert_eq!(lanes.take(), None, "an empty or busy key got a batch");
        lanes.done("a");
        assert_eq!(lanes.take(), Some(("a".into(), vec![3, 4])));
        lanes.done("a");
        lanes.push("a".into(), 5);
        assert_eq!(lanes.take(), Some(("a".into(), vec![5])));
    }
}
