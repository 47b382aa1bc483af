//! Plans what an object needs now, from the job, the observed facts and the current time. Called by the controller's loop.
//! Pure.

use jiff::{SignedDuration, Timestamp};
use subtitle_contract::{
    event::{Event, source},
    job::WaitingFor,
    payload::{Failed, RetryScheduled, Stopped},
    reason::Reason,
};

use super::{
    conditions, deadline, finished,
    next_status::{Announce, fail, next_attempt, next_revision, wait_for_turn, write},
    task::task,
    waiting::waiting,
};
use crate::{
    decide::plan::{Effect, Plan},
    observe::{
        facts::{Facts, RecordAhead},
        job::{InvalidJob, JobSnapshot, ObservedJob, ValidJob},
        ownership::Ownership,
        state::{JobState, Outcome, Prerequisite, is_stopped},
    },
};

/// How soon a due deadline is decided again while events are still queued.
const EVENTS_RECHECK: SignedDuration = SignedDuration::from_secs(1);

/// The plan for the job.
pub fn reconcile(observed: &ObservedJob, facts: Facts, now: Timestamp) -> Plan {
    let job = observed.snapshot();
    let state = job.state();
    let ownership = job.ownership(facts.installation.as_deref());
    if state == JobState::Unknown || matches!(ownership, Ownership::Foreign(_)) {
        return Plan::default();
    }
    if let Some(record) = facts.record {
        return overtake(job, record, facts.installation, now);
    }
    // Only its first status claims a job: an older CRD drops the field.
    if ownership == Ownership::TakenOver || (ownership == Ownership::Unclaimed && job.status.revision == 0) {
        return claim(job, ownership, facts.installation, now);
    }
    refreshed(job, decide(observed, state, facts, now), now)
}

fn decide(observed: &ObservedJob, state: JobState, facts: Facts, now: Timestamp) -> Plan {
    let job = observed.snapshot();
    let is_announced = job.status.announced_up_to() >= job.status.revision;
    match (state, observed) {
        _ if facts.has_broker && !is_announced => announce(job, state, now),
        // Its final phase is announced when the broker is available again; only then may it be deleted or started again.
        (JobState::Over(_), _) if !is_announced || job.is_deleting => Plan::default(),
        // A finalizer may keep the object for long; its worker stops now.
        _ if job.is_deleting => fail(job, Reason::Deleted, Reason::Deleted.meaning().trim().to_owned(), now),
        (JobState::Over(outcome), _) => match finished::retried(job, outcome, now) {
            Some(status) => write(job, status, Announce::OnlyNewAttempt, now),
            None => finished::expired(job, now),
        },
        (_, ObservedJob::Invalid(InvalidJob { message, .. })) => fail(job, Reason::InvalidSpec, message.clone(), now),
        (_, ObservedJob::Valid(valid)) => unfinished(valid, state, facts, now),
    }
}

/// Makes this installation the job's owner. What another one has begun is superseded by the next attempt.
fn claim(job: &JobSnapshot, ownership: Ownership<'_>, installation: Option<String>, now: Timestamp) -> Plan {
    let mut status = job.status.clone();
    status.owner = installation;
    if ownership == Ownership::TakenOver && !job.state().is_over() && job.has_published() {
        wait_for_turn(&mut status);
        next_attempt(&mut status, now);
    }
    write(job, status, Announce::OnlyNewAttempt, now)
}

/// Continues where the record is, whose events exist already: at a higher revision and, as earlier attempts' events have
/// the same ids, with the next attempt.
fn overtake(job: &JobSnapshot, record: RecordAhead, installation: Option<String>, now: Timestamp) -> Plan {
    let mut base = job.clone();
    base.status.revision = record.revision;
    base.status.set_announced(record.revision);
    let is_over = job.state().is_over();
    let mut status = base.status.clone();
    status.owner = installation.or(status.owner);
    if !is_over || record.attempt > status.attempt {
        status.attempt = status.attempt.max(record.attempt);
        if is_over {
            status.attempt += 1;
        } else {
            wait_for_turn(&mut status);
            next_attempt(&mut status, now);
        }
    }
    write(&base, status, Announce::OnlyNewAttempt, now)
}

