//! What remains to be done for a finished job: start it again when its retry annotation changes, and delete it when its TTL
//! has passed. Pure.

use jiff::{SignedDuration, Timestamp};
use subtitle_contract::job::SubtitleJobStatus;

use super::next_status::{next_attempt, wait_for_turn};
use crate::{
    decide::plan::{Effect, Plan},
    observe::{
        job::JobSnapshot,
        state::{JobState, Outcome},
    },
};

/// How long the deletion of a finished job waits for Redis.
const RECORD_TIMEOUT: SignedDuration = SignedDuration::from_hours(1);

/// The status of a failed job whose retry annotation has changed; `None` if there is nothing to retry.
pub(super) fn retried(job: &JobSnapshot, outcome: Outcome, now: Timestamp) -> Option<SubtitleJobStatus> {
    let is_requested = job.retry_requested.is_some() && job.retry_requested != job.status.retry_observed;
    if outcome != Outcome::Failed || !is_requested {
        return None;
    }
    let mut status = job.status.clone();
    status.retry_observed.clone_from(&job.retry_requested);
    status.failures = 0;
    status.active_seconds = 0;
    status.active_since = None;
    wait_for_turn(&mut status);
    next_attempt(&mut status, now);
    Some(status)
}

/// Why the job's retry annotation, which has changed, starts nothing; `None` if it has not changed or starts something.
pub(super) fn needless_retry(job: &JobSnapshot) -> Option<String> {
    let is_requested = job.retry_requested.is_some() && job.retry_requested != job.status.retry_observed;
    let state = job.state();
    if !is_requested || state == JobState::Over(Outcome::Failed) {
        return None;
    }
    Some(match state {
        JobState::Over(_) => {
            "the job is done: there is nothing to retry; create another job to run it again".to_owned()
        }
        _ => format!("attempt {} has not ended: there is nothing to retry", job.status.attempt),
    })
}

/// Deletes the job when its TTL has passed.
pub(super) fn expired(job: &JobSnapshot, now: Timestamp) -> Plan {
    let (Some(ttl), Some(end)) = (job.spec.ttl_seconds_after_finished, &job.status.completion_time) else {
        return Plan::default();
    };
    let due = end.0 + SignedDuration::from_secs(ttl.into());
    if due > now {
        return Plan { effects: vec![], requeue_at: Some(due) };
    }
    let delete = Effect::Delete { at_the_latest: due + RECORD_TIMEOUT };
    Plan { effects: vec![Effect::WriteRecord, delete], requeue_at: None }
}
