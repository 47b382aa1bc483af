//! The Redis client: its connection, the style of its keys and its scripts; the commands are in the sibling files. Does I/O.

use redis::Script;
use subtitle_contract::keys::KeyStyle;

use super::{
    address::RedisAddress,
    connection::Connection,
    scripts::{PROJECT, RESTORE, append_script},
};
use crate::act::error::RecordError;

/// The records and histories in a Redis server.
pub struct RedisRecords {
    pub(super) connection: Connection,
    pub(super) keys: KeyStyle,
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
        Ok(Self { connection, keys, project_script, append_script, restore_script })
    }

    /// Whether Redis responds to a PING.
    pub async fn answers(&self) -> bool {
        self.connection.run::<(String,)>(redis::pipe().cmd("PING")).await.is_ok()
    }
}
