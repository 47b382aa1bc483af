//! A connection from its opening to its first error.

use std::time::Duration;

use futures::StreamExt as _;
use lapin::{
    Channel, Connection, ConnectionProperties, Consumer,
    options::{BasicConsumeOptions, BasicQosOptions, QueueBindOptions, QueueDeclareOptions},
    protocol::AMQPSoftError,
    types::{AMQPValue, FieldTable},
};
use subtitle_core::{event::EventType, topology::EVENTS_EXCHANGE};
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};

use crate::{
    BrokerError,
    declare::{declare, soft},
    publish::{CHANNELS, Idle},
};

/// The longest any single exchange with the broker may take: a blocked broker answers nothing at all.
const DEADLINE: Duration = Duration::from_secs(15);

/// What a queue holds for whoever takes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Messages that nobody has in hand.
    pub ready: u32,
    /// Subscriptions to it.
    pub consumers: u32,
}

/// What is known of the connection as a whole.
#[derive(Debug, Default)]
pub(crate) struct State {
    blocked: bool,
    ended: Option<BrokerError>,
}

/// A connection, and confirm channels that are opened when they are needed.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    deadline: Duration,
    state: watch::Sender<State>,
    pub(crate) idle: Idle,
    pub(crate) permits: Semaphore,
}

impl Session {
    /// Connects, and declares nothing: only the operator declares, so that it alone knows when a queue was created.
    pub async fn open(url: &str, name: &str) -> Result<Self, BrokerError> {
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{separator}heartbeat=5&connection_timeout=5000");
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connect = timeout(DEADLINE, Connection::connect(&url, properties)).await;
        let connection = connect.map_err(|_| BrokerError::Silent { action: "connect", waited: DEADLINE })??;
        let state = watch::Sender::new(State::default());
        follow(&connection, state.clone());
        Ok(Self { connection, deadline: DEADLINE, state, idle: Idle::default(), permits: Semaphore::new(CHANNELS) })
    }

    /// Connects and declares every exchange and queue; with the names of the queues that did not exist before, whose
    /// messages are therefore gone.
    pub async fn open_and_declare(url: &str, name: &str) -> Result<(Self, Vec<&'static str>), BrokerError> {
        let session = Self::open(url, name).await?;
        let created = declare(&session).await?;
        Ok((session, created))
    }

    /// The same session with another deadline for everything that is asked from now on.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Subscribes with at most `prefetch` deliveries in hand.
    pub async fn consume(&self, queue: &str, prefetch: u16) -> Result<Consumer, BrokerError> {
        self.subscribe(queue, prefetch, FieldTable::default()).await
    }

    /// Subscribes to a stream from an offset on.
    pub async fn consume_stream(&self, stream: &str, prefetch: u16, from: AMQPValue) -> Result<Consumer, BrokerError> {
        let mut arguments = FieldTable::default();
        arguments.insert("x-stream-offset".into(), from);
        self.subscribe(stream, prefetch, arguments).await
    }

    /// Subscribes to all events of one type from now on, with a queue that is this session's alone and ends with it.
    pub async fn listen(&self, event_type: &EventType, prefetch: u16) -> Result<Consumer, BrokerError> {
        let channel = self.channel().await?;
        let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
        let bound = async {
            let queue = channel.queue_declare("".into(), options, FieldTable::default()).await?;
            let (name, key) = (queue.name().clone(), event_type.as_str().into());
            let bind = QueueBindOptions::default();
            channel.queue_bind(name.clone(), EVENTS_EXCHANGE.into(), key, bind, FieldTable::default()).await?;
            Ok::<_, lapin::Error>(name)
        };
        let queue = self.answer("make a queue of its own", bound).await?;
        self.consume(queue.as_str(), prefetch).await
    }

