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
use subtitle_operator::observe::RETRY_ANNOTATION;

use crate::{checks::missing, ledger::is_final, world::World};

/// What is not as it should be, in the order in which it would be looked for; none at rest.
pub(crate) fn unsettled(world: &World) -> Option<String> {
    let jobs = || world.api.objects.values();
    jobs()
        .find_map(|job| undecided(job))
        .or_else(|| in_hand(world))
        .or_else(|| jobs().find_map(|job| unprojected(world, job)))
        .or_else(|| orphan(world))
        .or_else(|| missing(world))
}

fn undecided(job: &SubtitleJob) -> Option<String> {
    let name = job.name_any();
    let Some(status) = &job.status else { return Some(format!("I5: {name} has no status")) };
    let is_suspended = job.spec.suspend && status.reason == Some(Reason::Suspended);
    if !status.phase.is_final() && !is_suspended {
        let reason = status.reason.map_or("", |reason| reason.as_str());
        return Some(format!("I5: {name} is {} {reason} and waits for nothing", status.phase.as_str()));
    }
    let asked = job.annotations().get(RETRY_ANNOTATION);
    if status.phase == Phase::Failed && asked.is_some() && asked != status.retry_observed.as_ref() {
        return Some(format!("{name} is asked to be tried again, and is not"));
    }
    (status.announced < status.revision).then(|| format!("a decision about {name} was never announced"))
}

/// Somebody has something to do.
fn in_hand(world: &World) -> Option<String> {
    for queue in [CONSUMER_QUEUE, DOWNLOAD_QUEUE, TRANSLATE_QUEUE] {
        if world.broker.ready(queue).is_none() {
            return Some(format!("{queue} does not exist"));
        }
        if world.broker.all(queue).next().is_some() {
            return Some(format!("messages wait in {queue}"));
        }
    }
    let leads = |(_, process): (u32, usize)| process < world.leads.len() && world.leads[process];
    if !world.broker.sessions().into_iter().any(leads) {
        return Some("nobody leads yet".to_owned());
    }
    if world.at_work.load(Ordering::Relaxed) > 0 {
        return Some("a worker has a task in hand".to_owned());
    }
    let is_behind = world.api.watches.values().any(|watch| !watch.changes.is_empty());
    is_behind.then(|| "a watch is behind".to_owned())
}

fn unprojected(world: &World, job: &SubtitleJob) -> Option<String> {
    let record = world.redis.records.get(job.metadata.uid.as_deref().unwrap_or_default());
    (record != Some(&Record::of(job)))
        .then(|| format!("I4: the record of {} is not what its status is", job.name_any()))
}

/// A record that says a deleted job goes on.
fn orphan(world: &World) -> Option<String> {
    let goes_on = |record: &&Record| !is_final(record) && world.api.of(&record.id).is_none();
    let record = world.redis.records.values().find(goes_on)?;
    Some(format!("the record of {}, which is deleted, says {}", record.name, record.status))
}
