//! What must hold at rest: the faults have stopped, everybody had time, and nothing is left to do.

use std::sync::atomic::Ordering;

use kube::ResourceExt as _;
use subtitle_contract::{
    job::SubtitleJob,
    phase::Phase,
    reason::Reason,
    record::Record,
    topology::{CONSUMER_QUEUE, DOWNLOAD_QUEUE, TRANSLATE_QUEUE},
};
use subtitle_operator::observe::{
    job::RETRY_ANNOTATION,
    state::{JobState, Prerequisite, is_stopped},
};

use super::{phase_of, reason_of, status::missing};
use crate::{servers::redis::is_final, world::World};

/// What is not as it should be, in the order in which it would be looked for; none at rest.
pub(crate) fn unsettled(world: &World) -> Option<String> {
    let jobs = || world.api.objects.values();
    jobs()
        .find_map(|job| undecided(job).or_else(|| untold(world, job)))
        .or_else(|| unfinished(world))
        .or_else(|| jobs().find_map(|job| unprojected(world, job)))
        .or_else(|| orphan(world))
        .or_else(|| missing(world))
}

/// Whether all that is left to do is to replace records that say what a status said before, and the operator knows it.
pub(crate) fn has_record_behind_only(world: &World) -> bool {
    if world.records_may_be_behind {
        return false;
    }
    let jobs = || world.api.objects.values();
    let is_behind = |job: &SubtitleJob| {
        let record = world.redis.records.get(job.metadata.uid.as_deref().unwrap_or_default());
        record.is_some_and(|record| record.revision < job.status.as_ref().map_or(0, |status| status.revision))
    };
    jobs().any(|job| is_behind(job)) && jobs().all(|job| undecided(job).is_none()) && unfinished(world).is_none()
}

/// A namespace with a job that waits for its turn and without any task, while an operator leads.
pub(crate) fn starved(world: &World) -> Option<String> {
    let namespace = |job: &SubtitleJob| job.metadata.namespace.clone().unwrap_or_default();
    let is = |job: &SubtitleJob, fits: fn(JobState) -> bool| fits(JobState::from_object(job));
    let has_task = |job: &SubtitleJob| {
        is(job, |state| matches!(state, JobState::Queued(_) | JobState::InProgress(_) | JobState::Unknown))
    };
    let waits =
        |job: &SubtitleJob| !job.spec.suspend && is(job, |state| state == JobState::Waiting(Prerequisite::Turn));
    if !has_leader(world) {
        return None;
    }
    let jobs = || world.api.objects.values();
    let busy: Vec<String> = jobs().filter(|job| has_task(job)).map(|job| namespace(job)).collect();
    jobs().filter(|job| waits(job)).map(|job| namespace(job)).find(|namespace| !busy.contains(namespace))
}

fn has_leader(world: &World) -> bool {
    let leads = |(_, process): (u32, usize)| process < world.leads.len() && world.leads[process];
    world.broker.sessions().into_iter().any(leads)
}

fn undecided(job: &SubtitleJob) -> Option<String> {
    let name = job.metadata.name.as_deref().unwrap_or_default();
    let Some(status) = &job.status else { return Some(format!("I5: {name} has no status")) };
    let is_suspended = job.spec.suspend && reason_of(status) == Some(Reason::Suspended);
    if !phase_of(status).is_final() && !is_suspended {
        let reason = reason_of(status).map_or("", Reason::as_str);
        return Some(format!("I5: {name} is {} {reason} and waits for nothing", status.phase.as_str()));
    }
    if status.observed_generation != job.metadata.generation || status.conditions.len() < 7 {
        return Some(format!("{name} has a status of another generation, or lacks conditions"));
    }
    let asked = job.annotations().get(RETRY_ANNOTATION).filter(|_| job.metadata.deletion_timestamp.is_none());
    if status.phase == Phase::Failed && asked.is_some() && asked != status.retry_observed.as_ref() {
        return Some(format!("{name} is asked to be tried again, and is not"));
    }
    (status.announced_up_to() < status.revision).then(|| format!("a decision about {name} was never announced"))
}

/// A suspended job whose workers were never told.
fn untold(world: &World, job: &SubtitleJob) -> Option<String> {
    let status = job.status.as_ref().filter(|status| is_stopped(status))?;
    let is_told = world.checks.is_stopped(job.metadata.uid.as_deref().unwrap_or_default(), status.attempt);
    (!is_told).then(|| format!("{} is suspended, and no worker was told", job.name_any()))
}

/// Work that a server or a process still has.
fn unfinished(world: &World) -> Option<String> {
    for queue in [CONSUMER_QUEUE, DOWNLOAD_QUEUE, TRANSLATE_QUEUE] {
        if world.broker.ready(queue).is_none() {
            return Some(format!("{queue} does not exist"));
        }
        if world.broker.all(queue).next().is_some() {
            return Some(format!("messages wait in {queue}"));
        }
    }
    if !has_leader(world) {
        return Some("nobody leads yet".to_owned());
    }
    if world.running_tasks.load(Ordering::Relaxed) > 0 {
        return Some("a worker has a task".to_owned());
    }
    let is_behind = world.api.watches.values().any(|watch| !watch.changes.is_empty());
    is_behind.then(|| "a watch is behind".to_owned())
}

fn unprojected(world: &World, job: &SubtitleJob) -> Option<String> {
    let record = world.redis.records.get(job.metadata.uid.as_deref().unwrap_or_default());
    (record != Some(&Record::project(job)))
        .then(|| format!("I4: the record of {} is not what its status is", job.name_any()))
}

/// A record that says a deleted job goes on.
fn orphan(world: &World) -> Option<String> {
    let goes_on = |record: &&Record| !is_final(record) && world.api.find(&record.id).is_none();
    let record = world.redis.records.values().find(goes_on)?;
    Some(format!("the record of {}, which is deleted, says {}", record.name, record.status))
}
