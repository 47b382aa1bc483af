//! Opens sessions with RabbitMQ, all with the same connection name and metrics. Does I/O.

use super::session::AmqpSession;
use crate::{Address, BrokerError, Connector, PublishMetrics};

/// Opens sessions with one RabbitMQ.
#[derive(Clone, Debug)]
pub struct AmqpConnector {
    /// RabbitMQ's address.
    pub address: Address,
    /// The connection's name in RabbitMQ's management page.
    pub name: String,
    /// The metrics of its sessions.
    pub metrics: PublishMetrics,
}

impl Connector for AmqpConnector {
    type Session = AmqpSession;

    async fn open(&self) -> Result<AmqpSession, BrokerError> {
        Ok(AmqpSession::open(&self.address, &self.name).await?.with_metrics(self.metrics.clone()))
    }

    async fn open_and_declare(&self) -> Result<(AmqpSession, Vec<&'static str>), BrokerError> {
        let (session, created) = AmqpSession::open_and_declare(&self.address, &self.name).await?;
        Ok((session.with_metrics(self.metrics.clone()), created))
    }
}
