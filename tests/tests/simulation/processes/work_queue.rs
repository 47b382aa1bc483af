//! The controller's queue: objects with the time at which each is to be reconciled next, one reconcile of each at a
//! time, the earliest of several times counting.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use subtitle_contract::job::SubtitleJob;
use tokio::sync::Notify;

#[derive(Default)]
struct Waiting {
    due: BTreeMap<String, Timestamp>,
    busy: BTreeSet<String>,
}

/// Objects that wait, by uid.
#[derive(Default)]
pub(crate) struct WorkQueue {
    waiting: Mutex<Waiting>,
    /// Something was added or done.
    pub(crate) changed: Notify,
}

impl WorkQueue {
    fn with<T>(&self, change: impl FnOnce(&mut Waiting) -> T) -> T {
        change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reconciles an object at `when`, or before if that was asked already.
    pub(crate) fn add(&self, job: &SubtitleJob, when: Timestamp) {
        if let Some(uid) = &job.metadata.uid {
            self.add_uid(uid, when);
        }
    }

    /// The same by uid.
    pub(crate) fn add_uid(&self, uid: &str, when: Timestamp) {
        self.with(|waiting| {
            let due = waiting.due.entry(uid.to_owned()).or_insert(when);
            *due = when.min(*due);
        });
        self.changed.notify_one();
    }

    /// An object whose time has come, or when the next one's comes.
    pub(crate) fn take(&self, now: Timestamp) -> Result<String, Option<Timestamp>> {
        self.with(|waiting| {
            let free = waiting.due.iter().filter(|(uid, _)| !waiting.busy.contains(*uid));
            let Some((uid, due)) = free.min_by_key(|(_, due)| **due) else { return Err(None) };
            if *due > now {
                return Err(Some(*due));
            }
            let uid = uid.clone();
            waiting.due.remove(&uid);
            waiting.busy.insert(uid.clone());
            Ok(uid)
        })
    }

    /// The reconcile of an object is over.
    pub(crate) fn done(&self, uid: &str) {
        self.with(|waiting| waiting.busy.remove(uid));
        self.changed.notify_one();
    }
}
