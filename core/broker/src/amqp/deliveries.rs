//! Subscriptions on RabbitMQ: lapin's consumer and deliveries as the ports' types.

use futures::{FutureExt as _, StreamExt as _};
use lapin::{
    Consumer, message,
    options::{BasicAckOptions, BasicNackOptions},
    types::AMQPValue,
};

use crate::{BrokerError, Deliveries, Delivery, Receipt};

/// A subscription.
#[derive(Debug)]
pub struct AmqpDeliveries(Consumer);

impl AmqpDeliveries {
    pub(crate) const fn new(consumer: Consumer) -> Self {
        Self(consumer)
    }
}

/// Settles a delivery.
#[derive(Debug)]
pub struct AmqpReceipt(message::Delivery);

fn delivery(mut delivery: message::Delivery) -> Delivery<AmqpReceipt> {
    let header = |name: &str| delivery.properties.headers().as_ref()?.inner().get(name).and_then(integer);
    Delivery {
        earlier_deliveries: header("x-delivery-count").and_then(|count| u32::try_from(count).ok()).unwrap_or(0),
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
        Ok(delivery(self.0.next().await.ok_or(BrokerError::Cancelled)??))
    }

    async fn next_batch(&mut self, most: usize) -> Result<Vec<Delivery<AmqpReceipt>>, BrokerError> {
        let mut batch = vec![self.next().await?];
        while batch.len() < most
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

    async fn ack_all(&self) -> Result<(), BrokerError> {
        self.0.ack(BasicAckOptions { multiple: true }).await?;
        Ok(())
    }

    async fn requeue(&self) -> Result<(), BrokerError> {
        self.0.nack(BasicNackOptions { requeue: true, ..BasicNackOptions::default() }).await?;
        Ok(())
    }
}
