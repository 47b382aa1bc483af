//! The ports `Deliveries` and `Receipt` of one process, with the planted faults of deliveries.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Poll, Waker},
};

use subtitle_broker::{BrokerError, Deliveries, Delivery, Receipt};
use subtitle_contract::{
    event::{Event, EventType},
    topology::{CONSUMER_QUEUE, HISTORY_STREAM},
};

use super::session::silent;
use crate::{
    checks::acknowledged::acknowledged,
    faults::Planted,
    servers::broker::Message,
    world::{Sim, World},
};

/// A subscription to a queue or, without one, to types of events.
pub(crate) struct SimDeliveries {
    sim: Sim,
    process: usize,
    queue: Option<&'static str>,
    id: u32,
}

impl SimDeliveries {
    pub(super) fn new(sim: &Sim, process: usize, queue: Option<&'static str>, id: u32) -> Self {
        Self { sim: sim.clone(), process, queue, id }
    }
}

impl SimDeliveries {
    fn poll(&self, waker: &Waker) -> Poll<Result<Delivery<SimReceipt>, BrokerError>> {
        self.sim.with(|world| {
            let receipt =
                |tag| SimReceipt { sim: self.sim.clone(), process: self.process, consumer: self.id, tag, stop: None };
            if self.queue.is_none() {
                let polled = world.broker.next_announcement(self.id, waker);
                return polled.map(|message| {
                    let Message { key, body, event: stop, .. } = message.ok_or(BrokerError::ConsumerCancelled)?;
                    let body = misread(world, stop.as_deref()).unwrap_or_else(|| body.to_vec());
                    let receipt = SimReceipt { stop, ..receipt(None) };
                    let (redelivered, delivery_count, offset) = (false, 0, None);
                    Ok(Delivery { routing_key: key.to_string(), body, redelivered, delivery_count, offset, receipt })
                });
            }
            let Poll::Ready(next) = world.broker.next(self.id, waker) else { return Poll::Pending };
            let Some((tag, message)) = next else { return Poll::Ready(Err(BrokerError::ConsumerCancelled)) };
            let body = self.planted(world, tag, &message).unwrap_or_else(|| message.body.to_vec());
            let is_stream = self.queue == Some(HISTORY_STREAM);
            Poll::Ready(Ok(Delivery {
                routing_key: message.key.to_string(),
                body,
                redelivered: !is_stream && message.earlier > 0,
                delivery_count: if is_stream { 0 } else { u32::try_from(message.earlier).unwrap_or(u32::MAX) },
                offset: is_stream.then_some(message.earlier),
                receipt: receipt(Some(tag)),
            }))
        })
    }

    /// Applies the planted faults of deliveries: a message counts as acknowledged once it is delivered, or is rewritten to the
    /// current attempt.
    fn planted(&self, world: &mut World, tag: u64, message: &Message) -> Option<Vec<u8>> {
        match world.planted? {
            Planted::AckBeforeEffect if self.queue != Some(HISTORY_STREAM) => {
                if let Some((queue, message)) = world.broker.ack(self.id, tag) {
                    acknowledged(world, queue, &message);
                }
                None
            }
            Planted::NoAttemptCheck if self.queue == Some(CONSUMER_QUEUE) => {
                let event = message.event.as_ref()?;
                let status = world.api.find(&event.job_id).and_then(|job| job.status.as_ref());
                let attempt = status.map(|status| status.attempt.max(1)).or(event.attempt);
                serde_json::to_vec(&Event { attempt, ..event.as_ref().clone() }).ok()
            }
            _ => None,
        }
    }
}

/// The planted fault of a stop that names an earlier attempt.
fn misread(world: &World, stop: Option<&Event>) -> Option<Vec<u8>> {
    let event =
        stop.filter(|event| world.is_planted(Planted::StopMisread) && event.event_type != EventType::Cancelled)?;
    serde_json::to_vec(&Event { attempt: Some(0), ..event.clone() }).ok()
}

impl Deliveries for SimDeliveries {
    type Receipt = SimReceipt;

    async fn next(&mut self) -> Result<Delivery<SimReceipt>, BrokerError> {
        poll_fn(|context| self.poll(context.waker())).await
    }

    async fn next_batch(&mut self, max: usize) -> Result<Vec<Delivery<SimReceipt>>, BrokerError> {
        let mut batch = vec![self.next().await?];
        let more = self.sim.with(|world| world.random.index(6)).min(max.saturating_sub(1));
        while batch.len() <= more
            && let Poll::Ready(next) = self.poll(Waker::noop())
        {
            batch.push(next?);
        }
        Ok(batch)
    }
}

/// Settles a delivery; one without a tag is already settled.
pub(crate) struct SimReceipt {
    sim: Sim,
    process: usize,
    consumer: u32,
    tag: Option<u64>,
    /// What the worker was told.
    stop: Option<Arc<Event>>,
}

impl SimReceipt {
    fn is_settled_already(&self) -> bool {
        self.tag.is_none() || self.sim.with(|world| world.is_planted(Planted::AckBeforeEffect))
    }
}

impl Receipt for SimReceipt {
    async fn ack(&self) -> Result<(), BrokerError> {
        if let Some(stop) = &self.stop {
            self.sim.with(|world| world.checks.paid.told(self.process, stop));
        }
        self.sim.step().await;
        let Some(tag) = self.tag.filter(|_| !self.is_settled_already()) else { return Ok(()) };
        self.sim.with(|world| {
            let (queue, message) = world.broker.ack(self.consumer, tag).ok_or_else(|| silent("acknowledge"))?;
            acknowledged(world, queue, &message);
            Ok(())
        })
    }

    async fn ack_up_to(&self) -> Result<(), BrokerError> {
        self.sim.step().await;
        let Some(tag) = self.tag else { return Ok(()) };
        let is_open = self.sim.with(|world| world.broker.ack_up_to(self.consumer, tag));
        if is_open { Ok(()) } else { Err(silent("acknowledge")) }
    }

    async fn requeue(&self) -> Result<(), BrokerError> {
        self.sim.step().await;
        let Some(tag) = self.tag.filter(|_| !self.is_settled_already()) else { return Ok(()) };
        if self.sim.with(|world| world.is_planted(Planted::RequeueForgotten)) {
            return Ok(());
        }
        let is_open = self.sim.with(|world| world.broker.requeue(self.consumer, tag));
        if is_open { Ok(()) } else { Err(silent("requeue")) }
    }
}
