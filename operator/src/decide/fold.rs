//! Events onto one job: the job and a batch of its events, in their order, come in; one plan goes out. The only
//! place where a worker's word becomes a phase. Pure.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::Deserialize as _;
use std::time::Duration;
use subtitle_contract::{
    event::{Event, EventType},
    job::{Cues, StoredGlossary, SubtitleJobStatus},
    legacy,
    payload::{DownloadStarted, Failed, TranslateProgress},
    phase::{Phase, Step},
    progress::{Progress, Verdict},
    reason::Reason,
    retry::Backoff,
    text,
};

use super::{
    conditions, deadline,
    plan::{DeadLetter, Effect, Folded, Plan},
};
use crate::observe::ObservedJob;

/// Warnings of a worker that a status keeps.
const MOST_WARNINGS: usize = 16;

/// What the events mean for the job. However many phases they pass, the status is written once: what a later step
/// needs of an earlier one (`step`, `from`, `candidates`) is in it.
pub fn fold(job: &ObservedJob, events: &[Event], now: Timestamp) -> Folded {
    let (mut current, mut changed, mut repeated, mut dead) = (job.clone(), false, false, Vec::new());
    for (index, event) in events.iter().enumerate() {
        match one(&current, event, now) {
            Outcome::Changed(status) => {
                current.status = *status;
                changed = true;
            }
            Outcome::Repeated => repeated = true,
            Outcome::Nothing => {}
            Outcome::Dead(reason, message) => dead.push(DeadLetter { index, reason, message }),
        }
    }
    let mut effects = Vec::new();
    if changed {
        effects.push(Effect::WriteStatus(Box::new(written(job, current.status, now))));
    }
    if changed || repeated {
        effects.push(Effect::Project);
    }
    Folded { plan: Plan { effects, look_again: None }, dead }
}

/// What one event does to the status it finds.
enum Outcome {
    Changed(Box<SubtitleJobStatus>),
    Repeated,
    Nothing,
    Dead(Reason, String),
}

fn one(job: &ObservedJob, event: &Event, now: Timestamp) -> Outcome {
    let progress = Progress { attempt: job.status.attempt, phase: job.status.phase };
    let attempt = attempt(job, event);
    let changed = match progress.judge(&event.event_type, attempt) {
        Verdict::Advance(phase) => advance(job, event, phase).map(Some),
        Verdict::Judge => judged(job, event, now).map(Some),
        Verdict::Repeat if event.event_type == EventType::TranslateProgress => counted(job, event),
        Verdict::Repeat => return Outcome::Repeated,
        Verdict::Note | Verdict::Stale | Verdict::Late | Verdict::Superseded => return Outcome::Nothing,
        Verdict::Impossible => {
            let message = format!("attempt {attempt} never began: the job is at {}", job.status.attempt);
            return Outcome::Dead(Reason::ImpossibleEvent, message);
        }
    };
    match changed {
        Ok(Some(status)) => Outcome::Changed(Box::new(status)),
        Ok(None) => Outcome::Nothing,
        Err(error) => Outcome::Dead(Reason::MalformedMessage, error.to_string()),
    }
}

/// The attempt an event belongs to. Old publishers do not say: the current one, unless the event is older than it.
fn attempt(job: &ObservedJob, event: &Event) -> u32 {
    event.attempt.unwrap_or_else(|| {
        let is_older = job.status.attempt_time.as_ref().is_some_and(|began| event.timestamp < began.0);
        job.status.attempt - u32::from(is_older && job.status.attempt > 1)
    })
}

/// A status ready to be written: the next revision, its conditions, and nothing left to announce unless the
/// operator itself decided something.
pub(super) fn written(job: &ObservedJob, mut status: SubtitleJobStatus, now: Timestamp) -> SubtitleJobStatus {
    let owed = job.status.announced < job.status.revision || is_own_decision(&job.status, &status);
    status.revision = job.status.revision + 1;
    if !owed {
        status.announced = status.revision;
    }
    status.observed_generation = job.generation;
    status.message = status.message.map(|message| text::clean(&message, text::LONGEST_MESSAGE));
    status.conditions = conditions::of(&status, job.generation, now);
    status
}

/// A new attempt, or an end that no worker announced.
fn is_own_decision(before: &SubtitleJobStatus, after: &SubtitleJobStatus) -> bool {
    after.attempt > before.attempt
        || (after.phase == Phase::Failed
            && matches!(after.reason, Some(Reason::DeadlineExceeded | Reason::InvalidSpec))
            && before.phase != Phase::Failed)
}

