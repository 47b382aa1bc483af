//! Consumes the consumer queue: handles batches of one job each, many jobs concurrently, and acknowledges them afterwards.
//! Called by the session's loops. Does I/O.

use std::pin::pin;

use futures::{StreamExt as _, stream::FuturesUnordered};
use subtitle_broker::{Deliveries, Delivery, Receipt, Session};
use subtitle_contract::topology::CONSUMER_QUEUE;

use super::{handle::handle, lanes::Lanes};
use crate::{
    act::{ActError, Ports},
    loops::operator::Operator,
    observe::message::Message,
};

/// Maximum number of unacknowledged deliveries.
const PREFETCH: u16 = 200;
/// Maximum number of batches, and therefore jobs, handled concurrently.
const MAX_CONCURRENT_JOBS: usize = 32;
/// Maximum number of events of a job that share a write of its status.
const MAX_BATCH: usize = 16;

/// Consumes until the first error, or until `leave` completes; then the batches in progress are finished. The broker
/// redelivers messages that were not acknowledged.
pub async fn run<P: Ports>(
    operator: &Operator<P>,
    session: &P::Session,
    leave: impl Future<Output = ()> + Send,
) -> Result<(), ActError> {
    let mut deliveries = session.consume(CONSUMER_QUEUE, PREFETCH).await?;
    operator.forget_unacknowledged_events();
    let (mut lanes, mut batches) = (Lanes::new(MAX_BATCH), FuturesUnordered::new());
    let (mut leave, mut is_leaving) = (pin!(leave), false);
    loop {
        while !is_leaving
            && batches.len() < MAX_CONCURRENT_JOBS
            && let Some((lane, batch)) = lanes.take()
        {
            batches.push(handle_and_acknowledge(operator, session, lane, batch));
        }
        if is_leaving && batches.is_empty() {
            return Ok(());
        }
        tokio::select! {
            biased;
            () = &mut leave, if !is_leaving => is_leaving = true,
            Some(lane) = batches.next() => lanes.done(&lane?),
            delivery = deliveries.next(), if !is_leaving => {
                let (message, receipt) = receive(operator, delivery?);
                lanes.push(message.lane().to_owned(), (message, receipt));
            }
        }
    }
}

fn receive<P: Ports, R>(operator: &Operator<P>, delivery: Delivery<R>) -> (Message, R) {
    if delivery.redelivered {
        operator.metrics().events_redelivered.increment([]);
    }
    operator.event_received();
    (Message::decode(delivery.routing_key, delivery.body), delivery.receipt)
}

/// Returns the key of the lane, which is free again.
async fn handle_and_acknowledge<P: Ports, R: Receipt>(
    operator: &Operator<P>,
    session: &P::Session,
    lane: String,
    batch: Vec<(Message, R)>,
) -> Result<String, ActError> {
    let (messages, receipts): (Vec<Message>, Vec<R>) = batch.into_iter().unzip();
    handle(operator, session, &messages).await?;
    for receipt in receipts {
        receipt.ack().await?;
        operator.event_acknowledged();
    }
    Ok(lane)
}
