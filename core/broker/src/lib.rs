//! RabbitMQ for the operator and the workers, behind ports: connect, declare the topology, publish with confirm, consume.
//! A session is never repaired: its first error ends it whole and the caller opens another one, at the pace of
//! [`ReconnectBackoff`]. Does I/O.
//!
//! ```text
//!  operator: Connector::open_and_declare ──▶ (Session, queues it created: their tasks are published again)
//!  worker:   Connector::open             ──▶ Session
//!                                              ├─ publish    an event goes out; Ok means that the broker has it
//!                                              ├─ consume    deliveries come in, each settled by its receipt
//!                                              └─ ended      the error that ended it ──▶ ReconnectBackoff ──▶ open again
//! ```
#![warn(missing_docs)]

mod address;
mod amqp;
mod backoff;
mod error;
mod measure;
mod port;

pub use address::{Address, BrokerArguments};
pub use amqp::{
    AmqpConnector, AmqpDeliveries, AmqpReceipt, AmqpSession, Browse, Browsed, Replies, Reply, Request, RequestQueue,
    Requests,
};
pub use backoff::ReconnectBackoff;
pub use error::{BrokerError, Refusal};
pub use measure::PublishMetrics;
pub use port::{Connector, Deliveries, Delivery, Depth, PublishWriter, QueueWriter, Receipt, Session, StreamStart};
