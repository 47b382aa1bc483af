//! Folds a batch of events, in their order, onto their job: both come in, one plan goes out. This is the only code that
//! turns a worker's event into a phase. Called by the consumer loop. Pure.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};
use serde::Deserialize as _;
use std::time::Duration;
use subtitle_contract::{
    event::{Event, EventType, source},
    job::{Cues, StoredGlossary, SubtitleJobStatus, WaitingFor},
    legacy,
    payload::{DownloadStarted, Failed, Ready, Stopped, Subject, TranslateProgress},
    phase::{Phase, Step},
    progress::{Classification, Progress},
    reason::Reason,
    retry::RetryBackoff,
    store_key::{ForeignKey, StoreKey},
    text,
};

use super::{
    deadline,
    next_status::{Announce, next_attempt, next_revision},
};
use crate::{
    decide::plan::{Effect, Folded, Plan, Rejected},
    observe::{
        job::JobSnapshot,
        state::{JobState, Outcome},
    },
};

/// A status keeps this many of a worker's warnings.
const MAX_WARNINGS: usize = 16;

/// What the events mean for the job. However many phases they pass, the status is written once: it holds what a later
/// step needs of an earlier one (`step`, `from`, `candidates`).
pub fn fold(job: &JobSnapshot, events: &[Event], now: Timestamp) -> Folded {
    let (mut current, mut changed, mut repeated, mut rejected) = (job.clone(), false, false, Vec::new());
    let mut stops = Vec::new();
    for (index, event) in events.iter().enumerate() {
        match fold_one(&current, event, now) {
            Folding::Changed(status) => {
                current.status = *status;
                deadline::follow(&mut current.status, now);
                changed = true;
            }
            Folding::Repeated => repeated = true,
            Folding::Unchanged => {}
            Folding::Rejected(reason, message) => rejected.push(Rejected { index, reason, message }),
        }
        stops.extend(stop(&current, event, now).map(|stop| Effect::Publish(Box::new(stop))));
    }
    let mut effects = Vec::new();
    if changed {
        effects.push(Effect::WriteStatus(Box::new(next_revision(job, current.status, Announce::OnlyNewAttempt, now))));
    }
    if changed || repeated {
        effects.push(Effect::WriteRecord);
    }
    effects.extend(stops);
    Folded { plan: Plan { effects, requeue_at: None }, rejected }
}

/// Tells a worker that has just started an attempt which must not be worked on: it did not hear of that before. The event is
/// the same each time.
fn stop(job: &JobSnapshot, started: &Event, now: Timestamp) -> Option<Event> {
    if !matches!(started.event_type, EventType::DownloadStarted | EventType::TranslateStarted) {
        return None;
    }
    // One that never began is dead-lettered.
    let attempt = started.attempt.filter(|attempt| *attempt <= job.status.attempt)?;
    let reason = match job.state() {
        _ if attempt < job.status.attempt => Reason::Superseded.into(),
        JobState::Suspended => Reason::Suspended.into(),
        JobState::Over(Outcome::Failed) => job.status.reason.clone()?,
        _ => return None,
    };
    Some(Event::new(&Subject { attempt, ..job.subject() }, source::MANAGER, now, &Stopped { reason }))
}

/// What one event does to the status it finds.
enum Folding {
    Changed(Box<SubtitleJobStatus>),
    /// The status shows it already: its effects are repeated, because a crash may have left them half done.
    Repeated,
    Unchanged,
    Rejected(Reason, String),
}

