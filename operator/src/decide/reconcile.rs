//! What an object needs now: a job, the facts around it, and the time come in, a plan goes out. Pure.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use subtitle_contract::{
    event::{Event, source},
    headers,
    job::SubtitleJobStatus,
    payload::{DownloadRequested, Failed, RetryScheduled, TranslateRequested},
    phase::{Phase, Step},
    reason::Reason,
    record::{display_name, location},
};

use super::{
    deadline,
    fold::{next_attempt, written},
    plan::{Effect, Plan},
};
use crate::observe::{Facts, Glossary, ObservedJob};

/// How long a deadline that is due waits for events that are still on their way.
const EVENTS_ARRIVE_WITHIN: SignedDuration = SignedDuration::from_secs(1);
/// How long a job says nothing of waiting for its turn: while places are free its turn comes in a moment, and a write
/// to say so would be one in four.
const TURN_COMES_WITHIN: SignedDuration = SignedDuration::from_secs(1);
/// How often a ConfigMap is looked for that does not exist yet: without a watch, which would need to see all of them.
const LOOK_FOR_GLOSSARY_EVERY: SignedDuration = SignedDuration::from_secs(15);
/// How long the deletion of a finished job waits for Redis.
const RECORD_ARRIVES_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// What to do for `job` now.
pub fn reconcile(job: &ObservedJob, facts: Facts, now: Timestamp) -> Plan {
    let status = &job.status;
    if job.is_deleting {
        return Plan::default();
    }
    if facts.has_broker && status.announced < status.revision {
        return announce(job, now);
    }
    if status.phase.is_final() {
        return finished(job, now);
    }
    if let Some(message) = &job.refusal {
        return ended(job, Reason::InvalidSpec, message.clone(), now);
    }
    if job.spec.suspend {
        return suspended(job, now);
    }
    if status.reason == Some(Reason::Suspended) {
        return resumed(job, now);
    }
    if let Some(due) = deadline::due(status, job.spec.active_deadline_seconds).filter(|due| *due <= now) {
        return past_deadline(job, &facts, due, now);
    }
    let mut plan = if status.phase == Phase::Pending { pending(job, facts, now) } else { in_flight(job, &facts, now) };
    let deadline = deadline::due(status, job.spec.active_deadline_seconds);
    plan.look_again = plan.look_again.into_iter().chain(deadline).min();
    plan
}

/// Whether the job has used up its time, if it is not over by an event that is still on its way.
pub fn deadline_is_due(job: &ObservedJob, now: Timestamp) -> bool {
    !job.status.phase.is_final()
        && deadline::due(&job.status, job.spec.active_deadline_seconds).is_some_and(|due| due <= now)
}

fn past_deadline(job: &ObservedJob, facts: &Facts, due: Timestamp, now: Timestamp) -> Plan {
    if !facts.events_settled {
        return Plan { effects: vec![], look_again: Some(now + EVENTS_ARRIVE_WITHIN) };
    }
    let (seconds, late) = (job.spec.active_deadline_seconds, now.duration_since(due).as_secs());
    let message = format!("worked on for {seconds} s (spec.activeDeadlineSeconds) and {late} s more");
    ended(job, Reason::DeadlineExceeded, message, now)
}

fn suspended(job: &ObservedJob, now: Timestamp) -> Plan {
    if job.status.reason == Some(Reason::Suspended) {
        return Plan::default();
    }
    let mut status = job.status.clone();
    deadline::stop(&mut status, now);
    status.reason = Some(Reason::Suspended);
    status.message = Some("spec.suspend is true: set it to false to go on".to_owned());
    write(job, status, now)
}

/// What was on its way when the job was suspended may still arrive; the next attempt goes on from the same step.
fn resumed(job: &ObservedJob, now: Timestamp) -> Plan {
    let mut status = job.status.clone();
    status.reason = Some(Reason::WaitingForTurn);
    status.message = None;
    if status.start_time.is_some() {
        deadline::run_from(&mut status, now);
    }
    if status.phase != Phase::Pending {
        next_attempt(&mut status, now);
    }
    write(job, status, now)
}

fn write(job: &ObservedJob, mut status: SubtitleJobStatus, now: Timestamp) -> Plan {
    status.updated_by = Some(source::MANAGER.to_owned());
    status.trace_id = headers::trace_id(&job.uid);
    let status = written(job, status, now);
    Plan { effects: vec![Effect::WriteStatus(Box::new(status)), Effect::Project], look_again: None }
}

fn pending(job: &ObservedJob, facts: Facts, now: Timestamp) -> Plan {
    let due = job.status.next_attempt_time.as_ref().map(|time| time.0).filter(|due| *due > now);
    if due.is_some() {
        return Plan { effects: vec![], look_again: due };
    }
    if !facts.has_broker {
        return waits(job, Reason::WaitingForBroker, now);
    }
    let glossary = match facts.glossary {
        Glossary::Unusable(message) => return ended(job, Reason::InvalidSpec, message, now),
        Glossary::Missing(message) => {
            let plan = waits_for(job, Reason::WaitingForGlossary, message, now);
            return Plan { look_again: Some(now + LOOK_FOR_GLOSSARY_EVERY), ..plan };
        }
        // It has no turn while it waits, so that others have it.
        Glossary::Stored(_) if job.status.reason == Some(Reason::WaitingForGlossary) => {
            return waits(job, Reason::WaitingForTurn, now);
        }
        Glossary::Stored(glossary) => Some(glossary),
        Glossary::NotNeeded => None,
    };
    if !facts.is_its_turn {
        let since = job.status.next_attempt_time.as_ref().map_or(job.created, |time| time.0.max(job.created));
        return match since + TURN_COMES_WITHIN {
            soon if soon > now => Plan { effects: vec![], look_again: Some(soon) },
            _ => waits(job, Reason::WaitingForTurn, now),
        };
    }
    let mut status = job.status.clone();
    status.phase = status.step.queued_phase();
    status.reason = Some(Reason::WaitingForWorker);
    status.message = None;
    status.next_attempt_time = None;
    status.glossary = glossary;
    let asked = ObservedJob { status: status.clone(), ..job.clone() };
    let mut plan = write(job, status, now);
    plan.effects.insert(0, Effect::Publish(Box::new(task(&asked, now))));
    plan
}

