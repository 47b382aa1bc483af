//! The deadline of a job counts the time in which a worker has it: it runs while a step is in progress and the job is not
//! suspended, and is paused in every other state.
//!
//! ```text
//!   activeSince ──runs──▶ until activeSince + activeDeadlineSeconds - activeSeconds
//!        ▲ absent: is paused
//! ```
//!
//! Pure.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use subtitle_contract::job::SubtitleJobStatus;

use crate::observe::state::JobState;

const MILLISECONDS: i128 = 1000;

/// Starts or stops the deadline at `now`, as the status's state demands.
pub(super) fn follow(status: &mut SubtitleJobStatus, now: Timestamp) {
    if matches!(JobState::from_status(status), JobState::InProgress(_)) {
        status.active_since.get_or_insert(MicroTime(now));
    } else if let Some(since) = status.active_since.take() {
        // Rounded, so that many short pauses neither add nor lose time.
        let milliseconds = now.duration_since(since.0).as_millis().max(0);
        let seconds = (milliseconds + MILLISECONDS / 2) / MILLISECONDS;
        status.active_seconds = status.active_seconds.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX));
    }
}

/// When the job will have used `allowed` seconds; `None` while the deadline is paused.
pub(super) fn due(status: &SubtitleJobStatus, allowed: u32) -> Option<Timestamp> {
    // An earlier version left it running in other states.
    let JobState::InProgress(_) = JobState::from_status(status) else { return None };
    let left = i64::from(allowed).saturating_sub(status.active_seconds);
    let since = status.active_since.as_ref()?.0;
    Some(since.checked_add(SignedDuration::from_secs(left)).unwrap_or(Timestamp::MIN))
}

#[cfg(test)]
mod tests {
    use subtitle_contract::{job::WaitingFor, phase::Phase};

    use super::*;

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(millisecond).expect("a time")
    }

    #[test]
    fn only_time_in_which_a_worker_has_the_job_counts() {
        let mut status = SubtitleJobStatus::default();
        for (from, phase, counted) in [
            (0, Phase::DownloadQueued, 0),
            (100_000, Phase::DownloadInProgress, 0),
            (130_400, Phase::TranslateQueued, 30),
            (900_000, Phase::TranslateInProgress, 30),
            (910_600, Phase::Pending, 41),
            (2_000_000, Phase::TranslateQueued, 41),
        ] {
            status.phase = phase.into();
            follow(&mut status, at(from));
            follow(&mut status, at(from + 1));
            assert_eq!(status.active_seconds, counted, "{phase:?}");
            let runs = matches!(phase, Phase::DownloadInProgress | Phase::TranslateInProgress);
            let left = SignedDuration::from_secs(100 - counted);
            assert_eq!(due(&status, 100), runs.then(|| at(from) + left), "{phase:?}");
        }
        status.phase = Phase::TranslateInProgress.into();
        follow(&mut status, at(3_000_000));
        status.waiting_for = Some(WaitingFor::Resume.into());
        follow(&mut status, at(3_005_000));
        assert_eq!((due(&status, 100), status.active_seconds), (None, 46), "it runs while the job is suspended");
    }
}
