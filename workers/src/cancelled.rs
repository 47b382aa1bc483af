//! The jobs that were deleted since this worker began: ids come in from `job.cancelled`, and are asked before
//! anything that costs. Bounded: of too many, the oldest is forgotten, which costs a call and harms nothing else.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

/// How many ids are kept: some hundred kilobytes.
const KEPT: usize = 10_000;

#[derive(Debug, Default)]
struct Ids {
    known: HashSet<String>,
    order: VecDeque<String>,
}

/// A bounded set of job ids.
#[derive(Debug, Default)]
pub struct Cancelled(Mutex<Ids>);

impl Cancelled {
    /// Notes that a job was deleted.
    pub fn insert(&self, job_id: &str) {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !ids.known.insert(job_id.to_owned()) {
            return;
        }
        ids.order.push_back(job_id.to_owned());
        if ids.order.len() > KEPT
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
    fn the_oldest_is_forgotten_and_memory_stays_bounded() {
        let cancelled = Cancelled::default();
        for id in 0..=KEPT {
            cancelled.insert(&id.to_string());
            cancelled.insert(&id.to_string());
        }
        assert!(!cancelled.contains("0"));
        assert!(cancelled.contains("1") && cancelled.contains(&KEPT.to_string()));
        assert_eq!(cancelled.0.lock().expect("not poisoned").order.len(), KEPT);
    }
}
