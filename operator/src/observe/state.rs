//! What a status means for decisions: a status comes in, one [`JobState`] goes out, which everything outside this file
//! matches on. `reason` and `message` are for people; only statuses of older versions, which lack `waitingFor`, are
//! read by their reason. Pure.

use jiff::Timestamp;
use subtitle_contract::{
    job::{SubtitleJob, SubtitleJobStatus, WaitingFor},
    phase::{Phase, Step},
    reason::Reason,
};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Its next task is not published yet.
    Waiting(For),
    /// A worker failed: the next task is published at this time, or at any time after it.
    BackingOff(Timestamp),
    /// The step's task is confirmed by the broker, and no worker has started on it.
    Queued(Step),
    /// A worker is working on the step.
    InProgress(Step),
    /// `spec.suspend` was true when the status was written.
    Suspended,
    /// The attempt is over.
    Over(Outcome),
    /// A newer version wrote a phase that this one does not know. Nothing is done to the job, and its task counts as
    /// being out.
    Unknown,
}

/// What has to happen before a task is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// The job is admitted.
    Turn,
    /// There is a session with the broker.
    Broker,
    /// The glossary's ConfigMap exists and may be read.
    Glossary,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a subtitle.
    Done,
    /// Without one.
    Failed,
}

impl JobState {
    /// The state of an object; one without a status is new.
    pub fn from_object(job: &SubtitleJob) -> Self {
        job.status.as_ref().map_or(Self::Waiting(For::Turn), Self::from_status)
    }

    /// The state that a status describes.
    pub fn from_status(status: &SubtitleJobStatus) -> Self {
        let waiting_for = waiting_for(status);
        let (Some(phase), Some(_)) = (status.phase.known(), status.step.known()) else { return Self::Unknown };
        match phase {
            Phase::Done => Self::Over(Outcome::Done),
            Phase::Failed => Self::Over(Outcome::Failed),
            _ if waiting_for == Some(WaitingFor::Resume) => Self::Suspended,
            Phase::Pending => match waiting_for {
                Some(WaitingFor::Turn) => Self::Waiting(For::Turn),
                Some(WaitingFor::Broker) => Self::Waiting(For::Broker),
                Some(WaitingFor::Glossary) => Self::Waiting(For::Glossary),
                Some(WaitingFor::Resume) | None => {
                    let until = status.next_attempt_time.as_ref().map(|time| time.0);
                    until.map_or(Self::Waiting(For::Turn), Self::BackingOff)
                }
            },
            Phase::DownloadQueued => Self::Queued(Step::Download),
            Phase::DownloadInProgress => Self::InProgress(Step::Download),
            Phase::TranslateQueued => Self::Queued(Step::Translate),
            Phase::TranslateInProgress => Self::InProgress(Step::Translate),
        }
    }

    /// Whether the attempt is over.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Over(_))
    }
}

/// What the job waits for, also where an older version wrote only the reason. A job that was resumed before its next
/// attempt is due has the reason `WaitingForTurn` too, and waits for that time.
pub(super) fn waiting_for(status: &SubtitleJobStatus) -> Option<WaitingFor> {
    if let Some(waiting_for) = &status.waiting_for {
        return waiting_for.known();
    }
    match status.reason.as_ref()?.known()? {
        Reason::Suspended => Some(WaitingFor::Resume),
        Reason::WaitingForBroker => Some(WaitingFor::Broker),
        Reason::WaitingForGlossary => Some(WaitingFor::Glossary),
        Reason::WaitingForTurn if status.next_attempt_time.is_none() => Some(WaitingFor::Turn),
        _ => None,
    }
}

/// Whether the current attempt's task was published: a job that is suspended after that resumes with a new attempt.
pub(super) fn has_published(status: &SubtitleJobStatus) -> bool {
    status.phase != Phase::Pending
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn state(status: serde_json::Value) -> JobState {
        JobState::from_status(&serde_json::from_value(status).expect("a status"))
    }

    #[test]
    fn a_status_of_an_older_version_is_read_by_its_reason() {
        let until = "2026-01-31T20:15:00Z";
        let backing_off = JobState::BackingOff(until.parse().expect("a time"));
        for (old, new, expected) in [
            (
                json!({"reason": "WaitingForTurn"}),
                json!({"reason": "WaitingForTurn", "waitingFor": "Turn"}),
                JobState::Waiting(For::Turn),
            ),
            (
                json!({"reason": "WaitingForBroker"}),
                json!({"reason": "WaitingForBroker", "waitingFor": "Broker"}),
                JobState::Waiting(For::Broker),
            ),
            (
                json!({"reason": "WaitingForGlossary"}),
                json!({"reason": "WaitingForGlossary", "waitingFor": "Glossary"}),
                JobState::Waiting(For::Glossary),
            ),
            (
                json!({"phase": "DownloadInProgress", "reason": "Suspended"}),
                json!({"phase": "DownloadInProgress", "reason": "Suspended", "waitingFor": "Resume"}),
                JobState::Suspended,
            ),
            (
                json!({"reason": "BackingOff", "nextAttemptTime": until}),
                json!({"reason": "WaitingForTurn", "nextAttemptTime": until}),
                backing_off,
            ),
        ] {
            assert_eq!((state(old), state(new)), (expected, expected));
        }
    }

    #[test]
    fn the_field_counts_and_not_the_reason() {
        let waiting = json!({"reason": "Working", "waitingFor": "Glossary"});
        assert_eq!(state(waiting), JobState::Waiting(For::Glossary));
        let failed = json!({"phase": "Failed", "reason": "Suspended", "waitingFor": "Resume"});
        assert_eq!(state(failed), JobState::Over(Outcome::Failed), "an end is final");
        assert_eq!(state(json!({"phase": "TranslateQueued"})), JobState::Queued(Step::Translate));
        assert_eq!(JobState::from_status(&SubtitleJobStatus::default()), JobState::Waiting(For::Turn));
    }
}
