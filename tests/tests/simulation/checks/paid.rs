//! I8: a paid effect happens once, unless its worker died or lost its claim in the middle. What is paid for comes in
//! under a name that stands for its content; the store's keys and bodies say when it is kept for good.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use subtitle_workers::task::claim::LEASE;

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
    /// When it began.
    since: Timestamp,
    /// The claim it was made under.
    claim: Option<String>,
    fate: Fate,
}

/// Every paid call, and until when each process holds each of its claims.
#[derive(Debug, Default)]
pub(crate) struct Paid {
    calls: BTreeMap<String, Vec<Call>>,
    claims: BTreeMap<(usize, String), Timestamp>,
    /// A claim may lapse although its holder is alive: the store did not answer, or time was lost.
    pub(crate) claims_may_lapse: bool,
}

impl Paid {
    /// A call begins under the claim whose name has `claim` in it; how it breaks the rule, if it does.
    pub(crate) fn begins(&mut self, what: &str, claim: &str, process: usize, now: Timestamp) -> Option<String> {
        let lease = SignedDuration::try_from(LEASE).unwrap_or(SignedDuration::ZERO);
        let of_process = self.claims.iter().filter(|((by, key), _)| *by == process && key.contains(claim));
        let claim = of_process.max_by_key(|(_, until)| **until).map(|((_, key), _)| key.clone());
        let held = |call: &Call| {
            let until = call.claim.clone().and_then(|claim| self.claims.get(&(call.process, claim)));
            !self.claims_may_lapse || now < until.copied().unwrap_or(call.since + lease)
        };
        let breaks = |call: &&Call| call.fate == Fate::Kept || (call.fate == Fate::InHand && held(call));
        let calls = self.calls.entry(what.to_owned()).or_default();
        let earlier = calls.iter().find(breaks);
        let broken = earlier.map(|earlier| format!("{what} is paid for again: {earlier:?}, now {now} by {process}"));
        calls.push(Call { process, since: now, claim, fate: Fate::InHand });
        broken
    }

    /// A process took or renewed a claim, which says until when.
    pub(crate) fn claimed(&mut self, key: &str, process: usize, until: Timestamp) {
        self.claims.insert((process, key.to_owned()), until);
    }

    /// Whether a process is in the middle of one.
    pub(crate) fn is_at_it(&self, process: usize) -> bool {
        self.calls.values().flatten().any(|call| call.process == process && call.fate == Fate::InHand)
    }

    fn settle(&mut self, process: usize, what: Option<&str>, fate: Fate) {
        for (name, calls) in &mut self.calls {
            for call in calls.iter_mut().filter(|call| call.process == process && call.fate == Fate::InHand) {
                if what.is_none_or(|what| what == name) {
                    call.fate = fate;
                }
            }
        }
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
