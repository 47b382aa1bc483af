//! Detects and recreates queues that exist but cannot be used. A RabbitMQ that is killed right after creating a quorum
//! queue (seen on 3.10 and 4.0) afterwards knows the queue's name but has no process for it: declaring it succeeds, a
//! publish to it is never confirmed, and a consume hangs or closes the connection (INTERNAL_ERROR). Deleting it works,
//! and then it can be declared again. (A stream in that state cannot even be deleted: see `BrokerError::QueueProcessMissing`.)
//! Does I/O.

use std::time::Duration;

use lapin::{
    ErrorKind,
    options::{BasicConsumeOptions, BasicQosOptions, QueueDeleteOptions},
    protocol::{AMQPErrorKind, AMQPHardError},
    types::FieldTable,
};
use subtitle_contract::topology::{Argument, QUEUES, Queue};
use tokio::time::timeout;

use super::declare::declare_queue;
use crate::{BrokerError, QueueStats, QueueWriter, Session as _, amqp::session::AmqpSession};

/// A healthy queue answers in milliseconds; one that is electing a leader takes a few seconds.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

fn is_quorum(queue: &Queue) -> bool {
    queue.arguments.contains(&("x-queue-type", Argument::Text("quorum")))
}

/// The error that RabbitMQ returns when a queue's process does not exist.
fn is_internal_error(error: &lapin::Error) -> bool {
    match error.kind() {
        ErrorKind::ProtocolError(error) => *error.kind() == AMQPErrorKind::Hard(AMQPHardError::INTERNALERROR),
        _ => false,
    }
}

impl AmqpSession {
    /// The quorum queues that exist and do not respond; empty ones without consumers are probed with a consume.
    pub(crate) async fn find_unresponsive_queues(&self) -> Result<Vec<&'static str>, BrokerError> {
        let mut found = Vec::new();
        for queue in QUEUES.iter().filter(|queue| is_quorum(queue)) {
            // An unresponsive queue is reported as empty and without consumers. Other queues work and are not probed,
            // because a probe would take a message.
            let seems_empty = self.queue_stats(queue.name).await? == Some(QueueStats { ready: 0, consumers: 0 });
            if !seems_empty {
                continue;
            }
            match self.queue_responds(queue.name).await {
                Ok(true) => {}
                Ok(false) => {
                    // Fails if it is the broker that does not respond, rather than the queue.
                    self.queue_stats(queue.name).await?;
                    found.push(queue.name);
                }
                Err(BrokerError::Protocol(error)) if is_internal_error(&error) => {
                    found.push(queue.name);
                    break; // This error closed the connection.
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn queue_responds(&self, queue: &str) -> Result<bool, BrokerError> {
        let channel = self.channel().await?;
        self.request("set the prefetch", channel.basic_qos(1, BasicQosOptions::default())).await?;
        let options = BasicConsumeOptions::default();
        match timeout(PROBE_TIMEOUT, channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()))
            .await
        {
            Ok(subscribed) => {
                subscribed?;
                self.request("close a channel", channel.close(200, "probe finished".into())).await?;
                Ok(true)
            }
            Err(_) => Ok(false),
        }
    }
}

impl QueueWriter for AmqpSession {
    async fn recreate(&self, name: &str) -> Result<(), BrokerError> {
        let Some(queue) = QUEUES.iter().find(|queue| queue.name == name) else {
            return Err(BrokerError::QueueNotFound { queue: name.to_owned() });
        };
        let channel = self.channel().await?;
        self.request("delete a queue", channel.queue_delete(name.into(), QueueDeleteOptions::default())).await?;
        self.request("declare a queue", declare_queue(&channel, queue)).await
    }
}