    async fn subscribe(&self, queue: &str, prefetch: u16, arguments: FieldTable) -> Result<Consumer, BrokerError> {
        let channel = self.channel().await?;
        self.answer("set the prefetch", channel.basic_qos(prefetch, BasicQosOptions::default())).await?;
        let consume = channel.basic_consume(queue.into(), "".into(), BasicConsumeOptions::default(), arguments);
        let subscribe = async { consume.await.map_err(|error| missing(error, queue)) };
        self.answer("subscribe to a queue", subscribe).await
    }

    /// How much is in a queue; none where there is no such queue.
    pub async fn depth(&self, queue: &'static str) -> Result<Option<Depth>, BrokerError> {
        // A channel of its own: the broker's 404 closes it.
        let channel = self.channel().await?;
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
        let declare = channel.queue_declare(queue.into(), options, FieldTable::default());
        let answer = self.answer("look at a queue", async { Ok::<_, BrokerError>(declare.await) }).await?;
        match answer {
            Ok(found) => Ok(Some(Depth { ready: found.message_count(), consumers: found.consumer_count() })),
            Err(error) => match missing(error, queue) {
                BrokerError::Missing { .. } => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Whether the broker takes no messages at the moment, for want of memory or disk.
    pub fn is_blocked(&self) -> bool {
        self.state.borrow().blocked
    }

    /// Waits for the error that ends the session.
    pub async fn ended(&self) -> BrokerError {
        let mut states = self.state.subscribe();
        loop {
            if let Some(error) = states.borrow_and_update().ended.clone() {
                return error;
            }
            // Never an error: this session holds the sender.
            let _ = states.changed().await;
        }
    }

    /// The error that ended the session, if it is over.
    pub(crate) fn alive(&self) -> Result<(), BrokerError> {
        self.state.borrow().ended.clone().map_or(Ok(()), Err)
    }

    /// A new channel.
    pub(crate) async fn channel(&self) -> Result<Channel, BrokerError> {
        self.answer("open a channel", self.connection.create_channel()).await
    }

    /// Waits for an answer; without one the session is over.
    pub(crate) async fn answer<T, E: Into<BrokerError>>(
        &self,
        action: &'static str,
        exchange: impl Future<Output = Result<T, E>>,
    ) -> Result<T, BrokerError> {
        self.alive()?;
        if let Ok(answer) = timeout(self.deadline, exchange).await {
            return answer.map_err(Into::into);
        }
        let error = BrokerError::Silent { action, waited: self.deadline };
        end(&self.state, error.clone());
        Err(error)
    }

    /// Says goodbye; unacknowledged deliveries go back to their queues.
    pub async fn close(&self) {
        if self.alive().is_err() {
            return; // Nobody answers any more; dropping the connection closes it.
        }
        let _ = timeout(self.deadline, self.connection.close(200, "going away".into())).await;
    }
}

pub(crate) fn missing(error: lapin::Error, queue: &str) -> BrokerError {
    match soft(&error) {
        Some(AMQPSoftError::NOTFOUND) => BrokerError::Missing { queue: queue.to_owned() },
        _ => error.into(),
    }
}

fn end(state: &watch::Sender<State>, error: BrokerError) {
    state.send_if_modified(|state| {
        let first = state.ended.is_none();
        if first {
            state.ended = Some(error);
        }
        first
    });
}

/// Keeps `state` true to what lapin reports. The only listener of this connection: a second one would not get a
/// copy of each event, but every other event.
fn follow(connection: &Connection, state: watch::Sender<State>) {
    let (mut events, status) = (Box::pin(connection.events_listener()), connection.status().clone());
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            match event {
                lapin::Event::ConnectionBlocked(reason) => {
                    tracing::warn!(reason, "the broker takes no messages");
                    state.send_modify(|state| state.blocked = true);
                }
                lapin::Event::ConnectionUnblocked => state.send_modify(|state| state.blocked = false),
                // A closed channel is reported here too; whoever uses that channel sees it.
                lapin::Event::Error(error) if !status.connected() => end(&state, error.into()),
                _ => {}
            }
        }
    });
}
