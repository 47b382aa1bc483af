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

use std::{any::Any, panic::AssertUnwindSafe, sync::atomic::AtomicBool};

use futures::FutureExt as _;
use subtitle_broker::{BrokerError, Publish};
use subtitle_contract::{
    event::Event,
    payload::{Payload, Subject},
    reason::Reason,
};

use crate::{
    clock::Clock,
    desk::Desk,
    failure::Failure,
    hold::{keep, obtain, patience},
    report::{Gate as _, Reporter, Stopped},
    settle::{Outcome, settle},
};

pub use crate::settle::Settled;

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

fn broke(panic: &(dyn Any + Send)) -> Failure {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let message = format!("the worker broke, which is a bug of it: {}", said.unwrap_or("it did not say why"));
    Failure::new(Reason::WorkerError, message)
}
