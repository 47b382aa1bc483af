//! What this process wrote last, where the watch has not shown it yet: decisions are made on a cache at least as new as
//! our own last write.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use kube::ResourceExt as _;
use subtitle_contract::job::SubtitleJob;

/// Our own last writes, by uid.
#[derive(Debug, Default)]
pub struct Written(Mutex<HashMap<String, SubtitleJob>>);

fn revision(job: &SubtitleJob) -> i64 {
    job.status.as_ref().map_or(-1, |status| status.revision)
}

impl Written {
    fn with<T>(&self, change: impl FnOnce(&mut HashMap<String, SubtitleJob>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The watch's copy, with our own last write in it where that is newer.
    pub fn newest(&self, cached: &SubtitleJob) -> SubtitleJob {
        let uid = cached.uid().unwrap_or_default();
        self.with(|written| match written.get(&uid) {
            Some(ours) if revision(ours) > revision(cached) => {
                let mut newest = cached.clone();
                newest.status.clone_from(&ours.status);
                newest.metadata.resource_version.clone_from(&ours.metadata.resource_version);
                newest
            }
            _ => {
                written.remove(&uid);
                cached.clone()
            }
        })
    }

    /// The API server took this.
    pub fn wrote(&self, job: &SubtitleJob) {
        self.with(|written| written.insert(job.uid().unwrap_or_default(), job.clone()));
    }

    /// What we wrote is not the newest any more.
    pub fn forget(&self, uid: &str) {
        self.with(|written| written.remove(uid));
    }
}