/// The task is out; it is published again only when it may have been lost with its queue.
fn in_flight(job: &ObservedJob, facts: &Facts, now: Timestamp) -> Plan {
    let is_lost = facts.has_broker && facts.task_may_be_lost;
    let effects = if is_lost { vec![Effect::Publish(Box::new(task(job, now)))] } else { vec![] };
    Plan { effects, look_again: None }
}

/// The task of the current attempt and step, always the same but for its timestamp.
pub fn task(job: &ObservedJob, now: Timestamp) -> Event {
    let spec = job.spec.clone();
    if let (Step::Translate, Some(from)) = (job.status.step, job.status.from.clone()) {
        let payload = TranslateRequested {
            subtitle_file_path: from.key.clone(),
            source_language: from.language.clone(),
            target_language: spec.language.clone(),
            from,
            candidates: job.status.candidates.clone(),
            spec,
            glossary: job.status.glossary.clone(),
        };
        return Event::new(&job.subject(), source::MANAGER, now, &payload);
    }
    let payload = DownloadRequested {
        video_url: location(&spec.video),
        video_title: display_name(&spec.video),
        language: spec.language.clone(),
        preferred_sources: spec.source_names(),
        spec,
        glossary: job.status.glossary.clone(),
    };
    Event::new(&job.subject(), source::MANAGER, now, &payload)
}

/// Shows what the job waits for; writes only if that is new.
fn waits(job: &ObservedJob, reason: Reason, now: Timestamp) -> Plan {
    waits_for(job, reason, reason.meaning().trim().to_owned(), now)
}

fn waits_for(job: &ObservedJob, reason: Reason, message: String, now: Timestamp) -> Plan {
    // A glossary is waited for because it is not there, or because it may not be read.
    let is_said = reason != Reason::WaitingForGlossary || job.status.message.as_ref() == Some(&message);
    if job.status.reason == Some(reason) && is_said {
        return Plan::default();
    }
    let mut status = job.status.clone();
    status.reason = Some(reason);
    status.message = Some(message);
    write(job, status, now)
}

fn ended(job: &ObservedJob, reason: Reason, message: String, now: Timestamp) -> Plan {
    let mut status = job.status.clone();
    status.phase = Phase::Failed;
    status.reason = Some(reason);
    status.message = Some(message);
    status.next_attempt_time = None;
    status.completion_time = Some(Time(now));
    write(job, status, now)
}

fn finished(job: &ObservedJob, now: Timestamp) -> Plan {
    let status = &job.status;
    if status.announced < status.revision {
        return Plan::default(); // its end is announced when the broker is back
    }
    if job.retry_requested.is_some() && job.retry_requested != status.retry_observed && status.phase == Phase::Failed {
        let mut again = status.clone();
        again.retry_observed.clone_from(&job.retry_requested);
        again.failures = 0;
        again.reason = Some(Reason::WaitingForTurn);
        again.message = None;
        again.active_seconds = 0;
        again.active_since = again.start_time.is_some().then_some(Time(now));
        next_attempt(&mut again, now);
        return write(job, again, now);
    }
    let (Some(ttl), Some(end)) = (job.spec.ttl_seconds_after_finished, &status.completion_time) else {
        return Plan::default();
    };
    let due = end.0 + SignedDuration::from_secs(ttl.into());
    if due <= now {
        let delete = Effect::Delete { at_the_latest: due + RECORD_ARRIVES_WITHIN };
        Plan { effects: vec![Effect::Project, delete], look_again: None }
    } else {
        Plan { effects: vec![], look_again: Some(due) }
    }
}

/// Publishes what the status already says and nobody has announced, then notes that it is out.
fn announce(job: &ObservedJob, now: Timestamp) -> Plan {
    let (status, subject) = (&job.status, job.subject());
    let (reason, error_message) =
        (status.reason.unwrap_or(Reason::WorkerError), status.message.clone().unwrap_or_default());
    let event = if status.phase == Phase::Failed {
        let payload = Failed { error_message, reason, retryable: false, not_before: None, candidates: vec![] };
        Event::new(&subject, source::MANAGER, now, &payload)
    } else {
        let not_before = status.next_attempt_time.as_ref().map(|time| time.0);
        let payload = RetryScheduled { reason, error_message, not_before, failures: status.failures };
        Event::new(&subject, source::MANAGER, now, &payload)
    };
    let mut announced = status.clone();
    announced.revision += 1;
    announced.announced = announced.revision;
    Plan {
        effects: vec![Effect::Publish(Box::new(event)), Effect::WriteStatus(Box::new(announced)), Effect::Project],
        look_again: None,
    }
}
