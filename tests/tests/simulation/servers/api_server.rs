//! The API server and each process's watch: a watch delivers changes with a delay or, after a gap, a new list. Pure.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    task::Waker,
};

use kube::ResourceExt as _;
use subtitle_contract::job::SubtitleJob;

/// Namespace and name.
pub(crate) type Place = (String, String);

/// An event of a watch.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Created or changed.
    Applied(Arc<SubtitleJob>),
    /// Deleted.
    Deleted(Arc<SubtitleJob>),
    /// Events were missed: a list of all objects.
    Listed(Vec<Arc<SubtitleJob>>),
}

/// The changes of a watch that its process has not received yet.
#[derive(Default)]
pub(crate) struct Watch {
    /// The changes in order.
    pub(crate) changes: VecDeque<Change>,
    /// Nothing is delivered until then.
    pub(crate) stalls_until: u64,
    /// The connection is lost: changes are missed until it lists again.
    pub(crate) is_broken: bool,
    /// The task that waits for a change.
    pub(crate) waker: Option<Waker>,
}

/// The state of the API server.
#[derive(Default)]
pub(crate) struct ApiServer {
    /// SubtitleJobs.
    pub(crate) objects: BTreeMap<Place, Arc<SubtitleJob>>,
    /// The data of ConfigMaps.
    pub(crate) config_maps: BTreeMap<Place, BTreeMap<String, String>>,
    /// The watch of each running operator process.
    pub(crate) watches: BTreeMap<usize, Watch>,
    /// Every call fails until then.
    pub(crate) away_until: u64,
    version: u64,
}

/// Namespace and name of an object.
pub(crate) fn place_of(job: &SubtitleJob) -> Place {
    (job.namespace().unwrap_or_default(), job.name_any())
}

impl ApiServer {
    fn tell(&mut self, change: &Change) {
        for watch in self.watches.values_mut().filter(|watch| !watch.is_broken) {
            watch.changes.push_back(change.clone());
            watch.waker.take().into_iter().for_each(Waker::wake);
        }
    }

    /// Stores an object, replacing any other.
    pub(crate) fn store(&mut self, mut job: SubtitleJob) -> Arc<SubtitleJob> {
        self.version += 1;
        job.metadata.resource_version = Some(self.version.to_string());
        let job = Arc::new(job);
        self.objects.insert(place_of(&job), job.clone());
        self.tell(&Change::Applied(job.clone()));
        job
    }

    /// Removes an object.
    pub(crate) fn remove(&mut self, place: &Place) {
        if let Some(job) = self.objects.remove(place) {
            self.tell(&Change::Deleted(job));
        }
    }

    /// The object with this uid.
    pub(crate) fn find(&self, uid: &str) -> Option<&Arc<SubtitleJob>> {
        self.objects.values().find(|job| job.metadata.uid.as_deref() == Some(uid))
    }

    /// Starts a watch, or restarts it after a gap, with a list of all objects.
    pub(crate) fn list(&mut self, process: usize) {
        let all = self.objects.values().cloned().collect();
        let watch = self.watches.entry(process).or_default();
        watch.changes = VecDeque::from([Change::Listed(all)]);
        watch.is_broken = false;
        watch.waker.take().into_iter().for_each(Waker::wake);
    }
}
