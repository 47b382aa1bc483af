//! Manual handling of messages, for the operator's commands: browse a queue without consuming it, publish a message again,
//! and publish to a single queue or stream. Does I/O.

use lapin::{
    BasicProperties, Channel,
    message::BasicGetMessage,
    options::{BasicAckOptions, BasicGetOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use subtitle_contract::topology::EVENTS_EXCHANGE;

use super::{publish::persistent, session::AmqpSession};
use crate::BrokerError;

/// Browses a queue on a channel of its own. Messages that are not acknowledged return to the queue when it is closed.
pub struct Browse<'a> {
    session: &'a AmqpSession,
    channel: Channel,
    queue: &'static str,
    /// How many of the messages that were in the queue at the start remain: one that is requeued meanwhile must not be
    /// returned twice.
    left: u32,
}

/// A message of a browsed queue.
pub struct Browsed {
    /// The routing key it was published with.
    pub routing_key: String,
    /// The message body.
    pub body: Vec<u8>,
    /// `message_id` of its properties.
    pub message_id: Option<String>,
    message: BasicGetMessage,
}

impl AmqpSession {
    /// Starts browsing a queue.
    pub async fn browse(&self, queue: &'static str) -> Result<Browse<'_>, BrokerError> {
        let channel = self.channel().await?;
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
        let declare = channel.queue_declare(queue.into(), options, FieldTable::default());
        let found = self.request("inspect a queue", async { Ok::<_, BrokerError>(declare.await) }).await?;
        let found = found.map_err(|error| super::consume::missing(error, queue))?;
        Ok(Browse { session: self, channel, queue, left: found.message_count() })
    }

    /// Publishes a message again with its own routing key; `replays` is the number of manual replays so far.
    pub async fn publish_again(&self, routing_key: &str, body: &[u8], replays: u32) -> Result<(), BrokerError> {
        let replays = replays.to_string();
        self.confirmed(EVENTS_EXCHANGE, routing_key, body, persistent([("x-replays", replays.as_str())])).await
    }

    /// Publishes a message to one queue or stream only.
    pub async fn publish_to_queue(&self, queue: &str, body: &[u8]) -> Result<(), BrokerError> {
        self.confirmed("", queue, body, BasicProperties::default()).await
    }
}

impl Browse<'_> {
    /// The next message; `None` after the last one that was in the queue at the start.
    pub async fn next(&mut self) -> Result<Option<Browsed>, BrokerError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let get = self.channel.basic_get(self.queue.into(), BasicGetOptions::default());
        Ok(self.session.request("get a message from a queue", get).await?.map(Browsed::new))
    }

    /// Requeues the messages that were not acknowledged.
    pub async fn close(self) -> Result<(), BrokerError> {
        self.session.request("close a channel", self.channel.close(200, "browsed".into())).await
    }
}

impl Browsed {
    fn new(mut message: BasicGetMessage) -> Self {
        Self {
            routing_key: message.routing_key.as_str().to_owned(),
            body: std::mem::take(&mut message.data),
            message_id: message.properties.message_id().as_ref().map(ToString::to_string),
            message,
        }
    }

    /// The value of a string header.
    pub fn header(&self, name: &str) -> Option<String> {
        match self.message.properties.headers().as_ref()?.inner().get(name)? {
            AMQPValue::LongString(text) => Some(text.to_string()),
            AMQPValue::ShortString(text) => Some(text.as_str().to_owned()),
            _ => None,
        }
    }

    /// Removes it from the queue.
    pub async fn ack(&self) -> Result<(), BrokerError> {
        self.message.ack(BasicAckOptions::default()).await?;
        Ok(())
    }
}
