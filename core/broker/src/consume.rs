//! Taking from queues, and looking at them. Each subscription has a channel of its own.

use lapin::{
    Consumer,
    options::{BasicConsumeOptions, BasicQosOptions, QueueBindOptions, QueueDeclareOptions},
    protocol::AMQPSoftError,
    types::{AMQPValue, FieldTable},
};
use subtitle_contract::{event::EventType, topology::EVENTS_EXCHANGE};

use crate::{
    BrokerError, Session,
    declare::{said, soft},
};

/// What a queue holds for whoever takes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Messages that nobody has in hand.
    pub ready: u32,
    /// Subscriptions to it.
    pub consumers: u32,
}

impl Session {
    /// Subscribes with at most `prefetch` deliveries in hand.
    pub async fn consume(&self, queue: &str, prefetch: u16) -> Result<Consumer, BrokerError> {
        self.subscribe(queue, prefetch, FieldTable::default()).await
    }

    /// Subscribes to a stream from an offset on.
    pub async fn consume_stream(&self, stream: &str, prefetch: u16, from: AMQPValue) -> Result<Consumer, BrokerError> {
        let mut arguments = FieldTable::default();
        arguments.insert("x-stream-offset".into(), from);
        self.subscribe(stream, prefetch, arguments).await
    }

    /// Subscribes to all events of one type from now on, with a queue that is this session's alone and ends with it.
    pub async fn listen(&self, event_type: &EventType, prefetch: u16) -> Result<Consumer, BrokerError> {
        let channel = self.channel().await?;
        let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
        let bound = async {
            let queue = channel.queue_declare("".into(), options, FieldTable::default()).await?;
            let (name, key) = (queue.name().clone(), event_type.as_str().into());
            let bind = QueueBindOptions::default();
            channel.queue_bind(name.clone(), EVENTS_EXCHANGE.into(), key, bind, FieldTable::default()).await?;
            Ok::<_, lapin::Error>(name)
        };
        let queue = self.answer("make a queue of its own", bound).await?;
        self.consume(queue.as_str(), prefetch).await
    }

    async fn subscribe(&self, queue: &str, prefetch: u16, arguments: FieldTable) -> Result<Consumer, BrokerError> {
        let channel = self.channel().await?;
        self.answer("set the prefetch", channel.basic_qos(prefetch, BasicQosOptions::default())).await?;
        let consume = channel.basic_consume(queue.into(), "".into(), BasicConsumeOptions::default(), arguments);
        let subscribe = async { consume.await.map_err(|error| missing(error, queue)) };
        self.answer("subscribe to a queue", subscribe).await
    }

    /// How much is in a queue; none where there is no such queue.
    pub async fn depth(&self, queue: &'static str) -> Result<Option<Depth>, BrokerError> {
        // A channel of its own: the broker's 404 closes it.
        let channel = self.channel().await?;
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
        let declare = channel.queue_declare(queue.into(), options, FieldTable::default());
        let answer = self.answer("look at a queue", async { Ok::<_, BrokerError>(declare.await) }).await?;
        match answer {
            Ok(found) => Ok(Some(Depth { ready: found.message_count(), consumers: found.consumer_count() })),
            // It says the same code of a queue that is there and whose process is not, in other words.
            Err(error) => match missing(error.clone(), queue) {
                BrokerError::Missing { .. } if said(&error).contains("no queue") => Ok(None),
                BrokerError::Missing { .. } => {
                    Err(BrokerError::Unusable { queue: queue.to_owned(), message: said(&error) })
                }
                error => Err(error),
            },
        }
    }
}

pub(crate) fn missing(error: lapin::Error, queue: &str) -> BrokerError {
    match soft(&error) {
        Some(AMQPSoftError::NOTFOUND) => BrokerError::Missing { queue: queue.to_owned() },
        _ => error.into(),
    }
}
