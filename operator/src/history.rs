//! The history loop: the stream, in its order, into Redis; the offset last.

use std::{sync::Arc, time::Duration};

use futures::StreamExt as _;
use lapin::{message::Delivery, options::BasicAckOptions, types::AMQPValue};
use subtitle_broker::{BrokerError, Session};
use subtitle_core::{event::Event, topology::HISTORY_STREAM};

use crate::act::redis::{Ledger, LedgerError};

/// Deliveries in hand, and the most in one batch.
const PREFETCH: u16 = 200;

/// Why the loop ends; the next one begins behind the saved offset.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// Redis: nothing is acknowledged until it is back.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

fn offset(delivery: &Delivery) -> Option<i64> {
    match delivery.properties.headers().as_ref()?.inner().get("x-stream-offset")? {
        AMQPValue::LongLongInt(offset) => Some(*offset),
        _ => None,
    }
}

/// Copies until the first error.
pub async fn run(session: Arc<Session>, ledger: Ledger) -> HistoryError {
    match copy(&session, &ledger).await {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

async fn copy(session: &Session, ledger: &Ledger) -> Result<std::convert::Infallible, HistoryError> {
    let from =
        ledger.offset().await?.map_or(AMQPValue::LongString("first".into()), |last| AMQPValue::LongLongInt(last + 1));
    let deliveries = session.consume_stream(HISTORY_STREAM, PREFETCH, from).await?;
    let mut batches = Box::pin(deliveries.ready_chunks(usize::from(PREFETCH)));
    while let Some(batch) = batches.next().await {
        let batch: Vec<Delivery> = batch.into_iter().collect::<Result<_, _>>().map_err(BrokerError::from)?;
        let events: Vec<Event> = batch.iter().filter_map(|delivery| Event::decode(&delivery.data).ok()).collect();
        let Some(last) = batch.iter().filter_map(offset).max() else { continue };
        while let Err(error) = ledger.remember(&events, last).await {
            tracing::warn!(%error, "the history waits for Redis");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        for delivery in &batch {
            delivery.ack(BasicAckOptions::default()).await.map_err(BrokerError::from)?;
        }
    }
    Err(BrokerError::Cancelled.into())
}
