//! One task from its bytes to the settlement of its delivery. Everything it needs of the outside is in a
//! [`TaskContext`].
//!
//! ```text
//!   read ──▶ claim ──▶ started ──▶ work (result already stored? use it) ──▶ ready|translated|failed ──▶ Ack
//!    │         │ another worker holds it for too long ──────────────────────────────────────────▶ Requeue
//!    │         │ the attempt is stopped ──────────────────────────────────────────────────────────▶ Ack
//!    ▼         │ held for long: a continuation is published ────────────────────────────────────▶ Ack
//!  dead letters│ the claim was lost ────────────────────────────────────────────────────────────▶ Requeue
//!              │ the session ended ─────────────────────────────────────────────────────────────▶ leave unacked
//! ```

use std::{any::Any, panic::AssertUnwindSafe, sync::atomic::AtomicBool};

use futures::FutureExt as _;
use subtitle_broker::{BrokerError, PublishWriter};
use subtitle_clock::Clock;
use subtitle_contract::{event::Event, payload::Subject, reason::Reason};
use subtitle_telemetry::chain;

use super::{
    context::TaskContext,
    lease::{acquire, patience, renew},
    report::{StopReason, StopSignal as _, TaskReporter},
    settle::{Outcome, Settlement, settle},
    work::Work,
};
use crate::failure::Failure;

/// A task as the broker delivers it.
#[derive(Clone, Copy, Debug)]
pub struct DeliveredTask<'a> {
    /// The key it was published under.
    pub routing_key: &'a str,
    /// The event as JSON.
    pub body: &'a [u8],
    /// How often it was delivered before.
    pub delivery_count: u32,
}

/// Does a task and returns how to settle its delivery; an error ends the session.
pub async fn handle<W: Work, P: PublishWriter, C: Clock>(
    work: &W,
    context: &TaskContext<P, C>,
    delivered: DeliveredTask<'_>,
) -> Result<Settlement, BrokerError> {
    context.metrics.tasks_taken.increment([W::QUEUE]);
    if delivered.delivery_count > 0 {
        context.metrics.tasks_redelivered.increment([W::QUEUE]);
    }
    let outcome = claim_and_perform(work, context, delivered).await;
    let [label, reason] = outcome.as_ref().map_or(Outcome::SessionEnded, |outcome| *outcome).labels();
    context.metrics.tasks_finished.increment([W::QUEUE, label, reason]);
    Ok(outcome?.settlement())
}

async fn claim_and_perform<W: Work, P: PublishWriter, C: Clock>(
    work: &W,
    context: &TaskContext<P, C>,
    delivered: DeliveredTask<'_>,
) -> Result<Outcome, BrokerError> {
    let taken = context.clock.elapsed();
    let (event, task, subject) = match read::<W>(delivered.body) {
        Ok(read) => read,
        Err(message) => {
            tracing::warn!(message, "a task cannot be read: it goes to the dead letters");
            let (key, body) = (delivered.routing_key, delivered.body);
            context.publisher.dead_letter(key, body, Reason::MalformedMessage, &message).await?;
            return Ok(Outcome::Malformed);
        }
    };
    let claim_lost = AtomicBool::new(false);
    let reporter = TaskReporter { context, subject: &subject, source: W::SOURCE, taken, claim_lost: &claim_lost };
    if reporter.is_cancelled() {
        return settle(work, &reporter, &event, None, Err(StopReason::Cancelled)).await;
    }
    let patience = patience(delivered.delivery_count);
    let claim = match acquire(context, &work.claim(&subject, &task), patience).await {
        Ok(Some(claim)) => claim,
        Ok(None) => return Ok(Outcome::HandedBack),
        // Without a store nothing can be claimed: the job fails retryably, and the operator chooses the next time.
        Err(error) => return settle(work, &reporter, &event, None, Err(error.into())).await,
    };
    let performed = async {
        reporter.check()?; // it may have waited long for the claim
        let performed = AssertUnwindSafe(work.perform(&event, task, &reporter)).catch_unwind();
        performed.await.unwrap_or_else(|panic| Err(panicked(panic.as_ref()).into()))
    };
    let performed = tokio::select! {
        biased;
        performed = performed => performed,
        never = renew(&claim, &context.clock, &claim_lost) => match never {},
    };
    let outcome = settle(work, &reporter, &event, Some(claim), performed).await?;
    if matches!(outcome, Outcome::ClaimLost) {
        context.metrics.claims_lost.increment([W::QUEUE]);
    }
    Ok(outcome)
}

fn read<W: Work>(body: &[u8]) -> Result<(Event, W::Task, Subject), String> {
    let event = Event::decode(body).map_err(|error| chain(&error).to_string())?;
    let task = event.read::<W::Task>().map_err(|error| error.to_string())?;
    let subject = event.subject().ok_or("namespace, name or attempt is missing")?;
    Ok((event, task, subject))
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let message = format!("the worker panicked, which is a bug in it: {}", text.unwrap_or("the panic has no message"));
    Failure::new(Reason::WorkerError, message)
}
