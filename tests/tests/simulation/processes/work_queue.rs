//! The controller's queue: objects with the time of their next reconcile; one reconcile per object at a time, and the earliest
//! requested time wins. Stands in for the queue of kube's `Controller`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use subtitle_contract::job::SubtitleJob;
use tokio::sync::Notify;

#[derive(Default)]
struct State {
    due: BTreeMap<String, Timestamp>,
    processing: BTreeSet<String>,
}

/// What the queue has to reconcile.
pub(crate) enum Next {
    /// The object with this uid.
    Due(String),
    /// Nothing before this time.
    At(Timestamp),
    /// Nothing.
    Empty,
}

/// Delaying work queue, keyed by uid.
#[derive(Default)]
pub(crate) struct WorkQueue {
    state: Mutex<State>,
    /// Notified when an object is added or its reconcile finishes.
    pub(crate) changed: Notify,
}

impl WorkQueue {
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Schedules a reconcile at `when`, or earlier if one is already scheduled.
    pub(crate) fn schedule(&self, job: &SubtitleJob, when: Timestamp) {
        if let Some(uid) = &job.metadata.uid {
            self.schedule_uid(uid, when);
        }
    }

    /// The same by uid.
    pub(crate) fn schedule_uid(&self, uid: &str, when: Timestamp) {
        self.with(|state| {
            let due = state.due.entry(uid.to_owned()).or_insert(when);
            *due = when.min(*due);
        });
        self.changed.notify_one();
    }

    /// Takes the object that is due first.
    pub(crate) fn take(&self, now: Timestamp) -> Next {
        self.with(|state| {
            let free = state.due.iter().filter(|(uid, _)| !state.processing.contains(*uid));
            let Some((uid, due)) = free.min_by_key(|(_, due)| **due) else { return Next::Empty };
            if *due > now {
                return Next::At(*due);
            }
            let uid = uid.clone();
            state.due.remove(&uid);
            state.processing.insert(uid.clone());
            Next::Due(uid)
        })
    }

    /// Marks the object's reconcile as finished.
    pub(crate) fn done(&self, uid: &str) {
        self.with(|state| state.processing.remove(uid));
        self.changed.notify_one();
    }
}
