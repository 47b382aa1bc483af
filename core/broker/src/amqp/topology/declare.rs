//! Declares the topology of `subtitle_contract::topology` on a broker, and reports which queues had to be created. Called
//! when the operator opens a session. Does I/O.

use lapin::{
    Channel, ErrorKind, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    protocol::{AMQPErrorKind, AMQPSoftError},
    types::{AMQPValue, FieldTable},
};
use subtitle_contract::topology::{Argument, EXCHANGES, QUEUES, Queue};

use crate::{Address, BrokerError, Session as _, amqp::session::AmqpSession};

impl AmqpSession {
    /// Connects and declares every exchange and queue; also returns the names of the queues that did not exist before,
    /// so that any messages in them are lost.
    pub async fn open_and_declare(address: &Address, name: &str) -> Result<(Self, Vec<&'static str>), BrokerError> {
        let session = Self::open(address, name).await?;
        let created = declare(&session).await?;
        Ok((session, created))
    }
}

/// Returns the names of the queues that did not exist before.
async fn declare(session: &AmqpSession) -> Result<Vec<&'static str>, BrokerError> {
    // Checked before declaring: a declare does not report whether it created the queue.
    let mut created = Vec::new();
    for queue in &QUEUES {
        if session.queue_stats(queue.name).await?.is_none() {
            created.push(queue.name);
        }
    }
    let channel = session.channel().await?;
    session.request("declare the exchanges", exchanges(&channel)).await?;
    for queue in &QUEUES {
        session.request("declare a queue", declare_queue(&channel, queue)).await?;
    }
    Ok(created)
}

async fn exchanges(channel: &Channel) -> Result<(), lapin::Error> {
    for (name, kind) in EXCHANGES {
        let kind = if kind == "topic" { ExchangeKind::Topic } else { ExchangeKind::Fanout };
        let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        channel.exchange_declare(name.into(), kind, options, FieldTable::default()).await?;
    }
    Ok(())
}

pub(crate) async fn declare_queue(channel: &Channel, queue: &Queue) -> Result<(), BrokerError> {
    let declared =
        channel.queue_declare(queue.name.into(), QueueDeclareOptions::durable(), table(queue.arguments)).await;
    declared.map_err(|error| match soft(&error) {
        Some(AMQPSoftError::PRECONDITIONFAILED) => {
            BrokerError::QueueArgumentsMismatch { queue: queue.name, message: reply_text(&error) }
        }
        Some(AMQPSoftError::NOTFOUND) => {
            BrokerError::QueueProcessMissing { queue: queue.name.to_owned(), message: reply_text(&error) }
        }
        _ => error.into(),
    })?;
    for (exchange, routing_key) in queue.bindings {
        let (name, exchange, routing_key) = (queue.name.into(), (*exchange).into(), (*routing_key).into());
        channel.queue_bind(name, exchange, routing_key, QueueBindOptions::default(), FieldTable::default()).await?;
    }
    Ok(())
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

/// The error with which the broker closed the channel, if it did.
pub(crate) fn soft(error: &lapin::Error) -> Option<AMQPSoftError> {
    match error.kind() {
        ErrorKind::ProtocolError(error) => match error.kind() {
            AMQPErrorKind::Soft(soft) => Some(soft.clone()),
            AMQPErrorKind::Hard(_) => None,
        },
        _ => None,
    }
}

/// The broker's reply text.
pub(crate) fn reply_text(error: &lapin::Error) -> String {
    match error.kind() {
        ErrorKind::ProtocolError(error) => error.get_message().to_string(),
        _ => error.to_string(),
    }
}
