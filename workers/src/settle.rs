//! The end of a task: how its work ended comes in; what is left to say is published, the claim is given back, and what
//! is to become of the delivery goes out.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use subtitle_broker::{BrokerError, Publish};
use subtitle_contract::{
    event::{Event, event_id},
    reason::Reason,
};

use crate::{
    claim::Claim,
    clock::Clock,
    report::{Reporter, Stopped},
};

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
pub(crate) enum Outcome {
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
    pub(crate) fn labels(self) -> [&'static str; 2] {
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

    pub(crate) fn settled(self) -> Settled {
        match self {
            Self::Done | Self::Failed(_) | Self::Continued | Self::Cancelled | Self::Malformed => Settled::Done,
            // A task whose claim was lost too: the new holder may be at another job's task for the same text.
            Self::HandedBack | Self::ClaimLost => Settled::Later,
            Self::SessionOver => Settled::Left,
        }
    }
}

/// Publishes what is left to say, gives the claim back, and says what is to become of the delivery.
pub(crate) async fn settle<P: Publish, C: Clock>(
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
fn continuation(task: &Event, source: &str, attempt: u32, done: u32, now: Timestamp) -> Event {
    let id = event_id(&task.job_id, attempt, &task.event_type, source, &done.to_string());
    Event { id: Some(id), source: source.to_owned(), timestamp: now, ..task.clone() }
}
