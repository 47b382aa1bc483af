//! One lock per job: a reconcile and the consumer loop of one process never decide and write for the same job at the
//! same time. (Another process may; then the resourceVersion decides.)

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Mutex as JobLock, OwnedMutexGuard};

type Locks = Arc<Mutex<HashMap<String, Arc<JobLock<()>>>>>;

/// The locks that are held or waited for, by uid.
#[derive(Debug, Default)]
pub(super) struct Exclusive(Locks);

/// Holds the job's lock until it is dropped.
#[derive(Debug)]
pub struct JobGuard {
    locks: Locks,
    uid: String,
    held: Option<OwnedMutexGuard<()>>,
}

fn open(locks: &Locks) -> MutexGuard<'_, HashMap<String, Arc<JobLock<()>>>> {
    locks.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Exclusive {
    /// Waits for the job's lock; it is fair.
    pub(super) async fn lock(&self, uid: &str) -> JobGuard {
        let lock = open(&self.0).entry(uid.to_owned()).or_default().clone();
        // Created before the wait, because a wait that is cancelled has to clean up, too.
        let mut guard = JobGuard { locks: self.0.clone(), uid: uid.to_owned(), held: None };
        guard.held = Some(lock.lock_owned().await);
        guard
    }
}

impl Drop for JobGuard {
    fn drop(&mut self) {
        self.held = None;
        let mut locks = open(&self.locks);
        if locks.get(&self.uid).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.uid);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_job_is_locked_once_others_are_free_and_no_unused_lock_is_kept() {
        let exclusive = Exclusive::default();
        let lock = |uid: &'static str| exclusive.lock(uid).now_or_never();
        let first = lock("a").expect("the lock is free");
        assert!(lock("a").is_none(), "a held lock was acquired again");
        let other = lock("b").expect("the lock of another job is free");
        drop(first);
        let second = lock("a").expect("the lock is free again");
        drop((second, other));
        assert!(open(&exclusive.0).is_empty());
    }
}
