//! What travels: events and their payloads, queues, Redis keys and records, and what an event means for a job. Pure.

pub mod event;
pub mod headers;
pub mod keys;
pub mod legacy;
pub mod payload;
pub mod progress;
pub mod record;
pub mod topology;
