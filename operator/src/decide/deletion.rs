//! The `job.cancelled` event of a deleted job, which tells workers to stop. Called by the session's loops. Pure.

use jiff::Timestamp;
use kube::ResourceExt as _;
use subtitle_contract::{
    event::{Event, EventType, source},
    job::SubtitleJob,
    payload::{Cancelled, Subject},
    reason::Reason,
    record::Record,
};

use crate::observe::state::JobState;

fn cancelled(subject: &Subject, now: Timestamp) -> Event {
    Event::new(subject, source::MANAGER, now, &Cancelled { reason: Reason::Deleted.into() })
}

/// The event of an object that the watch reported as deleted; `None` for a job whose end was published.
pub fn cancellation_event(job: &SubtitleJob, now: Timestamp) -> Option<Event> {
    let is_announced = job.status.as_ref().is_some_and(|status| status.announced_up_to() >= status.revision);
    if JobState::from_object(job).is_over() && is_announced {
        return None;
    }
    let attempt = job.status.as_ref().map_or(1, |status| status.attempt.max(1));
    let subject = Subject { job_id: job.uid()?, namespace: job.namespace()?, name: job.name_any(), attempt };
    Some(cancelled(&subject, now))
}

/// The event that answers a worker which has just started the task of a job whose object no longer exists.
pub fn started_after_deletion(event: &Event, now: Timestamp) -> Option<Event> {
    let is_start = matches!(event.event_type, EventType::DownloadStarted | EventType::TranslateStarted);
    event.subject().filter(|_| is_start).map(|subject| cancelled(&subject, now))
}

/// The event of a record whose object no longer exists.
pub fn orphaned_record(record: &Record, now: Timestamp) -> Event {
    let Record { id, namespace, name, attempt, .. } = record.clone();
    cancelled(&Subject { job_id: id, namespace, name, attempt }, now)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn job(status: &Value) -> SubtitleJob {
        let object = json!({
            "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob",
            "metadata": {"name": "a", "namespace": "films", "uid": "u"},
            "spec": {"video": {"path": "a.mkv"}, "language": "es"}, "status": status,
        });
        serde_json::from_value(object).expect("a job")
    }

    #[test]
    fn a_deleted_job_is_cancelled_unless_it_had_finished() {
        let (job, over) = (job(&json!({"phase": "DownloadInProgress", "attempt": 3})), job(&json!({"phase": "Done"})));
        let event = cancellation_event(&job, Timestamp::UNIX_EPOCH).expect("an event");
        assert_eq!((&event.event_type, event.attempt), (&EventType::Cancelled, Some(3)));
        assert_eq!(cancellation_event(&over, Timestamp::UNIX_EPOCH), None);
        let again = orphaned_record(&Record::project(&job), Timestamp::UNIX_EPOCH);
        assert_eq!(again.identity(), event.identity(), "the same deletion has two event ids");
    }
}
