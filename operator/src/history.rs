//! The history loop: the stream, in its order, into Redis; the mark of the last record last.

use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;
use lapin::{message::Delivery, options::BasicAckOptions, types::AMQPValue};
use subtitle_broker::{BrokerError, Session};
use subtitle_contract::{event::Event, topology::HISTORY_STREAM};

use crate::act::{
    Hands,
    cluster::Cluster,
    ledger::{Ledger, LedgerError, Mark},
};

/// Deliveries in hand, and the most in one batch.
const PREFETCH: u16 = 200;

/// How often an idle loop looks whether Redis still has what it saved.
const LOOK_WHETHER_EMPTIED: Duration = Duration::from_secs(10);

/// Why the loop ends; the next one begins behind the saved mark.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The saved mark is another: what it says is what is there, and the loop begins again behind it.
    #[error("failed to find the mark that was saved: Redis was emptied, or another leader saves its own")]
    Moved,
    /// The stream is not the one that was read before; all that this one has is remembered.
    #[error("failed to find the record that was read last: the stream was made anew, and is read from its beginning")]
    AnotherStream,
}

/// Where a record stands, and its digest.
fn mark(delivery: &Delivery) -> Option<Mark> {
    match delivery.properties.headers().as_ref()?.inner().get("x-stream-offset")? {
        AMQPValue::LongLongInt(offset) => Some(Mark::of(*offset, &delivery.data)),
        _ => None,
    }
}

/// Whether a stream, read from the saved mark on, is the one the mark is of: `first` came first, or nothing came. The
/// marked record itself comes again, unless it was too old to be kept.
pub fn is_same_stream(saved: Mark, first: Option<Mark>) -> bool {
    saved.offset < 0 || first.is_some_and(|first| first.offset > saved.offset || first == saved)
}

/// Copies until the first error.
pub async fn run<C: Cluster, L: Ledger>(session: &Session, hands: &Hands<C, L>) -> HistoryError {
    match copy(session, hands).await {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

async fn copy<C: Cluster, L: Ledger>(
    session: &Session,
    hands: &Hands<C, L>,
) -> Result<std::convert::Infallible, HistoryError> {
    let ledger = hands.ledger.as_ref();
    let beginning = Mark::beginning(-Timestamp::now().as_microsecond());
    let mut saved = match until_redis_is_there(|| place(ledger, beginning)).await {
        Kept::Until(mark) => mark,
        Kept::Moved => return Err(HistoryError::Moved),
    };
    let (mut is_known, first) = (saved.offset < 0, AMQPValue::LongString("first".into()));
    let from = if is_known { first } else { AMQPValue::LongLongInt(saved.offset) };
    let deliveries = session.consume_stream(HISTORY_STREAM, PREFETCH, from).await?;
    let mut batches = Box::pin(deliveries.ready_chunks(usize::from(PREFETCH)));
    loop {
        let batch = tokio::select! {
            batch = batches.next() => batch.ok_or(BrokerError::Cancelled)?,
            () = tokio::time::sleep(LOOK_WHETHER_EMPTIED) => Vec::new(),
        };
        let batch: Vec<Delivery> = batch.into_iter().collect::<Result<_, _>>().map_err(BrokerError::from)?;
        let mut records: Vec<(Mark, &Delivery)> =
            batch.iter().filter_map(|delivery| Some((mark(delivery)?, delivery))).collect();
        if !is_known && !is_same_stream(saved, records.first().map(|(mark, _)| *mark)) {
            until_redis_is_there(|| ledger.forget_mark()).await;
            return Err(HistoryError::AnotherStream);
        }
        is_known = true;
        records.retain(|(mark, _)| mark.offset > saved.offset);
        let events: Vec<Event> =
            records.iter().filter_map(|(_, delivery)| Event::decode(&delivery.data).ok()).collect();
        let last = records.last().map(|(mark, _)| *mark);
        match until_redis_is_there(|| keep(ledger, &events, saved, last)).await {
            Kept::Until(mark) => saved = mark,
            Kept::Moved => return Err(HistoryError::Moved),
        }
        hands.metrics.history_events.add([], u64::try_from(events.len()).unwrap_or_default());
        if let Some(last) = batch.last() {
            // The channel is this loop's alone: with its last delivery goes the whole batch.
            last.ack(BasicAckOptions { multiple: true }).await.map_err(BrokerError::from)?;
        }
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is in Redis, and everything before it, up to this record.
    Until(Mark),
    /// The saved mark is not the one this loop saved: nothing was done.
    Moved,
}

/// Up to where everything is in Redis. A Redis that is new or was emptied says nothing: then everything the stream
/// still has is remembered again, and that it begins is saved, so that its being emptied once more is noticed.
pub async fn place<L: Ledger>(ledger: &L, beginning: Mark) -> Result<Kept, LedgerError> {
    match ledger.mark().await? {
        Some(saved) => Ok(Kept::Until(saved)),
        None if ledger.remember(&[], None, beginning).await? => Ok(Kept::Until(beginning)),
        None => Ok(Kept::Moved),
    }
}

/// Brings one batch into Redis, the mark last. `saved`: up to where everything is there; `last`: the batch's last record,
/// none if the batch is empty. May be repeated when its outcome is not known.
pub async fn keep<L: Ledger>(
    ledger: &L,
    events: &[Event],
    saved: Mark,
    last: Option<Mark>,
) -> Result<Kept, LedgerError> {
    let is_where_it_was = match last {
        Some(last) => ledger.remember(events, Some(saved), last).await?,
        None => ledger.mark().await? == Some(saved),
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
