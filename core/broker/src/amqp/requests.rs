//! Requests and replies over a queue with one active consumer: requests go in and reach the subscriber that the broker has
//! made the active one, which answers each. Unlike the task queues it is declared by its users, because its content
//! means nothing a minute later. It is a classic queue: RabbitMQ 3.10 closes the connections of those who subscribe to a
//! quorum queue at the moment in which somebody else declares it. Does I/O.

use std::time::Duration;

use lapin::{
    BasicProperties, Channel,
    message::Delivery,
    options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, ShortString},
};

use super::{deliveries::Subscription, session::AmqpSession};
use crate::BrokerError;

/// RabbitMQ's direct reply-to, which needs no queue; a request and its reply use one channel.
const REPLIES: &str = "amq.rabbitmq.reply-to";
/// Unanswered requests at the active consumer: all of them, so that each can be answered at once.
const PREFETCH: u16 = 1000;
/// A queue that nobody has used for this long is deleted.
const EXPIRES_MILLISECONDS: i64 = 7 * 24 * 3600 * 1000;

/// A subscription to a request queue, and the way to send requests to it.
#[derive(Debug)]
pub struct RequestQueue {
    /// Requests of others, while this is the active consumer.
    pub requests: Requests,
    /// Replies to the requests sent here.
    pub replies: Replies,
    channel: Channel,
    queue: String,
    timeout: Duration,
}

/// The requests that reach the active consumer.
#[derive(Debug)]
pub struct Requests(Subscription);

impl Requests {
    /// The next request. May be dropped at any time without losing one.
    pub async fn next(&mut self) -> Result<Request, BrokerError> {
        let mut delivery = self.0.next().await?;
        Ok(Request { body: std::mem::take(&mut delivery.data), delivery })
    }
}

/// A request; one that is not acknowledged goes to the next active consumer.
#[derive(Debug)]
pub struct Request {
    /// What is requested.
    pub body: Vec<u8>,
    delivery: Delivery,
}

impl Request {
    /// Acknowledges it.
    pub async fn ack(&self) -> Result<(), BrokerError> {
        self.delivery.ack(BasicAckOptions::default()).await?;
        Ok(())
    }
}

/// The replies to the requests sent on one channel.
#[derive(Debug)]
pub struct Replies(Subscription);

impl Replies {
    /// The next reply. May be dropped at any time without losing one.
    pub async fn next(&mut self) -> Result<Reply, BrokerError> {
        let delivery = self.0.next().await?;
        Ok(Reply { id: text(delivery.properties.correlation_id().as_ref()), body: delivery.data })
    }
}

/// A reply.
#[derive(Debug)]
pub struct Reply {
    /// The id of the request.
    pub id: String,
    /// What was replied.
    pub body: Vec<u8>,
}

fn text(property: Option<&ShortString>) -> String {
    property.map(ToString::to_string).unwrap_or_default()
}

impl AmqpSession {
    /// Subscribes to the request queue `queue`. A request that nobody has received within `timeout` is dropped.
    pub async fn request_queue(&self, queue: &str, timeout: Duration) -> Result<RequestQueue, BrokerError> {
        let mut arguments = FieldTable::default();
        let milliseconds = i64::try_from(timeout.as_millis()).unwrap_or(EXPIRES_MILLISECONDS);
        for (name, value) in [
            ("x-queue-type", AMQPValue::LongString("classic".into())),
            ("x-single-active-consumer", AMQPValue::Boolean(true)),
            ("x-message-ttl", AMQPValue::LongLongInt(milliseconds)),
            ("x-expires", AMQPValue::LongLongInt(EXPIRES_MILLISECONDS)),
        ] {
            arguments.insert(name.into(), value);
        }
        let channel = self.channel().await?;
        let declare = channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), arguments);
        self.request("declare a request queue", declare).await?;
        let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        let replies = channel.basic_consume(REPLIES.into(), "".into(), options, FieldTable::default());
        let replies = self.request("subscribe to replies", replies).await?;
        let requests = self.subscribe(queue, PREFETCH, FieldTable::default()).await?;
        Ok(RequestQueue {
            requests: Requests(requests),
            replies: Replies(Subscription::new(replies)),
            channel,
            queue: queue.to_owned(),
            timeout,
        })
    }
}

impl RequestQueue {
    /// Sends a request; its reply carries the same `id`. Both are lost with the session.
    pub async fn request(&self, id: &str, body: &[u8]) -> Result<(), BrokerError> {
        let milliseconds = self.timeout.as_millis().to_string();
        let properties = properties(id).with_reply_to(REPLIES.into()).with_expiration(milliseconds.into());
        self.publish(&self.queue, body, properties).await
    }

    /// Replies to a request; nothing happens if its sender is gone.
    pub async fn reply(&self, request: &Request, body: &[u8]) -> Result<(), BrokerError> {
        let properties_of_request = &request.delivery.properties;
        let id = text(properties_of_request.correlation_id().as_ref());
        let to = text(properties_of_request.reply_to().as_ref());
        self.publish(&to, body, properties(&id)).await
    }

    async fn publish(&self, to: &str, body: &[u8], properties: BasicProperties) -> Result<(), BrokerError> {
        let options = BasicPublishOptions::default();
        self.channel.basic_publish("".into(), to.into(), options, body, properties).await?;
        Ok(())
    }
}

fn properties(id: &str) -> BasicProperties {
    BasicProperties::default().with_content_type("application/json".into()).with_correlation_id(id.into())
}
