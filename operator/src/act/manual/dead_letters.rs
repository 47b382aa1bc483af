//! Removes messages from the dead-letter queue, with or without publishing them again. Called by `subtitle-operator dead`.
//! Does I/O.

use subtitle_broker::{AmqpSession, BrokerError, Browsed};

/// Publishes the message again, as its `replays`-th manual replay, and only then removes it. If interrupted in between it
/// exists twice, and the consumer of its event ignores the second.
pub async fn replay(session: &AmqpSession, message: &Browsed, replays: u32) -> Result<(), BrokerError> {
    session.publish_again(&message.routing_key, &message.body, replays).await?;
    message.ack().await
}

/// Removes the message permanently.
pub async fn discard(message: &Browsed) -> Result<(), BrokerError> {
    message.ack().await
}
