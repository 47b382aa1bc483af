//! Queues that exist and that nobody can use. A RabbitMQ that is killed within moments of creating a quorum queue
//! (seen on 3.10 and 4.0) afterwards knows the queue's name but has no process for it: declaring it is answered,
//! publishing to it never is, and subscribing to it is not answered either, or costs the connection (INTERNAL_ERROR).
//! Deleting it works, and then it can be declared again. (A stream in that state cannot even be deleted: that is
//! `BrokerError::Unusable`.) Does I/O.

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
use crate::{BrokerError, Depth, QueueWriter, Session as _, amqp::session::AmqpSession};

/// A healthy queue answers in milliseconds; one that is electing a leader takes a few seconds.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

fn is_quorum(queue: &Queue) -> bool {
    queue.arguments.contains(&("x-queue-type", Argument::Text("quorum")))
}

/// The broker's answer when it finds no process behind a name.
fn is_internal(error: &lapin::Error) -> bool {
    match error.kind() {
        ErrorKind::ProtocolError(error) => *error.kind() == AMQPErrorKind::Hard(AMQPHardError::INTERNALERROR),
        _ => false,
    }
}

impl AmqpSession {
    pub(crate) async fn find_unanswering(&self) -> Result<Vec<&'static str>, BrokerError> {
        let mut found = Vec::new();
        for queue in QUEUES.iter().filter(|queue| is_quorum(queue)) {
            // The broker reports a queue that does not answer as empty and without consumers. Any other queue is alive and
            // is not probed, because probing takes a message.
            let seems_empty = self.depth(queue.name).await? == Some(Depth { ready: 0, consumers: 0 });
            if !seems_empty {
                continue;
            }
            match self.answers_for(queue.name).await {
                Ok(true) => {}
                Ok(false) => {
                    // The broker itself does answer.
                    self.depth(queue.name).await?;
                    found.push(queue.name);
                }
                Err(BrokerError::Protocol(error)) if is_internal(&error) => {
                    found.push(queue.name);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn answers_for(&self, queue: &str) -> Result<bool, BrokerError> {
        let channel = self.channel().await?;
        self.answer("set the prefetch", channel.basic_qos(1, BasicQosOptions::default())).await?;
        let options = BasicConsumeOptions::default();
        match timeout(ANSWERS_WITHIN, channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()))
            .await
        {
            Ok(subscribed) => {
                subscribed?;
                self.answer("close a channel", channel.close(200, "it answers".into())).await?;
                Ok(true)
            }
            Err(_) => Ok(false),
        }
    }
}

impl QueueWriter for AmqpSession {
    async fn recreate(&self, name: &str) -> Result<(), BrokerError> {
        let Some(queue) = QUEUES.iter().find(|queue| queue.name == name) else { return Ok(()) };
        let channel = self.channel().await?;
        self.answer("delete a queue", channel.queue_delete(name.into(), QueueDeleteOptions::default())).await?;
        self.answer("declare a queue", declare_queue(&channel, queue)).await
    }
}
