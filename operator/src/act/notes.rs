//! Kubernetes Events, for `kubectl describe`: one for each change of a phase. They are a courtesy: one that cannot be
//! written, or comes when too many were written a moment ago, is left out; the history is what counts. Does I/O.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use k8s_openapi::{
    api::events::v1::Event,
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::{Api, Client, Resource as _, ResourceExt as _, api::PostParams};
use subtitle_contract::{
    job::{SubtitleJob, SubtitleJobStatus},
    phase::Phase,
    reason::Reason,
    text::clean,
};
use tokio::{sync::Semaphore, time::timeout};
use uuid::Uuid;

/// Events on their way at once: the jobs' own writes come first.
const AT_ONCE: usize = 4;
/// As many are written at once when few jobs move, and then so many a second: nobody reads more, and the API server has
/// to keep each for an hour.
const BURST: f64 = 50.0;
const EACH_SECOND: f64 = 5.0;
/// The longest one may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// Kubernetes takes notes of 1,024 bytes; a character has at most four.
const LONGEST: usize = 250;
const WARNING: &str = "Warning";
const REPORTER: &str = "subtitle-operator";

/// Writes Kubernetes Events. (kube's `Recorder` looks at every event of the last minutes for each one it writes, to count
/// repetitions; these never repeat.)
pub(super) struct Notes {
    client: Client,
    places: Arc<Semaphore>,
    normal: Mutex<Allowance>,
    /// Its own, so that much that goes well hides nothing that does not.
    warnings: Mutex<Allowance>,
}

/// How many more may be written now.
struct Allowance {
    left: f64,
    at: Instant,
}

impl Allowance {
    fn full(at: Instant) -> Self {
        Self { left: BURST, at }
    }

    /// Whether one may be written; if so, it is counted.
    fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        *self = Self { left: (self.left + passed * EACH_SECOND).min(BURST), at: now };
        let may = self.left >= 1.0;
        if may {
            self.left -= 1.0;
        }
        may
    }
}

/// What is told of a change; nothing where the phase stays. The same change has the same name.
fn note(job: &SubtitleJob, after: &SubtitleJobStatus, now: Timestamp) -> Option<Event> {
    let before = job.status.clone().unwrap_or_default();
    let attempt = after.attempt.max(1);
    if (before.phase, before.attempt.max(1)) == (after.phase, attempt) {
        return None;
    }
    let reason = after.reason.unwrap_or(Reason::WaitingForTurn);
    let is_good = after.phase.rank() > before.phase.rank() && after.phase != Phase::Failed;
    let message = clean(after.message.as_deref().unwrap_or_else(|| reason.meaning()), LONGEST);
    let change = format!("{}/{attempt}/{}", job.uid()?, after.phase.as_str());
    Some(Event {
        metadata: ObjectMeta {
            name: Some(format!("subtitle-{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, change.as_bytes()).simple())),
            namespace: job.namespace(),
            ..ObjectMeta::default()
        },
        event_time: Some(MicroTime(now)),
        type_: Some(if is_good { "Normal" } else { WARNING }.to_owned()),
        reason: Some(reason.to_string()),
        action: Some(after.phase.as_str().to_owned()),
        note: Some(format!("{}: {message}", after.phase.as_str())),
        regarding: Some(job.object_ref(&())),
        reporting_controller: Some(REPORTER.to_owned()),
        reporting_instance: Some(REPORTER.to_owned()),
        ..Event::default()
    })
}

impl Notes {
    pub(super) fn new(client: Client) -> Self {
        let full = || Mutex::new(Allowance::full(Instant::now()));
        Self { client, places: Arc::new(Semaphore::new(AT_ONCE)), normal: full(), warnings: full() }
    }

    /// A status was written.
    pub(super) fn wrote(&self, job: &SubtitleJob, status: &SubtitleJobStatus) {
        let Some(event) = note(job, status, Timestamp::now()) else { return };
        let allowance = if event.type_.as_deref() == Some(WARNING) { &self.warnings } else { &self.normal };
        if !allowance.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now()) {
            return;
        }
        let places = self.places.clone();
        let events: Api<Event> = Api::namespaced(self.client.clone(), &job.namespace().unwrap_or_default());
        tokio::spawn(async move {
            let _place = places.acquire().await;
            match timeout(DEADLINE, events.create(&PostParams::default(), &event)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::debug!(%error, "a Kubernetes Event was not written"),
                Err(_) => tracing::debug!("a Kubernetes Event was not written in time"),
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(phase: Phase, attempt: u32, reason: Reason) -> SubtitleJobStatus {
        SubtitleJobStatus { phase, attempt, reason: Some(reason), ..SubtitleJobStatus::default() }
    }

    /// What is told when a job of this status gets the other.
    fn told(before: Option<SubtitleJobStatus>, after: &SubtitleJobStatus) -> Option<Event> {
        let spec = serde_json::json!({"video": {"title": "Harbour"}, "language": "es"});
        let mut job = SubtitleJob::new("harbour", serde_json::from_value(spec).expect("a spec"));
        (job.metadata.uid, job.metadata.namespace, job.status) = (Some("u".into()), Some("films".into()), before);
        note(&job, after, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_few_jobs_are_told_of_whole_and_a_flood_at_the_pace_of_a_reader() {
        let begun = Instant::now();
        let mut allowance = Allowance::full(begun);
        let mut told = |now: Instant| (0..100).filter(|_| allowance.take(now)).count();
        assert_eq!(told(begun), 50);
        assert_eq!(told(begun + Duration::from_secs(2)), 10);
        assert_eq!(told(begun + Duration::from_secs(3600)), 50, "what was not used does not add up");
    }

    #[test]
    fn a_change_of_phase_is_told_once_and_what_fails_or_begins_again_is_a_warning() {
        let queued = status(Phase::DownloadQueued, 1, Reason::WaitingForWorker);
        let working = status(Phase::DownloadInProgress, 1, Reason::Working);
        let good = told(Some(queued.clone()), &working).expect("told");
        assert_eq!((good.reason.as_deref(), good.type_.as_deref()), (Some("Working"), Some("Normal")));
        assert_eq!(good.regarding.as_ref().and_then(|job| job.name.as_deref()), Some("harbour"));
        assert_eq!(told(Some(queued), &working).map(|again| again.metadata), Some(good.metadata), "it has one name");
        assert!(told(Some(working.clone()), &working).is_none());
        let waiting = status(Phase::Pending, 1, Reason::WaitingForTurn);
        assert!(told(None, &waiting).is_none(), "it was Pending before");
        for worse in [status(Phase::Failed, 1, Reason::NoSubtitleFound), status(Phase::Pending, 2, Reason::WorkerError)]
        {
            assert_eq!(told(Some(working.clone()), &worse).and_then(|told| told.type_).as_deref(), Some("Warning"));
        }
        let long =
            SubtitleJobStatus { message: Some("ä".repeat(2000)), ..status(Phase::Failed, 1, Reason::WorkerError) };
        assert!(told(Some(working), &long).and_then(|told| told.note).is_some_and(|note| note.len() <= 1024));
    }
}
