//! Subscribing to queues and inspecting them. Each subscription has a channel of its own.

use lapin::{
    options::{BasicConsumeOptions, BasicQosOptions, QueueBindOptions, QueueDeclareOptions},
    protocol::AMQPSoftError,
    types::{AMQPValue, FieldTable},
};
use subtitle_contract::{event::EventType, topology::EVENTS_EXCHANGE};
use tokio::time::timeout;

use super::{
    deliveries::{AmqpDeliveries, Subscription},
    session::AmqpSession,
    topology::declare::{reply_text, soft},
};
use crate::{BrokerError, QueueStats, Session, StreamStart};

impl Session for AmqpSession {
    type Deliveries = AmqpDeliveries;

    async fn consume(&self, queue: &'static str, prefetch: u16) -> Result<AmqpDeliveries, BrokerError> {
        self.subscribe(queue, prefetch, FieldTable::default()).await.map(AmqpDeliveries::new)
    }

    async fn consume_stream(
        &self,
        stream: &'static str,
        prefetch: u16,
        from: StreamStart,
    ) -> Result<AmqpDeliveries, BrokerError> {
        let from = match from {
            StreamStart::Oldest => AMQPValue::LongString("first".into()),
            StreamStart::Offset(offset) => AMQPValue::LongLongInt(offset),
        };
        let mut arguments = FieldTable::default();
        arguments.insert("x-stream-offset".into(), from);
        self.subscribe(stream, prefetch, arguments).await.map(AmqpDeliveries::new)
    }

    async fn consume_events(&self, event_types: &[EventType], prefetch: u16) -> Result<AmqpDeliveries, BrokerError> {
        let channel = self.channel().await?;
        let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
        let bound = async {
            let queue = channel.queue_declare("".into(), options, FieldTable::default()).await?;
            let name = queue.name().clone();
            for event_type in event_types {
                let (key, bind) = (event_type.as_str().into(), QueueBindOptions::default());
                channel.queue_bind(name.clone(), EVENTS_EXCHANGE.into(), key, bind, FieldTable::default()).await?;
            }
            Ok::<_, lapin::Error>(name)
        };
        let queue = self.request("declare an exclusive queue", bound).await?;
        self.subscribe(queue.as_str(), prefetch, FieldTable::default()).await.map(AmqpDeliveries::new)
    }

    async fn queue_stats(&self, queue: &'static str) -> Result<Option<QueueStats>, BrokerError> {
        // A channel of its own: the broker's 404 closes it.
        let channel = self.channel().await?;
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
        let declare = channel.queue_declare(queue.into(), options, FieldTable::default());
        let answer = self.request("inspect a queue", async { Ok::<_, BrokerError>(declare.await) }).await?;
        match answer {
            Ok(found) => Ok(Some(QueueStats { ready: found.message_count(), consumers: found.consumer_count() })),
            // It says the same code of a queue that is there and whose process is not, in other words.
            Err(error) => match missing(error.clone(), queue) {
                BrokerError::QueueNotFound { .. } if reply_text(&error).contains("no queue") => Ok(None),
                BrokerError::QueueNotFound { .. } => {
                    Err(BrokerError::QueueProcessMissing { queue: queue.to_owned(), message: reply_text(&error) })
                }
                error => Err(error),
            },
        }
    }

    async fn unresponsive_queues(&self) -> Result<Vec<&'static str>, BrokerError> {
        self.find_unresponsive_queues().await
    }

    fn is_blocked(&self) -> bool {
        self.state.borrow().blocked
    }

    async fn ended(&self) -> BrokerError {
        let mut states = self.state.subscribe();
        loop {
            if let Some(error) = states.borrow_and_update().ended.clone() {
                return error;
            }
            // Never an error: this session holds the sender.
            let _ = states.changed().await;
        }
    }

    async fn credentials_changed(&self) {
        self.address.changed_from(&self.login).await;
        tracing::info!("the broker's Secret has changed: this session ends and the next one uses the new credentials");
    }

    async fn close(&self) {
        if self.ensure_open().is_err() {
            return; // Nobody answers any more; dropping the connection closes it.
        }
        let _ = timeout(self.request_timeout, self.connection.close(200, "going away".into())).await;
    }
}

impl AmqpSession {
    pub(super) async fn subscribe(
        &self,
        queue: &str,
        prefetch: u16,
        arguments: FieldTable,
    ) -> Result<Subscription, BrokerError> {
        let channel = self.channel().await?;
        self.request("set the prefetch", channel.basic_qos(prefetch, BasicQosOptions::default())).await?;
        let consume = channel.basic_consume(queue.into(), "".into(), BasicConsumeOptions::default(), arguments);
        let subscribe = async { consume.await.map_err(|error| missing(error, queue)) };
        self.request("subscribe to a queue", subscribe).await.map(Subscription::new)
    }
}

pub(crate) fn missing(error: lapin::Error, queue: &str) -> BrokerError {
    match soft(&error) {
        Some(AMQPSoftError::NOTFOUND) => BrokerError::QueueNotFound { queue: queue.to_owned() },
        _ => error.into(),
    }
}
