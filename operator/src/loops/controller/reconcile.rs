//! One reconcile: an object comes in; observe, decide, act; when to reconcile it again goes out. Does I/O.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt as _;
use subtitle_broker::Session as _;
use subtitle_clock::Clock as _;
use subtitle_contract::{job::SubtitleJob, record::Record, text::sanitize, topology::CONSUMER_QUEUE};
use subtitle_telemetry::chain;

use super::glossary::read_glossary;
use crate::{
    act::{
        ActError, ApplyContext, ErrorClass, Ports,
        ports::{ClusterReader as _, RecordReader as _},
    },
    decide::{
        plan::Effect,
        reconcile::{deadline_is_due, reconcile},
    },
    loops::operator::Operator,
    observe::{
        facts::{Facts, Glossary, RecordAhead},
        job::{JobSnapshot, ObservedJob},
        ownership::{OWNER_ANNOTATION, Ownership},
        state::{JobState, Prerequisite},
    },
};

/// An object to which nothing happens is reconciled again after this.
const RESYNC: Duration = Duration::from_secs(300);
/// An object that is due is reconciled again after this at the earliest.
const MIN_WAIT: Duration = Duration::from_millis(10);
/// How long a job without a status is new: only an older one may have lost it.
const NEW_FOR: SignedDuration = SignedDuration::from_secs(10);
/// How long to wait after an error.
const RETRY: Duration = Duration::from_secs(1);

/// When to reconcile an object again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeue {
    /// After this time, or when it changes.
    After(Duration),
    /// When it changes.
    AwaitChange,
}

/// Reconciles one object.
pub async fn reconcile_one<P: Ports>(operator: &Operator<P>, job: Arc<SubtitleJob>) -> Result<Requeue, ActError> {
    let started = operator.runtime().elapsed();
    let outcome = observe_decide_act(operator, &job).await;
    let result = match &outcome {
        Ok(None) => "success",
        Ok(Some(_)) => "requeue_after",
        Err(_) => "error",
    };
    operator.metrics().reconciled(result, operator.runtime().elapsed().saturating_sub(started));
    operator.wake_for_admission();
    let wait = outcome?.and_then(|due| Duration::try_from(due.duration_since(operator.now())).ok());
    Ok(Requeue::After(wait.map_or(RESYNC, |wait| wait.clamp(MIN_WAIT, RESYNC))))
}

/// When to reconcile an object again after an error.
pub fn error_policy(job: &SubtitleJob, error: &ActError) -> Requeue {
    let name = job.name_any();
    match error.class() {
        ErrorClass::Conflict | ErrorClass::Gone => Requeue::After(RETRY),
        ErrorClass::Rejected => {
            let error = chain(error);
            tracing::error!(%error, job = name, "the status does not fit the CRD: is it of this version?");
            Requeue::AwaitChange
        }
        // The watch has reported it.
        ErrorClass::Undecodable => Requeue::AwaitChange,
        ErrorClass::Broker | ErrorClass::Transient | ErrorClass::Invalid => {
            tracing::warn!(error = %chain(error), job = name, "reconciling again");
            Requeue::After(RETRY)
        }
    }
}

/// Returns when something is due.
async fn observe_decide_act<P: Ports>(
    operator: &Operator<P>,
    job: &SubtitleJob,
) -> Result<Option<Timestamp>, ActError> {
    let (executor, now) = (operator.executor(), operator.now());
    let _guard = executor.lock(job.metadata.uid.as_deref().unwrap_or_default()).await;
    let newest = executor.cluster().newest(job).await;
    let Some(observed) = ObservedJob::from_object(&newest) else { return Ok(None) };
    if let Ownership::Foreign(owner) = observed.snapshot().ownership(Some(&operator.settings().installation)) {
        operator.republished(&observed.snapshot().uid);
        if let Some(note) = foreign_owner(operator, observed.snapshot(), owner) {
            let context = ApplyContext { job: Some(newest), ..ApplyContext::new(now) };
            executor.apply(vec![Effect::Note { reason: "OtherInstallation", note }], context).await?;
        }
        return Ok(None);
    }
    let session = operator.session();
    let facts = gather_facts(operator, observed.snapshot(), session.as_deref(), now).await?;
    let plan = reconcile(&observed, facts, now);
    let context = ApplyContext { job: Some(newest), session: session.as_deref(), cause: None, now };
    executor.apply(plan.effects, context).await?;
    if session.is_some() {
        operator.republished(&observed.snapshot().uid);
    }
    Ok(plan.requeue_at)
}

