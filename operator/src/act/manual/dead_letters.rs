//! Takes messages out of the dead letters, with or without publishing them again. Called by `subtitle-operator dead`.
//! Does I/O.

use subtitle_broker::{AmqpSession, BrokerError, Browsed};

/// Publishes the message again as the `replays`-th time by hand, and only then takes it out: interrupted in between, it is
/// there twice, and the consumer of its event ignores the second.
pub async fn replay(session: &AmqpSession, message: &Browsed, replays: u32) -> Result<(), BrokerError> {
    session.publish_again(&message.routing_key, &message.body, replays).await?;
    message.ack().await
}

/// Takes the message out for good.
pub async fn discard(message: &Browsed) -> Result<(), BrokerError> {
    message.ack().await
}
