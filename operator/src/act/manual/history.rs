//! Repairs event histories by hand: marks the end of the stream that is read, and restores what Redis lacks. Called by
//! `subtitle-operator history rebuild`. Does I/O.

use subtitle_broker::{AmqpSession, BrokerError};
use subtitle_contract::{event::Event, topology::HISTORY_STREAM};

use crate::act::{RecordError, redis::RedisRecords};

/// Appends a record to the stream, so that a reader can recognize its current end: streams have no end mark.
pub async fn publish_end_marker(session: &AmqpSession, marker: &[u8]) -> Result<(), BrokerError> {
    session.publish_to_queue(HISTORY_STREAM, marker).await
}

/// Inserts the events of a job that Redis lacks, if `apply`; returns how many it lacks. `events` is all that the stream
/// holds of the job, in its order.
pub async fn restore(records: &RedisRecords, job: &str, events: &[Event], apply: bool) -> Result<usize, RecordError> {
    records.restore(job, events, apply).await
}
