//! The Redis client: its connection, the style of its keys and its scripts; the commands are in the sibling files. Does I/O.

use std::time::Duration;

use redis::Script;
use subtitle_contract::keys::KeyStyle;

use super::{
    address::RedisAddress,
    connection::Connection,
    scripts::{PROJECT, RESTORE, SAFETY_TIME_TO_LIVE, TIME_TO_LIVE, append_script},
};
use crate::act::error::RecordError;

/// The records and histories in a Redis server.
pub struct RedisRecords {
    pub(super) connection: Connection,
    pub(super) keys: KeyStyle,
    /// In seconds, from the final phase on.
    pub(super) time_to_live: u64,
    pub(super) project_script: Script,
    pub(super) append_script: Script,
    pub(super) restore_script: Script,
}

impl RedisRecords {
    /// Connects at the first call; neither Redis nor its Secret needs to exist yet.
    pub fn open(address: RedisAddress, keys: KeyStyle) -> Result<Self, RecordError> {
        let (project_script, append_script, restore_script) =
            (Script::new(PROJECT), append_script(), Script::new(RESTORE));
        let scripts = vec![project_script.clone(), append_script.clone(), restore_script.clone()];
        let connection = Connection::new(address, scripts)?;
        let time_to_live = TIME_TO_LIVE;
        Ok(Self { connection, keys, time_to_live, project_script, append_script, restore_script })
    }

    /// Keeps the keys of a job for `ttl` after it has finished.
    #[must_use]
    pub fn with_history_ttl(self, ttl: Duration) -> Self {
        Self { time_to_live: ttl.as_secs(), ..self }
    }

    /// The TTL in seconds until the final phase: if that is never projected, the keys do not stay forever.
    pub(super) fn safety_time_to_live(&self) -> u64 {
        SAFETY_TIME_TO_LIVE.max(self.time_to_live)
    }

    /// Whether Redis responds to a PING.
    pub async fn answers(&self) -> bool {
        self.connection.run::<(String,)>(redis::pipe().cmd("PING")).await.is_ok()
    }
}
