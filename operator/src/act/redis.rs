//! The only writer of Redis: records as projections of a status, and the history in the stream's order.

use std::{sync::Arc, time::Duration};

use redis::{Client, Script, aio::ConnectionManager};
use subtitle_core::{
    event::Event,
    job::SubtitleJob,
    keys::{HISTORY_OFFSET, KeyStyle},
    record::Record,
};
use tokio::time::timeout;

/// The longest a call may take: a black-holed connection never reports itself.
const DEADLINE: Duration = Duration::from_secs(3);
/// How long a job's keys stay after its final phase, in seconds.
const TIME_TO_LIVE: u64 = 7 * 86_400;
/// How long they stay otherwise, in seconds.
const SAFETY_TIME_TO_LIVE: u64 = 60 * 86_400;

/// Replaces the record only by one of a higher revision, so that no order of calls can turn it back.
const PROJECT: &str = "
local current = redis.call('GET', KEYS[1])
if current and cjson.decode(current).revision >= tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
if ARGV[4] == '1' then redis.call('EXPIRE', KEYS[2], ARGV[3]); redis.call('EXPIRE', KEYS[3], ARGV[3]) end
return 1";

/// Appends an event once.
const REMEMBER: &str = "
if redis.call('SADD', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('LPUSH', KEYS[1], ARGV[2])
for _, key in ipairs(KEYS) do if redis.call('TTL', key) == -1 then redis.call('EXPIRE', key, ARGV[3]) end end
return 1";

/// Redis could not be reached or refused.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It answered with an error, or the connection broke.
    #[error("failed to talk to Redis: {0}")]
    Refused(#[from] redis::RedisError),
    /// It did not answer.
    #[error("failed to get an answer from Redis within {} s", DEADLINE.as_secs())]
    Silent(#[from] tokio::time::error::Elapsed),
}

/// Records and histories.
#[derive(Clone)]
pub struct Ledger {
    connection: ConnectionManager,
    keys: KeyStyle,
    /// Built once: building hashes its text.
    project: Arc<Script>,
}

impl Ledger {
    /// Connects lazily; Redis may be away.
    pub fn open(url: &str, keys: KeyStyle) -> Result<Self, LedgerError> {
        let client = Client::open(url)?;
        let connection = ConnectionManager::new_lazy_with_config(client, redis::aio::ConnectionManagerConfig::new())?;
        Ok(Self { connection, keys, project: Arc::new(Script::new(PROJECT)) })
    }

    /// Copies an object's status to its record; true if the record was older.
    pub async fn project(&self, job: &SubtitleJob) -> Result<bool, LedgerError> {
        let record = Record::of(job);
        let is_final = job.status.as_ref().is_some_and(|status| status.phase.is_final());
        let seconds = if is_final { TIME_TO_LIVE } else { SAFETY_TIME_TO_LIVE };
        let mut call = self.project.key(self.keys.record(&record.id));
        call.key(self.keys.events(&record.id)).key(self.keys.seen(&record.id));
        call.arg(serde_json::to_string(&record).unwrap_or_default()).arg(record.revision).arg(seconds);
        call.arg(u8::from(is_final));
        let mut connection = self.connection.clone();
        Ok(timeout(DEADLINE, call.invoke_async::<i64>(&mut connection)).await?? == 1)
    }

    /// Appends a batch in order and then saves the stream's offset.
    pub async fn remember(&self, events: &[Event], offset: i64) -> Result<(), LedgerError> {
        let mut pipeline = redis::pipe();
        for event in events {
            pipeline.cmd("EVAL").arg(REMEMBER).arg(2);
            pipeline.arg(self.keys.events(&event.job_id)).arg(self.keys.seen(&event.job_id));
            pipeline.arg(event.identity().to_string()).arg(serde_json::to_string(event).unwrap_or_default());
            pipeline.arg(SAFETY_TIME_TO_LIVE).ignore();
        }
        pipeline.cmd("SET").arg(HISTORY_OFFSET).arg(offset).ignore();
        let mut connection = self.connection.clone();
        timeout(DEADLINE, pipeline.query_async::<()>(&mut connection)).await??;
        Ok(())
    }

    /// The offset of the last event remembered.
    pub async fn offset(&self) -> Result<Option<i64>, LedgerError> {
        let mut connection = self.connection.clone();
        let offset = timeout(DEADLINE, redis::cmd("GET").arg(HISTORY_OFFSET).query_async(&mut connection)).await??;
        Ok(offset)
    }

    /// The record's text.
    pub async fn record(&self, id: &str) -> Result<Option<String>, LedgerError> {
        let mut connection = self.connection.clone();
        let key = self.keys.record(id);
        Ok(timeout(DEADLINE, redis::cmd("GET").arg(key).query_async(&mut connection)).await??)
    }

    /// The newest `limit` events and how many there are.
    pub async fn events(&self, id: &str, limit: usize) -> Result<(Vec<String>, usize), LedgerError> {
        let mut connection = self.connection.clone();
        let key = self.keys.events(id);
        let mut pipeline = redis::pipe();
        pipeline.cmd("LRANGE").arg(&key).arg(0).arg(limit.saturating_sub(1)).cmd("LLEN").arg(&key);
        Ok(timeout(DEADLINE, pipeline.query_async(&mut connection)).await??)
    }
}
