//! I8: a paid effect happens once, unless its worker died or lost its claim in the middle. Calls are
//! identified by their content; the store's keys and bodies tell when a result is stored. Pure.

use std::collections::BTreeMap;

use subtitle_contract::event::{Event, EventType, source};
use subtitle_workers::task::claim::LEASE;

/// The last attempt that an event stops: the rule of `Event::stops_up_to`, implemented a second time.
pub(crate) fn stopped_attempt(event: &Event) -> Option<u32> {
    match (&event.event_type, event.attempt) {
        (EventType::Cancelled, _) => Some(u32::MAX),
        (EventType::Stopped, attempt) => attempt,
        (EventType::Failed, attempt) if event.source == source::MANAGER => attempt,
        (EventType::RetryScheduled, Some(attempt)) => attempt.checked_sub(1),
        _ => None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Called, and the result is not in the store yet.
    Pending,
    /// The result is in the store.
    Stored,
    /// The call failed, or its result was lost before it was stored: it may be paid for again.
    Lost,
}

#[derive(Debug)]
struct Call {
    process: usize,
    /// When it started, in milliseconds.
    since: u64,
    /// The claim it was made under.
    claim: Option<String>,
    fate: Fate,
}

/// Every paid call, and every claim of each process.
#[derive(Debug, Default)]
pub(crate) struct Paid {
    calls: BTreeMap<String, Vec<Call>>,
    /// When each process last wrote each of its claims, in milliseconds: nobody can have seen it unchanged for longer.
    claims: BTreeMap<(usize, String), u64>,
    /// The last attempt of each job that each process was told to stop.
    told: BTreeMap<(usize, String), u32>,
    /// A claim may be taken over although its holder is alive, because the store was unavailable or time was lost.
    pub(crate) claims_may_lapse: bool,
}

impl Paid {
    /// Records a call under the claim whose key contains `claim`; returns the violation, if there is one.
    pub(crate) fn begin_call(&mut self, what: &str, claim: &str, process: usize, now: u64) -> Option<String> {
        let lease = u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
        let of_process = self.claims.iter().filter(|((by, key), _)| *by == process && key.contains(claim));
        let claim = of_process.max_by_key(|(_, written)| **written).map(|((_, key), _)| key.clone());
        let held = |call: &Call| {
            let written = call.claim.clone().and_then(|claim| self.claims.get(&(call.process, claim)));
            !self.claims_may_lapse || now < written.copied().unwrap_or(call.since) + lease
        };
        let breaks = |call: &&Call| call.fate == Fate::Stored || (call.fate == Fate::Pending && held(call));
        let calls = self.calls.entry(what.to_owned()).or_default();
        let earlier = calls.iter().find(breaks);
        let broken = earlier.map(|earlier| format!("{what} is paid for again: {earlier:?}, now {now} by {process}"));
        calls.push(Call { process, since: now, claim, fate: Fate::Pending });
        broken
    }

    /// A process was told to stop an attempt.
    pub(crate) fn told(&mut self, process: usize, stop: &Event) {
        if let Some(attempt) = stopped_attempt(stop) {
            let told = self.told.entry((process, stop.job_id.clone())).or_default();
            *told = attempt.max(*told);
        }
    }

    /// Whether a process was told to stop all of these tasks, which are those of one job that it has.
    pub(crate) fn are_stopped<'a>(&self, process: usize, mut tasks: impl Iterator<Item = &'a Event>) -> bool {
        let is_told = |task: &Event| {
            let told = self.told.get(&(process, task.job_id.clone()));
            told.is_some_and(|told| task.attempt.is_some_and(|attempt| attempt <= *told))
        };
        let first = tasks.next();
        first.is_some_and(is_told) && tasks.all(is_told)
    }

    /// A process acquired or renewed a claim.
    pub(crate) fn claimed(&mut self, key: &str, process: usize, now: u64) {
        self.claims.insert((process, key.to_owned()), now);
    }

    /// Whether a process has a call whose result is not stored yet.
    pub(crate) fn has_pending_call(&self, process: usize) -> bool {
        self.calls.values().flatten().any(|call| call.process == process && call.fate == Fate::Pending)
    }

    fn settle(&mut self, process: usize, what: Option<&str>, fate: Fate) {
        for (name, calls) in &mut self.calls {
            for call in calls.iter_mut().filter(|call| call.process == process && call.fate == Fate::Pending) {
                if what.is_none_or(|what| what == name) {
                    call.fate = fate;
                }
            }
        }
    }

    /// The call failed, or its result could not be stored.
    pub(crate) fn failed(&mut self, what: &str, process: usize) {
        self.settle(process, Some(what), Fate::Lost);
    }

    /// The result is in the store.
    pub(crate) fn kept(&mut self, what: &str, process: usize) {
        self.settle(process, Some(what), Fate::Stored);
    }

    /// The process was killed.
    pub(crate) fn died(&mut self, process: usize) {
        self.told.retain(|(by, _), _| *by != process);
        self.settle(process, None, Fate::Lost);
    }
}
