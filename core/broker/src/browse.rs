//! What people do with messages by hand: look through a queue without taking anything, publish one again, and mark
//! the end of a stream. Does I/O.

use lapin::{
    BasicProperties, Channel,
    message::BasicGetMessage,
    options::{BasicGetOptions, QueueDeclareOptions},
    types::FieldTable,
};
use subtitle_contract::topology::EVENTS_EXCHANGE;

use crate::{BrokerError, Session, publish::persistent};

/// A queue that is looked through on a channel of its own. A message that is not acknowledged goes back when the browse
/// is closed.
pub struct Browse<'a> {
    session: &'a Session,
    channel: Channel,
    queue: &'static str,
    /// What was in the queue at the beginning: what goes back meanwhile must not be seen twice.
    left: u32,
}

impl Session {
    /// Begins to look through a queue.
    pub async fn browse(&self, queue: &'static str) -> Result<Browse<'_>, BrokerError> {
        let channel = self.channel().await?;
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
        let declare = channel.queue_declare(queue.into(), options, FieldTable::default());
        let found = self.answer("look at a queue", async { Ok::<_, BrokerError>(declare.await) }).await?;
        let found = found.map_err(|error| crate::consume::missing(error, queue))?;
        Ok(Browse { session: self, channel, queue, left: found.message_count() })
    }

    /// Publishes a message under its own routing key, as if for the first time; `replays` counts how often by hand.
    pub async fn publish_again(&self, routing_key: &str, body: &[u8], replays: u32) -> Result<(), BrokerError> {
        let replays = replays.to_string();
        self.confirmed(EVENTS_EXCHANGE, routing_key, body, persistent([("x-replays", replays.as_str())])).await
    }

    /// Puts a message into one queue or stream only: streams have no mark at their end, so a reader puts one there.
    pub async fn mark(&self, queue: &str, body: &[u8]) -> Result<(), BrokerError> {
        self.confirmed("", queue, body, BasicProperties::default()).await
    }
}

impl Browse<'_> {
    /// The next message; none after the last that was there at the beginning.
    pub async fn next(&mut self) -> Result<Option<BasicGetMessage>, BrokerError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let get = self.channel.basic_get(self.queue.into(), BasicGetOptions::default());
        self.session.answer("look into a queue", get).await
    }

    /// Gives back what was not acknowledged.
    pub async fn close(self) -> Result<(), BrokerError> {
        self.session.answer("close a channel", self.channel.close(200, "looked through".into())).await
    }
}
