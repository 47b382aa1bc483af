//! How many subtitles of a policy are there, and why the others are not. Called by the plan. Pure.

use jiff::Timestamp;
use subtitle_contract::policy::{
    MissingPair, PairCounts, SubtitlePolicy,
    ledger::{Ledger, LedgerPair},
};

/// The most missing subtitles that a status lists.
const MAX_SAMPLES: usize = 10;

/// The counts, and some of the missing subtitles.
pub(super) fn count(policy: &SubtitlePolicy, ledger: &Ledger, now: Timestamp) -> (PairCounts, Vec<MissingPair>) {
    let mut counts = PairCounts::default();
    let mut samples = Vec::new();
    for (path, video) in ledger {
        for (key, pair) in &video.pairs {
            counts.wanted += 1;
            if pair.satisfied.is_some() {
                counts.satisfied += 1;
                continue;
            }
            counts.missing += 1;
            let (count, reason) = match pair {
                pair if pair.job.is_some() => (&mut counts.active, "Active"),
                pair if is_given_up(policy, pair, now) => (&mut counts.given_up, pair.reason.as_str()),
                pair if pair.failures > 0 => (&mut counts.failed, pair.reason.as_str()),
                _ => (&mut counts.waiting, "Waiting"),
            };
            *count += 1;
            if samples.len() < MAX_SAMPLES {
                let reason = if reason.is_empty() { "GivenUp" } else { reason }.chars().take(64).collect();
                let path = path.chars().take(1024).collect();
                samples.push(MissingPair { path, language: key.clone(), reason });
            }
        }
    }
    (counts, samples)
}

fn is_given_up(policy: &SubtitlePolicy, pair: &LedgerPair, now: Timestamp) -> bool {
    pair.failures > 0
        && pair.missing_since.is_some_and(|since| since + policy.spec.search.give_up_after.duration() <= now)
}

/// Whether a job may be created for the pair.
pub(super) fn is_due(policy: &SubtitlePolicy, pair: &LedgerPair, now: Timestamp) -> bool {
    pair.satisfied.is_none()
        && pair.job.is_none()
        && pair.not_before.is_none_or(|at| at <= now)
        && !is_given_up(policy, pair, now)
}
