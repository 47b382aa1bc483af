//! Applies the changes of the watch to the store of decodable jobs; reports deleted and undecodable objects through callbacks,
//! the changed one as return value. An undecodable object is quarantined: counted, reported once for each of its versions, and
//! not in the store, so that nothing is decided on an outdated copy of it.

use std::collections::HashMap;

use kube::{
    ResourceExt as _,
    runtime::{
        reflector::{ObjectRef, Store, store::Writer},
        watcher::Event,
    },
};
use subtitle_contract::job::SubtitleJob;

use super::{
    guarded::{GuardedJob, Undecodable},
    reports::WatchCallbacks,
};

type Key = (String, String);

fn key(namespace: &str, name: &str) -> Key {
    (namespace.to_owned(), name.to_owned())
}

/// Applies watch events to the reflector store and keeps undecodable objects in quarantine.
pub(super) struct WatchApplier<D, U> {
    store: Store<SubtitleJob>,
    writer: Writer<SubtitleJob>,
    quarantine: HashMap<Key, Undecodable>,
    /// The undecodable objects of the list in progress, which will replace the quarantine as it replaces the store.
    next_quarantine: HashMap<Key, Undecodable>,
    reports: WatchCallbacks<D, U>,
}

impl<D: Fn(SubtitleJob), U: Fn(&Undecodable)> WatchApplier<D, U> {
    pub(super) fn new(store: Store<SubtitleJob>, writer: Writer<SubtitleJob>, reports: WatchCallbacks<D, U>) -> Self {
        Self { store, writer, quarantine: HashMap::new(), next_quarantine: HashMap::new(), reports }
    }

    /// Every object of a namespace, decodable or not.
    pub(super) fn all_in_namespace(&self, namespace: &str) -> Vec<GuardedJob> {
        let jobs = self.store.state_filter(|job| job.metadata.namespace.as_deref() == Some(namespace));
        let decoded = jobs.iter().map(|job| GuardedJob::Decoded(Box::new(job.as_ref().clone())));
        let quarantined = self.quarantine.values().filter(|object| object.namespace() == namespace);
        decoded.chain(quarantined.cloned().map(GuardedJob::Undecodable)).collect()
    }

    /// Applies one event; returns the changed or deleted job, if it is decodable.
    pub(super) fn apply(&mut self, event: Event<GuardedJob>) -> Option<SubtitleJob> {
        let changed = match event {
            Event::Init => {
                self.next_quarantine.clear();
                self.write(&Event::Init);
                None
            }
            Event::InitApply(GuardedJob::Decoded(job)) => {
                self.write(&Event::InitApply(job.as_ref().clone()));
                Some(*job)
            }
            Event::InitApply(GuardedJob::Undecodable(object)) => {
                self.report(&object);
                self.next_quarantine.insert(key(object.namespace(), object.name()), object);
                None
            }
            Event::InitDone => {
                self.quarantine = std::mem::take(&mut self.next_quarantine);
                self.write(&Event::InitDone);
                None
            }
            Event::Apply(GuardedJob::Decoded(job)) => {
                self.remove_from_quarantine(&job);
                self.write(&Event::Apply(job.as_ref().clone()));
                Some(*job)
            }
            Event::Apply(GuardedJob::Undecodable(object)) => {
                self.drop_outdated(&object);
                self.report(&object);
                self.quarantine.insert(key(object.namespace(), object.name()), object);
                None
            }
            Event::Delete(GuardedJob::Decoded(job)) => {
                self.remove_from_quarantine(&job);
                self.write(&Event::Delete(job.as_ref().clone()));
                (self.reports.deleted)(job.as_ref().clone());
                Some(*job)
            }
            Event::Delete(GuardedJob::Undecodable(object)) => {
                self.drop_outdated(&object);
                self.quarantine.remove(&key(object.namespace(), object.name()));
                None
            }
        };
        self.reports.metrics.set_undecodable(self.quarantine.len());
        changed
    }

    fn write(&mut self, event: &Event<SubtitleJob>) {
        self.writer.apply_watcher_event(event);
    }

    /// Removes the last decodable version from the store. It is not reported as deleted, because the object exists.
    fn drop_outdated(&mut self, object: &Undecodable) {
        let reference = ObjectRef::new(object.name()).within(object.namespace());
        if let Some(outdated) = self.store.get(&reference) {
            self.write(&Event::Delete(outdated.as_ref().clone()));
        }
    }

    fn remove_from_quarantine(&mut self, job: &SubtitleJob) {
        if self.quarantine.is_empty() {
            return;
        }
        let key = key(job.metadata.namespace.as_deref().unwrap_or_default(), &job.name_any());
        if self.quarantine.remove(&key).is_some() {
            tracing::info!(namespace = key.0, job = key.1, "the SubtitleJob can be decoded again");
        }
    }

    fn report(&self, object: &Undecodable) {
        let quarantined = self.quarantine.get(&key(object.namespace(), object.name()));
        let version = |object: &Undecodable| (object.uid().to_owned(), object.resource_version().to_owned());
        if quarantined.is_some_and(|known| version(known) == version(object)) {
            return;
        }
        tracing::warn!(
            namespace = object.namespace(),
            job = object.name(),
            uid = object.uid(),
            error = object.reason(),
            "a SubtitleJob cannot be decoded by this version and is skipped until it changes"
        );
        (self.reports.undecodable)(object);
    }
}
