//! Queues that are there and that nobody can use. RabbitMQ (3.10 and 4.0 seen) that is killed within moments of making a
//! quorum queue knows its name afterwards and not its process: declaring it is answered, publishing to it never is, and
//! subscribing to it is not answered either, or costs the connection (INTERNAL_ERROR). Deleting it is answered, too, and then it can be made anew. (A stream in that state cannot even be
//! deleted: that is `BrokerError::Unusable`.) Does I/O.

use std::time::Duration;

use lapin::{
    ErrorKind,
    options::{BasicConsumeOptions, BasicQosOptions, QueueDeleteOptions},
    protocol::{AMQPErrorKind, AMQPHardError},
    types::FieldTable,
};
use subtitle_contract::topology::{Argument, QUEUES, Queue};
use tokio::time::timeout;

use crate::{BrokerError, Depth, Session, declare::declare_queue};

/// Whoever answers does so in milliseconds; a queue that is choosing its leader takes a few seconds.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

fn is_quorum(queue: &Queue) -> bool {
    queue.arguments.contains(&("x-queue-type", Argument::Text("quorum")))
}

/// What the broker says where it finds no process behind a name.
fn is_internal(error: &lapin::Error) -> bool {
    match error.kind() {
        ErrorKind::ProtocolError(error) => *error.kind() == AMQPErrorKind::Hard(AMQPHardError::INTERNALERROR),
        _ => false,
    }
}

impl Session {
    /// Quorum queues of ours that exist and do not answer now; all of them, or the first that cost the connection.
    pub async fn unanswering(&self) -> Result<Vec<&'static str>, BrokerError> {
        let mut found = Vec::new();
        for queue in QUEUES.iter().filter(|queue| is_quorum(queue)) {
            // Of a queue that does not answer the broker says that it is empty and has no consumer; any other is alive,
            // and is not asked, because asking takes a message in hand.
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

    /// Deletes a queue with whatever is in it and declares it again. A broker that could still bring it back refuses.
    pub async fn make_anew(&self, name: &str) -> Result<(), BrokerError> {
        let Some(queue) = QUEUES.iter().find(|queue| queue.name == name) else { return Ok(()) };
        let channel = self.channel().await?;
        self.answer("delete a queue", channel.queue_delete(name.into(), QueueDeleteOptions::default())).await?;
        self.answer("declare a queue", declare_queue(&channel, queue)).await
    }
}