fn fold_one(job: &JobSnapshot, event: &Event, now: Timestamp) -> Folding {
    // A phase of a newer version counts as the last one before the end: its results are accepted.
    let phase = job.status.phase.known().unwrap_or(Phase::TranslateInProgress);
    let progress = Progress { attempt: job.status.attempt, phase };
    let attempt = attempt(job, event);
    let changed = match progress.classify(&event.event_type, attempt) {
        Classification::Advance(phase) => advance(job, event, phase, now).map(Some),
        Classification::Failed => classify_failure(job, event, now).map(Some),
        Classification::Repeat if event.event_type == EventType::TranslateProgress => count_progress(job, event),
        Classification::Repeat => return Folding::Repeated,
        Classification::Note | Classification::Stale | Classification::Late | Classification::Superseded => {
            return Folding::Unchanged;
        }
        Classification::Impossible => {
            let message = format!("attempt {attempt} never began: the job is at {}", job.status.attempt);
            return Folding::Rejected(Reason::ImpossibleEvent, message);
        }
    };
    match changed {
        Ok(Some(status)) => Folding::Changed(Box::new(status)),
        Ok(None) => Folding::Unchanged,
        Err(error) => Folding::Rejected(error.reason(), error.to_string()),
    }
}

/// Why an event changes nothing of its job.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
enum Unusable {
    Payload(#[from] serde_json::Error),
    Key(#[from] ForeignKey),
}

impl Unusable {
    const fn reason(&self) -> Reason {
        match self {
            Self::Payload(_) => Reason::MalformedMessage,
            Self::Key(_) => Reason::ImpossibleEvent,
        }
    }
}

/// Refuses a key that is not one of the job's namespace. An absolute path of a legacy event is no key: it names a file of
/// the publisher's own disk, and every reader of the store refuses it.
fn check_key(job: &JobSnapshot, event: &Event, key: &str) -> Result<(), ForeignKey> {
    if event.schema_version.is_none() && key.starts_with('/') {
        return Ok(());
    }
    StoreKey::for_namespace(&job.namespace, key).map(drop)
}

/// The attempt an event belongs to. Legacy events name none: they belong to the current one, unless they are older than
/// it.
fn attempt(job: &JobSnapshot, event: &Event) -> u32 {
    event.attempt.unwrap_or_else(|| {
        let is_older = job.status.attempt_time.as_ref().is_some_and(|began| event.timestamp < began.0);
        job.status.attempt - u32::from(is_older && job.status.attempt > 1)
    })
}

fn advance(job: &JobSnapshot, event: &Event, phase: Phase, now: Timestamp) -> Result<SubtitleJobStatus, Unusable> {
    let at = job.observed_time(now);
    let mut status = job.status.clone();
    status.phase = phase.into();
    status.updated_by = Some(text::sanitize(&event.source, 64));
    status.message = None;
    status.next_attempt_time = None;
    status.reason = Some(Reason::Working.into());
    status.waiting_for = None;
    // The task's event may be folded before the reconcile that published it writes the status; that write then
    // conflicts.
    if status.glossary.is_none()
        && let Some(glossary) = glossary_of(event)
    {
        check_key(job, event, &glossary.key)?;
        status.glossary = Some(glossary);
    }
    match &event.event_type {
        EventType::DownloadStarted | EventType::TranslateStarted => {
            status.start_time.get_or_insert(Time(at));
            if event.event_type == EventType::DownloadStarted
                && let Ok(DownloadStarted { warnings, .. }) = event.read()
            {
                status.warnings = warnings.iter().take(MAX_WARNINGS).map(|one| text::sanitize(one, 256)).collect();
                status.message = (!status.warnings.is_empty()).then(|| status.warnings.join("; "));
            }
        }
        EventType::TranslateRequested => {
            let (from, candidates) = legacy::read_translate_requested(event)?;
            check_key(job, event, &from.key)?;
            status.step = Step::Translate.into();
            status.from = Some(from);
            status.candidates = candidates;
            status.reason = Some(Reason::WaitingForWorker.into());
        }
        EventType::TranslateProgress => count(&mut status, &event.read()?),
        EventType::Ready => {
            let (result, candidates) = legacy::read_ready(event)?;
            check_key(job, event, &result.key)?;
            if let Ok(Ready { warnings, .. }) = event.read() {
                status.warnings.extend(warnings.iter().map(|one| text::sanitize(one, 256)));
                status.warnings.truncate(MAX_WARNINGS);
            }
            status.result = Some(result);
            status.candidates = candidates;
            status.completion_time = Some(Time(at));
            status.reason = Some(Reason::SubtitleFound.into());
        }
        EventType::Translated => {
            let result = legacy::read_translated(event)?;
            check_key(job, event, &result.key)?;
            count(&mut status, &TranslateProgress { done: result.cues, total: result.cues });
            status.result = Some(result);
            status.completion_time = Some(Time(at));
            status.reason = Some(Reason::SubtitleTranslated.into());
        }
        _ => status.reason = Some(Reason::WaitingForWorker.into()),
    }
    // Resuming starts the next attempt, even if the spec says so already: workers were told to stop this one.
    let is_suspended = job.spec.suspend || job.state() == JobState::Suspended;
    if is_suspended && !phase.is_final() {
        status.reason = Some(Reason::Suspended.into());
        status.waiting_for = Some(WaitingFor::Resume.into());
    }
    Ok(status)
}

/// The glossary that a task names.
fn glossary_of(event: &Event) -> Option<StoredGlossary> {
    StoredGlossary::deserialize(event.payload.get("glossary")?).ok()
}

fn count(status: &mut SubtitleJobStatus, progress: &TranslateProgress) {
    status.cues = Some(Cues { done: progress.done, total: progress.total });
    status.progress = Some(format!("{}/{}", progress.done, progress.total));
}

fn count_progress(job: &JobSnapshot, event: &Event) -> Result<Option<SubtitleJobStatus>, Unusable> {
    let progress: TranslateProgress = event.read()?;
    if job.status.cues.is_some_and(|cues| cues.done >= progress.done) {
        return Ok(None);
    }
    let mut status = job.status.clone();
    count(&mut status, &progress);
    Ok(Some(status))
}

/// A worker's failure: another attempt while the retry budget lasts, else the end.
fn classify_failure(job: &JobSnapshot, event: &Event, now: Timestamp) -> Result<SubtitleJobStatus, Unusable> {
    let failed: Failed = event.read()?;
    let mut status = job.status.clone();
    status.updated_by = Some(text::sanitize(&event.source, 64));
    // What was left out from the start may be why it failed.
    let left_out = status.warnings.iter().filter(|_| status.step == Step::Download);
    let message: Vec<&str> = std::iter::once(&failed.error_message).chain(left_out).map(String::as_str).collect();
    status.message = Some(message.join("; "));
    status.candidates = failed.candidates;
    status.waiting_for = None;
    // The worker's clock may be wrong, but not by how long it wants to wait.
    let wait = failed.not_before.map(|time| time.duration_since(event.timestamp)).filter(SignedDuration::is_positive);
    let waits_for_quota = wait.is_some();
    if failed.retryable && (waits_for_quota || status.failures < job.spec.retry.limit) {
        if !waits_for_quota {
            status.failures += 1;
        }
        let pace = RetryBackoff {
            initial: Duration::from_secs(job.spec.retry.backoff_seconds.into()),
            max: Duration::from_secs(job.spec.retry.max_backoff_seconds.into()),
        };
        let delay = SignedDuration::try_from(pace.delay(status.failures, &job.uid)).unwrap_or(SignedDuration::ZERO);
        let next = now.checked_add(wait.unwrap_or(delay).max(delay)).unwrap_or(Timestamp::MAX);
        status.next_attempt_time = Some(MicroTime(next));
        status.reason = Some(if waits_for_quota { Reason::WaitingForQuota } else { Reason::BackingOff }.into());
        next_attempt(&mut status, now);
    } else {
        status.phase = Phase::Failed.into();
        status.reason = Some(failed.reason.or_worker_error());
        status.completion_time = Some(Time(job.observed_time(now)));
    }
    Ok(status)
}
