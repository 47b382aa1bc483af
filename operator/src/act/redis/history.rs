//! The event histories `job:events:{id}` and their checkpoint: one script appends a batch of the stream and moves the
//! checkpoint. Does I/O.

use subtitle_contract::{event::Event, keys::HISTORY_OFFSET};

use super::{
    client::RedisRecords,
    scripts::{BatchCheckpoints, append},
};
use crate::act::{
    error::RecordError,
    ports::{Checkpoint, HistoryWriter},
};

impl RedisRecords {
    pub(super) async fn checkpoint(&self) -> Result<Option<Checkpoint>, RecordError> {
        let (text,): (Option<String>,) = self.connection.run(redis::pipe().cmd("GET").arg(HISTORY_OFFSET)).await?;
        Ok(text.and_then(|text| text.parse().ok()))
    }

    /// Inserts the missing events of a job at their position, if `apply`; returns how many are missing. `events` are all
    /// events of the job in the stream, in its order; events that only Redis has, because the stream dropped them, stay
    /// before them.
    pub async fn restore(&self, job_id: &str, events: &[Event], apply: bool) -> Result<usize, RecordError> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("EVALSHA").arg(self.restore_script.get_hash()).arg(2);
        pipeline.arg(self.keys.events(job_id)).arg(self.keys.seen(job_id)).arg(u8::from(apply)).arg(self.time_to_live);
        for event in events {
            pipeline.arg(event.identity().to_string()).arg(serde_json::to_string(event).unwrap_or_default());
        }
        let (missing,) = self.connection.run(&pipeline).await?;
        Ok(missing)
    }
}

impl HistoryWriter for RedisRecords {
    async fn append(&self, events: &[Event], saved: Option<Checkpoint>, last: Checkpoint) -> Result<bool, RecordError> {
        let (saved, last) = (saved.map(|saved| saved.to_string()).unwrap_or_default(), last.to_string());
        let checkpoints = BatchCheckpoints { saved: &saved, last: &last };
        let pipeline = append(&self.append_script, self.keys, events, checkpoints, self.safety_time_to_live());
        let (is_appended,) = self.connection.run(&pipeline).await?;
        Ok(is_appended)
    }

    async fn reset_checkpoint(&self) -> Result<(), RecordError> {
        self.connection.run(redis::pipe().cmd("DEL").arg(HISTORY_OFFSET).ignore()).await
    }
}
