//! A publisher that counts: what it published and how that ended, and how long the broker took.

use subtitle_contract::{
    event::{Event, EventType},
    reason::Reason,
};
use subtitle_telemetry::{Counter, Histogram, Registry};
use tokio::time::Instant;

use crate::{BrokerError, Publish, Refusal};

/// Upper bounds in seconds: from a broker next door to the deadline.
const BOUNDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];

/// The numbers of publishing, the same in every process.
#[derive(Clone, Debug)]
pub struct PublishMetrics {
    events: Counter<2>,
    dead_letters: Counter<2>,
    seconds: Histogram<0>,
}

impl PublishMetrics {
    /// Declares them.
    pub fn register(registry: &mut Registry) -> Self {
        Self {
            events: registry.counter(
                "subtitle_events_published",
                ["event_type", "outcome"],
                "Events handed to the broker. Outcomes: `confirmed`, `unroutable`, `nacked`, `unknown` (no answer in time), `error`.",
            ),
            dead_letters: registry.counter(
                "subtitle_dead_letters_published",
                ["reason", "outcome"],
                "Messages nobody could handle, handed to the dead letters; outcomes as of events.",
            ),
            seconds: registry.histogram(
                "subtitle_publish_seconds",
                [],
                BOUNDS,
                "From handing a message to the broker until its answer.",
            ),
        }
    }
}

/// `inner`, counted.
#[derive(Debug)]
pub struct Measured<P> {
    inner: P,
    metrics: PublishMetrics,
}

impl<P> Measured<P> {
    /// Counts what goes through `inner`.
    pub const fn new(inner: P, metrics: PublishMetrics) -> Self {
        Self { inner, metrics }
    }

    /// What is counted.
    pub const fn inner(&self) -> &P {
        &self.inner
    }
}

fn outcome(published: &Result<(), BrokerError>) -> &'static str {
    match published {
        Ok(()) => "confirmed",
        Err(BrokerError::Refused { refusal: Refusal::Unroutable, .. }) => "unroutable",
        Err(BrokerError::Refused { refusal: Refusal::Nacked, .. }) => "nacked",
        Err(BrokerError::Silent { .. }) => "unknown",
        Err(_) => "error",
    }
}

impl<P: Publish> Publish for Measured<P> {
    async fn publish(&self, event: &Event) -> Result<(), BrokerError> {
        let begun = Instant::now();
        let published = self.inner.publish(event).await;
        // What this version does not know is one value: labels stay few.
        let event_type = match &event.event_type {
            EventType::Unknown(_) => "unknown",
            known => known.as_str(),
        };
        self.metrics.events.increment([event_type, outcome(&published)]);
        self.metrics.seconds.observe([], begun.elapsed().as_secs_f64());
        published
    }

    async fn dead_letter(
        &self,
        routing_key: &str,
        body: &[u8],
        reason: Reason,
        message: &str,
    ) -> Result<(), BrokerError> {
        let begun = Instant::now();
        let published = self.inner.dead_letter(routing_key, body, reason, message).await;
        self.metrics.dead_letters.increment([reason.as_str(), outcome(&published)]);
        self.metrics.seconds.observe([], begun.elapsed().as_secs_f64());
        published
    }
}
