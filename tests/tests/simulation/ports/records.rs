//! The ports `RecordReader`, `RecordWriter` and `HistoryWriter` of one operator process. A call may fail before it took effect,
//! or take effect and lose its response.

use subtitle_contract::{
    event::{Event, EventType},
    job::SubtitleJob,
    phase::{Phase, Step},
    reason::Reason,
    record::Record,
};
use subtitle_operator::act::{
    RecordError,
    ports::{Checkpoint, HistoryWriter, Projected, RecordReader, RecordWriter},
};

use crate::{
    checks::corners::Corner,
    faults::{Planted, name_of},
    servers::redis::{append, is_final, replace},
    world::{Sim, World},
};

/// The connection of one operator process.
pub(crate) struct SimRecords {
    sim: Sim,
    process: usize,
}

impl SimRecords {
    pub(crate) fn new(sim: &Sim, process: usize) -> Self {
        Self { sim: sim.clone(), process }
    }

    async fn call<T>(&self, act: impl FnOnce(&mut World) -> T) -> Result<T, RecordError> {
        self.sim.step().await;
        self.sim.with(|world| {
            let fails = world.rates.are_on && world.happens(world.rates.redis_fails);
            if fails || world.redis.is_away(world.elapsed) {
                return Err(RecordError::Unreachable);
            }
            if world.redis.is_flapping(world.elapsed) {
                world.reach(Corner::RedisFlaps);
            }
            let done = act(world);
            let is_lost = world.rates.are_on && world.happens(world.rates.redis_response_lost);
            if is_lost {
                world.reach(Corner::RedisResponseLost);
                world.note(|| format!("{} loses the response of Redis", name_of(self.process)));
            }
            if is_lost { Err(RecordError::Unreachable) } else { Ok(done) }
        })
    }

    fn is_planted(&self, fault: Planted) -> bool {
        self.sim.with(|world| world.is_planted(fault))
    }
}

/// The planted fault of an event that changes the record, past the status.
fn record_from_event(world: &mut World, event: &Event) {
    let status = match event.event_type {
        EventType::DownloadStarted => "DOWNLOAD_IN_PROGRESS",
        EventType::TranslateStarted => "TRANSLATE_IN_PROGRESS",
        EventType::Failed => "FAILED",
        _ => return,
    };
    if let Some(record) = world.redis.records.get(&event.job_id).cloned() {
        let record = Record { status: status.to_owned(), ..record };
        world.checks.projected(&world.api, &record, record.revision);
        world.redis.records.insert(record.id.clone(), record);
    }
}

impl RecordReader for SimRecords {
    async fn record(&self, id: &str) -> Result<Option<String>, RecordError> {
        let record = self.call(|world| world.redis.records.get(id).cloned()).await?;
        let record = record.filter(|_| !self.is_planted(Planted::RecordAheadHidden));
        Ok(record.map(|record| serde_json::to_string(&record).expect("a record is JSON")))
    }

    async fn events_before(&self, _: &str, _: Option<usize>, _: usize) -> Result<(Vec<String>, usize), RecordError> {
        Ok((Vec::new(), 0)) // only called by the HTTP API
    }

    async fn unfinished(&self, _: u64) -> Result<(Vec<Record>, u64), RecordError> {
        let all = self.call(|world| world.redis.records.values().cloned().collect::<Vec<_>>()).await?;
        let unfinished = all.into_iter().filter(|record| !is_final(record)).collect();
        Ok((if self.is_planted(Planted::CancelWithoutRepair) { Vec::new() } else { unfinished }, 0))
    }

    async fn load_checkpoint(&self) -> Result<Option<Checkpoint>, RecordError> {
        self.call(|world| {
            let checkpoint = world.redis.checkpoint?;
            let is_planted = world.is_planted(Planted::AnyStream) && checkpoint.offset >= 0;
            Some(if is_planted { fitting(world, checkpoint) } else { checkpoint })
        })
        .await
    }
}

/// The planted fault of a checkpoint that fits whatever stream there is.
fn fitting(world: &World, checkpoint: Checkpoint) -> Checkpoint {
    let stream = world.broker.stream();
    let at = usize::try_from(checkpoint.offset).unwrap_or(0).min(stream.len().saturating_sub(1));
    let offset = i64::try_from(at).unwrap_or(0);
    stream.get(at).map_or(checkpoint, |message| Checkpoint::at(offset, &message.body))
}

impl RecordWriter for SimRecords {
    async fn project(&self, jobs: &[&SubtitleJob]) -> Result<Vec<Projected>, RecordError> {
        let records: Vec<Record> = jobs.iter().map(|job| Record::project(job)).collect();
        let nothing = vec![Projected::Same; records.len()];
        let forgets = self.is_planted(Planted::NoRecordRepair);
        if records.is_empty() || (forgets && records.len() > 1) {
            return Ok(nothing);
        }
        let hides = self.is_planted(Planted::RecordAheadHidden);
        let projected = self.call(|world| records.into_iter().map(|record| replace(world, record)).collect()).await;
        match projected {
            Ok(_) if hides => Ok(nothing),
            Err(_) if forgets => Ok(nothing),
            projected => projected,
        }
    }

    async fn close(&self, id: &str) -> Result<(), RecordError> {
        let record = self.call(|world| world.redis.records.get(id).cloned()).await?;
        let Some(record) = record.filter(|record| !is_final(record)) else { return Ok(()) };
        let closed = Record {
            status: Phase::Failed.wire_status(Step::Download).to_owned(),
            error_message: Some(Reason::Deleted.meaning().trim().to_owned()),
            revision: record.revision + 1,
            ..record
        };
        self.call(|world| {
            world.reach(Corner::Closed);
            world.note(|| format!("{} closes the record of {id}", name_of(self.process)));
            replace(world, closed);
        })
        .await
    }
}

impl HistoryWriter for SimRecords {
    async fn append(&self, events: &[Event], saved: Option<Checkpoint>, last: Checkpoint) -> Result<bool, RecordError> {
        let is_at = move |world: &World| {
            let at = world.redis.checkpoint;
            at == saved || at == Some(last) || (world.is_planted(Planted::AnyStream) && saved.is_some())
        };
        if self.is_planted(Planted::OffsetFirst) {
            let is_at = self.call(|world| is_at(world).then(|| world.redis.checkpoint = Some(last)).is_some()).await?;
            self.call(|world| events.iter().for_each(|event| append(world, event))).await?;
            return Ok(is_at);
        }
        let appended = self.call(|world| {
            is_at(world).then(|| {
                for event in events {
                    append(world, event);
                    if world.is_planted(Planted::RecordFromEvent) {
                        record_from_event(world, event);
                    }
                }
                world.redis.checkpoint = Some(last);
                crate::checks::status::saved(world, last.offset);
            })
        });
        let appended = appended.await?.is_some();
        if !appended {
            self.sim.with(|world| world.reach(Corner::OffsetMoved));
        }
        Ok(appended)
    }

    async fn reset_checkpoint(&self) -> Result<(), RecordError> {
        self.call(|world| {
            world.reach(Corner::AnotherStream);
            world.checks.checkpoint_reset();
            world.redis.checkpoint = None;
        })
        .await
    }
}
