//! What an object needs now: a job, whether it is its turn, and the time come in, a plan goes out. Pure.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use subtitle_core::{
    event::{Event, source},
    headers,
    job::SubtitleJobStatus,
    payload::{DownloadRequested, Failed, RetryScheduled, TranslateRequested},
    phase::{Phase, Step},
    reason::Reason,
    record::{display_name, location},
};

use super::{
    fold::{next_attempt, written},
    plan::{Effect, Plan},
};
use crate::observe::ObservedJob;

/// What to do for `job` now.
pub fn reconcile(job: &ObservedJob, is_its_turn: bool, now: Timestamp) -> Plan {
    let status = &job.status;
    if job.is_deleting {
        return Plan::default();
    }
    if status.announced < status.revision {
        return announce(job, now);
    }
    if status.phase.is_final() {
        return finished(job, now);
    }
    if let Some(message) = &job.refusal {
        return ended(job, Reason::InvalidSpec, message.clone(), now);
    }
    if job.spec.suspend {
        return waits(job, Reason::Suspended, "spec.suspend is true: set it to false to go on", now);
    }
    if status.reason == Some(Reason::Suspended) && status.phase != Phase::Pending {
        let mut resumed = status.clone();
        resumed.reason = Some(Reason::WaitingForTurn);
        resumed.message = None;
        next_attempt(&mut resumed);
        return write(job, resumed, now);
    }
    if status.phase == Phase::Pending {
        return pending(job, is_its_turn, now);
    }
    in_flight(job, now)
}

fn write(job: &ObservedJob, mut status: SubtitleJobStatus, now: Timestamp) -> Plan {
    status.updated_by = Some(source::MANAGER.to_owned());
    status.trace_id = headers::trace_id(&job.uid);
    let status = written(job, status, now);
    Plan { effects: vec![Effect::WriteStatus(Box::new(status)), Effect::Project], look_again: None }
}

fn pending(job: &ObservedJob, is_its_turn: bool, now: Timestamp) -> Plan {
    let due = job.status.next_attempt_time.as_ref().map(|time| time.0).filter(|due| *due > now);
    if due.is_some() {
        return Plan { effects: vec![], look_again: due };
    }
    if !is_its_turn {
        return waits(job, Reason::WaitingForTurn, "waiting for its turn among the other jobs", now);
    }
    let mut status = job.status.clone();
    status.phase = status.step.queued_phase();
    status.reason = Some(Reason::WaitingForWorker);
    status.message = None;
    status.next_attempt_time = None;
    let mut plan = write(job, status, now);
    plan.effects.insert(0, Effect::Publish(Box::new(task(job, now))));
    plan
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
        };
        return Event::new(&job.subject(), source::MANAGER, now, &payload);
    }
    let payload = DownloadRequested {
        video_url: location(&spec.video),
        video_title: display_name(&spec.video),
        language: spec.language.clone(),
        preferred_sources: spec.sources.iter().flatten().map(|source| source.name.clone()).collect(),
        spec,
    };
    Event::new(&job.subject(), source::MANAGER, now, &payload)
}

/// Shows what the job waits for; writes only if that is new.
fn waits(job: &ObservedJob, reason: Reason, message: &str, now: Timestamp) -> Plan {
    if job.status.reason == Some(reason) {
        return Plan::default();
    }
    let mut status = job.status.clone();
    status.reason = Some(reason);
    status.message = Some(message.to_owned());
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

fn in_flight(job: &ObservedJob, now: Timestamp) -> Plan {
    let allowed = SignedDuration::from_secs(job.spec.active_deadline_seconds.into());
    match job.status.start_time.as_ref().map(|start| start.0 + allowed) {
        Some(deadline) if deadline <= now => {
            let seconds = job.spec.active_deadline_seconds;
            ended(
                job,
                Reason::DeadlineExceeded,
                format!("worked on for longer than {seconds} s (spec.activeDeadlineSeconds)"),
                now,
            )
        }
        deadline => Plan { effects: vec![], look_again: deadline },
    }
}

fn finished(job: &ObservedJob, now: Timestamp) -> Plan {
    let status = &job.status;
    if job.retry_requested.is_some() && job.retry_requested != status.retry_observed && status.phase == Phase::Failed {
        let mut again = status.clone();
        again.retry_observed.clone_from(&job.retry_requested);
        again.failures = 0;
        again.reason = Some(Reason::WaitingForTurn);
        again.message = None;
        next_attempt(&mut again);
        return write(job, again, now);
    }
    let (Some(ttl), Some(end)) = (job.spec.ttl_seconds_after_finished, &status.completion_time) else {
        return Plan::default();
    };
    let due = end.0 + SignedDuration::from_secs(ttl.into());
    if due <= now {
        Plan { effects: vec![Effect::Project, Effect::Delete], look_again: None }
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
