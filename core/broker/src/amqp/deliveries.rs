//! Subscriptions on RabbitMQ: lapin's consumer and deliveries as the ports' types, in their order. The body of a message that
//! is longer than any event is dropped as it arrives, before it can pile up behind others: what goes on is a reference to
//! it. Called by everything that consumes. Does I/O.

use std::collections::BTreeMap;

use futures::{FutureExt as _, StreamExt as _};
use lapin::{
    Consumer, message,
    options::{BasicAckOptions, BasicNackOptions},
    types::{AMQPValue, FieldTable, ShortString},
};
use sha2::{Digest as _, Sha256};
use subtitle_contract::{
    event::{MAX_BODY_BYTES, Oversize},
    text::sanitize,
};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{BrokerError, Deliveries, Delivery, Receipt};

/// Headers that are kept of a message whose body is dropped, and the most characters of each.
const HEADERS: usize = 16;
const MAX_HEADER: usize = 200;

/// A subscription.
#[derive(Debug)]
pub struct AmqpDeliveries(Subscription);

impl AmqpDeliveries {
    pub(super) const fn new(subscription: Subscription) -> Self {
        Self(subscription)
    }
}

/// Settles a delivery.
#[derive(Debug)]
pub struct AmqpReceipt(message::Delivery);

fn delivery(mut delivery: message::Delivery) -> Delivery<AmqpReceipt> {
    let header = |name: &str| delivery.properties.headers().as_ref()?.inner().get(name).and_then(integer);
    Delivery {
        delivery_count: header("x-delivery-count").and_then(|count| u32::try_from(count).ok()).unwrap_or(0),
        offset: header("x-stream-offset"),
        routing_key: delivery.routing_key.as_str().to_owned(),
        body: std::mem::take(&mut delivery.data),
        redelivered: delivery.redelivered,
        receipt: AmqpReceipt(delivery),
    }
}

fn integer(value: &AMQPValue) -> Option<i64> {
    match value {
        AMQPValue::LongLongInt(number) => Some(*number),
        AMQPValue::LongInt(number) => Some(i64::from(*number)),
        _ => None,
    }
}

impl Deliveries for AmqpDeliveries {
    type Receipt = AmqpReceipt;

    async fn next(&mut self) -> Result<Delivery<AmqpReceipt>, BrokerError> {
        Ok(delivery(self.0.next().await?))
    }

    async fn next_batch(&mut self, max: usize) -> Result<Vec<Delivery<AmqpReceipt>>, BrokerError> {
        let mut batch = vec![self.next().await?];
        while batch.len() < max
            && let Some(next) = self.next().now_or_never()
        {
            batch.push(next?);
        }
        Ok(batch)
    }
}

impl Receipt for AmqpReceipt {
    async fn ack(&self) -> Result<(), BrokerError> {
        self.0.ack(BasicAckOptions::default()).await?;
        Ok(())
    }

    async fn ack_up_to(&self) -> Result<(), BrokerError> {
        self.0.ack(BasicAckOptions { multiple: true }).await?;
        Ok(())
    }

    async fn requeue(&self) -> Result<(), BrokerError> {
        self.0.nack(BasicNackOptions { requeue: true, ..BasicNackOptions::default() }).await?;
        Ok(())
    }
}

/// What a consumer delivers.
#[derive(Debug)]
pub(super) struct Subscription {
    arrived: mpsc::UnboundedReceiver<Result<message::Delivery, lapin::Error>>,
    reader: JoinHandle<()>,
}

impl Subscription {
    /// Takes each delivery from the consumer as it arrives; the channel's prefetch bounds what waits here.
    pub(super) fn new(mut consumer: Consumer) -> Self {
        let (sender, arrived) = mpsc::unbounded_channel();
        let reader = tokio::spawn(async move {
            while let Some(delivery) = consumer.next().await {
                let is_over = delivery.is_err();
                if sender.send(delivery.map(without_long_body)).is_err() || is_over {
                    return;
                }
            }
        });
        Self { arrived, reader }
    }

    /// The next delivery; may be dropped at any time without losing one.
    pub(super) async fn next(&mut self) -> Result<message::Delivery, BrokerError> {
        Ok(self.arrived.recv().await.ok_or(BrokerError::ConsumerCancelled)??)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

fn without_long_body(mut delivery: message::Delivery) -> message::Delivery {
    let bytes = delivery.data.len();
    if bytes > MAX_BODY_BYTES {
        let body = std::mem::take(&mut delivery.data);
        let sha256 = format!("{:x}", Sha256::digest(&body));
        let reference = Oversize { oversize_bytes: bytes, sha256, headers: short_headers(&delivery) };
        tracing::warn!(bytes, sha256 = reference.sha256, "a message is longer than any event: its body is dropped");
        delivery.data = serde_json::to_vec(&reference).unwrap_or_default();
    }
    delivery
}

fn short_headers(delivery: &message::Delivery) -> BTreeMap<String, String> {
    let headers = delivery.properties.headers().as_ref().map(FieldTable::inner);
    let text = |(name, value): (&ShortString, &AMQPValue)| match value {
        AMQPValue::LongString(text) => {
            Some((sanitize(name.as_str(), MAX_HEADER), sanitize(&text.to_string(), MAX_HEADER)))
        }
        _ => None,
    };
    headers.into_iter().flatten().filter_map(text).take(HEADERS).collect()
}
