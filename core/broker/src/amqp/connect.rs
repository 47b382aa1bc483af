//! Opens sessions with RabbitMQ, each under the same name and counting with the same metrics. Does I/O.

use super::session::AmqpSession;
use crate::{Address, BrokerError, Connector, PublishMetrics};

/// Where RabbitMQ is, and how this process appears there.
#[derive(Clone, Debug)]
pub struct AmqpConnector {
    /// Where it is.
    pub address: Address,
    /// The connection's name in RabbitMQ's management page.
    pub name: String,
    /// What its sessions count.
    pub metrics: PublishMetrics,
}

impl Connector for AmqpConnector {
    type Session = AmqpSession;

    async fn open(&self) -> Result<AmqpSession, BrokerError> {
        Ok(AmqpSession::open(&self.address, &self.name).await?.counted_by(self.metrics.clone()))
    }

    async fn open_and_declare(&self) -> Result<(AmqpSession, Vec<&'static str>), BrokerError> {
        let (session, created) = AmqpSession::open_and_declare(&self.address, &self.name).await?;
        Ok((session.counted_by(self.metrics.clone()), created))
    }
}
