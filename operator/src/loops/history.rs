//! The history loop: copies the messages of the history stream, in order and in batches, to the event histories in Redis, and
//! saves the checkpoint with each batch. Does I/O.

use std::{convert::Infallible, time::Duration};

use subtitle_broker::{BrokerError, Deliveries as _, Delivery, Receipt as _, Session as _, StreamStart};
use subtitle_clock::Clock as _;
use subtitle_contract::{event::Event, topology::HISTORY_STREAM};
use subtitle_telemetry::chain;

use super::{operator::Operator, timer::Timer};
use crate::{
    act::{ActError, Applied, ApplyContext, Ports, ports::RecordReader as _},
    decide::{checkpoint::Checkpoint, plan::Effect},
};

/// Maximum number of unacknowledged deliveries, and of messages in a batch.
const PREFETCH: u16 = 200;
/// How often an idle loop checks that Redis still has the checkpoint.
const CHECK_INTERVAL: Duration = Duration::from_secs(10);
/// How long to wait before Redis is called again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Why the loop ended; the next one starts after the checkpoint that Redis has then.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The session with the broker failed.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The checkpoint in Redis is not the one that this loop saved.
    #[error(
        "failed to find the expected checkpoint in Redis: Redis was emptied, or another leader moved the checkpoint"
    )]
    CheckpointMoved,
    /// The stream does not contain the message of the checkpoint.
    #[error("failed to find the message of the checkpoint: the stream was recreated and is read from its start")]
    AnotherStream,
}

/// Appends until the first error.
pub async fn run<P: Ports>(operator: &Operator<P>, session: &P::Session) -> Result<Infallible, HistoryError> {
    let history = History { operator };
    let mut saved = history.first_checkpoint().await?;
    let mut is_same_stream = saved.is_before_first();
    let start = if is_same_stream { StreamStart::Oldest } else { StreamStart::Offset(saved.offset) };
    let mut deliveries = session.consume_stream(HISTORY_STREAM, PREFETCH, start).await?;
    let mut timer = Timer::after(operator.runtime(), CHECK_INTERVAL);
    loop {
        let batch = tokio::select! {
            biased;
            batch = deliveries.next_batch(usize::from(PREFETCH)) => batch?,
            () = timer.tick() => Vec::new(),
        };
        let mut records: Vec<(Checkpoint, &[u8])> = batch.iter().filter_map(with_checkpoint).collect();
        if !is_same_stream && !saved.is_same_stream(records.first().map(|(checkpoint, _)| *checkpoint)) {
            history.reset_checkpoint().await;
            return Err(HistoryError::AnotherStream);
        }
        is_same_stream = true;
        records.retain(|(checkpoint, _)| checkpoint.offset > saved.offset);
        saved = match records.last() {
            Some((last, _)) => history.commit_batch(&records, saved, *last).await?,
            None => history.ensure_checkpoint_unmoved(saved).await?,
        };
        if let Some(last) = batch.last() {
            last.receipt.ack_up_to().await?;
        }
    }
}

/// A delivery's position in the stream and its body; `None` if it does not come from a stream.
fn with_checkpoint<R>(delivery: &Delivery<R>) -> Option<(Checkpoint, &[u8])> {
    Some((Checkpoint::at(delivery.offset?, &delivery.body), &delivery.body))
}

/// The event histories in Redis. Every call is retried until Redis responds.
struct History<'a, P: Ports> {
    operator: &'a Operator<P>,
}

impl<P: Ports> History<'_, P> {
    /// The checkpoint to start from. A Redis that is new or was emptied has none: then the whole retained stream is appended
    /// again, and the start is committed as a checkpoint, so that an emptied Redis is detected from then on.
    async fn first_checkpoint(&self) -> Result<Checkpoint, HistoryError> {
        if let Some(saved) = self.load_checkpoint().await {
            return Ok(saved);
        }
        // The number only has to differ from another leader's.
        let jittered_now = self.operator.now() + Duration::from_secs(1).mul_f64(self.operator.runtime().jitter());
        let negative_nonce = -jittered_now.as_microsecond();
        self.commit(vec![], None, Checkpoint::before_first(negative_nonce)).await
    }

    /// Appends a batch, which may be repeated when its outcome is unknown.
    async fn commit_batch(
        &self,
        records: &[(Checkpoint, &[u8])],
        saved: Checkpoint,
        last: Checkpoint,
    ) -> Result<Checkpoint, HistoryError> {
        let events = records.iter().filter_map(|(_, body)| Event::decode(body).ok());
        let events: Vec<Event> = events.filter(|event| !event.event_type.is_of_policy()).collect();
        self.commit(events, Some(saved), last).await
    }

    /// Fails if the checkpoint in Redis is no longer the one that was committed.
    async fn ensure_checkpoint_unmoved(&self, saved: Checkpoint) -> Result<Checkpoint, HistoryError> {
        if self.load_checkpoint().await == Some(saved) { Ok(saved) } else { Err(HistoryError::CheckpointMoved) }
    }

    async fn reset_checkpoint(&self) {
        self.until_redis_answers(|| self.apply(Effect::ResetCheckpoint)).await;
    }

    async fn load_checkpoint(&self) -> Option<Checkpoint> {
        let records = self.operator.executor().records();
        self.until_redis_answers(|| async { Ok(records.load_checkpoint().await?) }).await
    }

    async fn commit(
        &self,
        events: Vec<Event>,
        saved: Option<Checkpoint>,
        last: Checkpoint,
    ) -> Result<Checkpoint, HistoryError> {
        let append = || self.apply(Effect::AppendHistory { events: events.clone(), saved, last });
        if !self.until_redis_answers(append).await.is_appended {
            return Err(HistoryError::CheckpointMoved);
        }
        self.operator.metrics().appended(&events, self.operator.now());
        Ok(last)
    }

    async fn apply(&self, effect: Effect) -> Result<Applied, ActError> {
        self.operator.executor().apply(vec![effect], ApplyContext::new(self.operator.now())).await
    }

    async fn until_redis_answers<T, F>(&self, call: impl Fn() -> F + Send + Sync) -> T
    where
        F: Future<Output = Result<T, ActError>> + Send,
    {
        loop {
            match call().await {
                Ok(answer) => return answer,
                Err(error) => {
                    self.operator.metrics().redis_errors.increment([]);
                    tracing::warn!(error = %chain(&error), "the history waits for Redis");
                }
            }
            self.operator.runtime().sleep(RETRY_INTERVAL).await;
        }
    }
}
