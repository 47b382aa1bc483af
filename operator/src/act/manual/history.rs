//! Manual repair of event histories: marks the end of the stream, and restores the events that Redis lacks. Called by
//! `subtitle-operator history rebuild`. Does I/O.

use subtitle_broker::{AmqpSession, BrokerError};
use subtitle_contract::{event::Event, topology::HISTORY_STREAM};

use crate::act::{RecordError, redis::RedisRecords};

/// Appends a marker to the stream, by which a reader recognizes its current end: streams have no end of their own.
pub async fn publish_end_marker(session: &AmqpSession, marker: &[u8]) -> Result<(), BrokerError> {
    session.publish_to_queue(HISTORY_STREAM, marker).await
}

/// Inserts the events of a job that Redis lacks, if `apply`; returns how many it lacks. `events` are all events of
/// the job in the stream, in its order.
pub async fn restore(records: &RedisRecords, job: &str, events: &[Event], apply: bool) -> Result<usize, RecordError> {
    records.restore(job, events, apply).await
}
