//! The life of one task, the same for both workers: take it, claim it, work, publish, acknowledge. Whatever goes
//! wrong on the way ends the session, and the broker hands the task out again.
//!
//! ```text
//!   take ──▶ claim ──▶ started ──▶ work (result already there? use it) ──▶ ready|translated|failed ──▶ ack
//!              │ somebody else's: back to the queue, later
//! ```

use std::{sync::Arc, time::Duration};

use futures::StreamExt as _;
use jiff::Timestamp;
use lapin::{
    message::Delivery,
    options::{BasicAckOptions, BasicNackOptions},
};
use subtitle_broker::{BrokerError, Publish as _, Session};
use subtitle_core::{
    event::Event,
    payload::{Payload, Subject},
    reason::Reason,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    claim::{Claim, Claimed, LEASE},
    failure::Failure,
    store::{Store, StoreError},
};

/// How long a task that somebody else holds waits before it goes back to the queue.
const HANDED_BACK_AFTER: Duration = Duration::from_secs(10);

/// Why work stopped before its end.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The job cannot be done; its `job.failed` says why.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The session is over; the task will be handed out again.
    #[error(transparent)]
    Lost(#[from] BrokerError),
}

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
        reporter: &Reporter,
    ) -> impl Future<Output = Result<(), Stopped>> + Send;
}

/// Publishes events of one task.
pub struct Reporter {
    session: Arc<Session>,
    subject: Subject,
    source: &'static str,
    /// The worker's own name, for `started`.
    pub worker: String,
}

impl Reporter {
    /// Publishes with confirm.
    pub async fn publish<P: Payload>(&self, payload: &P) -> Result<(), BrokerError> {
        self.session.publish(&Event::new(&self.subject, self.source, Timestamp::now(), payload)).await
    }

    /// Whose task it is.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }
}

/// How a worker runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The broker.
    pub broker_url: String,
    /// Tasks at once.
    pub concurrency: u16,
    /// Its name in events and claims.
    pub worker: String,
    /// How long it may finish what is in hand after being asked to stop.
    pub grace: Duration,
}

/// Runs until `stop`: session after session, with a growing pause between failed ones.
pub async fn run<W: Work>(work: Arc<W>, store: Store, settings: Settings, stop: CancellationToken) {
    let mut pause = Duration::from_millis(200);
    while !stop.is_cancelled() {
        let begun = std::time::Instant::now();
        match serve(&work, &store, &settings, &stop).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "the session with the broker ended; starting another"),
        }
        pause = if begun.elapsed() > Duration::from_secs(30) { Duration::from_millis(200) } else { pause };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_secs(10)),
        }
    }
}

async fn serve<W: Work>(
    work: &Arc<W>,
    store: &Store,
    settings: &Settings,
    stop: &CancellationToken,
) -> Result<(), BrokerError> {
    let session = Arc::new(Session::open(&settings.broker_url, &settings.worker).await?);
    let mut deliveries = session.consume(W::QUEUE, settings.concurrency).await?;
    tracing::info!(queue = W::QUEUE, worker = settings.worker, "taking tasks");
    let mut in_hand: JoinSet<Result<(), BrokerError>> = JoinSet::new();
    let outcome = loop {
        tokio::select! {
            () = stop.cancelled() => break Ok(()),
            Some(ended) = in_hand.join_next() => {
                if let Err(error) = ended.unwrap_or(Ok(())) {
                    break Err(error);
                }
            }
            delivery = deliveries.next(), if in_hand.len() < usize::from(settings.concurrency) => match delivery {
                Some(Ok(delivery)) => {
                    let (work, store, session) = (work.clone(), store.clone(), session.clone());
                    let worker = settings.worker.clone();
                    in_hand.spawn(async move { handle(work.as_ref(), &store, session, worker, delivery).await });
                }
                Some(Err(error)) => break Err(error.into()),
                None => break Err(BrokerError::Cancelled),
            },
        }
    };
    if outcome.is_ok() {
        tracing::info!(tasks = in_hand.len(), "stopping: finishing what is in hand");
        let finish = async { while in_hand.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(settings.grace, finish).await;
    }
    // Dropping the set stops what is left at its next await; closing returns its deliveries.
    in_hand.shutdown().await;
    session.close().await;
    outcome
}

async fn handle<W: Work>(
    work: &W,
    store: &Store,
    session: Arc<Session>,
    worker: String,
    delivery: Delivery,
) -> Result<(), BrokerError> {
    let read = Event::decode(&delivery.data).map_err(|error| error.to_string()).and_then(|event| {
        let task = event.read::<W::Task>().map_err(|error| error.to_string())?;
        let subject = event.subject().ok_or("namespace, name or attempt is missing")?;
        Ok((event, task, subject))
    });
    let (event, task, subject) = match read {
        Ok(read) => read,
        Err(message) => {
            tracing::warn!(message, "a task that cannot be read goes to the dead letters");
            let key = delivery.routing_key.as_str();
            session.dead_letter(key, &delivery.data, Reason::MalformedMessage, &message).await?;
            delivery.ack(BasicAckOptions::default()).await?;
            return Ok(());
        }
    };
    let folder = work.claim(&subject, &task);
    let owner = format!("{worker}/{}", uuid::Uuid::now_v7().simple());
    let claim = match Claim::take(store, &folder, &owner, Timestamp::now()).await {
        Ok(Claimed::Ours(claim)) => claim,
        Ok(Claimed::Theirs(until)) => {
            let left = Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default();
            tokio::time::sleep(left.min(HANDED_BACK_AFTER)).await;
            delivery.nack(BasicNackOptions { requeue: true, ..BasicNackOptions::default() }).await?;
            return Ok(());
        }
        Err(error) => return give_up(&session, &subject, W::SOURCE, error, &delivery).await,
    };
    let reporter = Reporter { session: session.clone(), subject: subject.clone(), source: W::SOURCE, worker };
    let job = format!("{}/{}", subject.namespace, subject.name);
    let performed = tokio::select! {
        performed = work.perform(&event, task, &reporter) => performed,
        () = keep(&claim) => {
            tracing::warn!(job, "somebody else took the claim over: this worker stops");
            delivery.ack(BasicAckOptions::default()).await?;
            return Ok(());
        }
    };
    match performed {
        Ok(()) => tracing::info!(job, attempt = subject.attempt, "finished"),
        Err(Stopped::Failed(failure)) => {
            tracing::warn!(job, attempt = subject.attempt, %failure, "failed");
            reporter.publish(&failure.payload()).await?;
        }
        Err(Stopped::Lost(error)) => return Err(error),
    }
    if let Err(error) = claim.release().await {
        tracing::warn!(job, %error, "the claim was not released; it expires by itself");
    }
    delivery.ack(BasicAckOptions::default()).await?;
    Ok(())
}

/// Without a store nothing can be claimed: the job fails retryably, and the operator names the next time.
async fn give_up(
    session: &Session,
    subject: &Subject,
    source: &str,
    error: StoreError,
    delivery: &Delivery,
) -> Result<(), BrokerError> {
    let failed = Failure::from(error).payload();
    session.publish(&Event::new(subject, source, Timestamp::now(), &failed)).await?;
    delivery.ack(BasicAckOptions::default()).await?;
    Ok(())
}

/// Renews the claim for as long as it is ours; ends when it is not.
async fn keep(claim: &Claim) {
    loop {
        tokio::time::sleep(LEASE / 3).await;
        match claim.renew(Timestamp::now()).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, "the claim was not renewed; trying again"),
        }
    }
}
