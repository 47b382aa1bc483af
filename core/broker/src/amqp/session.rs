//! One AMQP connection, which is not used again after its first error. Does I/O.

use std::time::Duration;

use futures::StreamExt as _;
use lapin::{Channel, Connection, ConnectionProperties, runtime::default_runtime, tcp::OwnedTLSConfig};
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};

use super::channels::{CHANNELS, IdleChannels};
use crate::{Address, BrokerError, PublishMetrics, address::Login};

/// Timeout of a single request: a blocked broker does not respond at all.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// Heartbeat interval; the connection fails after two missed heartbeats.
const HEARTBEAT_SECONDS: u16 = 5;
/// Connect timeout for each address that the broker's name resolves to.
const CONNECT_TIMEOUT_MILLISECONDS: u64 = 5000;

/// The state of the connection as a whole.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    pub(super) blocked: bool,
    pub(super) ended: Option<BrokerError>,
}

/// A connection, and confirm channels that are opened when they are needed.
#[derive(Debug)]
pub struct AmqpSession {
    pub(super) connection: Connection,
    pub(super) address: Address,
    pub(super) login: Login,
    pub(super) request_timeout: Duration,
    pub(super) state: watch::Sender<ConnectionState>,
    pub(super) idle: IdleChannels,
    pub(super) permits: Semaphore,
    pub(super) metrics: Option<PublishMetrics>,
}

impl AmqpSession {
    /// Connects with the connection name `name`; does not declare the topology.
    pub async fn open(address: &Address, name: &str) -> Result<Self, BrokerError> {
        let login = address.login()?;
        let mut uri = login.uri.clone();
        (uri.query.heartbeat, uri.query.connection_timeout) =
            (Some(HEARTBEAT_SECONDS), Some(CONNECT_TIMEOUT_MILLISECONDS));
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let tls = OwnedTLSConfig { cert_chain: login.ca_certificate.clone(), ..OwnedTLSConfig::default() };
        let connect = Connection::connect_uri_with_config(uri, properties, tls, default_runtime()?);
        let connect = timeout(REQUEST_TIMEOUT, connect).await;
        let connection = connect.map_err(|_| BrokerError::Timeout { action: "connect", waited: REQUEST_TIMEOUT })??;
        let state = watch::Sender::new(ConnectionState::default());
        watch_connection(&connection, state.clone());
        let (idle, permits) = (IdleChannels::default(), Semaphore::new(CHANNELS));
        let address = address.clone();
        Ok(Self { connection, address, login, request_timeout: REQUEST_TIMEOUT, state, idle, permits, metrics: None })
    }

    pub(crate) fn with_metrics(self, metrics: PublishMetrics) -> Self {
        Self { metrics: Some(metrics), ..self }
    }

    /// The same session with another timeout for each request.
    #[must_use]
    pub fn with_request_timeout(self, request_timeout: Duration) -> Self {
        Self { request_timeout, ..self }
    }

    /// Fails with the error that ended the session, if it has ended.
    pub(crate) fn ensure_open(&self) -> Result<(), BrokerError> {
        self.state.borrow().ended.clone().map_or(Ok(()), Err)
    }

    /// Opens a channel.
    pub(crate) async fn channel(&self) -> Result<Channel, BrokerError> {
        self.request("open a channel", self.connection.create_channel()).await
    }

    /// Awaits `request`, unless the session has ended; a timeout ends the session.
    pub(crate) async fn request<T, E: Into<BrokerError>>(
        &self,
        action: &'static str,
        request: impl Future<Output = Result<T, E>>,
    ) -> Result<T, BrokerError> {
        self.ensure_open()?;
        if let Ok(answer) = timeout(self.request_timeout, request).await {
            return answer.map_err(Into::into);
        }
        let error = BrokerError::Timeout { action, waited: self.request_timeout };
        record_error(&self.state, error.clone());
        Err(error)
    }
}

/// Records the error that ended the session; later errors are ignored.
fn record_error(state: &watch::Sender<ConnectionState>, error: BrokerError) {
    state.send_if_modified(|state| {
        let first = state.ended.is_none();
        if first {
            state.ended = Some(error);
        }
        first
    });
}

/// Mirrors lapin's connection events into `state`. There must be only one listener per connection: a second one would
/// take every other event instead of a copy of each.
fn watch_connection(connection: &Connection, state: watch::Sender<ConnectionState>) {
    let (mut events, status) = (Box::pin(connection.events_listener()), connection.status().clone());
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            match event {
                lapin::Event::ConnectionBlocked(reason) => {
                    tracing::warn!(reason, "the broker blocks publishers");
                    state.send_modify(|state| state.blocked = true);
                }
                lapin::Event::ConnectionUnblocked => state.send_modify(|state| state.blocked = false),
                // A channel error is reported here too, and to the caller that uses the channel.
                lapin::Event::Error(error) if !status.connected() => record_error(&state, error.into()),
                _ => {}
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn errors_do_not_contain_the_password() {
        for url in ["amqp://user:secret@127.0.0.1:1/%2f", "amqp://user:secret@127.0.0.1:99999", "user:secret@rabbitmq"]
        {
            let Err(error) = AmqpSession::open(&Address::url(url), "test").await else { panic!("connected to {url}") };
            assert!(!error.to_string().contains("secret") && !format!("{error:?}").contains("secret"), "{error:?}");
        }
    }
}
