//! The only writer of Redis: records as projections of a status, and the history in the stream's order. Does I/O.

use subtitle_core::{event::Event, job::SubtitleJob, record::Record};

pub use super::redis::{PROJECT, REMEMBER, RedisLedger, SAVE};

/// Redis could not be reached or refused.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It answered with an error, or the connection broke.
    #[error("failed to talk to Redis: {0}")]
    Refused(#[from] redis::RedisError),
    /// It did not answer.
    #[error("failed to get an answer from Redis in time")]
    Silent(#[from] tokio::time::error::Elapsed),
    /// It could not be reached a moment ago; it is tried again in a moment.
    #[error("failed to reach Redis a moment ago")]
    Away,
}

/// Records and histories.
pub trait Ledger: Send + Sync + 'static {
    /// Copies each object's status to its record, where the record is older; how many were.
    fn project(&self, jobs: &[&SubtitleJob]) -> impl Future<Output = Result<usize, LedgerError>> + Send;

    /// The object is gone: its record, if it is not final, becomes a final one that says so.
    fn close(&self, id: &str) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// A page of records that are not final, and where the next page begins; 0 begins and ends.
    fn unfinished(&self, cursor: u64) -> impl Future<Output = Result<(Vec<Record>, u64), LedgerError>> + Send;

    /// Appends a batch in order, each event once, and then moves the stream's offset from `saved` to `last`. False, and
    /// nothing is done, if the offset is at neither: Redis was emptied, or another leader is ahead.
    fn remember(
        &self,
        events: &[Event],
        saved: Option<i64>,
        last: i64,
    ) -> impl Future<Output = Result<bool, LedgerError>> + Send;

    /// The offset of the last event remembered.
    fn offset(&self) -> impl Future<Output = Result<Option<i64>, LedgerError>> + Send;

    /// The stream began anew, with offsets from 0.
    fn forget_offset(&self) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// The record's text.
    fn record(&self, id: &str) -> impl Future<Output = Result<Option<String>, LedgerError>> + Send;

    /// The newest `limit` events and how many there are.
    fn events(&self, id: &str, limit: usize) -> impl Future<Output = Result<(Vec<String>, usize), LedgerError>> + Send;
}
