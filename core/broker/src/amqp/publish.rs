//! Publishing with confirm over a pool of channels, each with at most one unconfirmed message: with several,
//! a returned mandatory message is attributed to the wrong one. Does I/O.

use std::time::SystemTime;

use lapin::{
    BasicProperties, Channel, Confirmation,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::{AMQPValue, FieldTable},
};
use subtitle_contract::{
    event::Event,
    headers,
    reason::Reason,
    topology::{DEAD_LETTERS_EXCHANGE, EVENTS_EXCHANGE},
};

use super::session::AmqpSession;
use crate::{BrokerError, EventLog, PublishFailure, PublishWriter, publish_metrics};

/// The log lines of published events.
static PUBLISHED: EventLog = EventLog::new("Published event");

impl PublishWriter for AmqpSession {
    async fn publish(&self, event: &Event) -> Result<(), BrokerError> {
        let routing_key = event.event_type.as_str();
        let body = serde_json::to_vec(event).map_err(|error| BrokerError::EncodeFailed {
            routing_key: routing_key.to_owned(),
            job: event.job_id.clone(),
            message: error.to_string(),
        })?;
        let headers = headers::for_event(event);
        let properties = persistent(headers.iter().map(|(name, value)| (*name, value.as_str())))
            .with_message_id(event.identity().to_string().into());
        let publish = self.confirmed(EVENTS_EXCHANGE, routing_key, &body, properties);
        publish_metrics::measure_event(self.metrics.as_ref(), &event.event_type, publish).await?;
        PUBLISHED.log(event, SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default());
        Ok(())
    }

    async fn dead_letter(
        &self,
        routing_key: &str,
        body: &[u8],
        reason: Reason,
        message: &str,
    ) -> Result<(), BrokerError> {
        let properties = persistent([("x-reason", reason.as_str()), ("x-message", message)]);
        let publish = self.confirmed(DEAD_LETTERS_EXCHANGE, routing_key, body, properties);
        publish_metrics::measure_dead_letter(self.metrics.as_ref(), reason, publish).await
    }
}

impl AmqpSession {
    pub(crate) async fn confirmed(
        &self,
        exchange: &str,
        routing_key: &str,
        body: &[u8],
        properties: BasicProperties,
    ) -> Result<(), BrokerError> {
        // Cannot fail: the semaphore is never closed.
        let _permit = self.permits.acquire().await;
        let channel = match self.idle.take() {
            Some(channel) => channel,
            None => self.open_confirm_channel().await?,
        };
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let publish = channel.basic_publish(exchange.into(), routing_key.into(), options, body, properties);
        let confirmation = self.request("publish", async { publish.await?.await }).await?;
        // Only now: a channel without a reply, or whose caller was cancelled, is dropped and thereby closed.
        self.idle.put(channel);
        let refused = |failure| Err(BrokerError::PublishFailed { routing_key: routing_key.to_owned(), failure });
        match confirmation {
            Confirmation::Ack(None) => Ok(()),
            Confirmation::Ack(Some(_)) => refused(PublishFailure::Unroutable),
            Confirmation::Nack(_) => refused(PublishFailure::Nacked),
            Confirmation::NotRequested => refused(PublishFailure::NotInConfirmMode),
        }
    }

    async fn open_confirm_channel(&self) -> Result<Channel, BrokerError> {
        let channel = self.channel().await?;
        self.request("ask for confirms", channel.confirm_select(ConfirmSelectOptions::default())).await?;
        Ok(channel)
    }
}

pub(crate) fn persistent<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> BasicProperties {
    let mut table = FieldTable::default();
    for (name, value) in headers {
        table.insert(name.into(), AMQPValue::LongString(value.into()));
    }
    BasicProperties::default().with_content_type("application/json".into()).with_delivery_mode(2).with_headers(table)
}
