//! One session with the broker: takes deliveries, handles them side by side and settles them, until the worker is to stop
//! or until the first error.

use std::{panic::resume_unwind, sync::Arc, time::Duration};

use subtitle_broker::{BrokerError, Deliveries, Delivery, Receipt, Session};
use subtitle_clock::Runtime;
use subtitle_contract::event::{Event, EventType};
use subtitle_telemetry::chain;

use super::{
    super::{
        cancelled::CancelledJobs,
        context::TaskContext,
        handle::{DeliveredTask, handle},
        settle::Settlement,
        work::Work,
    },
    in_flight::{InFlight, TaskEnd},
    settings::WorkerSettings,
    state::WorkerState,
};

/// Unacknowledged announcements; remembering one takes no time.
const ANNOUNCEMENT_PREFETCH: u16 = 100;

/// What one session needs.
pub(super) struct SessionLoop<'a, W, S, R> {
    pub(super) work: &'a Arc<W>,
    pub(super) session: &'a Arc<S>,
    pub(super) context: &'a Arc<TaskContext<S, R>>,
    pub(super) settings: &'a WorkerSettings,
    pub(super) state: &'a WorkerState<S>,
}

impl<W: Work, S: Session, R: Runtime> SessionLoop<'_, W, S, R> {
    /// `Ok` when the worker is to stop. Tasks in flight when the session ends go on to the end of their batch, which is
    /// stored, and stop there.
    pub(super) async fn run(&self) -> Result<(), BrokerError> {
        let Self { work, session, context, settings, state } = self;
        // Before the first task: no stop after this moment may be missed.
        let mut announcements = session.consume_events(&EventType::STOPPING, ANNOUNCEMENT_PREFETCH).await?;
        let mut deliveries = session.consume(W::QUEUE, settings.concurrency).await?;
        state.set_session(Some((*session).clone()));
        tracing::info!(queue = W::QUEUE, worker = settings.identity.name, "taking tasks");
        let mut in_flight = InFlight::new();
        let mut credentials_changed = std::pin::pin!(session.credentials_changed());
        let error = loop {
            state.metrics.queue_unacked.set([W::QUEUE], i64::try_from(in_flight.len()).unwrap_or(i64::MAX));
            tokio::select! {
                biased;
                () = context.stop.cancelled() => {
                    tracing::info!(tasks = in_flight.len(), "stopping: finishing the tasks in flight");
                    self.finish(&mut in_flight, settings.grace).await;
                    // The broker delivers what is left again once the session is closed.
                    in_flight.abort_all().await;
                    return Ok(());
                }
                () = &mut credentials_changed => {
                    self.finish(&mut in_flight, settings.grace).await;
                    break BrokerError::CredentialsChanged;
                }
                error = session.ended() => break error,
                announcement = announcements.next() => {
                    if let Err(error) = remember(&context.cancelled, announcement, context.clock.elapsed()).await {
                        break error;
                    }
                }
                end = in_flight.next_end() => match end {
                    TaskEnd::Settled | TaskEnd::Aborted => {}
                    TaskEnd::SessionFailed(error) => break error,
                    // Otherwise its delivery would stay unacknowledged forever.
                    TaskEnd::Panicked(panic) => resume_unwind(panic),
                },
                delivery = deliveries.next(), if in_flight.len() < usize::from(settings.concurrency) => match delivery {
                    Ok(delivery) => {
                        in_flight.spawn(&context.clock, handle_and_settle((*work).clone(), (*context).clone(), delivery));
                    }
                    Err(error) => break error,
                },
            }
        };
        state.metrics.queue_unacked.set([W::QUEUE], 0);
        context.session_ended.cancel();
        Err(error)
    }

    /// Waits for the tasks in flight, at most for `grace`.
    async fn finish(&self, in_flight: &mut InFlight, grace: Duration) {
        tokio::select! {
            biased;
            () = in_flight.all_ended() => {}
            () = self.context.clock.sleep(grace) => {}
        }
    }
}

/// Remembers a stopped attempt.
async fn remember<R: Receipt>(
    cancelled: &CancelledJobs,
    announcement: Result<Delivery<R>, BrokerError>,
    now: Duration,
) -> Result<(), BrokerError> {
    let announcement = announcement?;
    match Event::decode(&announcement.body) {
        Ok(event) => cancelled.insert(&event, now),
        Err(error) => tracing::warn!(error = %chain(&error), "ignored an announcement that is not an event"),
    }
    announcement.receipt.ack().await
}

async fn handle_and_settle<W: Work, S: Session, R: Runtime>(
    work: Arc<W>,
    context: Arc<TaskContext<S, R>>,
    delivery: Delivery<impl Receipt>,
) -> Result<(), BrokerError> {
    let delivered = DeliveredTask {
        routing_key: &delivery.routing_key,
        body: &delivery.body,
        delivery_count: delivery.delivery_count,
    };
    match handle(work.as_ref(), context.as_ref(), delivered).await? {
        Settlement::Ack => delivery.receipt.ack().await,
        Settlement::Requeue => delivery.receipt.requeue().await,
        Settlement::LeaveUnacked => Ok(()),
    }
}
