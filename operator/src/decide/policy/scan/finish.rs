//! The end of a scan: which videos have moved or are gone, and whether that is plausible. An implausible scan removes nothing,
//! and no job is created or deleted until a plausible one, or until a person accepts it. Pure.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use subtitle_contract::policy::{
    LastScan,
    ledger::{Ledger, LedgerPair, LedgerVideo},
    scan::ScanFinished,
};

use super::pages::{is_at_or_below, requested_at};

/// A scan after which more than one of this many videos is gone is implausible.
const PLAUSIBLE_SHARE: usize = 5;

/// What the end of a scan changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanEnd {
    /// Videos as they are now; `None` for those that are gone.
    pub changes: BTreeMap<String, Option<LedgerVideo>>,
    /// Names of jobs for videos that are gone.
    pub obsolete: Vec<String>,
    /// Why nothing was decided, if so.
    pub implausible: Option<String>,
}

/// The end of a scan of the whole library; `is_accepted` if a person says that its result is right.
pub fn whole(scan: &LastScan, ledger: &Ledger, is_accepted: bool) -> ScanEnd {
    let Some(requested) = requested_at(scan.id) else { return ScanEnd::default() };
    let listed = ledger.values().filter(|video| video.seen >= requested).count();
    let implausible = if !scan.is_complete {
        Some("the scan did not walk the whole library".to_owned())
    } else if listed < scan.videos as usize {
        Some(format!("the scan listed {} videos, of which only {listed} arrived", scan.videos))
    } else if scan.videos == 0 && !is_accepted {
        Some("the scan found no video at all: is the library mounted?".to_owned())
    } else {
        None
    };
    if implausible.is_some() {
        return ScanEnd { implausible, ..ScanEnd::default() };
    }
    vanish(requested, ledger, |_| true, is_accepted)
}

/// The end of a scan of some paths.
pub fn partial(finished: &ScanFinished, ledger: &Ledger) -> ScanEnd {
    match requested_at(finished.scan_id) {
        Some(requested) if finished.is_complete => {
            let is_scanned = |path: &str| finished.paths.iter().any(|folder| is_at_or_below(path, folder));
            vanish(requested, ledger, is_scanned, false)
        }
        _ => ScanEnd::default(),
    }
}

/// Moves or removes the videos that the scan would have listed.
fn vanish(requested: Timestamp, ledger: &Ledger, is_scanned: impl Fn(&str) -> bool, is_accepted: bool) -> ScanEnd {
    let is_vanished = |(path, video): &(&String, &LedgerVideo)| video.seen < requested && is_scanned(path);
    let vanished: Vec<_> = ledger.iter().filter(is_vanished).collect();
    let mut arrived: HashMap<&str, Vec<&String>> = HashMap::new();
    for (path, video) in ledger.iter().filter(|(_, video)| video.since >= requested) {
        arrived.entry(video.hash.as_deref().unwrap_or_default()).or_default().push(path);
    }
    let mut end = ScanEnd::default();
    let mut gone = 0;
    for (path, video) in &vanished {
        let same_hash = video.hash.as_deref().and_then(|hash| arrived.get_mut(hash));
        if let Some(target) = same_hash.and_then(Vec::pop) {
            end.changes.insert(target.clone(), Some(moved(video, &ledger[target])));
        } else {
            gone += 1;
            end.obsolete.extend(video.pairs.values().filter_map(|pair| pair.job.clone()));
        }
        end.changes.insert((*path).clone(), None);
    }
    let before = ledger.values().filter(|video| video.since < requested).count();
    // One video of a few may be gone: an empty library is another matter.
    if gone > 1 && gone * PLAUSIBLE_SHARE > before && !is_accepted {
        let implausible = Some(format!("{gone} of {before} videos have vanished"));
        return ScanEnd { implausible, ..ScanEnd::default() };
    }
    end
}

/// The video under its new path, with what was done for it under the old one.
fn moved(old: &LedgerVideo, new: &LedgerVideo) -> LedgerVideo {
    let mut video = LedgerVideo { since: old.since, ..new.clone() };
    for (key, pair) in &mut video.pairs {
        let Some(known) = old.pairs.get(key) else { continue };
        let satisfied = pair.satisfied.or(known.satisfied);
        let missing_since = if satisfied.is_some() { None } else { known.missing_since.or(pair.missing_since) };
        *pair = LedgerPair { satisfied, missing_since, ..known.clone() };
    }
    video
}
