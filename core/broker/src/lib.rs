//! RabbitMQ for the operator and the workers, behind ports: connect, declare the topology, publish with confirm, consume.
//! A session does not reconnect: its first error ends it, and the caller opens a new one with [`ReconnectBackoff`].
//! Does I/O.
//!
//! ```text
//!  operator: Connector::open_and_declare ──▶ (Session, the queues it created, whose tasks are republished)
//!  worker:   Connector::open             ──▶ Session
//!                                              ├─ publish    `Ok` means that the broker confirmed it
//!                                              ├─ consume    each delivery is settled with its receipt
//!                                              └─ ended      the error that ended it ──▶ ReconnectBackoff ──▶ open again
//! ```
#![warn(missing_docs)]

mod address;
mod amqp;
mod backoff;
mod error;
mod event_log;
mod port;
mod publish_metrics;

pub use address::{Address, BrokerArguments, BrokerKind};
pub use amqp::{
    AmqpConnector, AmqpDeliveries, AmqpReceipt, AmqpSession, Browse, Browsed, Replies, Reply, Request, RequestQueue,
    Requests,
};
pub use backoff::ReconnectBackoff;
pub use error::{BrokerError, PublishFailure};
pub use event_log::EventLog;
pub use port::{
    Connector, Deliveries, Delivery, PublishWriter, QueueStats, QueueWriter, Receipt, Session, StreamStart,
};
pub use publish_metrics::PublishMetrics;
