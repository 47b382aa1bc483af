//! Decodes a message of the consumer queue, or tells why it cannot be decoded. Pure.

use subtitle_contract::event::{Event, EventType, Malformed};

/// A message of the consumer queue.
#[derive(Debug)]
pub struct Message {
    /// The routing key it was published with.
    pub routing_key: String,
    /// The message body.
    pub body: Vec<u8>,
    /// The event in the body.
    pub event: Result<Event, Malformed>,
}

impl Message {
    /// Decodes the body.
    pub fn decode(routing_key: String, body: Vec<u8>) -> Self {
        let event = Event::decode(&body);
        Self { routing_key, body, event }
    }

    /// Whether a worker receives it as well, as a task.
    pub fn is_task(&self) -> bool {
        matches!(
            self.routing_key.clone().into(),
            EventType::DownloadRequested | EventType::TranslateRequested | EventType::ScanRequested
        )
    }

    /// The key of the lane in which it is handled: its job, or the shared lane of messages without a job.
    pub fn lane(&self) -> &str {
        self.event.as_ref().map_or("", |event| event.job_id.as_str())
    }
}