async fn gather_facts<P: Ports>(
    operator: &Operator<P>,
    job: &JobSnapshot,
    session: Option<&P::Session>,
    now: Timestamp,
) -> Result<Facts, ActError> {
    let events_settled = match session {
        // Asked only when the answer matters. The queue's depth does not count what is delivered; the count of that is
        // read afterwards, so that no event moves from the one to the other unseen.
        Some(session) if deadline_is_due(job, now) => {
            let stats = session.queue_stats(CONSUMER_QUEUE).await?;
            stats.is_some_and(|stats| stats.ready == 0) && operator.unacknowledged_events() == 0
        }
        _ => false,
    };
    let is_admitted = operator.is_admitted(&job.uid);
    let glossary = if session.is_some() && needs_glossary(job, is_admitted) {
        read_glossary(operator.executor().cluster(), job).await?
    } else {
        Glossary::NotNeeded
    };
    Ok(Facts {
        is_admitted,
        held_by: operator.limit_of(&job.namespace).filter(|_| !is_admitted),
        glossary,
        has_broker: session.is_some(),
        events_settled,
        task_may_be_lost: operator.is_republish_requested(&job.uid),
        denial: operator.settings().rules.denial(job),
        installation: Some(operator.settings().installation.clone()),
        record: record_ahead(operator, job, now).await,
    })
}

/// The job's record, if it is ahead of its status. It is read only where that may be: somebody has put an earlier status back,
/// or a job that is not new has no status.
async fn record_ahead<P: Ports>(operator: &Operator<P>, job: &JobSnapshot, now: Timestamp) -> Option<RecordAhead> {
    let executor = operator.executor();
    let is_old = now.duration_since(job.created) > NEW_FOR;
    if !executor.is_record_ahead(&job.uid) && (job.status.revision > 0 || !is_old) {
        return None;
    }
    // Without an answer it is compared again with the next projection.
    let text = executor.records().record(&job.uid).await.ok()?;
    executor.record_compared(&job.uid);
    let record: Record = serde_json::from_str(&text?).ok()?;
    let ahead = RecordAhead { revision: record.revision, attempt: record.attempt };
    (ahead.revision > job.status.revision).then_some(ahead)
}

/// What to tell about another installation that works on the job; only for the first of its jobs.
fn foreign_owner<P: Ports>(operator: &Operator<P>, job: &JobSnapshot, owner: &str) -> Option<String> {
    if !operator.is_first_of(owner) {
        return None;
    }
    let (us, owner) = (&operator.settings().installation, sanitize(owner, 253));
    let job = format!("{}/{}", job.namespace, job.name);
    let note = format!(
        "{owner} works on this job and maybe on others, which {us} leaves alone; the annotation {OWNER_ANNOTATION}={us} takes a \
         job over"
    );
    tracing::warn!(owner, job, "another installation owns jobs: {note}");
    Some(note)
}

/// Whether this reconcile may publish the task, or waits for nothing but the glossary.
fn needs_glossary(job: &JobSnapshot, is_admitted: bool) -> bool {
    let is_wanted = match job.state() {
        JobState::Waiting(Prerequisite::Glossary) => true,
        JobState::Waiting(Prerequisite::Turn | Prerequisite::Broker) | JobState::BackingOff(_) => is_admitted,
        JobState::Queued(_) | JobState::InProgress(_) | JobState::Suspended | JobState::Over(_) | JobState::Unknown => {
            false
        }
    };
    is_wanted && !job.spec.suspend
}
