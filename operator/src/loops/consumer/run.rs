//! Deliveries of the consumer queue come in; batches of one job each are handled, many jobs at a time, and acknowledged
//! in their order afterwards. Does I/O.

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

/// Unacknowledged deliveries, at most.
const PREFETCH: u16 = 200;
/// Batches, and so jobs, handled at the same time.
const JOBS_AT_ONCE: usize = 32;
/// Events of one job that share a write of its status.
const LONGEST_BATCH: usize = 16;

/// Consumes until the first error, or until `leave` returns; then the batches being handled are finished. The broker
/// delivers again what was not acknowledged.
pub async fn run<P: Ports>(
    operator: &Operator<P>,
    session: &P::Session,
    leave: impl Future<Output = ()> + Send,
) -> Result<(), ActError> {
    let mut deliveries = session.consume(CONSUMER_QUEUE, PREFETCH).await?;
    operator.forget_unacknowledged_events();
    let (mut lanes, mut batches) = (Lanes::new(LONGEST_BATCH), FuturesUnordered::new());
    let (mut leave, mut is_leaving) = (pin!(leave), false);
    loop {
        while !is_leaving
            && batches.len() < JOBS_AT_ONCE
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

/// Returns the lane, which is free again.
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
