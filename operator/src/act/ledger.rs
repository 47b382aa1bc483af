//! The only writer of Redis: records as projections of a status, and the history in the stream's order. Does I/O.

use std::{fmt, str::FromStr};

use subtitle_contract::{event::Event, job::SubtitleJob, record::Record};
use uuid::Uuid;

pub use super::{
    redis::{PROJECT, RedisLedger},
    redis_address::{RedisAddress, RedisArguments},
    redis_history::{Marks, remember, script as remember_script},
};

/// Redis could not be reached or refused.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It answered with an error, or the connection broke.
    #[error("failed to talk to Redis: {0}")]
    Refused(#[from] redis::RedisError),
    /// It did not answer.
    #[error("failed to get an answer from Redis in time")]
    Silent(#[from] tokio::time::error::Elapsed),
    /// Its URL is none.
    #[error(
        "failed to read the URL of Redis: expected one such as redis://user:password@redis:6379/0, with special \
         characters of user and password percent-encoded"
    )]
    Url,
    /// The mounted Secret does not say where Redis is.
    #[error(transparent)]
    Secret(#[from] subtitle_secret::SecretError),
    /// Nothing says where Redis is.
    #[error(
        "failed to find Redis: set --redis-url (SUBTITLES_REDIS_URL), or --redis-secret (SUBTITLES_REDIS_SECRET) to the \
         folder where its Secret is mounted"
    )]
    NoAddress,
    /// Both say where Redis is.
    #[error("failed to choose a Redis: --redis-url and --redis-secret are both set; set one of them")]
    TwoAddresses,
    /// It could not be reached a moment ago; it is tried again in a moment.
    #[error("failed to reach Redis a moment ago")]
    Away,
}

/// Up to where the histories are whole: an offset, and what stands there, by which a stream that was made anew is told
/// from the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The stream's offset; below 0 before the first.
    pub offset: i64,
    /// A digest of the record there; nil before the first.
    pub record: Uuid,
}

impl Mark {
    /// The record with these bytes.
    pub fn of(offset: i64, body: &[u8]) -> Self {
        Self { offset, record: Uuid::new_v5(&Uuid::NAMESPACE_OID, body) }
    }

    /// Nothing is remembered yet; `number` is below 0 and no other loop's.
    pub const fn beginning(number: i64) -> Self {
        Self { offset: number, record: Uuid::nil() }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.record.is_nil() {
            return self.offset.fmt(formatter);
        }
        write!(formatter, "{} {}", self.offset, self.record)
    }
}

impl FromStr for Mark {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (offset, record) = text.split_once(' ').unwrap_or((text, ""));
        Ok(Self { offset: offset.parse()?, record: record.parse().unwrap_or_default() })
    }
}

/// Records and histories.
pub trait Ledger: Send + Sync + 'static {
    /// Copies each object's status to its record, where the record is older; how many were.
    fn project(&self, jobs: &[&SubtitleJob]) -> impl Future<Output = Result<usize, LedgerError>> + Send;

    /// The object is gone: its record, if it is not final, becomes a final one that says so.
    fn close(&self, id: &str) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// A page of records that are not final, and where the next page begins; 0 begins and ends.
    fn unfinished(&self, cursor: u64) -> impl Future<Output = Result<(Vec<Record>, u64), LedgerError>> + Send;

    /// Appends a batch in order, each event once, and then moves the mark from `saved` to `last`. False, and nothing is
    /// done, if it is at neither: Redis was emptied, or another leader is ahead.
    fn remember(
        &self,
        events: &[Event],
        saved: Option<Mark>,
        last: Mark,
    ) -> impl Future<Output = Result<bool, LedgerError>> + Send;

    /// The last record remembered.
    fn mark(&self) -> impl Future<Output = Result<Option<Mark>, LedgerError>> + Send;

    /// The stream is another than the one of the mark.
    fn forget_mark(&self) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// The record's text.
    fn record(&self, id: &str) -> impl Future<Output = Result<Option<String>, LedgerError>> + Send;

    /// The newest `limit` events and how many there are.
    fn events(&self, id: &str, limit: usize) -> impl Future<Output = Result<(Vec<String>, usize), LedgerError>> + Send;
}
