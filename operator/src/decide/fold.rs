//! One event onto one job: a job and an event come in, a plan goes out. The only place where a worker's word
//! becomes a phase. Pure.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use std::time::Duration;
use subtitle_core::{
    event::{Event, EventType},
    job::{Cues, SubtitleJobStatus},
    payload::{Failed, Ready, TranslateProgress, TranslateRequested, Translated},
    phase::{Phase, Step},
    progress::{Progress, Verdict},
    reason::Reason,
    retry::Backoff,
    text,
};

use super::{
    conditions,
    plan::{Effect, Plan},
};
use crate::observe::ObservedJob;

/// What the event means for the job.
pub fn fold(job: &ObservedJob, event: &Event, now: Timestamp) -> Plan {
    let progress = Progress { attempt: job.status.attempt, phase: job.status.phase };
    let attempt = event.attempt.unwrap_or(job.status.attempt);
    match progress.judge(&event.event_type, attempt) {
        Verdict::Advance(phase) => changed(job, advance(job, event, phase)),
        Verdict::Judge => changed(job, judged(job, event, now)),
        Verdict::Repeat if event.event_type == EventType::TranslateProgress => changed(job, counted(job, event)),
        Verdict::Repeat => Plan { effects: vec![Effect::Project], look_again: None },
        Verdict::Note | Verdict::Stale | Verdict::Late | Verdict::Superseded => Plan::default(),
        Verdict::Impossible => {
            dead_letter(format!("attempt {attempt} never began: the job is at {}", job.status.attempt))
        }
    }
}

fn dead_letter(message: String) -> Plan {
    Plan { effects: vec![Effect::DeadLetter(Reason::ImpossibleEvent, message)], look_again: None }
}

/// The plan for a changed status; an event whose payload cannot be read is dead-lettered.
fn changed(job: &ObservedJob, status: Result<Option<(SubtitleJobStatus, Timestamp)>, serde_json::Error>) -> Plan {
    match status {
        Ok(Some((status, now))) => {
            let status = written(job, status, now);
            Plan { effects: vec![Effect::WriteStatus(Box::new(status)), Effect::Project], look_again: None }
        }
        Ok(None) => Plan::default(),
        Err(error) => {
            Plan { effects: vec![Effect::DeadLetter(Reason::MalformedMessage, error.to_string())], look_again: None }
        }
    }
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

type Folded = Result<Option<(SubtitleJobStatus, Timestamp)>, serde_json::Error>;

fn advance(job: &ObservedJob, event: &Event, phase: Phase) -> Folded {
    let at = event.timestamp;
    let mut status = job.status.clone();
    status.phase = phase;
    status.updated_by = Some(text::clean(&event.source, 64));
    status.message = None;
    status.next_attempt_time = None;
    status.reason = Some(Reason::Working);
    match &event.event_type {
        EventType::DownloadStarted | EventType::TranslateStarted => {
            status.start_time.get_or_insert(Time(at));
        }
        EventType::TranslateRequested => {
            let payload: TranslateRequested = event.read()?;
            status.step = Step::Translate;
            status.from = Some(payload.from);
            status.candidates = payload.candidates;
            status.reason = Some(Reason::WaitingForWorker);
        }
        EventType::TranslateProgress => count(&mut status, &event.read()?),
        EventType::Ready => {
            let payload: Ready = event.read()?;
            status.result = Some(payload.result);
            status.candidates = payload.candidates;
            status.completion_time = Some(Time(at));
            status.reason = Some(Reason::SubtitleFound);
        }
        EventType::Translated => {
            let payload: Translated = event.read()?;
            count(&mut status, &TranslateProgress { done: payload.result.cues, total: payload.result.cues });
            status.result = Some(payload.result);
            status.completion_time = Some(Time(at));
            status.reason = Some(Reason::SubtitleTranslated);
        }
        _ => status.reason = Some(Reason::WaitingForWorker),
    }
    if job.spec.suspend && !phase.is_final() {
        status.reason = Some(Reason::Suspended);
    }
    Ok(Some((status, at)))
}

fn count(status: &mut SubtitleJobStatus, progress: &TranslateProgress) {
    status.cues = Some(Cues { done: progress.done, total: progress.total });
    status.progress = Some(format!("{}/{}", progress.done, progress.total));
}

fn counted(job: &ObservedJob, event: &Event) -> Folded {
    let progress: TranslateProgress = event.read()?;
    if job.status.cues.is_some_and(|cues| cues.done >= progress.done) {
        return Ok(None);
    }
    let mut status = job.status.clone();
    count(&mut status, &progress);
    Ok(Some((status, event.timestamp)))
}

/// A worker's failure: another attempt while the budget lasts, else the end.
fn judged(job: &ObservedJob, event: &Event, now: Timestamp) -> Folded {
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
        status.next_attempt_time = Some(Time(failed.not_before.unwrap_or(backoff).max(backoff)));
        status.reason = Some(if waits_for_quota { Reason::WaitingForQuota } else { Reason::BackingOff });
        next_attempt(&mut status);
    } else {
        status.phase = Phase::Failed;
        status.reason = Some(failed.reason);
        status.completion_time = Some(Time(event.timestamp));
    }
    Ok(Some((status, now)))
}

/// The next attempt starts where the last one stood: a failed translation never repeats the download.
pub(super) fn next_attempt(status: &mut SubtitleJobStatus) {
    status.attempt += 1;
    status.phase = Phase::Pending;
    status.cues = None;
    status.progress = None;
    status.completion_time = None;
}