/// The plan, with a status that follows the object's generation and has all its conditions, and an answer to a retry that
/// means nothing.
fn refreshed(job: &JobSnapshot, mut plan: Plan, now: Timestamp) -> Plan {
    let needless = finished::needless_retry(job);
    let is_current =
        job.status.observed_generation == job.generation && conditions::are_current(&job.status) && needless.is_none();
    let ends = |effect: &Effect| matches!(effect, Effect::WriteStatus(_) | Effect::Delete { .. });
    if job.status.revision > 0 && !is_current && !plan.effects.iter().any(ends) {
        let mut status = next_revision(job, job.status.clone(), Announce::OnlyNewAttempt, now);
        if needless.is_some() {
            status.retry_observed.clone_from(&job.retry_requested);
        }
        plan.effects.extend([Effect::WriteStatus(Box::new(status)), Effect::WriteRecord]);
        plan.effects.extend(needless.map(|note| Effect::Note { reason: "NothingToRetry", note }));
    }
    plan
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
        JobState::BackingOff(until) if until > now => Plan { effects: vec![], requeue_at: Some(until) },
        JobState::BackingOff(_) => waiting(valid, Prerequisite::Turn, facts, now),
        JobState::Queued(_) | JobState::InProgress(_) => in_flight(valid, &facts, now),
        JobState::Suspended | JobState::Over(_) | JobState::Unknown => Plan::default(),
    };
    plan.requeue_at = plan.requeue_at.into_iter().chain(deadline).min();
    plan
}

fn past_deadline(job: &JobSnapshot, facts: &Facts, due: Timestamp, now: Timestamp) -> Plan {
    if !facts.events_settled {
        return Plan { effects: vec![], requeue_at: Some(now + EVENTS_RECHECK) };
    }
    let (seconds, late) = (job.spec.active_deadline_seconds, now.duration_since(due).as_secs());
    let message = format!("worked on for {seconds} s (spec.activeDeadlineSeconds) and {late} s more");
    fail(job, Reason::DeadlineExceeded, message, now)
}

fn suspend(job: &JobSnapshot, now: Timestamp) -> Plan {
    let mut status = job.status.clone();
    status.reason = Some(Reason::Suspended.into());
    status.waiting_for = Some(WaitingFor::Resume.into());
    status.message = Some("spec.suspend is true: set it to false to continue".to_owned());
    write(job, status, Announce::OnlyNewAttempt, now)
}

/// A result of the suspended attempt may still arrive; the next attempt continues at the same step.
fn resume(job: &JobSnapshot, now: Timestamp) -> Plan {
    let mut status = job.status.clone();
    wait_for_turn(&mut status);
    if job.has_published() {
        next_attempt(&mut status, now);
    }
    write(job, status, Announce::OnlyNewAttempt, now)
}

/// The task is published; it is published again only when it may be lost.
fn in_flight(valid: &ValidJob, facts: &Facts, now: Timestamp) -> Plan {
    let is_lost = facts.has_broker && facts.task_may_be_lost;
    let effects = if is_lost { vec![Effect::Publish(Box::new(task(valid, now)))] } else { vec![] };
    Plan { effects, requeue_at: None }
}

/// Publishes the event of a decision that is already in the status, then records that it is announced.
fn announce(job: &JobSnapshot, state: JobState, now: Timestamp) -> Plan {
    let (status, subject) = (&job.status, job.subject());
    let reason = status.reason.clone().unwrap_or(Reason::WorkerError.into());
    let error_message = status.message.clone().unwrap_or_default();
    let event = match state {
        JobState::Over(Outcome::Failed) => {
            let payload = Failed { error_message, reason, retryable: false, not_before: None, candidates: vec![] };
            Some(Event::new(&subject, source::MANAGER, now, &payload))
        }
        // A result arrived before the decision was announced.
        JobState::Over(Outcome::Done) => None,
        _ if is_stopped(status) => Some(Event::new(&subject, source::MANAGER, now, &Stopped { reason })),
        _ => {
            let not_before = status.next_attempt_time.as_ref().map(|time| time.0);
            let payload = RetryScheduled { reason, error_message, not_before, failures: status.failures };
            Some(Event::new(&subject, source::MANAGER, now, &payload))
        }
    };
    let mut announced = status.clone();
    announced.revision += 1;
    announced.set_announced(announced.revision);
    let publish = event.map(|event| Effect::Publish(Box::new(event)));
    let written = [Effect::WriteStatus(Box::new(announced)), Effect::WriteRecord];
    Plan { effects: publish.into_iter().chain(written).collect(), requeue_at: None }
}
