//! The last step of every decision: turns a changed status into its next revision, or into the plan that writes it. Pure.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};
use subtitle_contract::{
    event::source,
    headers,
    job::{SubtitleJobStatus, WaitingFor},
    phase::{Phase, Step},
    reason::Reason,
    text,
};

use super::{conditions, deadline};
use crate::{
    decide::plan::{Effect, Plan},
    observe::{job::JobSnapshot, state::is_stopped},
};

/// Whether a change still has to be published as an event after it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Announce {
    /// Only if it starts a new attempt or stops one: everything else was an event before it was a status.
    OnlyNewAttempt,
    /// Always: the operator itself decided it.
    Always,
}

/// `status` as the next revision of the job's status, with its conditions.
pub(super) fn next_revision(
    job: &JobSnapshot,
    mut status: SubtitleJobStatus,
    announce: Announce,
    now: Timestamp,
) -> SubtitleJobStatus {
    let before = &job.status;
    deadline::follow(&mut status, now);
    let is_unannounced = before.announced_up_to() < before.revision
        || status.attempt > before.attempt
        || (is_stopped(&status) && !is_stopped(before))
        || announce == Announce::Always;
    status.revision = before.revision + 1;
    if !is_unannounced {
        status.set_announced(status.revision);
    }
    status.observed_generation = job.generation;
    if before.revision == 0 {
        // An annotation that the job was created with asks for nothing again.
        status.retry_observed.clone_from(&job.retry_requested);
    }
    status.message = status.message.map(|message| text::sanitize(&message, text::MAX_MESSAGE_CHARS));
    status.conditions = conditions::for_status(&status, job.generation, now);
    status
}

/// Starts the next attempt at the step that the previous one reached: a failed translation never repeats the download.
pub(super) fn next_attempt(status: &mut SubtitleJobStatus, now: Timestamp) {
    status.attempt += 1;
    status.attempt_time = Some(MicroTime(now));
    status.phase = Phase::Pending.into();
    if status.step.known().is_none() {
        status.step = if status.from.is_some() { Step::Translate } else { Step::Download }.into();
    }
    status.cues = None;
    status.progress = None;
    status.completion_time = None;
    status.glossary = None;
}

/// Waits for admission, but first for the time of the next attempt if one is set.
pub(super) fn wait_for_turn(status: &mut SubtitleJobStatus) {
    status.reason = Some(Reason::WaitingForTurn.into());
    status.message = None;
    status.waiting_for = status.next_attempt_time.is_none().then_some(WaitingFor::Turn.into());
}

/// Ends the job without a subtitle, by the operator's own decision.
pub(super) fn fail(job: &JobSnapshot, reason: Reason, message: String, now: Timestamp) -> Plan {
    let mut status = job.status.clone();
    status.phase = Phase::Failed.into();
    status.reason = Some(reason.into());
    status.waiting_for = None;
    status.message = Some(message);
    status.next_attempt_time = None;
    status.completion_time = Some(Time(job.observed_time(now)));
    write(job, status, Announce::Always, now)
}

/// Writes a status that the operator itself decided on, and projects it.
pub(super) fn write(job: &JobSnapshot, mut status: SubtitleJobStatus, announce: Announce, now: Timestamp) -> Plan {
    status.updated_by = Some(source::MANAGER.to_owned());
    status.trace_id = headers::trace_id(&job.uid);
    let status = next_revision(job, status, announce, now);
    Plan { effects: vec![Effect::WriteStatus(Box::new(status)), Effect::WriteRecord], requeue_at: None }
}
