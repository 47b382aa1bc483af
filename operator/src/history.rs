//! The history loop: the stream, in its order, into Redis; the offset last.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures::StreamExt as _;
use jiff::Timestamp;
use lapin::{message::Delivery, options::BasicAckOptions, types::AMQPValue};
use subtitle_broker::{BrokerError, Session};
use subtitle_core::{event::Event, topology::HISTORY_STREAM};

use crate::act::{
    Hands,
    cluster::Cluster,
    ledger::{Ledger, LedgerError},
};

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
    /// The saved offset is another: what it says is what is there, and the loop begins again behind it.
    #[error("failed to find the offset that was saved: Redis was emptied, or another leader saves its own")]
    Moved,
}

fn offset(delivery: &Delivery) -> Option<i64> {
    match delivery.properties.headers().as_ref()?.inner().get("x-stream-offset")? {
        AMQPValue::LongLongInt(offset) => Some(*offset),
        _ => None,
    }
}

/// Copies until the first error. `began_anew`: the stream was made by this session or an earlier one, so the saved
/// offset is another's; false again once that is forgotten.
pub async fn run<C: Cluster, L: Ledger>(
    session: &Session,
    hands: &Hands<C, L>,
    began_anew: &AtomicBool,
) -> HistoryError {
    match copy(session, hands, began_anew).await {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

async fn copy<C: Cluster, L: Ledger>(
    session: &Session,
    hands: &Hands<C, L>,
    began_anew: &AtomicBool,
) -> Result<std::convert::Infallible, HistoryError> {
    let ledger = hands.ledger.as_ref();
    if began_anew.load(Ordering::Relaxed) {
        until_redis_is_there(|| ledger.forget_offset()).await;
        began_anew.store(false, Ordering::Relaxed);
    }
    let beginning = -Timestamp::now().as_microsecond();
    let mut saved = match until_redis_is_there(|| place(ledger, beginning)).await {
        Kept::Until(offset) => offset,
        Kept::Moved => return Err(HistoryError::Moved),
    };
    let from = if saved < 0 { AMQPValue::LongString("first".into()) } else { AMQPValue::LongLongInt(saved + 1) };
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
        match until_redis_is_there(|| keep(ledger, &events, saved, last)).await {
            Kept::Until(offset) => saved = offset,
            Kept::Moved => return Err(HistoryError::Moved),
        }
        hands.metrics.history_events.add([], u64::try_from(events.len()).unwrap_or_default());
        for delivery in &batch {
            delivery.ack(BasicAckOptions::default()).await.map_err(BrokerError::from)?;
        }
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is in Redis, and everything before it, up to this offset.
    Until(i64),
    /// The saved offset is not the one this loop saved: nothing was done.
    Moved,
}

/// Up to where everything is in Redis. A Redis that is new or was emptied says nothing: then everything the stream
/// still has is remembered again, and that it begins is saved, so that its being emptied once more is noticed:
/// `beginning`, which is below 0 and no other loop's.
pub async fn place<L: Ledger>(ledger: &L, beginning: i64) -> Result<Kept, LedgerError> {
    match ledger.offset().await? {
        Some(saved) => Ok(Kept::Until(saved)),
        None if ledger.remember(&[], None, beginning).await? => Ok(Kept::Until(beginning)),
        None => Ok(Kept::Moved),
    }
}

/// Brings one batch into Redis, the offset last. `saved`: up to where everything is there; `last`: the batch's last
/// offset, none if the batch is empty. May be repeated when its outcome is not known.
pub async fn keep<L: Ledger>(ledger: &L, events: &[Event], saved: i64, last: Option<i64>) -> Result<Kept, LedgerError> {
    let is_where_it_was = match last {
        // Of a stream that was made anew, by somebody who died before the offset of the old one was forgotten.
        Some(last) if last <= saved => {
            ledger.forget_offset().await?;
            false
        }
        Some(last) => ledger.remember(events, Some(saved), last).await?,
        None => ledger.offset().await? == Some(saved),
    };
    Ok(if is_where_it_was { Kept::Until(last.unwrap_or(saved)) } else { Kept::Moved })
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
