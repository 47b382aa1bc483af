//! Records Kubernetes Events for `kubectl describe`: one for each change of the phase. They are best effort: one that fails,
//! or exceeds the rate limit, is dropped; the event history is authoritative. Does I/O.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use k8s_openapi::{
    api::{core::v1::ObjectReference, events::v1::Event},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::{Api, Client, Resource as _, ResourceExt as _};
use subtitle_contract::{
    job::{SubtitleJob, SubtitleJobStatus},
    phase::Phase,
    reason::Reason,
    text::sanitize,
};
use subtitle_telemetry::chain;
use tokio::{sync::Semaphore, time::timeout};
use uuid::Uuid;

use super::write_parameters;
use crate::observe::state::{JobState, Outcome};

/// Events written concurrently; few, so that they do not delay writes of statuses.
const CONCURRENCY: usize = 4;
/// Burst of the rate limit.
const BURST: f64 = 50.0;
/// Rate limit in Events per second: nobody reads more, and the API server keeps each for an hour.
const PER_SECOND: f64 = 5.0;
/// Timeout of one write.
const TIMEOUT: Duration = Duration::from_secs(5);
/// In characters. Kubernetes limits notes to 1,024 bytes, and a character has at most four.
const MAX_NOTE: usize = 250;
const WARNING: &str = "Warning";
const REPORTER: &str = "subtitle-operator";

/// Writes Kubernetes Events in the background. (kube's `Recorder` reads the events of the last minutes for each one it
/// writes, to count repetitions; these never repeat.)
#[derive(Clone)]
pub struct EventRecorder(Arc<Recorder>);

struct Recorder {
    client: Client,
    permits: Semaphore,
    normal: Mutex<RateLimit>,
    /// A separate limit, so that many normal Events do not suppress a warning.
    warnings: Mutex<RateLimit>,
}

/// A token bucket.
struct RateLimit {
    tokens: f64,
    at: Instant,
}

impl RateLimit {
    fn full(at: Instant) -> Self {
        Self { tokens: BURST, at }
    }

    /// Takes a token; false if none is left.
    fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        *self = Self { tokens: (self.tokens + passed * PER_SECOND).min(BURST), at: now };
        let has_token = self.tokens >= 1.0;
        if has_token {
            self.tokens -= 1.0;
        }
        has_token
    }
}

/// The Event for a change of the phase; `None` if the phase does not change. The same change always has the same name.
fn phase_event(job: &SubtitleJob, after: &SubtitleJobStatus, now: Timestamp) -> Option<Event> {
    let before = job.status.clone().unwrap_or_default();
    let attempt = after.attempt.max(1);
    if before.phase == after.phase && before.attempt.max(1) == attempt {
        return None;
    }
    let reason = after.reason.clone().unwrap_or(Reason::WaitingForTurn.into());
    // Another attempt is a warning only if a failure is the cause.
    let is_retry = before.attempt.max(1) < attempt && after.failures > before.failures;
    let is_good = !is_retry && JobState::from_status(after) != JobState::Over(Outcome::Failed);
    let meaning = || reason.known().map_or("", Reason::meaning);
    let message = sanitize(after.message.as_deref().unwrap_or_else(meaning), MAX_NOTE);
    let phase = after.phase.as_str();
    let regarding = job.object_ref(&());
    let position = Phase::ALL.iter().position(|known| after.phase == *known).unwrap_or(Phase::ALL.len());
    let text = Text {
        order: format!("{attempt:010}-{position}"),
        unique: format!("{}/{attempt}/{phase}", job.uid()?),
        reason: reason.as_str().to_owned(),
        action: phase.to_owned(),
        note: format!("{phase}: {message}"),
    };
    Some(event(regarding, if is_good { "Normal" } else { WARNING }, text, now))
}

/// The content of an Event.
struct Text {
    /// Sorts the Events of an object by their names: of an Event that is written with microseconds, as ours, kubectl shows
    /// neither the time nor the order.
    order: String,
    /// Part of the Event's name: an Event with the same key is not written twice.
    unique: String,
    reason: String,
    action: String,
    note: String,
}

fn event(regarding: ObjectReference, kind: &str, text: Text, now: Timestamp) -> Event {
    let digest = |text: &str| Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes()).simple().to_string();
    let object = digest(regarding.uid.as_deref().unwrap_or_default());
    Event {
        metadata: ObjectMeta {
            name: Some(format!("subtitle-{}-{}-{}", &object[..8], text.order, digest(&text.unique))),
            namespace: regarding.namespace.clone(),
            ..ObjectMeta::default()
        },
        event_time: Some(MicroTime(now)),
        type_: Some(kind.to_owned()),
        reason: Some(text.reason),
        action: Some(text.action),
        note: Some(text.note),
        regarding: Some(regarding),
        reporting_controller: Some(REPORTER.to_owned()),
        reporting_instance: Some(REPORTER.to_owned()),
        ..Event::default()
    }
}

impl EventRecorder {
    /// Writes with `client`.
    pub fn new(client: Client) -> Self {
        let full = || Mutex::new(RateLimit::full(Instant::now()));
        Self(Arc::new(Recorder { client, permits: Semaphore::new(CONCURRENCY), normal: full(), warnings: full() }))
    }

    /// Records that `status` was written onto `job`.
    pub(super) fn status_written(&self, job: &SubtitleJob, status: &SubtitleJobStatus) {
        if let Some(event) = phase_event(job, status, Timestamp::now()) {
            self.write(event);
        }
    }

