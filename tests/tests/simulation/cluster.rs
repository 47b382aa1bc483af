//! The API server and each process's watch of it: writes are guarded by resourceVersion, a watch shows changes later, or
//! after a gap only what is there then. `View` is the port `Cluster` over the production's own memory of its writes.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    task::Waker,
};

use kube::{ResourceExt as _, core::Status};
use subtitle_contract::{
    job::{SubtitleJob, SubtitleJobStatus},
    phase::Phase,
};
use subtitle_operator::act::{
    cluster::{Cluster, ClusterError},
    written::Written,
};

use crate::{
    corners::Corner,
    faults::{Planted, name_of},
    people::REFUSED,
    world::{Sim, World},
};

/// Bytes of a message that the schema takes here: less than the operator believes, as with an older schema.
const LONGEST_MESSAGE: usize = 300;

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
    /// By place.
    pub(crate) objects: BTreeMap<Place, Arc<SubtitleJob>>,
    /// One per operator process that runs.
    pub(crate) watches: BTreeMap<usize, Watch>,
    /// No call is answered until then.
    pub(crate) away_until: u64,
    version: u64,
}

/// Where an object is.
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
    pub(crate) fn of(&self, uid: &str) -> Option<&Arc<SubtitleJob>> {
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

/// The port of one operator process.
pub(crate) struct View {
    sim: Sim,
    process: usize,
    cache: Mutex<BTreeMap<Place, Arc<SubtitleJob>>>,
    written: Written,
    /// Jobs a write of whose status is in flight.
    writes: Mutex<BTreeSet<String>>,
}

fn away() -> ClusterError {
    ClusterError::Refused(kube::Error::Api(Box::new(Status::failure("the API server is away", "Simulated"))))
}

impl View {
    /// With nothing in its cache.
    pub(crate) fn new(sim: &Sim, process: usize) -> Self {
        Self {
            sim: sim.clone(),
            process,
            cache: Mutex::default(),
            written: Written::default(),
            writes: Mutex::default(),
        }
    }

    fn cached<T>(&self, look: impl FnOnce(&mut BTreeMap<Place, Arc<SubtitleJob>>) -> T) -> T {
        look(&mut self.cache.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Brings a change into the cache.
    pub(crate) fn apply(&self, change: &Change) {
        self.cached(|cache| match change {
            Change::Applied(job) => drop(cache.insert(place_of(job), job.clone())),
            Change::Deleted(job) => drop(cache.remove(&place_of(job))),
            Change::Listed(all) => *cache = all.iter().map(|job| (place_of(job), job.clone())).collect(),
        });
    }

    /// The cached object of a uid.
    pub(crate) fn of(&self, uid: &str) -> Option<Arc<SubtitleJob>> {
        self.cached(|cache| cache.values().find(|job| job.metadata.uid.as_deref() == Some(uid)).cloned())
    }

    /// One call: a step, and the fault of no answer, before which nothing was done.
    async fn call<T>(&self, act: impl FnOnce(&mut World) -> T) -> Result<T, ClusterError> {
        self.sim.step().await;
        self.sim.with(|world| {
            let fails = world.weather.is_on && world.happens(world.weather.api_fails);
            if fails || world.elapsed < world.api.away_until {
                world.note(|| format!("{} gets no answer from the API server", name_of(self.process)));
                return Err(away());
            }
            Ok(act(world))
        })
    }

    /// What the consumer sees of an object, with the planted fault in it.
    fn seen(&self, mut job: SubtitleJob) -> SubtitleJob {
        let planted = self.sim.with(|world| world.planted);
        if let Some(status) = &mut job.status {
            match planted {
                Some(Planted::FinalOverwritten) if status.phase.is_final() => status.phase = Phase::default(),
                Some(Planted::RetryWithoutLimit) => status.failures = 0,
                _ => {}
            }
        }
        job
    }
}

impl Cluster for View {
    fn all(&self) -> Vec<Arc<SubtitleJob>> {
        self.cached(|cache| cache.values().cloned().collect())
    }

    async fn newest(&self, cached: &SubtitleJob) -> SubtitleJob {
        self.written.newest(cached)
    }

    async fn find(&self, uid: &str, place: Option<(&str, &str)>) -> Result<Option<SubtitleJob>, ClusterError> {
        if let Some(cached) = self.of(uid) {
            return Ok(Some(self.seen(self.written.newest(&cached))));
        }
        match place {
            Some((namespace, name)) => self.read(uid, namespace, name).await,
            None => Ok(None),
        }
    }

    async fn read(&self, uid: &str, namespace: &str, name: &str) -> Result<Option<SubtitleJob>, ClusterError> {
        let place = (namespace.to_owned(), name.to_owned());
        let found = self.call(|world| world.api.objects.get(&place).cloned()).await?;
        self.written.forget(uid);
        Ok(found.filter(|job| job.uid().as_deref() == Some(uid)).map(|job| self.seen(job.as_ref().clone())))
    }

    async fn write(&self, job: &SubtitleJob, status: &SubtitleJobStatus) -> Result<SubtitleJob, ClusterError> {
        let _in_flight = InFlight::begins(self, job);
        let answer = self.call(|world| write(world, self.process, job, status)).await?;
        match answer {
            Ok(now) => {
                self.sim.step().await;
                if self.sim.with(|world| world.weather.is_on && world.happens(world.weather.api_answer_lost)) {
                    self.sim.with(|world| {
                        world.reach(Corner::ApiAnswerLost);
                        world.note(|| format!("{} loses the answer", name_of(self.process)));
                    });
                    return Err(away());
                }
                self.written.wrote(&now);
                Ok(now.as_ref().clone())
            }
            Err(error) => {
                self.written.forget(&job.uid().unwrap_or_default());
                Err(error)
            }
        }
    }

    async fn config_map(&self, _: &str, _: &str) -> Result<Option<BTreeMap<String, String>>, ClusterError> {
        Ok(None) // no job here names one
    }

    async fn delete(&self, job: &SubtitleJob) -> Result<(), ClusterError> {
        let place = place_of(job);
        self.call(|world| {
            if world.api.objects.get(&place).is_some_and(|stored| stored.metadata.uid == job.metadata.uid) {
                world.reach(Corner::TimeToLive);
                world.note(|| format!("{} deletes {}, whose time is over", name_of(self.process), place.1));
                world.api.remove(&place);
            }
        })
        .await
    }
}

/// A write that has not ended.
struct InFlight<'a> {
    view: &'a View,
    uid: String,
}

impl<'a> InFlight<'a> {
    fn begins(view: &'a View, job: &SubtitleJob) -> Self {
        let uid = job.uid().unwrap_or_default();
        if !view.writes.lock().unwrap_or_else(PoisonError::into_inner).insert(uid.clone()) {
            let how = || format!("{} has two writes of {uid} in flight", name_of(view.process));
            view.sim.with(|world| world.checks.broken("one write at a time", how));
        }
        Self { view, uid }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.view.writes.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.uid);
    }
}

fn write(
    world: &mut World,
    process: usize,
    job: &SubtitleJob,
    status: &SubtitleJobStatus,
) -> Result<Arc<SubtitleJob>, ClusterError> {
    let place = place_of(job);
    let stored = world.api.objects.get(&place).filter(|stored| stored.metadata.uid == job.metadata.uid).cloned();
    let Some(stored) = stored else { return Err(ClusterError::Gone) };
    let is_guarded = !world.is_planted(Planted::LostConflict);
    if is_guarded && stored.metadata.resource_version != job.metadata.resource_version {
        world.reach(Corner::Conflict);
        world.note(|| format!("{} writes {}: CONFLICT", name_of(process), place.1));
        return Err(ClusterError::Conflict);
    }
    if status.message.as_ref().is_some_and(|message| message.len() > LONGEST_MESSAGE) {
        world.reach(Corner::Rejected);
        world.note(|| format!("{} writes {}: REJECTED", name_of(process), place.1));
        return Err(ClusterError::Rejected("status.message is too long".to_owned()));
    }
    if place.1.starts_with(REFUSED) && status.phase.rank() > 1 {
        world.reach(Corner::NeverAccepted);
        world.note(|| format!("{} writes {}: REJECTED", name_of(process), place.1));
        return Err(ClusterError::Rejected("status is never accepted".to_owned()));
    }
    world.note(|| {
        let (phase, attempt, revision) = (status.phase.as_str(), status.attempt, status.revision);
        let reason = status.reason.map_or("", |reason| reason.as_str());
        format!("{} writes {}: {phase} {reason} attempt {attempt} revision {revision}", name_of(process), place.1)
    });
    let mut changed = stored.as_ref().clone();
    changed.status = Some(status.clone());
    let after = world.api.store(changed);
    crate::checks::wrote(world, process, &stored, &after);
    Ok(after)
}
