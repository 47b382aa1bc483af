//! The load, and D1: the same exchange, queues, bindings, bodies, window and prefetch, but messages are only acknowledged. Does
//! I/O.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Consumer,
    options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions},
    types::{AMQPValue, FieldTable},
};
use subtitle_broker::{Address, AmqpSession, Session as _};
use subtitle_contract::{
    event::{Event, source},
    payload::{DownloadStarted, Subject},
    topology::{CONSUMER_QUEUE, EVENTS_EXCHANGE, HISTORY_STREAM},
};
use uuid::Uuid;

use crate::{environment::Environment, statistics::per_second};

/// Events of one flood.
pub(crate) const EVENTS: usize = 15_000;
/// Maximum number of unconfirmed messages.
const WINDOW: usize = 192;
/// The prefetch of both loops, see `operator/src/loops/`.
const PREFETCH: u16 = 200;
const TIMEOUT: Duration = Duration::from_secs(120);

/// Events a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    pub(crate) consumer: f64,
    pub(crate) history: f64,
}

/// An event that repeats the current status of the job: it causes every effect except a write of the status.
pub(crate) fn event(subject: &Subject, now: Timestamp) -> Event {
    let started = DownloadStarted { worker: "downloader-0".to_owned(), warnings: vec![] };
    Event { id: Some(Uuid::now_v7()), ..Event::new(subject, source::DOWNLOADER, now, &started) }
}

/// The events of a flood, round-robin over the jobs.
pub(crate) fn events(subjects: &[Subject]) -> Vec<Event> {
    let now = Timestamp::now();
    subjects.iter().cycle().take(EVENTS).map(|subject| event(subject, now)).collect()
}

/// A publisher with confirms.
pub(crate) struct Publisher {
    channel: Channel,
    _connection: Connection,
}

impl Publisher {
    pub(crate) async fn open(url: &str) -> Result<Self> {
        let connection = Connection::connect(url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(Self { channel, _connection: connection })
    }

    /// Publishes an event and waits for its confirm.
    pub(crate) async fn publish(&self, event: &Event) -> Result<()> {
        let body = serde_json::to_vec(event)?;
        let key = event.event_type.as_str();
        let properties = BasicProperties::default().with_content_type("application/json".into()).with_delivery_mode(2);
        let options = BasicPublishOptions::default();
        let sent = self.channel.basic_publish(EVENTS_EXCHANGE.into(), key.into(), options, &body, properties).await?;
        match sent.await? {
            Confirmation::Ack(_) => Ok(()),
            other => bail!("the broker did not take an event: {other:?}"),
        }
    }

    /// Publishes all events, with `WINDOW` in flight.
    pub(crate) async fn flood(&self, events: &[Event]) -> Result<()> {
        futures::stream::iter(events).map(|event| self.publish(event)).buffered(WINDOW).try_collect::<()>().await
    }
}

/// Consumes and acknowledges the events of a flood; returns the rate.
async fn drain(mut deliveries: Consumer, begun: Instant) -> Result<f64> {
    for _ in 0..EVENTS {
        let Some(delivery) = tokio::time::timeout(TIMEOUT, deliveries.next()).await? else {
            bail!("the broker cancelled a subscription");
        };
        delivery?.ack(BasicAckOptions::default()).await?;
    }
    Ok(per_second(EVENTS, begun.elapsed()))
}

async fn subscribe(connection: &Connection, queue: &str, arguments: FieldTable) -> Result<Consumer> {
    let channel = connection.create_channel().await?;
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    Ok(channel.basic_consume(queue.into(), "".into(), BasicConsumeOptions::default(), arguments).await?)
}

/// D1.
pub(crate) async fn bare(environment: &Environment, subjects: &[Subject]) -> Result<Rates> {
    let url = environment.bare_broker_url();
    let (session, _) = AmqpSession::open_and_declare(&Address::url(&url), "bare").await?;
    session.close().await;
    let connection = Connection::connect(&url, ConnectionProperties::default()).await?;
    let consumer = subscribe(&connection, CONSUMER_QUEUE, FieldTable::default()).await?;
    let mut next = FieldTable::default();
    next.insert("x-stream-offset".into(), AMQPValue::LongString("next".into()));
    let stream = subscribe(&connection, HISTORY_STREAM, next).await?;
    let publisher = Publisher::open(&url).await?;
    let events = events(subjects);
    let begun = Instant::now();
    let consumer = tokio::spawn(drain(consumer, begun));
    let history = tokio::spawn(drain(stream, begun));
    publisher.flood(&events).await?;
    let rates = Rates { consumer: consumer.await??, history: history.await?? };
    connection.close(200, "measured".into()).await?;
    Ok(rates)
}
