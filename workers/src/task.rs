//! The life of one task, the same for both workers: its bytes come in, what is to become of the delivery goes out.
//! Everything it needs of the world is in a [`Desk`], so that a simulation runs this very code.
//!
//! ```text
//!   read ──▶ claim ──▶ started ──▶ work (result already there? use it) ──▶ ready|translated|failed ──▶ Done
//!    │         │ somebody else's for too long ─────────────────────────────────────────────────────▶ Later
//!    │         │ the job was deleted ──────────────────────────────────────────────────────────────▶ Done
//!    ▼         │ held for long: a continuation is published ───────────────────────────────────────▶ Done
//!  dead letters│ the claim was lost ───────────────────────────────────────────────────────────────▶ Later
//!              │ the session is over ──────────────────────────────────────────────────────────────▶ Left
//! ```

use std::{
    any::Any,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicBool, Ordering},
};

use futures::FutureExt as _;
use subtitle_broker::{BrokerError, Publish};
use subtitle_core::{
    event::{Event, event_id},
    payload::{Payload, Subject},
    reason::Reason,
};

use crate::{
    claim::Claim,
    clock::Clock,
    desk::Desk,
    failure::Failure,
    hold::{keep, obtain, patience},
    report::{Gate as _, Reporter, Stopped},
};

/// What a worker does with a task.
pub trait Work: Send + Sync + 'static {
    /// The payload of its task.
    type Task: Payload + Send + Sync;
    /// The queue it takes tasks from.
    const QUEUE: &'static str;
    /// Its name as an event source.
    const SOURCE: &'static str;

    /// What must not be done twice at the same time.
    fn claim(&self, subject: &Subject, task: &Self::Task) -> String;

    /// Publishes `started`, does the work and publishes its result.
    fn perform(
        &self,
        event: &Event,
        task: Self::Task,
        reporter: &Reporter<'_, impl Publish, impl Clock>,
    ) -> impl Future<Output = Result<(), Stopped>> + Send;
}

/// A task as the broker hands it out.
#[derive(Clone, Copy, Debug)]
pub struct Delivered<'a> {
    /// What it was published under.
    pub routing_key: &'a str,
    /// Its body.
    pub data: &'a [u8],
    /// How often it was handed out before.
    pub earlier: u32,
}

/// What is to become of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Acknowledge it.
    Done,
    /// Hand it back to its queue.
    Later,
    /// Nothing: the session is over, and the broker hands it out again by itself.
    Left,
}

/// How a task ended.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    Done,
    Failed(Reason),
    Continued,
    Cancelled,
    HandedBack,
    ClaimLost,
    SessionOver,
    Malformed,
}

impl Outcome {
    /// Its name and the reason of a failure, as labels of a metric.
    fn labels(self) -> [&'static str; 2] {
        match self {
            Self::Done => ["done", ""],
            Self::Failed(reason) => ["failed", reason.as_str()],
            Self::Continued => ["continued", ""],
            Self::Cancelled => ["cancelled", ""],
            Self::HandedBack => ["handed_back", ""],
            Self::ClaimLost => ["claim_lost", ""],
            Self::SessionOver => ["session_over", ""],
            Self::Malformed => ["malformed", ""],
        }
    }

    fn settled(self) -> Settled {
        match self {
            Self::Done | Self::Failed(_) | Self::Continued | Self::Cancelled | Self::Malformed => Settled::Done,
            // A task whose claim was lost too: the new holder may be at another job's task for the same text.
            Self::HandedBack | Self::ClaimLost => Settled::Later,
            Self::SessionOver => Settled::Left,
        }
    }
}

/// Does a task from its bytes to its settlement; an error is the session's end.
pub async fn handle<W: Work, P: Publish, C: Clock>(
    work: &W,
    desk: &Desk<P, C>,
    delivered: Delivered<'_>,
) -> Result<Settled, BrokerError> {
    desk.metrics.tasks_taken.increment([W::QUEUE]);
    if delivered.earlier > 0 {
        desk.metrics.tasks_redelivered.increment([W::QUEUE]);
    }
    let ended = attend(work, desk, delivered).await;
    let [outcome, reason] = ended.as_ref().map_or(Outcome::SessionOver, |outcome| *outcome).labels();
    desk.metrics.tasks_finished.increment([W::QUEUE, outcome, reason]);
    Ok(ended?.settled())
}