    /// Records something about a job that changes nothing; the same note is recorded once.
    pub(super) fn note(&self, job: &SubtitleJob, reason: &str, note: &str) {
        let unique = format!("{}/{reason}/{note}", job.uid().unwrap_or_default());
        self.record(job.object_ref(&()), "Normal", unique, reason, note);
    }

    /// Records a warning about an object, once for each of its versions (`resource_version`) and each `reason`.
    pub fn warn(&self, object: ObjectReference, reason: &str, message: &str) {
        let version = object.resource_version.as_deref().unwrap_or_default();
        let unique = format!("{}/{version}/{reason}", object.uid.as_deref().unwrap_or_default());
        self.record(object, WARNING, unique, reason, message);
    }

    fn record(&self, object: ObjectReference, kind: &str, unique: String, reason: &str, note: &str) {
        let (order, reason) = ("note".to_owned(), reason.to_owned());
        let text = Text { order, unique, action: reason.clone(), reason, note: sanitize(note, MAX_NOTE) };
        self.write(event(object, kind, text, Timestamp::now()));
    }

    fn write(&self, event: Event) {
        let is_warning = event.type_.as_deref() == Some(WARNING);
        let limit = if is_warning { &self.0.warnings } else { &self.0.normal };
        if !limit.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now()) {
            return;
        }
        let recorder = self.0.clone();
        let namespace = event.metadata.namespace.clone().unwrap_or_default();
        let events: Api<Event> = Api::namespaced(recorder.client.clone(), &namespace);
        let parameters = write_parameters();
        tokio::spawn(async move {
            let _permit = recorder.permits.acquire().await;
            match timeout(TIMEOUT, events.create(&parameters, &event)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::debug!(error = %chain(&error), "a Kubernetes Event was not written"),
                Err(_) => tracing::debug!("writing a Kubernetes Event timed out"),
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(phase: Phase, attempt: u32, reason: Reason) -> SubtitleJobStatus {
        SubtitleJobStatus { phase: phase.into(), attempt, reason: Some(reason.into()), ..SubtitleJobStatus::default() }
    }

    /// The Event when a job of this status gets the other.
    fn recorded(before: Option<SubtitleJobStatus>, after: &SubtitleJobStatus) -> Option<Event> {
        let spec = serde_json::json!({"video": {"title": "Harbour"}, "language": "es"});
        let mut job = SubtitleJob::new("harbour", serde_json::from_value(spec).expect("a spec"));
        (job.metadata.uid, job.metadata.namespace, job.status) = (Some("u".into()), Some("films".into()), before);
        phase_event(&job, after, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_burst_is_written_completely_and_more_at_five_per_second() {
        let start = Instant::now();
        let mut limit = RateLimit::full(start);
        let mut written = |now: Instant| (0..100).filter(|_| limit.take(now)).count();
        assert_eq!(written(start), 50);
        assert_eq!(written(start + Duration::from_secs(2)), 10);
        assert_eq!(written(start + Duration::from_secs(3600)), 50, "tokens accumulate beyond the burst");
    }

    #[test]
    fn a_phase_change_is_recorded_once_and_only_failures_are_warnings() {
        let queued = status(Phase::DownloadQueued, 1, Reason::WaitingForWorker);
        let working = status(Phase::DownloadInProgress, 1, Reason::Working);
        let good = recorded(Some(queued.clone()), &working).expect("an event");
        assert_eq!((good.reason.as_deref(), good.type_.as_deref()), (Some("Working"), Some("Normal")));
        assert_eq!(good.regarding.as_ref().and_then(|job| job.name.as_deref()), Some("harbour"));
        assert_eq!(
            recorded(Some(queued), &working).map(|again| again.metadata),
            Some(good.metadata.clone()),
            "it has one name"
        );
        let done = recorded(Some(working.clone()), &status(Phase::Done, 1, Reason::SubtitleFound)).expect("an event");
        let again = recorded(Some(working.clone()), &status(Phase::DownloadQueued, 12, Reason::WaitingForWorker));
        let names = [good, done, again.expect("an event")].map(|event| event.metadata.name.expect("a name"));
        assert!(names.is_sorted(), "kubectl lists them in another order: {names:?}");
        assert!(names.iter().all(|name| name.len() <= 253 && name[..17] == names[0][..17]), "{names:?}");
        assert!(recorded(Some(working.clone()), &working).is_none());
        let waiting = status(Phase::Pending, 1, Reason::WaitingForTurn);
        assert!(recorded(None, &waiting).is_none(), "it was Pending before");
        let resumed = recorded(Some(working.clone()), &status(Phase::Pending, 2, Reason::WaitingForTurn));
        assert_eq!(resumed.and_then(|event| event.type_).as_deref(), Some("Normal"), "nothing is wrong");
        let retried = SubtitleJobStatus { failures: 1, ..status(Phase::Pending, 2, Reason::BackingOff) };
        for worse in [status(Phase::Failed, 1, Reason::NoSubtitleFound), retried] {
            assert_eq!(
                recorded(Some(working.clone()), &worse).and_then(|event| event.type_).as_deref(),
                Some("Warning")
            );
        }
        let long =
            SubtitleJobStatus { message: Some("ä".repeat(2000)), ..status(Phase::Failed, 1, Reason::WorkerError) };
        assert!(recorded(Some(working), &long).and_then(|event| event.note).is_some_and(|note| note.len() <= 1024));
    }
}
