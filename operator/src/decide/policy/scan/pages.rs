//! Folds a page of a scan into the ledger. What a page lists is certain, whatever becomes of its scan; what a scan does not list
//! is decided at its end. Pure.

use jiff::Timestamp;
use subtitle_contract::{
    job::Sidecar,
    policy::{
        SubtitlePolicySpec,
        ledger::{Ledger, LedgerPair, LedgerVideo, Satisfaction, pair_key},
        scan::{ScanPage, ScannedVideo},
    },
};
use uuid::Uuid;

use super::satisfied::{made_by_jobs, satisfaction};
use crate::decide::policy::schedule;

/// What a page changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageFold {
    /// The videos as they are now.
    pub changes: Ledger,
    /// Names of jobs for files that are no longer there.
    pub obsolete: Vec<String>,
}

/// When a scan was requested; `None` for an id that is not one of ours.
pub fn requested_at(scan: Uuid) -> Option<Timestamp> {
    let (seconds, nanoseconds) = scan.get_timestamp()?.to_unix();
    Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanoseconds).ok()?).ok()
}

/// Whether `path` is `place` or below it.
pub(super) fn is_at_or_below(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Folds a page; `known` is what the ledger has of its videos and, if the page lists anything unreadable, all of the ledger.
pub fn fold(spec: &SubtitlePolicySpec, page: &ScanPage, known: &Ledger, now: Timestamp) -> PageFold {
    let mut folded = PageFold::default();
    let Some(requested) = requested_at(page.scan_id) else { return folded };
    for video in &page.videos {
        let before = known.get(&video.path).filter(|before| before.seen <= requested);
        if before.is_none() && known.contains_key(&video.path) {
            continue; // A newer scan has listed it.
        }
        let (entry, obsolete) = fold_video(spec, video, before, Times { requested, now });
        folded.obsolete.extend(obsolete);
        folded.changes.insert(video.path.clone(), entry);
    }
    let is_unreadable = |path: &str| page.unreadable.iter().any(|file| is_at_or_below(path, &file.path));
    for (path, video) in known.iter().filter(|(path, video)| video.seen < requested && is_unreadable(path)) {
        // It is there, or nobody knows: it has not vanished.
        let unchanged = LedgerVideo { seen: requested, ..video.clone() };
        folded.changes.entry(path.clone()).or_insert(unchanged);
    }
    folded
}

#[derive(Clone, Copy)]
struct Times {
    requested: Timestamp,
    now: Timestamp,
}

fn is_same_file(before: &LedgerVideo, video: &ScannedVideo) -> bool {
    match (&before.hash, &video.hash) {
        (Some(before), Some(hash)) => before == hash,
        _ => before.size == video.size_bytes,
    }
}

fn fold_video(
    spec: &SubtitlePolicySpec,
    video: &ScannedVideo,
    before: Option<&LedgerVideo>,
    times: Times,
) -> (LedgerVideo, Vec<String>) {
    let same = before.filter(|before| is_same_file(before, video));
    let replaced = before.filter(|_| same.is_none());
    let mut obsolete = Vec::new();
    let mut pairs = std::collections::BTreeMap::new();
    for wanted in &spec.languages {
        let key = pair_key(wanted);
        let known = before.and_then(|before| before.pairs.get(&key)).cloned();
        let mut pair = match (known, replaced) {
            (Some(old), Some(_)) => {
                obsolete.extend(old.job);
                let (wish, asked, stale) = (old.wish + 1, old.asked, made_by_jobs(wanted, video));
                LedgerPair { wish, asked, stale, ..LedgerPair::default() }
            }
            (Some(old), None) => old,
            (None, _) => LedgerPair::default(),
        };
        let found = satisfaction(wanted, video, &pair.stale);
        update(spec, &mut pair, found, times);
        pairs.insert(key, pair);
    }
    let dropped = before.into_iter().flat_map(|before| &before.pairs).filter(|(key, _)| !pairs.contains_key(*key));
    obsolete.extend(dropped.filter_map(|(_, pair)| pair.job.clone()));
    let since = same.map_or(times.requested, |same| same.since);
    let (size, hash) = (video.size_bytes, video.hash.clone());
    (LedgerVideo { size, hash, seen: times.requested, since, pairs }, obsolete)
}

/// Whether a file that a job made would be seen by a scan that was requested afterwards.
fn should_be_seen(spec: &SubtitlePolicySpec, finished: Timestamp, requested: Timestamp) -> bool {
    spec.template.spec.output.sidecar != Sidecar::Never && finished < requested
}

fn update(spec: &SubtitlePolicySpec, pair: &mut LedgerPair, found: Option<Satisfaction>, times: Times) {
    match (found, pair.satisfied) {
        (Some(found), _) => {
            let LedgerPair { wish, stale, job, asked, template, .. } = std::mem::take(pair);
            *pair = LedgerPair { satisfied: Some(found), wish, stale, job, asked, template, ..LedgerPair::default() };
        }
        (None, Some(Satisfaction::Job(finished))) => {
            if should_be_seen(spec, finished, times.requested) {
                // The file is gone or does not count: the pause keeps jobs from making it in a loop.
                pair.failures += 1;
                pair.not_before = Some(schedule::search_again(&spec.search, pair.failures, times.now));
                "SidecarMissing".clone_into(&mut pair.reason);
                become_missing(pair, times.now);
            }
        }
        (None, Some(_)) => become_missing(pair, times.now),
        (None, None) => pair.missing_since = pair.missing_since.or(Some(times.now)),
    }
}

fn become_missing(pair: &mut LedgerPair, now: Timestamp) {
    pair.satisfied = None;
    pair.missing_since = pair.missing_since.or(Some(now));
    pair.wish += 1;
}