async fn attend<W: Work, P: Publish, C: Clock>(
    work: &W,
    desk: &Desk<P, C>,
    delivered: Delivered<'_>,
) -> Result<Outcome, BrokerError> {
    let taken = desk.clock.elapsed();
    let (event, task, subject) = match read::<W>(delivered.data) {
        Ok(read) => read,
        Err(message) => {
            tracing::warn!(message, "a task that cannot be read goes to the dead letters");
            let (key, data) = (delivered.routing_key, delivered.data);
            desk.publisher.dead_letter(key, data, Reason::MalformedMessage, &message).await?;
            return Ok(Outcome::Malformed);
        }
    };
    let lost = AtomicBool::new(false);
    let reporter = Reporter { desk, subject: &subject, source: W::SOURCE, taken, lost: &lost };
    if desk.cancelled.contains(&subject.job_id) {
        return settle(&reporter, &event, None, Err(Stopped::Cancelled)).await;
    }
    let claim = match obtain(desk, &work.claim(&subject, &task), patience(delivered.earlier)).await {
        Ok(Some(claim)) => claim,
        Ok(None) => return Ok(Outcome::HandedBack),
        // Without a store nothing can be claimed: the job fails retryably, and the operator names the next time.
        Err(error) => return settle(&reporter, &event, None, Err(Failure::from(error).into())).await,
    };
    let performed = async {
        reporter.pass()?; // it may have waited long for the claim
        let performed = AssertUnwindSafe(work.perform(&event, task, &reporter)).catch_unwind();
        performed.await.unwrap_or_else(|panic| Err(broke(panic.as_ref()).into()))
    };
    let performed = tokio::select! {
            biased;
        performed = performed => performed,
        never = keep(&claim, &desk.clock, &lost) => match never {},
    };
    let outcome = settle(&reporter, &event, Some(claim), performed).await?;
    if matches!(outcome, Outcome::ClaimLost) {
        desk.metrics.claims_lost.increment([W::QUEUE]);
    }
    Ok(outcome)
}

fn read<W: Work>(data: &[u8]) -> Result<(Event, W::Task, Subject), String> {
    let event = Event::decode(data).map_err(|error| error.to_string())?;
    let task = event.read::<W::Task>().map_err(|error| error.to_string())?;
    let subject = event.subject().ok_or("namespace, name or attempt is missing")?;
    Ok((event, task, subject))
}

/// Publishes what is left to say, gives the claim back, and says what is to become of the delivery.
async fn settle<P: Publish, C: Clock>(
    reporter: &Reporter<'_, P, C>,
    task: &Event,
    claim: Option<Claim>,
    performed: Result<(), Stopped>,
) -> Result<Outcome, BrokerError> {
    let job = format!("{}/{}", reporter.subject.namespace, reporter.subject.name);
    let attempt = reporter.subject.attempt;
    // A continuation must find the claim free.
    if let Some(claim) = claim.filter(|_| !reporter.lost.load(Ordering::Relaxed))
        && let Err(error) = claim.release().await
    {
        tracing::warn!(job, %error, "the claim was not released; it expires by itself");
    }
    match performed {
        Ok(()) => {
            tracing::info!(job, attempt, "finished");
            Ok(Outcome::Done)
        }
        Err(Stopped::Failed(failure)) => {
            tracing::warn!(job, attempt, %failure, "failed");
            if reporter.is_cancelled() {
                return Ok(Outcome::Cancelled);
            }
            let reason = failure.reason;
            reporter.say(&failure.payload()).await?;
            Ok(Outcome::Failed(reason))
        }
        Err(Stopped::Continues { done }) => {
            tracing::info!(job, attempt, done, "held for long: goes on as a new task");
            let continuation = continuation(task, reporter.source, attempt, done, reporter.desk.clock.now());
            reporter.desk.publisher.publish(&continuation).await?;
            Ok(Outcome::Continued)
        }
        Err(Stopped::Cancelled) => {
            tracing::info!(job, attempt, "the job was deleted: nothing is done");
            Ok(Outcome::Cancelled)
        }
        Err(Stopped::ClaimLost) => {
            tracing::warn!(job, attempt, "the claim was lost: this worker stops, and the task is handed out again");
            Ok(Outcome::ClaimLost)
        }
        Err(Stopped::SessionOver) => Ok(Outcome::SessionOver),
        Err(Stopped::Lost(error)) => Err(error),
    }
}

/// The same task again, with an id of its own that a repeated continuation has too.
fn continuation(task: &Event, source: &str, attempt: u32, done: u32, now: jiff::Timestamp) -> Event {
    let id = event_id(&task.job_id, attempt, &task.event_type, source, &done.to_string());
    Event { id: Some(id), source: source.to_owned(), timestamp: now, ..task.clone() }
}

fn broke(panic: &(dyn Any + Send)) -> Failure {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let message = format!("the worker broke, which is a bug of it: {}", said.unwrap_or("it did not say why"));
    Failure::new(Reason::WorkerError, message)
}
