//! The deadline of a job: it runs from the first `started` event, pauses while the job is suspended, backs off or waits
//! for a given time, and continues by itself at that time.
//!
//! ```text
//!   activeSince ──runs──▶ until activeSince + activeDeadlineSeconds - activeSeconds
//!        ▲ absent: paused; in the future: paused until then
//! ```
//!
//! Pure.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use subtitle_contract::job::SubtitleJobStatus;

/// Starts or continues the deadline at `at`, unless it is already running.
pub(super) fn run_from(status: &mut SubtitleJobStatus, at: Timestamp) {
    status.active_since.get_or_insert(Time(at));
}

/// Pauses the deadline at `now`.
pub(super) fn pause(status: &mut SubtitleJobStatus, now: Timestamp) {
    if let Some(since) = status.active_since.take() {
        status.active_seconds += now.duration_since(since.0).as_secs().max(0);
    }
}

/// Pauses the deadline from `now` until `until`; the deadline of a job that no worker has started is not running yet.
pub(super) fn pause_until(status: &mut SubtitleJobStatus, now: Timestamp, until: Timestamp) {
    pause(status, now);
    if status.start_time.is_some() {
        status.active_since = Some(Time(until));
    }
}

/// When the job will have used `allowed` seconds; `None` while the deadline is paused or no worker has started.
pub(super) fn due(status: &SubtitleJobStatus, allowed: u32) -> Option<Timestamp> {
    let left = i64::from(allowed).saturating_sub(status.active_seconds);
    status.active_since.as_ref().map(|since| since.0 + SignedDuration::from_secs(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn pauses_do_not_count() {
        let mut status = SubtitleJobStatus::default();
        pause_until(&mut status, at(0), at(5));
        assert_eq!(due(&status, 100), None, "the deadline runs before a worker has started");
        status.start_time = Some(Time(at(10)));
        run_from(&mut status, at(10));
        run_from(&mut status, at(20));
        assert_eq!(due(&status, 100), Some(at(110)));
        pause_until(&mut status, at(40), at(1000));
        assert_eq!(due(&status, 100), Some(at(1070)), "the pause counts");
        pause(&mut status, at(900));
        assert_eq!((due(&status, 100), status.active_seconds), (None, 30));
        run_from(&mut status, at(2000));
        assert_eq!(due(&status, 100), Some(at(2070)));
    }
}
