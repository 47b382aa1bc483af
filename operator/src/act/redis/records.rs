//! The records `job:{id}`: replaced unless they are projections of a higher revision. Does I/O.

use subtitle_contract::{
    job::SubtitleJob,
    keys::{HISTORY_OFFSET, KeyStyle},
    phase::{Phase, Step},
    reason::Reason,
    record::Record,
};

use super::client::RedisRecords;
use crate::act::{
    error::RecordError,
    ports::{Checkpoint, Projected, RecordReader, RecordWriter},
};

/// Keys per step of a scan.
const PAGE: usize = 500;

fn is_final(record: &Record) -> bool {
    Phase::from_wire_status(&record.status).is_some_and(Phase::is_final)
}

fn parse(text: Option<String>) -> Option<Record> {
    serde_json::from_str(&text?).ok()
}

/// The arguments of LRANGE over a list whose first element is the newest. -1 is the oldest.
fn range(before: Option<usize>, limit: usize) -> (i64, i64) {
    let signed = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    match before.map(signed) {
        None => (0, signed(limit) - 1),
        Some(0) => (1, 0),
        Some(before) => (-before, (signed(limit) - 1 - before).min(-1)),
    }
}

impl RedisRecords {
    async fn replace(&self, records: &[Record]) -> Result<Vec<Projected>, RecordError> {
        let mut pipeline = redis::pipe();
        for record in records {
            let is_final = is_final(record);
            let seconds = if is_final { self.time_to_live } else { self.safety_time_to_live() };
            let checkpoint = (self.keys == KeyStyle::Plain).then_some(HISTORY_OFFSET);
            let keys = 3 + usize::from(checkpoint.is_some());
            pipeline.cmd("EVALSHA").arg(self.project_script.get_hash()).arg(keys).arg(self.keys.record(&record.id));
            pipeline.arg(self.keys.events(&record.id)).arg(self.keys.seen(&record.id)).arg(checkpoint);
            pipeline.arg(serde_json::to_string(record).unwrap_or_default()).arg(record.revision).arg(seconds);
            pipeline.arg(u8::from(is_final));
        }
        let outcome = |code: &u8| match code {
            0 => Projected::Same,
            1 => Projected::Replaced,
            _ => Projected::Ahead,
        };
        Ok(self.connection.run::<Vec<u8>>(&pipeline).await?.iter().map(outcome).collect())
    }
}

impl RecordReader for RedisRecords {
    async fn record(&self, id: &str) -> Result<Option<String>, RecordError> {
        let (text,) = self.connection.run(redis::pipe().cmd("GET").arg(self.keys.record(id))).await?;
        Ok(text)
    }

    async fn events_before(
        &self,
        id: &str,
        before: Option<usize>,
        limit: usize,
    ) -> Result<(Vec<String>, usize), RecordError> {
        let key = self.keys.events(id);
        let (first, last) = range(before, limit);
        let mut pipeline = redis::pipe();
        pipeline.cmd("LRANGE").arg(&key).arg(first).arg(last).cmd("LLEN").arg(&key);
        self.connection.run(&pipeline).await
    }

    async fn unfinished(&self, cursor: u64) -> Result<(Vec<Record>, u64), RecordError> {
        let mut scan = redis::pipe();
        scan.cmd("SCAN").arg(cursor).arg("MATCH").arg(self.keys.record("*")).arg("COUNT").arg(PAGE);
        scan.arg("TYPE").arg("string");
        let ((next, keys),): ((u64, Vec<String>),) = self.connection.run(&scan).await?;
        let mut get = redis::pipe();
        for key in keys.iter().filter(|key| self.keys.is_record(key)) {
            get.cmd("GET").arg(key);
        }
        if get.is_empty() {
            return Ok((Vec::new(), next));
        }
        let texts: Vec<Option<String>> = self.connection.run(&get).await?;
        Ok((texts.into_iter().filter_map(parse).filter(|record| !is_final(record)).collect(), next))
    }

    async fn load_checkpoint(&self) -> Result<Option<Checkpoint>, RecordError> {
        self.checkpoint().await
    }
}

impl RecordWriter for RedisRecords {
    async fn project(&self, jobs: &[&SubtitleJob]) -> Result<Vec<Projected>, RecordError> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        self.replace(&jobs.iter().map(|job| Record::project(job)).collect::<Vec<_>>()).await
    }

    async fn close(&self, id: &str) -> Result<(), RecordError> {
        let Some(record) = parse(self.record(id).await?).filter(|record| !is_final(record)) else { return Ok(()) };
        let closed = Record {
            status: Phase::Failed.wire_status(Step::Download).to_owned(),
            error_message: Some(Reason::Deleted.meaning().trim().to_owned()),
            revision: record.revision + 1,
            ..record
        };
        self.replace(&[closed]).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counted_from_the_oldest_event_is_a_range_from_the_newest() {
        let history: Vec<usize> = (0..10).rev().collect();
        let read = |before, limit| -> Vec<usize> {
            let (first, last) = range(before, limit);
            let at = |index: i64| if index < 0 { index + 10 } else { index };
            let (first, last) = (at(first).max(0), at(last).min(9));
            if first > last {
                vec![]
            } else {
                (first..=last).map(|at| history[usize::try_from(at).expect("small")]).collect()
            }
        };
        assert_eq!(read(None, 4), [9, 8, 7, 6]);
        assert_eq!(read(Some(6), 4), [5, 4, 3, 2]);
        assert_eq!(read(Some(2), 4), [1, 0]);
        assert_eq!(read(Some(0), 4), [] as [usize; 0]);
    }
}
