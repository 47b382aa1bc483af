//! The log line of each event that is published or received: sampled when there are many, every string sanitized, and without the
//! payload, whose URLs may carry credentials. Called by the sessions and by the operator's consumer loop. Pure.

use std::time::Duration;

use subtitle_contract::{event::Event, text::sanitize};
use subtitle_telemetry::LogSampler;

/// How many lines per second are logged before they are sampled.
const LINES_PER_SECOND: u64 = 50;

/// The lines with one message.
#[derive(Debug)]
pub struct EventLog {
    message: &'static str,
    sampler: LogSampler,
}

impl EventLog {
    /// Logs lines with this message.
    pub const fn new(message: &'static str) -> Self {
        Self { message, sampler: LogSampler::new(LINES_PER_SECOND) }
    }

    /// Logs the event, unless too many were logged in the same second of `time`.
    pub fn log(&self, event: &Event, time: Duration) {
        let Some(skipped) = self.sampler.admit(time) else { return };
        let [event_type, job_id, source] =
            [event.event_type.as_str(), &event.job_id, &event.source].map(|text| sanitize(text, 64));
        let namespace = event.namespace.as_deref().map(|text| sanitize(text, 63));
        let name = event.name.as_deref().map(|text| sanitize(text, 253));
        let attempt = event.attempt;
        tracing::info!(event_type, job_id, source, attempt, namespace, name, skipped, "{}", self.message);
    }
}
