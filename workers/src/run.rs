//! A worker from its start to SIGTERM: session after session with the broker, and within each the loop that takes
//! deliveries, has `task::handle` do them, and settles them. Whatever goes wrong ends the session, and the broker
//! hands its tasks out again.

use std::{
    panic::resume_unwind,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::StreamExt as _;
use lapin::{
    message::Delivery,
    options::{BasicAckOptions, BasicNackOptions},
    types::AMQPValue,
};
use subtitle_broker::{Address, Backoff, BrokerError, Measured, Session};
use subtitle_contract::event::{Event, EventType};
use tokio::{sync::watch, task::JoinSet};
/// How a caller of [`run`] says that it is to stop.
pub use tokio_util::sync::CancellationToken;

use crate::{
    cancelled::Cancelled,
    clock::SystemClock,
    desk::Desk,
    metrics::Metrics,
    store::Store,
    task::{Delivered, Settled, Work, handle},
};

/// Announcements of deleted jobs in hand; noting one takes no time.
const ANNOUNCEMENTS: u16 = 100;

/// How a worker runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The broker.
    pub broker: Address,
    /// Tasks at once.
    pub concurrency: u16,
    /// Its name in events and on the broker.
    pub worker: String,
    /// How long it may finish what is in hand after being asked to stop.
    pub grace: Duration,
}

/// What others see of a running worker.
#[derive(Clone, Debug)]
pub struct Vitals {
    /// What it counts.
    pub metrics: Metrics,
    /// The session on which it takes tasks, while it does.
    pub session: watch::Sender<Option<Arc<Session>>>,
}

impl Vitals {
    /// Of a worker that has not begun.
    pub fn new(metrics: Metrics) -> Self {
        Self { metrics, session: watch::Sender::new(None) }
    }

    /// Whether it can take tasks and publish their events; else why not.
    pub fn readiness(&self) -> Result<(), String> {
        match self.session.borrow().as_deref() {
            None => Err("no session with the broker".to_owned()),
            Some(session) if session.is_blocked() => {
                Err("the broker takes no messages: look for a memory or disk alarm".to_owned())
            }
            Some(_) => Ok(()),
        }
    }

    fn connected(&self, session: Option<Arc<Session>>) {
        self.metrics.broker_connected.set([], i64::from(session.is_some()));
        self.session.send_replace(session);
    }
}

/// A desk on a session with a real broker.
type SessionDesk = Desk<Measured<Arc<Session>>, SystemClock>;

/// Runs until `stop`: session after session, with a growing pause between failed ones.
pub async fn run<W: Work>(work: Arc<W>, store: Store, settings: Settings, vitals: Vitals, stop: CancellationToken) {
    let (mut backoff, cancelled) = (Backoff::default(), Arc::<Cancelled>::default());
    let incarnation = format!("{}/{}", settings.worker, uuid::Uuid::now_v7().simple());
    while !stop.is_cancelled() {
        let mut lived = Duration::ZERO;
        let outcome = async {
            let session = Arc::new(Session::open(&settings.broker, &settings.worker).await?);
            let begun = Instant::now();
            let desk = Desk {
                cancelled: cancelled.clone(),
                stop: stop.clone(),
                ..Desk::new(
                    Measured::new(session.clone(), vitals.metrics.publishing.clone()),
                    store.clone(),
                    SystemClock::default(),
                    settings.worker.clone(),
                    incarnation.clone(),
                    vitals.metrics.clone(),
                )
            };
            let outcome = serve(&work, &session, &Arc::new(desk), &settings, &vitals).await;
            vitals.connected(None);
            lived = begun.elapsed();
            session.close().await;
            outcome
        };
        match outcome.await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "the session with the broker ended; starting another"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(backoff.pause(lived, fastrand::f64())) => {}
        }
    }
}

