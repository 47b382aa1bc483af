//! One session with RabbitMQ, for the operator and the workers: connect, declare the topology, publish with
//! confirm, consume. A session is never repaired: its first error ends it whole and the caller opens another, at the
//! pace of [`Backoff`]. Does I/O.
//!
//! ```text
//!  operator: Session::open_and_declare ──▶ (Session, names of the queues it created: publish their tasks again)
//!  worker:   Session::open             ──▶ Session
//!                                            ├─ Publish    an event goes out, Ok means that the broker has it
//!                                            ├─ consume    deliveries come in; none any more means cancelled
//!                                            └─ ended      the error that ended it ──▶ Backoff ──▶ open again
//! ```
#![warn(missing_docs)]

mod account;
mod address;
mod backoff;
mod browse;
mod consume;
mod declare;
mod error;
mod measure;
mod publish;
mod revive;
mod session;

use std::sync::Arc;

use subtitle_contract::{event::Event, reason::Reason};

pub use account::AccountDesk;
pub use address::{Address, BrokerArguments};
pub use backoff::Backoff;
pub use browse::Browse;
pub use consume::Depth;
pub use error::{BrokerError, Refusal};
pub use measure::{Measured, PublishMetrics};
pub use session::Session;

/// Hands messages to a broker; `Ok` means that the broker has them for good.
pub trait Publish: Send + Sync {
    /// Publishes an event under its type, to every queue bound for it.
    fn publish(&self, event: &Event) -> impl Future<Output = Result<(), BrokerError>> + Send;

    /// Hands a message that nobody can handle to the dead letters, with its reason.
    fn dead_letter(
        &self,
        routing_key: &str,
        body: &[u8],
        reason: Reason,
        message: &str,
    ) -> impl Future<Output = Result<(), BrokerError>> + Send;
}

impl<P: Publish> Publish for Arc<P> {
    async fn publish(&self, event: &Event) -> Result<(), BrokerError> {
        self.as_ref().publish(event).await
    }

    async fn dead_letter(
        &self,
        routing_key: &str,
        body: &[u8],
        reason: Reason,
        message: &str,
    ) -> Result<(), BrokerError> {
        self.as_ref().dead_letter(routing_key, body, reason, message).await
    }
}
