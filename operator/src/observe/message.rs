//! A message of the consumer queue comes in as bytes and goes out decoded, or with why it cannot be decoded. Pure.

use subtitle_contract::event::{Event, Malformed};

/// A message of the consumer queue.
#[derive(Debug)]
pub struct Message {
    /// The key it was published under.
    pub routing_key: String,
    /// Its bytes.
    pub body: Vec<u8>,
    /// The event in them.
    pub event: Result<Event, Malformed>,
}

impl Message {
    /// Decodes the bytes.
    pub fn decode(routing_key: String, body: Vec<u8>) -> Self {
        let event = Event::decode(&body);
        Self { routing_key, body, event }
    }

    /// The key of the lane it is handled in: its job, or the one lane of everything that belongs to no job.
    pub fn lane(&self) -> &str {
        self.event.as_ref().map_or("", |event| event.job_id.as_str())
    }
}