/// One session: until this process is to stop, or until the first error.
async fn serve<W: Work>(
    work: &Arc<W>,
    session: &Arc<Session>,
    desk: &Arc<SessionDesk>,
    settings: &Settings,
    vitals: &Vitals,
) -> Result<(), BrokerError> {
    // Before the first task: what is deleted from now on must be heard of.
    let mut announcements = session.listen(&EventType::Cancelled, ANNOUNCEMENTS).await?;
    let mut deliveries = session.consume(W::QUEUE, settings.concurrency).await?;
    vitals.connected(Some(session.clone()));
    tracing::info!(queue = W::QUEUE, worker = settings.worker, "taking tasks");
    let mut in_hand: JoinSet<Result<(), BrokerError>> = JoinSet::new();
    let mut outdated = std::pin::pin!(session.outdated());
    let error = loop {
        vitals.metrics.queue_unacked.set([W::QUEUE], i64::try_from(in_hand.len()).unwrap_or(i64::MAX));
        tokio::select! {
            () = desk.stop.cancelled() => {
                tracing::info!(tasks = in_hand.len(), "stopping: finishing what is in hand");
                finish(&mut in_hand, settings.grace).await;
                // Stops what is left at its next await; closing the session hands its deliveries out again.
                in_hand.shutdown().await;
                return Ok(());
            }
            () = &mut outdated => {
                finish(&mut in_hand, settings.grace).await;
                break BrokerError::LoginChanged;
            }
            error = session.ended() => break error,
            announcement = announcements.next() => match received(announcement) {
                Ok(announcement) => if let Err(error) = note(&desk.cancelled, &announcement).await {
                    break error;
                },
                Err(error) => break error,
            },
            Some(ended) = in_hand.join_next() => match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => break error,
                // Work that panics is a failed job; a panic around it would leave its delivery in hand for ever.
                Err(broke) => if broke.is_panic() {
                    resume_unwind(broke.into_panic());
                },
            },
            delivery = deliveries.next(), if in_hand.len() < usize::from(settings.concurrency) => {
                match received(delivery) {
                    Ok(delivery) => drop(in_hand.spawn(take(work.clone(), desk.clone(), delivery))),
                    Err(error) => break error,
                }
            },
        }
    };
    vitals.metrics.queue_unacked.set([W::QUEUE], 0);
    // What is in hand goes on to the end of its batch, which is kept, and stops there.
    desk.over.cancel();
    in_hand.detach_all();
    Err(error)
}

/// Waits for what is in hand, but no longer than `grace`.
async fn finish(in_hand: &mut JoinSet<Result<(), BrokerError>>, grace: Duration) {
    let all = async { while in_hand.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(grace, all).await;
}

/// None any more means that the queue was deleted or moved.
fn received(delivery: Option<Result<Delivery, lapin::Error>>) -> Result<Delivery, BrokerError> {
    Ok(delivery.ok_or(BrokerError::Cancelled)??)
}

async fn note(cancelled: &Cancelled, announcement: &Delivery) -> Result<(), BrokerError> {
    match Event::decode(&announcement.data) {
        Ok(event) => cancelled.insert(&event.job_id),
        Err(error) => tracing::warn!(%error, "an announcement that is no event is ignored"),
    }
    announcement.ack(BasicAckOptions::default()).await?;
    Ok(())
}

async fn take<W: Work>(work: Arc<W>, desk: Arc<SessionDesk>, delivery: Delivery) -> Result<(), BrokerError> {
    let (routing_key, data, earlier) = (delivery.routing_key.as_str(), &delivery.data, earlier(&delivery));
    match handle(work.as_ref(), desk.as_ref(), Delivered { routing_key, data, earlier }).await? {
        Settled::Done => delivery.ack(BasicAckOptions::default()).await?,
        Settled::Later => delivery.nack(BasicNackOptions { requeue: true, ..BasicNackOptions::default() }).await?,
        Settled::Left => false,
    };
    Ok(())
}

/// How often a quorum queue handed this out before.
fn earlier(delivery: &Delivery) -> u32 {
    let headers = delivery.properties.headers().as_ref();
    match headers.and_then(|headers| headers.inner().get("x-delivery-count")) {
        Some(AMQPValue::LongLongInt(count)) => u32::try_from(*count).unwrap_or(0),
        Some(AMQPValue::LongInt(count)) => u32::try_from(*count).unwrap_or(0),
        _ => 0,
    }
}
