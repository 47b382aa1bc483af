//! This process's last writes that its watch has not delivered yet, so that decisions are made on a cache at least as new as
//! our own last write. Used by [`super::KubeCluster`] and the simulation. Pure.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use kube::ResourceExt as _;
use subtitle_contract::job::SubtitleJob;

/// Our own last writes, by uid.
#[derive(Debug, Default)]
pub struct LastWrites(Mutex<HashMap<String, SubtitleJob>>);

/// Orders versions of an object. A revision would not do: a status that a user or a backup put back has a lower one.
fn version(job: &SubtitleJob) -> Option<u64> {
    job.metadata.resource_version.as_deref()?.parse().ok()
}

impl LastWrites {
    fn with_lock<T>(&self, change: impl FnOnce(&mut HashMap<String, SubtitleJob>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The newer one of the watch's copy and the object that the API server returned for our own last write, which is forgotten
    /// once the watch has delivered it.
    pub fn merge_and_evict(&self, cached: &SubtitleJob) -> SubtitleJob {
        let uid = cached.uid().unwrap_or_default();
        self.with_lock(|writes| match writes.get(&uid) {
            Some(ours) if version(ours) > version(cached) => ours.clone(),
            _ => {
                writes.remove(&uid);
                cached.clone()
            }
        })
    }

    /// Remembers a write that the API server accepted.
    pub fn insert(&self, job: SubtitleJob) {
        self.with_lock(|writes| writes.insert(job.uid().unwrap_or_default(), job));
    }

    /// Drops the recorded write, for example because another client has written since.
    pub fn remove(&self, uid: &str) {
        self.with_lock(|writes| writes.remove(uid));
    }
}