fn advance(job: &ObservedJob, event: &Event, phase: Phase) -> Result<SubtitleJobStatus, serde_json::Error> {
    let at = event.timestamp;
    let mut status = job.status.clone();
    status.phase = phase;
    status.updated_by = Some(text::clean(&event.source, 64));
    status.message = None;
    status.next_attempt_time = None;
    status.reason = Some(Reason::Working);
    // The task may be here before the write of whoever published it, which then finds its phase taken and is left out.
    status.glossary = status.glossary.or_else(|| asked_with(event));
    match &event.event_type {
        EventType::DownloadStarted | EventType::TranslateStarted => {
            status.start_time.get_or_insert(Time(at));
            if event.event_type == EventType::DownloadStarted
                && let Ok(DownloadStarted { warnings, .. }) = event.read()
            {
                status.warnings = warnings.iter().take(MOST_WARNINGS).map(|one| text::clean(one, 256)).collect();
            }
            if !job.spec.suspend {
                deadline::run_from(&mut status, at);
            }
        }
        EventType::TranslateRequested => {
            let (from, candidates) = legacy::translate_requested(event)?;
            status.step = Step::Translate;
            status.from = Some(from);
            status.candidates = candidates;
            status.reason = Some(Reason::WaitingForWorker);
        }
        EventType::TranslateProgress => count(&mut status, &event.read()?),
        EventType::Ready => {
            let (result, candidates) = legacy::ready(event)?;
            status.result = Some(result);
            status.candidates = candidates;
            status.completion_time = Some(Time(at));
            status.reason = Some(Reason::SubtitleFound);
        }
        EventType::Translated => {
            let result = legacy::translated(event)?;
            count(&mut status, &TranslateProgress { done: result.cues, total: result.cues });
            status.result = Some(result);
            status.completion_time = Some(Time(at));
            status.reason = Some(Reason::SubtitleTranslated);
        }
        _ => status.reason = Some(Reason::WaitingForWorker),
    }
    if job.spec.suspend && !phase.is_final() {
        status.reason = Some(Reason::Suspended);
    }
    Ok(status)
}

/// The glossary that a task names.
fn asked_with(event: &Event) -> Option<StoredGlossary> {
    StoredGlossary::deserialize(event.payload.get("glossary")?).ok()
}

fn count(status: &mut SubtitleJobStatus, progress: &TranslateProgress) {
    status.cues = Some(Cues { done: progress.done, total: progress.total });
    status.progress = Some(format!("{}/{}", progress.done, progress.total));
}

fn counted(job: &ObservedJob, event: &Event) -> Result<Option<SubtitleJobStatus>, serde_json::Error> {
    let progress: TranslateProgress = event.read()?;
    if job.status.cues.is_some_and(|cues| cues.done >= progress.done) {
        return Ok(None);
    }
    let mut status = job.status.clone();
    count(&mut status, &progress);
    Ok(Some(status))
}

/// A worker's failure: another attempt while the budget lasts, else the end.
fn judged(job: &ObservedJob, event: &Event, now: Timestamp) -> Result<SubtitleJobStatus, serde_json::Error> {
    let failed: Failed = event.read()?;
    let mut status = job.status.clone();
    status.updated_by = Some(text::clean(&event.source, 64));
    status.message = Some(failed.error_message);
    status.candidates = failed.candidates;
    let waits_for_quota = failed.not_before.is_some_and(|time| time > now);
    if failed.retryable && (waits_for_quota || status.failures < job.spec.retry.limit) {
        if !waits_for_quota {
            status.failures += 1;
        }
        let pace = Backoff {
            first: Duration::from_secs(job.spec.retry.backoff_seconds.into()),
            longest: Duration::from_secs(job.spec.retry.max_backoff_seconds.into()),
        };
        let delay = SignedDuration::try_from(pace.delay(status.failures, &job.uid)).unwrap_or(SignedDuration::ZERO);
        let backoff = now + delay;
        let next = failed.not_before.unwrap_or(backoff).max(backoff);
        status.next_attempt_time = Some(Time(next));
        deadline::stand_still(&mut status, now, next);
        status.reason = Some(if waits_for_quota { Reason::WaitingForQuota } else { Reason::BackingOff });
        next_attempt(&mut status, now);
    } else {
        status.phase = Phase::Failed;
        status.reason = Some(failed.reason);
        status.completion_time = Some(Time(event.timestamp));
    }
    Ok(status)
}

/// The next attempt starts where the last one stood: a failed translation never repeats the download.
pub(super) fn next_attempt(status: &mut SubtitleJobStatus, now: Timestamp) {
    status.attempt += 1;
    status.attempt_time = Some(Time(now));
    status.phase = Phase::Pending;
    status.cues = None;
    status.progress = None;
    status.completion_time = None;
    status.glossary = None;
}
