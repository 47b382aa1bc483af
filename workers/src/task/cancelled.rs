//! Jobs deleted since this worker started, learned from `job.cancelled` and checked before every costly call. Bounded: the
//! oldest id is forgotten, which may cost one call and has no other effect. Pure.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

/// Maximum number of ids kept. Each is stored twice: less than 2 MB for UUIDs.
const CAPACITY: usize = 10_000;

#[derive(Debug, Default)]
struct Ids {
    known: HashSet<String>,
    order: VecDeque<String>,
}

/// A bounded set of the ids of deleted jobs.
#[derive(Debug, Default)]
pub struct CancelledJobs(Mutex<Ids>);

impl CancelledJobs {
    /// Remembers that a job was deleted.
    pub fn insert(&self, job_id: &str) {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !ids.known.insert(job_id.to_owned()) {
            return;
        }
        ids.order.push_back(job_id.to_owned());
        if ids.order.len() > CAPACITY
            && let Some(oldest) = ids.order.pop_front()
        {
            ids.known.remove(&oldest);
        }
    }

    /// Whether a job is known to be deleted.
    pub fn contains(&self, job_id: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).known.contains(job_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_id_is_evicted_at_capacity() {
        let cancelled = CancelledJobs::default();
        for id in 0..=CAPACITY {
            cancelled.insert(&id.to_string());
            cancelled.insert(&id.to_string());
        }
        assert!(!cancelled.contains("0"));
        assert!(cancelled.contains("1") && cancelled.contains(&CAPACITY.to_string()));
        assert_eq!(cancelled.0.lock().expect("not poisoned").order.len(), CAPACITY);
    }
}
