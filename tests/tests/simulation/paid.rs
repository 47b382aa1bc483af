//! I8: a paid effect happens once, unless its worker died or lost its claim in the middle. What is paid for comes in
//! under a name that stands for its content; the store's keys and bodies say when it is kept for good.

use std::collections::BTreeMap;

use subtitle_workers::claim::LEASE;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Asked for or got, and not in the store yet.
    InHand,
    /// In the store.
    Kept,
    /// Not to be had, or lost with its worker or at the store's door: may be paid for again.
    Lost,
}

#[derive(Debug)]
struct Call {
    process: usize,
    /// When it began, or its claim was last renewed.
    since: u64,
    fate: Fate,
}

/// Every paid call.
#[derive(Debug, Default)]
pub(crate) struct Paid(BTreeMap<String, Vec<Call>>);

impl Paid {
    /// A call begins; how it breaks the rule, if it does.
    pub(crate) fn begins(&mut self, what: &str, process: usize, now: u64) -> Option<String> {
        let lease = u64::try_from(LEASE.as_millis()).unwrap_or(0);
        let calls = self.0.entry(what.to_owned()).or_default();
        let is_excused = |call: &Call| match call.fate {
            Fate::Kept => false,
            Fate::Lost => true,
            Fate::InHand => now.saturating_sub(call.since) >= lease,
        };
        let earlier = calls.iter().find(|call| !is_excused(call));
        let broken = earlier.map(|earlier| format!("{what} is paid for again: {earlier:?}, now {now} by {process}"));
        calls.push(Call { process, since: now, fate: Fate::InHand });
        broken
    }

    fn settle(&mut self, process: usize, what: Option<&str>, fate: Fate) {
        for (name, calls) in &mut self.0 {
            for call in calls.iter_mut().filter(|call| call.process == process && call.fate == Fate::InHand) {
                if what.is_none_or(|what| what == name) {
                    call.fate = fate;
                }
            }
        }
    }

    /// A process renewed the claim of a download: what it has in hand of that job is its own for another lease. (Which
    /// claim a batch of a translation belongs to cannot be told: it counts from when it began.)
    pub(crate) fn claimed(&mut self, key: &str, process: usize, now: u64) {
        let Some((_, of)) = key.split_once("/claims/download-") else { return };
        let job = of.split('/').next().unwrap_or(of);
        let calls = self.0.iter_mut().filter(|(what, _)| what.contains(job)).flat_map(|(_, calls)| calls);
        calls.filter(|call| call.process == process).for_each(|call| call.since = now);
    }

    /// Whether a process is in the middle of one.
    pub(crate) fn is_at_it(&self, process: usize) -> bool {
        self.0.values().flatten().any(|call| call.process == process && call.fate == Fate::InHand)
    }

    /// It gave nothing, or could not be kept.
    pub(crate) fn failed(&mut self, what: &str, process: usize) {
        self.settle(process, Some(what), Fate::Lost);
    }

    /// It is in the store.
    pub(crate) fn kept(&mut self, what: &str, process: usize) {
        self.settle(process, Some(what), Fate::Kept);
    }

    /// Its worker died.
    pub(crate) fn died(&mut self, process: usize) {
        self.settle(process, None, Fate::Lost);
    }
}
