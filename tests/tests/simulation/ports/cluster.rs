//! The API server as one operator process sees it: the ports `ClusterReader` and `ClusterWriter`, over the cache that its
//! watch fills and the product's own memory of its writes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::{ResourceExt as _, core::Status};
use subtitle_contract::{
    job::{SubtitleJob, SubtitleJobStatus},
    phase::Phase,
    reason::Reason,
};
use subtitle_operator::act::{
    ClusterError,
    kube::LastWrites,
    ports::{ClusterReader, ClusterWriter, GlossarySource},
};

use crate::{
    checks::{corners::Corner, phase_of, reason_of},
    faults::{Planted, name_of},
    servers::api_server::{Change, Place, place_of},
    users::REFUSED,
    world::{Sim, World},
};

/// Bytes of a message that the schema takes here: less than the operator believes, as with an older schema.
const MAX_MESSAGE: usize = 300;

/// The client of one operator process, and the cache of its watch.
pub(crate) struct SimCluster {
    sim: Sim,
    process: usize,
    cache: Mutex<BTreeMap<Place, Arc<SubtitleJob>>>,
    last_writes: LastWrites,
    /// Jobs a write of whose status is in flight.
    writes: Mutex<BTreeSet<String>>,
}

fn away() -> ClusterError {
    ClusterError::Request(kube::Error::Api(Box::new(Status::failure("the API server is away", "Simulated"))))
}

