//! Publish metrics: messages by their outcome, and the seconds until the broker confirms or rejects them. Called for each
//! publish of a session.

use subtitle_contract::{event::EventType, reason::Reason};
use subtitle_telemetry::{Counter, Histogram, Registry};
use tokio::time::Instant;

use crate::{BrokerError, PublishFailure};

/// Upper bounds of the latency buckets in seconds: from a broker on the same network up to the request timeout.
const LATENCY_BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];

/// Publish metrics, with the same names in every process.
#[derive(Clone, Debug)]
pub struct PublishMetrics {
    events: Counter<2>,
    dead_letters: Counter<2>,
    seconds: Histogram<0>,
}

impl PublishMetrics {
    /// Registers the metrics.
    pub fn register(registry: &mut Registry) -> Self {
        Self {
            events: registry.counter(
                "subtitle_events_published",
                ["event_type", "outcome"],
                "Events published to the broker. Outcomes: `confirmed`, `unroutable`, `nacked`, `unknown` (no answer in time), `error`.",
            ),
            dead_letters: registry.counter(
                "subtitle_dead_letters_published",
                ["reason", "outcome"],
                "Messages that could not be handled, published to the dead-letter exchange; outcomes as for events.",
            ),
            seconds: registry.histogram(
                "subtitle_publish_seconds",
                [],
                LATENCY_BUCKETS,
                "Time from sending a message until the broker confirms or rejects it.",
            ),
        }
    }
}

fn outcome(result: &Result<(), BrokerError>) -> &'static str {
    match result {
        Ok(()) => "confirmed",
        Err(BrokerError::PublishFailed { failure: PublishFailure::Unroutable, .. }) => "unroutable",
        Err(BrokerError::PublishFailed { failure: PublishFailure::Nacked, .. }) => "nacked",
        Err(BrokerError::Timeout { .. }) => "unknown",
        Err(_) => "error",
    }
}

/// Awaits the publish of an event, and records its outcome if `metrics` is set.
pub(crate) async fn measure_event(
    metrics: Option<&PublishMetrics>,
    event_type: &EventType,
    publish: impl Future<Output = Result<(), BrokerError>>,
) -> Result<(), BrokerError> {
    let started = Instant::now();
    let result = publish.await;
    if let Some(metrics) = metrics {
        // Unknown types share one label value, to bound the label's cardinality.
        let event_type = match event_type {
            EventType::Unknown(_) => "unknown",
            known => known.as_str(),
        };
        metrics.events.increment([event_type, outcome(&result)]);
        metrics.seconds.observe([], started.elapsed().as_secs_f64());
    }
    result
}

/// Awaits the publish of a dead letter, and records its outcome if `metrics` is set.
pub(crate) async fn measure_dead_letter(
    metrics: Option<&PublishMetrics>,
    reason: Reason,
    publish: impl Future<Output = Result<(), BrokerError>>,
) -> Result<(), BrokerError> {
    let started = Instant::now();
    let result = publish.await;
    if let Some(metrics) = metrics {
        metrics.dead_letters.increment([reason.as_str(), outcome(&result)]);
        metrics.seconds.observe([], started.elapsed().as_secs_f64());
    }
    result
}
