//! The broker as ports: what the loops of the operator and the workers are written against. [`crate::AmqpConnector`] is
//! RabbitMQ; the simulation brings its own.
//!
//! ```text
//!  Connector ──open──▶ Session ──consume──▶ Deliveries ──next──▶ Delivery { …, receipt } ──▶ ack | requeue
//!                         └─ PublishWriter, QueueWriter: what changes something on the broker
//! ```

use subtitle_contract::{
    event::{Event, EventType},
    reason::Reason,
};

use crate::BrokerError;

/// Opens sessions.
pub trait Connector: Send + Sync + 'static {
    /// What it opens.
    type Session: Session;

    /// Connects and declares nothing: only the operator declares, so that it alone knows when a queue was created.
    fn open(&self) -> impl Future<Output = Result<Self::Session, BrokerError>> + Send;

    /// Connects and declares every exchange and queue; also returns the names of the queues that did not exist before,
    /// whose messages are therefore gone.
    fn open_and_declare(&self) -> impl Future<Output = Result<(Self::Session, Vec<&'static str>), BrokerError>> + Send;
}

/// Publishes messages; `Ok` means that the broker has confirmed them.
pub trait PublishWriter: Send + Sync {
    /// Publishes an event under its type, to every queue bound for it.
    fn publish(&self, event: &Event) -> impl Future<Output = Result<(), BrokerError>> + Send;

    /// Publishes a message that cannot be handled to the dead letters, with its reason.
    fn dead_letter(
        &self,
        routing_key: &str,
        body: &[u8],
        reason: Reason,
        message: &str,
    ) -> impl Future<Output = Result<(), BrokerError>> + Send;
}

/// Changes queues.
pub trait QueueWriter: Send + Sync {
    /// Deletes one of our queues with its messages and declares it again.
    fn recreate(&self, queue: &str) -> impl Future<Output = Result<(), BrokerError>> + Send;
}

/// A connection from its opening to its first error. It is never repaired: the caller opens another one.
pub trait Session: PublishWriter + QueueWriter + 'static {
    /// A subscription.
    type Deliveries: Deliveries;

    /// Subscribes to a queue, with at most `prefetch` unacknowledged deliveries.
    fn consume(
        &self,
        queue: &'static str,
        prefetch: u16,
    ) -> impl Future<Output = Result<Self::Deliveries, BrokerError>> + Send;

    /// Subscribes to a stream, with at most `prefetch` unacknowledged deliveries.
    fn consume_stream(
        &self,
        stream: &'static str,
        prefetch: u16,
        from: StreamStart,
    ) -> impl Future<Output = Result<Self::Deliveries, BrokerError>> + Send;

    /// Subscribes to all events of one type from now on, through a queue that ends with this session.
    fn listen(
        &self,
        event_type: &EventType,
        prefetch: u16,
    ) -> impl Future<Output = Result<Self::Deliveries, BrokerError>> + Send;

    /// What a queue holds; `None` if it does not exist.
    fn depth(&self, queue: &'static str) -> impl Future<Output = Result<Option<Depth>, BrokerError>> + Send;

    /// Those of our quorum queues that exist and do not answer; the first one that costs the connection ends the list.
    fn unanswering(&self) -> impl Future<Output = Result<Vec<&'static str>, BrokerError>> + Send;

    /// Whether the broker currently accepts no messages, because of a memory or disk alarm.
    fn is_blocked(&self) -> bool;

    /// Returns the error that ends the session.
    fn ended(&self) -> impl Future<Output = BrokerError> + Send;

    /// Returns when the mounted credentials differ from those of this session.
    fn credentials_changed(&self) -> impl Future<Output = ()> + Send;

    /// Closes the session; unacknowledged deliveries go back to their queues.
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// Where to start reading a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStart {
    /// At the oldest retained record.
    First,
    /// At this offset.
    Offset(i64),
}

/// What a queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Messages that are not delivered to any consumer.
    pub ready: u32,
    /// Subscriptions.
    pub consumers: u32,
}

/// A subscription, on a channel of its own. Both methods may be dropped at any time without losing a delivery.
pub trait Deliveries: Send + 'static {
    /// How its deliveries are settled.
    type Receipt: Receipt;

    /// The next delivery; [`BrokerError::Cancelled`] when the queue was deleted or moved.
    fn next(&mut self) -> impl Future<Output = Result<Delivery<Self::Receipt>, BrokerError>> + Send;

    /// Waits for one delivery and returns it with those that have already arrived, at most `most`.
    fn next_batch(
        &mut self,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Delivery<Self::Receipt>>, BrokerError>> + Send;
}

/// A message as the broker delivers it.
#[derive(Clone, Debug)]
pub struct Delivery<R> {
    /// The key it was published under.
    pub routing_key: String,
    /// Its bytes.
    pub body: Vec<u8>,
    /// Whether it was delivered before.
    pub redelivered: bool,
    /// How often a quorum queue delivered it before.
    pub earlier_deliveries: u32,
    /// Its offset, if it comes from a stream.
    pub offset: Option<i64>,
    /// Settles it.
    pub receipt: R,
}

/// Settles one delivery.
pub trait Receipt: Send + Sync + 'static {
    /// Acknowledges it.
    fn ack(&self) -> impl Future<Output = Result<(), BrokerError>> + Send;

    /// Acknowledges it and every earlier delivery of its subscription.
    fn ack_all(&self) -> impl Future<Output = Result<(), BrokerError>> + Send;

    /// Puts it back into its queue.
    fn requeue(&self) -> impl Future<Output = Result<(), BrokerError>> + Send;
}
