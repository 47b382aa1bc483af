//! A model of Redis with the effects of the production scripts: a record is replaced only by a higher revision, an event is
//! appended once. Pure.

use std::collections::{BTreeMap, BTreeSet};

use subtitle_contract::{event::Event, phase::Phase, record::Record};
use subtitle_operator::act::ports::{Checkpoint, Projected};
use uuid::Uuid;

use crate::{faults::Planted, world::World};

/// The data in Redis.
#[derive(Default)]
pub(crate) struct Redis {
    /// `job:{id}`.
    pub(crate) records: BTreeMap<String, Record>,
    /// `job:events:{id}`, oldest first: the ids as a list and as a set.
    pub(crate) histories: BTreeMap<String, Vec<Uuid>>,
    seen: BTreeMap<String, BTreeSet<Uuid>>,
    /// The checkpoint of the histories.
    pub(crate) checkpoint: Option<Checkpoint>,
    /// Every call fails until then.
    pub(crate) away_until: u64,
    /// Until when its connection comes and goes, and after how many milliseconds each time.
    pub(crate) flaps: (u64, u64),
}

impl Redis {
    /// Loses everything.
    pub(crate) fn wipe(&mut self) {
        *self = Self { away_until: self.away_until, flaps: self.flaps, ..Self::default() };
    }

    /// Whether its connection comes and goes.
    pub(crate) fn is_flapping(&self, now: u64) -> bool {
        now < self.flaps.0
    }

    /// Whether calls fail now.
    pub(crate) fn is_away(&self, now: u64) -> bool {
        now < self.away_until || (self.is_flapping(now) && (now / self.flaps.1).is_multiple_of(2))
    }
}

/// Whether a record is final.
pub(crate) fn is_final(record: &Record) -> bool {
    Phase::from_wire_status(&record.status).is_some_and(Phase::is_final)
}

/// Replaces a record, unless it has a higher revision.
pub(crate) fn replace(world: &mut World, record: Record) -> Projected {
    match world.redis.records.get(&record.id) {
        Some(current) if *current == record => Projected::Same,
        Some(current) if current.revision > record.revision && !world.is_planted(Planted::AnyRevision) => {
            Projected::Ahead
        }
        current => {
            let current = current.map_or(0, |current| current.revision);
            world.checks.projected(&world.api, &record, current);
            world.redis.records.insert(record.id.clone(), record);
            Projected::Replaced
        }
    }
}

/// Appends an event to its job's history, once.
pub(crate) fn append(world: &mut World, event: &Event) {
    let id = event.identity();
    let is_new = world.redis.seen.entry(event.job_id.clone()).or_default().insert(id);
    if is_new || world.is_planted(Planted::NoDedupe) {
        let history = world.redis.histories.entry(event.job_id.clone()).or_default();
        history.push(id);
        world.checks.remembered(history);
    }
}