impl SimCluster {
    /// With nothing in its cache.
    pub(crate) fn new(sim: &Sim, process: usize) -> Self {
        Self {
            sim: sim.clone(),
            process,
            cache: Mutex::default(),
            last_writes: LastWrites::default(),
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
    pub(crate) fn cached_job(&self, uid: &str) -> Option<Arc<SubtitleJob>> {
        self.cached(|cache| cache.values().find(|job| job.metadata.uid.as_deref() == Some(uid)).cloned())
    }

    /// One call: a step, and the fault of no answer, before which nothing was done.
    async fn call<T>(&self, act: impl FnOnce(&mut World) -> T) -> Result<T, ClusterError> {
        self.sim.step().await;
        self.sim.with(|world| {
            let fails = world.rates.are_on && world.happens(world.rates.api_fails);
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
                Some(Planted::FinalOverwritten) if phase_of(status).is_final() => {
                    status.phase = Phase::default().into();
                }
                Some(Planted::RetryWithoutLimit) => status.failures = 0,
                _ => {}
            }
        }
        job
    }
}

impl ClusterReader for SimCluster {
    fn all(&self) -> Vec<Arc<SubtitleJob>> {
        self.cached(|cache| cache.values().cloned().collect())
    }

    async fn newest(&self, cached: &SubtitleJob) -> SubtitleJob {
        let mut newest = self.last_writes.merge_and_evict(cached);
        if let Some(status) = &mut newest.status
            && self.sim.with(|world| world.is_planted(Planted::SecondOwner))
        {
            status.owner = Some(self.sim.with(|world| world.installation(self.process)));
        }
        if self.sim.with(|world| world.is_planted(Planted::DeadlineInQueue))
            && let Some(status) = newest.status.as_mut().filter(|status| status.start_time.is_some())
            && phase_of(status) == Phase::TranslateQueued
        {
            status.phase = Phase::TranslateInProgress.into();
            status.active_since = status.start_time.clone().map(|time| MicroTime(time.0));
        }
        newest
    }

    async fn find(&self, uid: &str, located: Option<(&str, &str)>) -> Result<Option<SubtitleJob>, ClusterError> {
        if let Some(cached) = self.cached_job(uid) {
            return Ok(Some(self.seen(self.last_writes.merge_and_evict(&cached))));
        }
        match located {
            Some((namespace, name)) => self.read(uid, namespace, name).await,
            None => Ok(None),
        }
    }

    async fn read(&self, uid: &str, namespace: &str, name: &str) -> Result<Option<SubtitleJob>, ClusterError> {
        let place = (namespace.to_owned(), name.to_owned());
        let found = self.call(|world| world.api.objects.get(&place).cloned()).await?;
        self.last_writes.remove(uid);
        Ok(found.filter(|job| job.uid().as_deref() == Some(uid)).map(|job| self.seen(job.as_ref().clone())))
    }

    async fn glossary_source(&self, namespace: &str, name: &str) -> Result<Option<GlossarySource>, ClusterError> {
        let place = (namespace.to_owned(), name.to_owned());
        let found = self.call(|world| world.api.config_maps.get(&place).cloned()).await?;
        if found.is_none() {
            self.sim.with(|world| world.reach(Corner::GlossaryMissing));
        }
        Ok(found.map(GlossarySource::Data))
    }
}

impl ClusterWriter for SimCluster {
    async fn write_status(&self, job: &SubtitleJob, status: &SubtitleJobStatus) -> Result<SubtitleJob, ClusterError> {
        let _in_flight = InFlight::begin(self, job);
        let answer = self.call(|world| write(world, self.process, job, status)).await?;
        match answer {
            Ok(now) => {
                self.sim.step().await;
                if self.sim.with(|world| world.rates.are_on && world.happens(world.rates.api_response_lost)) {
                    self.sim.with(|world| {
                        world.records_may_be_behind = true;
                        world.reach(Corner::ApiResponseLost);
                        world.note(|| format!("{} loses the response", name_of(self.process)));
                    });
                    return Err(away());
                }
                self.last_writes.insert((*now).clone());
                Ok(now.as_ref().clone())
            }
            Err(error) => {
                self.last_writes.remove(&job.uid().unwrap_or_default());
                Err(error)
            }
        }
    }

    fn note(&self, _: &SubtitleJob, _: &str, _: &str) {}

    async fn create(&self, job: &SubtitleJob) -> Result<SubtitleJob, ClusterError> {
        Ok(job.clone()) // only the API creates jobs
    }

    async fn delete(&self, job: &SubtitleJob) -> Result<(), ClusterError> {
        let place = place_of(job);
        self.call(|world| {
            if world.api.objects.get(&place).is_some_and(|stored| stored.metadata.uid == job.metadata.uid) {
                world.reach(Corner::Ttl);
                world.note(|| format!("{} deletes {}, whose time to live is over", name_of(self.process), place.1));
                world.api.remove(&place);
            }
        })
        .await
    }
}

/// A write that has not ended.
struct InFlight<'a> {
    cluster: &'a SimCluster,
    uid: String,
}

impl<'a> InFlight<'a> {
    fn begin(cluster: &'a SimCluster, job: &SubtitleJob) -> Self {
        let uid = job.uid().unwrap_or_default();
        if !cluster.writes.lock().unwrap_or_else(PoisonError::into_inner).insert(uid.clone()) {
            let how = || format!("{} has two writes of {uid} in flight", name_of(cluster.process));
            cluster.sim.with(|world| world.checks.broken("one write at a time", how));
        }
        Self { cluster, uid }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.cluster.writes.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.uid);
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
    if status.message.as_ref().is_some_and(|message| message.len() > MAX_MESSAGE) {
        world.reach(Corner::Rejected);
        world.note(|| format!("{} writes {}: REJECTED", name_of(process), place.1));
        return Err(ClusterError::Rejected("status.message is too long".to_owned()));
    }
    if place.1.starts_with(REFUSED) && phase_of(status).rank() > 1 {
        world.reach(Corner::NeverAccepted);
        world.note(|| format!("{} writes {}: REJECTED", name_of(process), place.1));
        return Err(ClusterError::Rejected("status is never accepted".to_owned()));
    }
    world.note(|| {
        let (phase, attempt, revision) = (status.phase.as_str(), status.attempt, status.revision);
        let reason = reason_of(status).map_or("", Reason::as_str);
        format!("{} writes {}: {phase} {reason} attempt {attempt} revision {revision}", name_of(process), place.1)
    });
    let mut changed = stored.as_ref().clone();
    changed.status = Some(status.clone());
    let after = world.api.store(changed);
    crate::checks::status::wrote(world, process, &stored, &after);
    Ok(after)
}
