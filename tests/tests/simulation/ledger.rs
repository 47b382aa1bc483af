//! Redis with the meaning of the production's scripts: records replaced only by a higher revision, events appended once,
//! the offset last. It may be wiped, be away, or do something and lose the answer.

use std::collections::{BTreeMap, BTreeSet};

use subtitle_contract::{
    event::Event,
    job::SubtitleJob,
    phase::{Phase, Step},
    reason::Reason,
    record::Record,
};
use subtitle_operator::act::ledger::{Ledger, LedgerError, Mark};

use crate::{
    corners::Corner,
    faults::{Planted, name_of},
    world::{Sim, World},
};

/// What it holds.
#[derive(Default)]
pub(crate) struct Redis {
    /// `job:{id}`.
    pub(crate) records: BTreeMap<String, Record>,
    /// `job:events:{id}`, oldest first: the ids, and which they are.
    pub(crate) histories: BTreeMap<String, Vec<uuid::Uuid>>,
    seen: BTreeMap<String, BTreeSet<uuid::Uuid>>,
    /// Where the history loop stands.
    pub(crate) mark: Option<Mark>,
    /// No call is answered until then.
    pub(crate) away_until: u64,
}

impl Redis {
    /// Loses everything.
    pub(crate) fn wipe(&mut self) {
        *self = Self { away_until: self.away_until, ..Self::default() };
    }
}

/// Whether a record says that its job is over.
pub(crate) fn is_final(record: &Record) -> bool {
    Phase::from_wire_status(&record.status).is_some_and(Phase::is_final)
}

/// Replaces a record if it is older; whether it was.
pub(crate) fn replace(world: &mut World, record: Record) -> bool {
    let is_older = world.redis.records.get(&record.id).is_none_or(|current| current.revision < record.revision);
    if is_older {
        world.checks.projected(&world.api, &record);
        world.redis.records.insert(record.id.clone(), record);
    }
    is_older
}

/// The port of one operator process.
pub(crate) struct Link {
    sim: Sim,
    process: usize,
}

impl Link {
    /// Of a process.
    pub(crate) fn new(sim: &Sim, process: usize) -> Self {
        Self { sim: sim.clone(), process }
    }

    async fn call<T>(&self, act: impl FnOnce(&mut World) -> T) -> Result<T, LedgerError> {
        self.sim.step().await;
        self.sim.with(|world| {
            let fails = world.weather.is_on && world.happens(world.weather.redis_fails);
            if fails || world.elapsed < world.redis.away_until {
                return Err(LedgerError::Away);
            }
            let done = act(world);
            let is_lost = world.weather.is_on && world.happens(world.weather.redis_answer_lost);
            if is_lost {
                world.reach(Corner::RedisAnswerLost);
                world.note(|| format!("{} loses the answer of Redis", name_of(self.process)));
            }
            if is_lost { Err(LedgerError::Away) } else { Ok(done) }
        })
    }

    fn is_planted(&self, fault: Planted) -> bool {
        self.sim.with(|world| world.is_planted(fault))
    }
}

fn append(world: &mut World, event: &Event) {
    let id = event.identity();
    let is_new = world.redis.seen.entry(event.job_id.clone()).or_default().insert(id);
    if is_new || world.is_planted(Planted::NoDedupe) {
        let history = world.redis.histories.entry(event.job_id.clone()).or_default();
        history.push(id);
        world.checks.remembered(history);
    }
}

impl Ledger for Link {
    async fn project(&self, jobs: &[&SubtitleJob]) -> Result<usize, LedgerError> {
        if jobs.is_empty() {
            return Ok(0);
        }
        let records: Vec<Record> = jobs.iter().map(|job| Record::of(job)).collect();
        self.call(|world| records.into_iter().filter(|record| replace(world, record.clone())).count()).await
    }

    async fn close(&self, id: &str) -> Result<(), LedgerError> {
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
            replace(world, closed)
        })
        .await
        .map(drop)
    }

    async fn unfinished(&self, _: u64) -> Result<(Vec<Record>, u64), LedgerError> {
        let all = self.call(|world| world.redis.records.values().cloned().collect::<Vec<_>>()).await?;
        Ok((all.into_iter().filter(|record| !is_final(record)).collect(), 0))
    }

    async fn remember(&self, events: &[Event], saved: Option<Mark>, last: Mark) -> Result<bool, LedgerError> {
        let is_at = move |world: &World| world.redis.mark == saved || world.redis.mark == Some(last);
        if self.is_planted(Planted::OffsetFirst) {
            let is_at = self.call(|world| is_at(world).then(|| world.redis.mark = Some(last)).is_some()).await?;
            self.call(|world| events.iter().for_each(|event| append(world, event))).await?;
            return Ok(is_at);
        }
        self.call(|world| {
            is_at(world).then(|| {
                for event in events {
                    append(world, event);
                }
                world.redis.mark = Some(last);
                crate::checks::saved(world, last.offset);
            })
        })
        .await
        .map(|saved| saved.is_some())
    }

    async fn mark(&self) -> Result<Option<Mark>, LedgerError> {
        self.call(|world| world.redis.mark).await
    }

    async fn forget_mark(&self) -> Result<(), LedgerError> {
        self.call(|world| {
            world.checks.mark_forgotten();
            world.redis.mark = None;
        })
        .await
    }

    async fn record(&self, _: &str) -> Result<Option<String>, LedgerError> {
        Ok(None) // only the API asks
    }

    async fn events(&self, _: &str, _: usize) -> Result<(Vec<String>, usize), LedgerError> {
        Ok((Vec::new(), 0)) // only the API asks
    }
}
