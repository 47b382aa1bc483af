//! One session with RabbitMQ: connect, declare the topology, consume, publish with confirm. A session is never
//! repaired: the first error ends it and the caller starts another. Does I/O.
#![warn(missing_docs)]

use std::time::Duration;

use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Consumer, ExchangeKind,
    options::{
        BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions, ExchangeDeclareOptions,
        QueueBindOptions, QueueDeclareOptions,
    },
    types::{AMQPValue, FieldTable},
};
use subtitle_core::{
    event::Event,
    headers,
    reason::Reason,
    topology::{Argument, DEAD_LETTERS_EXCHANGE, EVENTS_EXCHANGE, EXCHANGES, QUEUES},
};
use tokio::{sync::Mutex, time::timeout};

/// The longest any single exchange with the broker may take: a blocked broker answers nothing at all.
const DEADLINE: Duration = Duration::from_secs(15);

/// The session is over.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The broker closed it, refused something, or went away.
    #[error("failed to talk to the broker: {0}")]
    Protocol(#[from] lapin::Error),
    /// No answer in time; what was sent may or may not have arrived.
    #[error("failed to get an answer from the broker within {} s", DEADLINE.as_secs())]
    Silent(#[from] tokio::time::error::Elapsed),
    /// The message was not taken.
    #[error("failed to publish '{0}': the broker routed it nowhere or refused it")]
    Refused(String),
    /// The broker ended the subscription: the queue was deleted or moved.
    #[error("failed to go on consuming: the broker cancelled the subscription")]
    Cancelled,
}

/// A connection with one confirm channel.
pub struct Session {
    connection: Connection,
    publisher: Mutex<Channel>,
}

impl Session {
    /// Connects, declares every exchange and queue, and opens the confirm channel.
    pub async fn open(url: &str, name: &str) -> Result<Self, BrokerError> {
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{separator}heartbeat=5&connection_timeout=5000");
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connection = timeout(DEADLINE, Connection::connect(&url, properties)).await??;
        let channel = timeout(DEADLINE, connection.create_channel()).await??;
        timeout(DEADLINE, declare(&channel)).await??;
        timeout(DEADLINE, channel.confirm_select(ConfirmSelectOptions::default())).await??;
        Ok(Self { connection, publisher: Mutex::new(channel) })
    }

    /// Subscribes to a stream from an offset on.
    pub async fn consume_stream(&self, stream: &str, prefetch: u16, from: AMQPValue) -> Result<Consumer, BrokerError> {
        let mut arguments = FieldTable::default();
        arguments.insert("x-stream-offset".into(), from);
        self.subscribe(stream, prefetch, arguments).await
    }

    /// Subscribes with at most `prefetch` deliveries in hand.
    pub async fn consume(&self, queue: &str, prefetch: u16) -> Result<Consumer, BrokerError> {
        self.subscribe(queue, prefetch, FieldTable::default()).await
    }

    async fn subscribe(&self, queue: &str, prefetch: u16, arguments: FieldTable) -> Result<Consumer, BrokerError> {
        let channel = timeout(DEADLINE, self.connection.create_channel()).await??;
        timeout(DEADLINE, channel.basic_qos(prefetch, BasicQosOptions::default())).await??;
        let consume = channel.basic_consume(queue.into(), "".into(), BasicConsumeOptions::default(), arguments);
        Ok(timeout(DEADLINE, consume).await??)
    }

    /// Publishes an event and waits until the broker has it. One at a time: returns of pipelined mandatory
    /// messages get attached to the wrong one.
    pub async fn publish(&self, event: &Event) -> Result<(), BrokerError> {
        let body = serde_json::to_vec(event).unwrap_or_default();
        let mut table = FieldTable::default();
        for (name, value) in headers::of(event) {
            table.insert(name.into(), AMQPValue::LongString(value.into()));
        }
        let properties = persistent().with_message_id(event.identity().to_string().into()).with_headers(table);
        self.confirmed(EVENTS_EXCHANGE, event.event_type.as_str(), &body, properties).await
    }

    /// Hands a message nobody can handle to the dead letters, with its reason.
    pub async fn dead_letter(
        &self,
        routing_key: &str,
        body: &[u8],
        reason: Reason,
        message: &str,
    ) -> Result<(), BrokerError> {
        let mut table = FieldTable::default();
        table.insert("x-reason".into(), AMQPValue::LongString(reason.as_str().into()));
        table.insert("x-message".into(), AMQPValue::LongString(message.into()));
        self.confirmed(DEAD_LETTERS_EXCHANGE, routing_key, body, persistent().with_headers(table)).await
    }

    async fn confirmed(
        &self,
        exchange: &str,
        routing_key: &str,
        body: &[u8],
        properties: BasicProperties,
    ) -> Result<(), BrokerError> {
        let channel = self.publisher.lock().await;
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let publish = channel.basic_publish(exchange.into(), routing_key.into(), options, body, properties);
        let confirm = timeout(DEADLINE, async { publish.await?.await }).await??;
        match confirm {
            Confirmation::Ack(None) => Ok(()),
            _ => Err(BrokerError::Refused(routing_key.to_owned())),
        }
    }

    /// Says goodbye; unacknowledged deliveries go back to their queues.
    pub async fn close(&self) {
        let _ = timeout(DEADLINE, self.connection.close(200, "going away".into())).await;
    }
}

fn persistent() -> BasicProperties {
    BasicProperties::default().with_content_type("application/json".into()).with_delivery_mode(2)
}

fn table(arguments: &[(&str, Argument)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, argument) in arguments {
        let value = match argument {
            Argument::Text(text) => AMQPValue::LongString((*text).into()),
            Argument::Number(number) => AMQPValue::LongLongInt(*number),
            Argument::Flag(flag) => AMQPValue::Boolean(*flag),
        };
        table.insert((*name).into(), value);
    }
    table
}

async fn declare(channel: &Channel) -> Result<(), lapin::Error> {
    for (name, kind) in EXCHANGES {
        let kind = if kind == "topic" { ExchangeKind::Topic } else { ExchangeKind::Fanout };
        let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        channel.exchange_declare(name.into(), kind, options, FieldTable::default()).await?;
    }
    for queue in &QUEUES {
        channel.queue_declare(queue.name.into(), QueueDeclareOptions::durable(), table(queue.arguments)).await?;
        for (exchange, routing_key) in queue.bindings {
            let options = QueueBindOptions::default();
            channel
                .queue_bind(
                    queue.name.into(),
                    (*exchange).into(),
                    (*routing_key).into(),
                    options,
                    FieldTable::default(),
                )
                .await?;
        }
    }
    Ok(())
}
