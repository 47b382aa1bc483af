//! A connection from its opening to its first error.

use std::time::Duration;

use futures::StreamExt as _;
use lapin::{Channel, Connection, ConnectionProperties, runtime::default_runtime, tcp::OwnedTLSConfig};
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};

use super::channels::{CHANNELS, Idle};
use crate::{Address, BrokerError, PublishMetrics, address::Login};

/// The longest any single exchange with the broker may take: a blocked broker answers nothing at all.
const DEADLINE: Duration = Duration::from_secs(15);

/// A peer that is silent for twice as long is gone.
const HEARTBEAT_SECONDS: u16 = 5;
/// For each address of the broker's name.
const CONNECT_MILLISECONDS: u64 = 5000;

/// What is known of the connection as a whole.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) blocked: bool,
    pub(super) ended: Option<BrokerError>,
}

/// A connection, and confirm channels that are opened when they are needed.
#[derive(Debug)]
pub struct AmqpSession {
    pub(super) connection: Connection,
    pub(super) address: Address,
    pub(super) login: Login,
    pub(super) deadline: Duration,
    pub(super) state: watch::Sender<State>,
    pub(super) idle: Idle,
    pub(super) permits: Semaphore,
    pub(super) metrics: Option<PublishMetrics>,
}

impl AmqpSession {
    /// Connects under `name` and declares nothing.
    pub async fn open(address: &Address, name: &str) -> Result<Self, BrokerError> {
        let login = address.login()?;
        let mut uri = login.uri.clone();
        (uri.query.heartbeat, uri.query.connection_timeout) = (Some(HEARTBEAT_SECONDS), Some(CONNECT_MILLISECONDS));
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let tls = OwnedTLSConfig { cert_chain: login.authority.clone(), ..OwnedTLSConfig::default() };
        let connect = Connection::connect_uri_with_config(uri, properties, tls, default_runtime()?);
        let connect = timeout(DEADLINE, connect).await;
        let connection = connect.map_err(|_| BrokerError::Silent { action: "connect", waited: DEADLINE })??;
        let state = watch::Sender::new(State::default());
        follow(&connection, state.clone());
        let (idle, permits) = (Idle::default(), Semaphore::new(CHANNELS));
        let address = address.clone();
        Ok(Self { connection, address, login, deadline: DEADLINE, state, idle, permits, metrics: None })
    }

    pub(crate) fn counted_by(self, metrics: PublishMetrics) -> Self {
        Self { metrics: Some(metrics), ..self }
    }

    /// The same session with another deadline for each exchange with the broker.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
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
                    tracing::warn!(reason, "the broker accepts no messages");
                    state.send_modify(|state| state.blocked = true);
                }
                lapin::Event::ConnectionUnblocked => state.send_modify(|state| state.blocked = false),
                // A closed channel is reported here too; the user of that channel sees it.
                lapin::Event::Error(error) if !status.connected() => end(&state, error.into()),
                _ => {}
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_error_names_no_password() {
        for url in ["amqp://user:secret@127.0.0.1:1/%2f", "amqp://user:secret@127.0.0.1:99999", "user:secret@rabbitmq"]
        {
            let Err(error) = AmqpSession::open(&Address::url(url), "test").await else {
                panic!("nobody listens at {url}")
            };
            assert!(!error.to_string().contains("secret") && !format!("{error:?}").contains("secret"), "{error:?}");
        }
    }
}
