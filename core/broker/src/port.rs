//! The traits through which the operator and the workers use the broker. [`crate::AmqpConnector`] implements them for
//! RabbitMQ; the simulation has its own implementation.
//!
//! ```text
//!  Connector ──open──▶ Session ──consume──▶ Deliveries ──next──▶ Delivery { …, receipt } ──▶ ack | requeue
//!                         └─ PublishWriter, QueueWriter: operations that modify the broker
//! ```

use subtitle_contract::{
    event::{Event, EventType},
    reason::Reason,
};

use crate::BrokerError;

/// Opens sessions.
pub trait Connector: Send + Sync + 'static {
    /// The session type.
    type Session: Session;

    /// Connects and declares nothing. Only the operator declares, because it must republish the tasks of a queue that it
    /// had to create.
    fn open(&self) -> impl Future<Output = Result<Self::Session, BrokerError>> + Send;

    /// Connects and declares every exchange and queue; also returns the names of the queues that did not exist before,
    /// so that any messages in them are lost.
    fn open_and_declare(&self) -> impl Future<Output = Result<(Self::Session, Vec<&'static str>), BrokerError>> + Send;
}

/// Publishes messages; `Ok` means that the broker has confirmed them.
pub trait PublishWriter: Send + Sync {
    /// Publishes an event with its type as the routing key.
    fn publish(&self, event: &Event) -> impl Future<Output = Result<(), BrokerError>> + Send;

    /// Publishes a message that cannot be handled, with its reason, to the dead-letter exchange.
    fn dead_letter(
        &self,
        routing_key: &str,
        body: &[u8],
        reason: Reason,
        message: &str,
    ) -> impl Future<Output = Result<(), BrokerError>> + Send;
}

/// Manages queues.
pub trait QueueWriter: Send + Sync {
    /// Deletes one of our queues with its messages and declares it again.
    fn recreate(&self, queue: &str) -> impl Future<Output = Result<(), BrokerError>> + Send;
}

/// A connection. It does not reconnect: after its first error the caller opens a new one.
pub trait Session: PublishWriter + QueueWriter + 'static {
    /// The subscription type.
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

    /// Subscribes to all events of these types from now on, through an exclusive queue that is deleted with this session.
    fn consume_events(
        &self,
        event_types: &[EventType],
        prefetch: u16,
    ) -> impl Future<Output = Result<Self::Deliveries, BrokerError>> + Send;

    /// The message and consumer counts of a queue; `None` if it does not exist.
    fn queue_stats(&self, queue: &'static str) -> impl Future<Output = Result<Option<QueueStats>, BrokerError>> + Send;

    /// The quorum queues that exist and do not respond; stops at the first one whose probe makes the broker close the
    /// connection.
    fn unresponsive_queues(&self) -> impl Future<Output = Result<Vec<&'static str>, BrokerError>> + Send;

    /// Whether the broker currently accepts no messages, because of a memory or disk alarm.
    fn is_blocked(&self) -> bool;

    /// Waits until the session ends; returns the error that ended it.
    fn ended(&self) -> impl Future<Output = BrokerError> + Send;

    /// Waits until the mounted credentials differ from the ones this session uses.
    fn credentials_changed(&self) -> impl Future<Output = ()> + Send;

    /// Closes the session; unacknowledged deliveries go back to their queues.
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// Where to start reading a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStart {
    /// At the oldest retained message.
    Oldest,
    /// At this offset.
    Offset(i64),
}

/// The message and consumer counts of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueStats {
    /// Messages ready for delivery.
    pub ready: u32,
    /// Number of consumers.
    pub consumers: u32,
}

/// A subscription, on a channel of its own. Both methods are cancel-safe.
pub trait Deliveries: Send + 'static {
    /// How its deliveries are settled.
    type Receipt: Receipt;

    /// The next delivery; [`BrokerError::ConsumerCancelled`] when the queue was deleted or its leader moved to another
    /// node.
    fn next(&mut self) -> impl Future<Output = Result<Delivery<Self::Receipt>, BrokerError>> + Send;

    /// Waits for one delivery and returns it with those that have already arrived, up to `max` in total.
    fn next_batch(
        &mut self,
        max: usize,
    ) -> impl Future<Output = Result<Vec<Delivery<Self::Receipt>>, BrokerError>> + Send;
}

/// A message as the broker delivers it.
#[derive(Clone, Debug)]
pub struct Delivery<R> {
    /// The routing key it was published with.
    pub routing_key: String,
    /// The message body.
    pub body: Vec<u8>,
    /// Whether it was delivered before.
    pub redelivered: bool,
    /// `x-delivery-count`: number of earlier deliveries; 0 if it does not come from a quorum queue.
    pub delivery_count: u32,
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
    fn ack_up_to(&self) -> impl Future<Output = Result<(), BrokerError>> + Send;

    /// Puts it back into its queue.
    fn requeue(&self) -> impl Future<Output = Result<(), BrokerError>> + Send;
}
