//! Plans what an object needs now, from the job, the observed facts and the current time. Called by the controller's loop.
//! Pure.

use jiff::{SignedDuration, Timestamp};
use subtitle_contract::{
    event::{Event, source},
    job::WaitingFor,
    lenient::Lenient,
    payload::{Failed, RetryScheduled},
    reason::Reason,
};

use super::{
    deadline, finished,
    next_status::{Announcement, fail, next_attempt, wait_for_turn, write},
    task::task,
    waiting::waiting,
};
use crate::{
    decide::plan::{Effect, Plan},
    observe::{
        facts::Facts,
        job::{InvalidJob, JobSnapshot, ObservedJob, ValidJob},
        state::{For, JobState, Outcome},
    },
};

/// How soon a due deadline is decided again while events are still queued.
const EVENTS_RECHECK: SignedDuration = SignedDuration::from_secs(1);

/// The plan for the job.
pub fn reconcile(observed: &ObservedJob, facts: Facts, now: Timestamp) -> Plan {
    let job = observed.snapshot();
    let state = job.state();
    if job.is_deleting || state == JobState::Unknown {
        return Plan::default();
    }
    let is_announced = job.status.announced_up_to() >= job.status.revision;
    match (state, observed) {
        _ if facts.has_broker && !is_announced => announce(job, state, now),
        // Its final phase is announced when the broker is available again; only then may it be deleted or started again.
        (JobState::Over(_), _) if !is_announced => Plan::default(),
        (JobState::Over(outcome), _) => match finished::retried(job, outcome, now) {
            Some(status) => write(job, status, Announcement::OfNewAttempts, now),
            None => finished::expired(job, now),
        },
        (_, ObservedJob::Invalid(InvalidJob { message, .. })) => fail(job, Reason::InvalidSpec, message.clone(), now),
        (_, ObservedJob::Valid(valid)) => unfinished(valid, state, facts, now),
    }
}

/// Whether the deadline has passed. An event that finishes the job may still be queued.
pub fn deadline_is_due(job: &JobSnapshot, now: Timestamp) -> bool {
    !job.state().is_over() && deadline_of(job).is_some_and(|due| due <= now)
}

fn deadline_of(job: &JobSnapshot) -> Option<Timestamp> {
    deadline::due(&job.status, job.spec.active_deadline_seconds)
}

fn unfinished(valid: &ValidJob, state: JobState, facts: Facts, now: Timestamp) -> Plan {
    let job = &valid.job;
    match (state, job.spec.suspend) {
        (JobState::Suspended, true) => return Plan::default(),
        (_, true) => return suspend(job, now),
        (JobState::Suspended, false) => return resume(job, now),
        (_, false) => {}
    }
    let deadline = deadline_of(job);
    if let Some(due) = deadline.filter(|due| *due <= now) {
        return past_deadline(job, &facts, due, now);
    }
    let mut plan = match state {
        JobState::Waiting(waiting_for) => waiting(valid, waiting_for, facts, now),
        JobState::BackingOff(until) if until > now => Plan { effects: vec![], look_again: Some(until) },
        JobState::BackingOff(_) => waiting(valid, For::Turn, facts, now),
        JobState::Queued(_) | JobState::InProgress(_) => in_flight(valid, &facts, now),
        JobState::Suspended | JobState::Over(_) | JobState::Unknown => Plan::default(),
    };
    plan.look_again = plan.look_again.into_iter().chain(deadline).min();
    plan
}

fn past_deadline(job: &JobSnapshot, facts: &Facts, due: Timestamp, now: Timestamp) -> Plan {
    if !facts.events_settled {
        return Plan { effects: vec![], look_again: Some(now + EVENTS_RECHECK) };
    }
    let (seconds, late) = (job.spec.active_deadline_seconds, now.duration_since(due).as_secs());
    let message = format!("worked on for {seconds} s (spec.activeDeadlineSeconds) and {late} s more");
    fail(job, Reason::DeadlineExceeded, message, now)
}

fn suspend(job: &JobSnapshot, now: Timestamp) -> Plan {
    let mut status = job.status.clone();
    deadline::pause(&mut status, now);
    status.reason = Some(Reason::Suspended.into());
    status.waiting_for = Some(WaitingFor::Resume.into());
    status.message = Some("spec.suspend is true: set it to false to go on".to_owned());
    write(job, status, Announcement::OfNewAttempts, now)
}

/// A result of the suspended attempt may still arrive; the next attempt continues at the same step.
fn resume(job: &JobSnapshot, now: Timestamp) -> Plan {
    let mut status = job.status.clone();
    wait_for_turn(&mut status);
    if status.start_time.is_some() {
        deadline::run_from(&mut status, now);
    }
    if job.has_published() {
        next_attempt(&mut status, now);
    }
    write(job, status, Announcement::OfNewAttempts, now)
}

/// The task is published; it is published again only when it may be lost.
fn in_flight(valid: &ValidJob, facts: &Facts, now: Timestamp) -> Plan {
    let is_lost = facts.has_broker && facts.task_may_be_lost;
    let effects = if is_lost { vec![Effect::Publish(Box::new(task(valid, now)))] } else { vec![] };
    Plan { effects, look_again: None }
}

/// Publishes the event of a decision that is already in the status, then records that it is announced.
fn announce(job: &JobSnapshot, state: JobState, now: Timestamp) -> Plan {
    let (status, subject) = (&job.status, job.subject());
    let reason = status.reason.as_ref().and_then(Lenient::known).unwrap_or(Reason::WorkerError);
    let error_message = status.message.clone().unwrap_or_default();
    let event = if state == JobState::Over(Outcome::Failed) {
        let payload = Failed { error_message, reason, retryable: false, not_before: None, candidates: vec![] };
        Event::new(&subject, source::MANAGER, now, &payload)
    } else {
        let not_before = status.next_attempt_time.as_ref().map(|time| time.0);
        let payload = RetryScheduled { reason, error_message, not_before, failures: status.failures };
        Event::new(&subject, source::MANAGER, now, &payload)
    };
    let mut announced = status.clone();
    announced.revision += 1;
    announced.set_announced(announced.revision);
    let write = Effect::WriteStatus(Box::new(announced));
    Plan { effects: vec![Effect::Publish(Box::new(event)), write, Effect::Project], look_again: None }
}
