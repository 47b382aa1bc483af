//! The end of a task: how its work ended comes in; the last event is published, the claim is released, and how to settle
//! the delivery goes out.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use subtitle_broker::{BrokerError, PublishWriter};
use subtitle_clock::Clock;
use subtitle_contract::{
    event::{Event, event_id},
    reason::Reason,
};
use subtitle_telemetry::chain;

use super::{
    claim::Claim,
    report::{StopReason, TaskReporter},
    work::Work,
};

/// How to settle a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Acknowledge it.
    Ack,
    /// Return it to its queue.
    Requeue,
    /// Do nothing: the session ended, and the broker delivers it again by itself.
    LeaveUnacked,
}

/// How a task ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    Done,
    Failed(Reason),
    Continued,
    Cancelled,
    HandedBack,
    ClaimLost,
    SessionEnded,
    Malformed,
}

impl Outcome {
    /// The outcome's name and the reason of a failure, as metric labels.
    pub(super) fn labels(self) -> [&'static str; 2] {
        match self {
            Self::Done => ["done", ""],
            Self::Failed(reason) => ["failed", reason.as_str()],
            Self::Continued => ["continued", ""],
            Self::Cancelled => ["cancelled", ""],
            Self::HandedBack => ["handed_back", ""],
            Self::ClaimLost => ["claim_lost", ""],
            Self::SessionEnded => ["session_over", ""],
            Self::Malformed => ["malformed", ""],
        }
    }

    pub(super) fn settlement(self) -> Settlement {
        match self {
            Self::Done | Self::Failed(_) | Self::Continued | Self::Cancelled | Self::Malformed => Settlement::Ack,
            // Also when the claim was lost: its new holder may be doing another job's task for the same text.
            Self::HandedBack | Self::ClaimLost => Settlement::Requeue,
            Self::SessionEnded => Settlement::LeaveUnacked,
        }
    }
}

/// Releases the claim and publishes the failure or the continuation that ends the task, if any.
pub(super) async fn settle<W: Work, P: PublishWriter, C: Clock>(
    work: &W,
    reporter: &TaskReporter<'_, P, C>,
    task: &Event,
    claim: Option<Claim>,
    performed: Result<(), StopReason>,
) -> Result<Outcome, BrokerError> {
    let job = format!("{}/{}", reporter.subject.namespace, reporter.subject.name);
    let attempt = reporter.subject.attempt;
    // A continuation must find the claim free.
    if let Some(claim) = claim.filter(|_| !reporter.claim_lost.load(Ordering::Relaxed))
        && let Err(error) = claim.release().await
    {
        tracing::warn!(job, error = %chain(&error), "failed to release a claim; another worker takes it over when it stays unchanged");
    }
    match performed {
        Ok(()) => {
            tracing::info!(job, attempt, "finished");
            Ok(Outcome::Done)
        }
        Err(StopReason::Failed(failure)) => {
            tracing::warn!(job, attempt, %failure, "failed");
            if reporter.is_cancelled() {
                return Ok(Outcome::Cancelled);
            }
            let reason = failure.reason;
            let event = work.failure_event(task, reporter.subject, failure, reporter.context.clock.now());
            reporter.context.publisher.publish(&event).await?;
            Ok(Outcome::Failed(reason))
        }
        Err(StopReason::Continue { done }) => {
            tracing::info!(job, attempt, done, "held for long: continues as a new task");
            let continuation = continuation(task, reporter.source, attempt, done, reporter.context.clock.now());
            reporter.context.publisher.publish(&continuation).await?;
            Ok(Outcome::Continued)
        }
        Err(StopReason::Cancelled) => {
            tracing::info!(job, attempt, "the job was deleted or the attempt stopped: what is paid for is kept");
            Ok(Outcome::Cancelled)
        }
        Err(StopReason::ClaimLost) => {
            tracing::warn!(job, attempt, "the claim was lost: the task goes back to its queue");
            Ok(Outcome::ClaimLost)
        }
        Err(StopReason::SessionEnded) => Ok(Outcome::SessionEnded),
        Err(StopReason::Publish(error)) => Err(error),
    }
}

/// The same task again; its id differs from the task's and is the same for a repeated continuation.
fn continuation(task: &Event, source: &str, attempt: u32, done: u32, now: Timestamp) -> Event {
    let id = event_id(&task.job_id, attempt, &task.event_type, source, &done.to_string());
    Event { id: Some(id), source: source.to_owned(), timestamp: now, ..task.clone() }
}
