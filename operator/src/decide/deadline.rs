//! The time a job may be worked on: it runs from the first `started`, stands still while the job is suspended, backs
//! off or waits for a named time, and runs on by itself from that time. Pure.
//!
//! ```text
//!   activeSince ──runs──▶ until activeSince + activeDeadlineSeconds - activeSeconds
//!        ▲ absent: it stands still; in the future: it stands still until then
//! ```

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use subtitle_contract::job::SubtitleJobStatus;

/// It runs from `at` on, if it does not run already.
pub(super) fn run_from(status: &mut SubtitleJobStatus, at: Timestamp) {
    status.active_since.get_or_insert(Time(at));
}

/// It stands still from `now` on.
pub(super) fn stop(status: &mut SubtitleJobStatus, now: Timestamp) {
    if let Some(since) = status.active_since.take() {
        status.active_seconds += now.duration_since(since.0).as_secs().max(0);
    }
}

/// It stands still from `now` until `until`; a job that no worker ever took has no deadline yet.
pub(super) fn stand_still(status: &mut SubtitleJobStatus, now: Timestamp, until: Timestamp) {
    stop(status, now);
    if status.start_time.is_some() {
        status.active_since = Some(Time(until));
    }
}

/// When the job has used up `allowed` seconds; none while it stands still or nobody has taken it.
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
        stand_still(&mut status, at(0), at(5));
        assert_eq!(due(&status, 100), None, "nobody has taken it");
        status.start_time = Some(Time(at(10)));
        run_from(&mut status, at(10));
        run_from(&mut status, at(20));
        assert_eq!(due(&status, 100), Some(at(110)));
        stand_still(&mut status, at(40), at(1000));
        assert_eq!(due(&status, 100), Some(at(1070)), "30 s are used up when it goes on at 1000");
        stop(&mut status, at(900));
        assert_eq!((due(&status, 100), status.active_seconds), (None, 30));
        run_from(&mut status, at(2000));
        assert_eq!(due(&status, 100), Some(at(2070)));
    }
}
