//! Turns a status into a [`JobState`], on which all decisions match. `reason` and `message` are for users; only for statuses of
//! older versions, which lack `waitingFor`, the reason decides. Pure.

use jiff::Timestamp;
use subtitle_contract::{
    job::{SubtitleJob, SubtitleJobStatus, WaitingFor},
    phase::{Phase, Step},
    reason::Reason,
};

/// The state of a job, for decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Its next task is not published yet.
    Waiting(Prerequisite),
    /// A worker failed: the next task is published at this time or later.
    BackingOff(Timestamp),
    /// The step's task is confirmed by the broker, and no worker has started it.
    Queued(Step),
    /// A worker is working on the step.
    InProgress(Step),
    /// `spec.suspend` was true when the status was written.
    Suspended,
    /// The attempt has finished.
    Over(Outcome),
    /// A newer version wrote a phase that this one does not know. Nothing is done with the job, and its task counts as
    /// published.
    Unknown,
}

/// What must happen before a task is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prerequisite {
    /// The job is admitted.
    Turn,
    /// There is a session with the broker.
    Broker,
    /// The glossary's ConfigMap exists and may be read.
    Glossary,
}

/// How an attempt finished.
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
        job.status.as_ref().map_or(Self::Waiting(Prerequisite::Turn), Self::from_status)
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
                Some(WaitingFor::Turn) => Self::Waiting(Prerequisite::Turn),
                Some(WaitingFor::Broker) => Self::Waiting(Prerequisite::Broker),
                Some(WaitingFor::Glossary) => Self::Waiting(Prerequisite::Glossary),
                Some(WaitingFor::Resume) | None => {
                    let until = status.next_attempt_time.as_ref().map(|time| time.0);
                    until.map_or(Self::Waiting(Prerequisite::Turn), Self::BackingOff)
                }
            },
            Phase::DownloadQueued => Self::Queued(Step::Download),
            Phase::DownloadInProgress => Self::InProgress(Step::Download),
            Phase::TranslateQueued => Self::Queued(Step::Translate),
            Phase::TranslateInProgress => Self::InProgress(Step::Translate),
        }
    }

    /// Whether the attempt has finished.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Over(_))
    }
}

/// What the job waits for, even if an older version wrote only the reason. A job that was resumed before its next
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

/// Whether workers may have a task of the job and must not work on it.
pub fn is_stopped(status: &SubtitleJobStatus) -> bool {
    JobState::from_status(status) == JobState::Suspended && has_published(status)
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
    fn the_reason_decides_for_a_status_of_an_older_version() {
        let until = "2026-01-31T20:15:00Z";
        let backing_off = JobState::BackingOff(until.parse().expect("a time"));
        for (old, new, expected) in [
            (
                json!({"reason": "WaitingForTurn"}),
                json!({"reason": "WaitingForTurn", "waitingFor": "Turn"}),
                JobState::Waiting(Prerequisite::Turn),
            ),
            (
                json!({"reason": "WaitingForBroker"}),
                json!({"reason": "WaitingForBroker", "waitingFor": "Broker"}),
                JobState::Waiting(Prerequisite::Broker),
            ),
            (
                json!({"reason": "WaitingForGlossary"}),
                json!({"reason": "WaitingForGlossary", "waitingFor": "Glossary"}),
                JobState::Waiting(Prerequisite::Glossary),
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
    fn waiting_for_takes_precedence_over_the_reason() {
        let waiting = json!({"reason": "Working", "waitingFor": "Glossary"});
        assert_eq!(state(waiting), JobState::Waiting(Prerequisite::Glossary));
        let failed = json!({"phase": "Failed", "reason": "Suspended", "waitingFor": "Resume"});
        assert_eq!(state(failed), JobState::Over(Outcome::Failed), "a final phase was overridden");
        assert_eq!(state(json!({"phase": "TranslateQueued"})), JobState::Queued(Step::Translate));
        assert_eq!(JobState::from_status(&SubtitleJobStatus::default()), JobState::Waiting(Prerequisite::Turn));
    }
}
