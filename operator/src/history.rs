//! The history loop: the stream, in its order, into Redis; the offset last.

use std::time::Duration;

use futures::StreamExt as _;
use lapin::{message::Delivery, options::BasicAckOptions, types::AMQPValue};
use subtitle_broker::{BrokerError, Session};
use subtitle_core::{event::Event, topology::HISTORY_STREAM};

use crate::act::ledger::{Ledger, LedgerError};

/// Deliveries in hand, and the most in one batch.
const PREFETCH: u16 = 200;

/// How often an idle loop looks whether Redis still has what it saved.
const LOOK_WHETHER_EMPTIED: Duration = Duration::from_secs(10);

/// Why the loop ends; the next one begins behind the saved offset.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The saved offset is gone: Redis lost what it had, and everything is remembered again.
    #[error("failed to find the offset that was saved: Redis was emptied")]
    Emptied,
}

fn offset(delivery: &Delivery) -> Option<i64> {
    match delivery.properties.headers().as_ref()?.inner().get("x-stream-offset")? {
        AMQPValue::LongLongInt(offset) => Some(*offset),
        _ => None,
    }
}

/// Copies until the first error. `began_anew`: the stream was made a moment ago, so a saved offset is another's.
pub async fn run<L: Ledger>(session: &Session, ledger: &L, began_anew: bool) -> HistoryError {
    match copy(session, ledger, began_anew).await {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

async fn copy<L: Ledger>(
    session: &Session,
    ledger: &L,
    began_anew: bool,
) -> Result<std::convert::Infallible, HistoryError> {
    if began_anew {
        until_redis_is_there(|| ledger.forget_offset()).await;
    }
    // Nothing saved: Redis is new or was emptied, and everything the stream still has is remembered again.
    let mut saved = until_redis_is_there(|| ledger.offset()).await;
    let from = saved.map_or(AMQPValue::LongString("first".into()), |last| AMQPValue::LongLongInt(last + 1));
    let deliveries = session.consume_stream(HISTORY_STREAM, PREFETCH, from).await?;
    let mut batches = Box::pin(deliveries.ready_chunks(usize::from(PREFETCH)));
    loop {
        let batch = tokio::select! {
            batch = batches.next() => batch.ok_or(BrokerError::Cancelled)?,
            () = tokio::time::sleep(LOOK_WHETHER_EMPTIED) => Vec::new(),
        };
        let batch: Vec<Delivery> = batch.into_iter().collect::<Result<_, _>>().map_err(BrokerError::from)?;
        let events: Vec<Event> = batch.iter().filter_map(|delivery| Event::decode(&delivery.data).ok()).collect();
        let last = batch.iter().filter_map(offset).max();
        match until_redis_is_there(|| keep(ledger, &events, last, saved)).await {
            Kept::Until(offset) => saved = offset,
            Kept::Emptied => return Err(HistoryError::Emptied),
        }
        for delivery in &batch {
            delivery.ack(BasicAckOptions::default()).await.map_err(BrokerError::from)?;
        }
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is in Redis, and everything before it, up to this offset.
    Until(Option<i64>),
    /// Redis lost what it had: the offset it should have had is gone, and now forgotten.
    Emptied,
}

/// Brings one batch into Redis, the offset last. `saved`: up to where everything is there; `last`: the batch's last
/// offset, none if the batch is empty.
pub async fn keep<L: Ledger>(
    ledger: &L,
    events: &[Event],
    last: Option<i64>,
    saved: Option<i64>,
) -> Result<Kept, LedgerError> {
    let before = match last {
        Some(last) => ledger.remember(events, last).await?,
        None => ledger.offset().await?,
    };
    if saved.is_some() && before.is_none() {
        ledger.forget_offset().await?;
        return Ok(Kept::Emptied);
    }
    Ok(Kept::Until(last.or(saved)))
}

async fn until_redis_is_there<T, F: Future<Output = Result<T, LedgerError>>>(call: impl Fn() -> F) -> T {
    loop {
        match call().await {
            Ok(answer) => return answer,
            Err(error) => tracing::warn!(%error, "the history waits for Redis"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
