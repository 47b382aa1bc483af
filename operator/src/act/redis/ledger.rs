//! The ledgers of policies: one hash for each, with a JSON text for each video. Does I/O.

use std::collections::BTreeMap;

use redis::Pipeline;
use subtitle_contract::policy::ledger::{Ledger, LedgerVideo};

use super::client::RedisRecords;
use crate::act::error::RecordError;

/// Videos in one step.
const PAGE: usize = 500;
/// Seconds without a change after which a ledger is forgotten: that of a deleted policy, because scans change the others.
const TIME_TO_LIVE: u32 = 30 * 86_400;

fn parse(texts: impl IntoIterator<Item = (String, String)>) -> Ledger {
    // What a newer version wrote differently is missing until the next scan.
    texts.into_iter().filter_map(|(path, text)| Some((path, serde_json::from_str(&text).ok()?))).collect()
}

impl RedisRecords {
    pub(in crate::act) async fn ledger(&self, uid: &str) -> Result<Ledger, RecordError> {
        let (mut ledger, mut cursor) = (Ledger::new(), 0_u64);
        loop {
            let mut scan = redis::pipe();
            scan.cmd("HSCAN").arg(self.keys.ledger(uid)).arg(cursor).arg("COUNT").arg(PAGE);
            let ((next, texts),): ((u64, Vec<(String, String)>),) = self.connection.run(&scan).await?;
            ledger.extend(parse(texts));
            cursor = next;
            if cursor == 0 {
                return Ok(ledger);
            }
        }
    }

    pub(in crate::act) async fn ledger_videos(&self, uid: &str, paths: &[String]) -> Result<Ledger, RecordError> {
        if paths.is_empty() {
            return Ok(Ledger::new());
        }
        let mut get = redis::pipe();
        get.cmd("HMGET").arg(self.keys.ledger(uid)).arg(paths);
        let (texts,): (Vec<Option<String>>,) = self.connection.run(&get).await?;
        Ok(parse(paths.iter().cloned().zip(texts).filter_map(|(path, text)| Some((path, text?)))))
    }

    pub(in crate::act) async fn write_ledger(
        &self,
        uid: &str,
        changes: &BTreeMap<String, Option<LedgerVideo>>,
    ) -> Result<(), RecordError> {
        let key = self.keys.ledger(uid);
        let changes: Vec<_> = changes.iter().collect();
        for page in changes.chunks(PAGE) {
            let mut pipeline: Pipeline = redis::pipe();
            for (path, video) in page {
                match video {
                    Some(video) => {
                        let text = serde_json::to_string(video).unwrap_or_default();
                        pipeline.cmd("HSET").arg(&key).arg(path).arg(text).ignore();
                    }
                    None => drop(pipeline.cmd("HDEL").arg(&key).arg(path).ignore()),
                }
            }
            pipeline.cmd("EXPIRE").arg(&key).arg(TIME_TO_LIVE).ignore();
            self.connection.run::<()>(&pipeline).await?;
        }
        Ok(())
    }
}
