//! A queue in which everybody who calls one provider under one account asks for turns: asks go in, and reach the one
//! of its subscribers that the broker has made the active one, which answers each. Unlike the queues of tasks it is
//! declared by whoever uses it: what is in it means nothing a minute later.

use std::time::Duration;

use lapin::{
    BasicProperties, Channel, Consumer,
    options::{BasicConsumeOptions, BasicPublishOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use subtitle_core::topology::UNLIMITED_DELIVERIES;

use crate::{BrokerError, Session};

/// The broker's own address for answers, which needs no queue; both ends of an exchange use one channel for it.
const ANSWERS: &str = "amq.rabbitmq.reply-to";
/// Asks in the hands of the active subscriber: all of them, so that it hears of a rest at once.
const PREFETCH: u16 = 1000;
/// An account that nobody uses any more leaves no queue behind.
const UNUSED_MILLISECONDS: i64 = 7 * 24 * 3600 * 1000;

/// A place at an account's queue.
#[derive(Debug)]
pub struct AccountDesk {
    /// What others ask, while this is the active subscriber; each is acknowledged when it is answered.
    pub asked: Consumer,
    /// Answers to what was asked here.
    pub answers: Consumer,
    channel: Channel,
    queue: String,
    lives: Duration,
}

impl Session {
    /// Takes a place at the account's `queue`. An ask that nobody took for `lives` is gone.
    pub async fn account(&self, queue: &str, lives: Duration) -> Result<AccountDesk, BrokerError> {
        let channel = self.channel().await?;
        let mut arguments = FieldTable::default();
        let milliseconds = i64::try_from(lives.as_millis()).unwrap_or(UNUSED_MILLISECONDS);
        for (name, value) in [
            ("x-queue-type", AMQPValue::LongString("quorum".into())),
            ("x-single-active-consumer", AMQPValue::Boolean(true)),
            ("x-delivery-limit", AMQPValue::LongLongInt(UNLIMITED_DELIVERIES)),
            ("x-message-ttl", AMQPValue::LongLongInt(milliseconds)),
            ("x-expires", AMQPValue::LongLongInt(UNUSED_MILLISECONDS)),
        ] {
            arguments.insert(name.into(), value);
        }
        let declare = channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), arguments);
        self.answer("declare an account's queue", declare).await?;
        let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        let answers = channel.basic_consume(ANSWERS.into(), "".into(), options, FieldTable::default());
        let answers = self.answer("wait for answers", answers).await?;
        let asked = self.consume(queue, PREFETCH).await?;
        Ok(AccountDesk { asked, answers, channel, queue: queue.to_owned(), lives })
    }
}

impl AccountDesk {
    /// Asks; an answer carries the same `id`. Lost with the session, and then nobody answers.
    pub async fn ask(&self, id: &str, body: &[u8]) -> Result<(), BrokerError> {
        let lives = self.lives.as_millis().to_string();
        let properties = properties(id).with_reply_to(ANSWERS.into()).with_expiration(lives.into());
        self.publish(&self.queue, body, properties).await
    }

    /// Answers an ask; nothing happens if whoever asked is gone.
    pub async fn reply(&self, to: &str, id: &str, body: &[u8]) -> Result<(), BrokerError> {
        self.publish(to, body, properties(id)).await
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
