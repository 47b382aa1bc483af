//! The API server and each process's watch of it: a watch shows changes later, or after a gap only what is there then.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    task::Waker,
};

use kube::ResourceExt as _;
use subtitle_contract::job::SubtitleJob;

/// Namespace and name.
pub(crate) type Place = (String, String);

/// What a watch shows.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Created or changed.
    Applied(Arc<SubtitleJob>),
    /// Deleted.
    Deleted(Arc<SubtitleJob>),
    /// Events were missed: this is everything there is now.
    Listed(Vec<Arc<SubtitleJob>>),
}

/// A watch's changes that its process has not seen yet.
#[derive(Default)]
pub(crate) struct Watch {
    /// In order.
    pub(crate) changes: VecDeque<Change>,
    /// Nothing arrives until then.
    pub(crate) stalls_until: u64,
    /// What happens now is missed; it has to list again.
    pub(crate) is_broken: bool,
    /// Who waits for them.
    pub(crate) waker: Option<Waker>,
}

/// All objects.
#[derive(Default)]
pub(crate) struct ApiServer {
    /// SubtitleJobs.
    pub(crate) objects: BTreeMap<Place, Arc<SubtitleJob>>,
    /// The data of ConfigMaps.
    pub(crate) config_maps: BTreeMap<Place, BTreeMap<String, String>>,
    /// One per operator process that runs.
    pub(crate) watches: BTreeMap<usize, Watch>,
    /// No call is answered until then.
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

    /// Stores an object, whatever was there.
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

    /// A watch begins, or begins again after a gap: everything is listed.
    pub(crate) fn list(&mut self, process: usize) {
        let all = self.objects.values().cloned().collect();
        let watch = self.watches.entry(process).or_default();
        watch.changes = VecDeque::from([Change::Listed(all)]);
        watch.is_broken = false;
        watch.waker.take().into_iter().for_each(Waker::wake);
    }
}
