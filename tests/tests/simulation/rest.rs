//! What must hold at rest: the faults have stopped, everybody had time, and nothing is left to do.

use std::sync::atomic::Ordering;

use kube::ResourceExt as _;
use subtitle_core::{
    phase::Phase,
    reason::Reason,
    record::Record,
    topology::{CONSUMER_QUEUE, DOWNLOAD_QUEUE, TRANSLATE_QUEUE},
};
use subtitle_operator::observe::RETRY_ANNOTATION;

use crate::{checks::missing, ledger::is_final, world::World};

/// What is not as it should be, in the order in which it would be looked for; none at rest.
pub(crate) fn unsettled(world: &World) -> Option<String> {
    for job in world.api.objects.values() {
        let (name, status) = (job.name_any(), job.status.clone().unwrap_or_default());
        let is_suspended = job.spec.suspend && status.reason == Some(Reason::Suspended);
        if !status.phase.is_final() && !is_suspended {
            let reason = status.reason.map_or("", |reason| reason.as_str());
            return Some(format!("I5: {name} is {} {reason} and waits for nothing", status.phase.as_str()));
        }
        let asked = job.annotations().get(RETRY_ANNOTATION);
        if status.phase == Phase::Failed && asked.is_some() && asked != status.retry_observed.as_ref() {
            return Some(format!("{name} is asked to be tried again, and is not"));
        }
        if status.announced < status.revision {
            return Some(format!("a decision about {name} was never announced"));
        }
        let uid = job.uid().unwrap_or_default();
        if world.redis.records.get(&uid) != Some(&Record::of(job)) {
            return Some(format!("I4: the record of {name} is not what its status is"));
        }
    }
    for record in world.redis.records.values().filter(|record| !is_final(record)) {
        if world.api.of(&record.id).is_none() {
            return Some(format!("the record of {}, which is deleted, says {}", record.name, record.status));
        }
    }
    for queue in [CONSUMER_QUEUE, DOWNLOAD_QUEUE, TRANSLATE_QUEUE] {
        if world.broker.ready(queue).is_none() {
            return Some(format!("{queue} does not exist"));
        }
        if world.broker.all(queue).next().is_some() {
            return Some(format!("messages wait in {queue}"));
        }
    }
    if world.at_work.load(Ordering::Relaxed) > 0 {
        return Some("a worker has a task in hand".to_owned());
    }
    if world.api.watches.values().any(|watch| !watch.changes.is_empty()) {
        return Some("a watch is behind".to_owned());
    }
    missing(world)
}
