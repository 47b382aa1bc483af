//! What a policy does next: settles the outcomes of its jobs, creates and deletes jobs within its limits, starts a scan when one
//! is due, and says how it stands. Repeated whenever something may have changed; a plan that is lost is made again. Pure.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt as _;
use subtitle_contract::{
    job::SubtitleJob,
    policy::{
        LastScan, PolicyMode, PolicyStop, SubtitlePolicy, SubtitlePolicyStatus,
        ledger::{Ledger, LedgerVideo, pair_key},
        scan::{PolicyRef, ScanFinished, ScanRequested, ScanSelection},
    },
    reason::Reason,
};

use super::{
    conditions::{self, Stalled},
    counts,
    facts::{PolicyFacts, unfinished},
    jobs::{self, Missing},
    scan::finish::{self, ScanEnd},
    schedule, settle,
};

/// The most jobs that one plan creates.
const MAX_CREATED: usize = 50;
/// How often a policy with live jobs is planned.
const POLL: SignedDuration = SignedDuration::from_secs(2);
/// How often an idle policy is planned.
const IDLE: SignedDuration = SignedDuration::from_mins(5);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What a policy does next, in this order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicyPlan {
    /// Videos of the ledger as they are now; `None` for those that are gone.
    pub changes: BTreeMap<String, Option<LedgerVideo>>,
    /// Jobs to create; one that exists is left as it is.
    pub create: Vec<SubtitleJob>,
    /// Jobs to delete.
    pub delete: Vec<Arc<SubtitleJob>>,
    /// The scan that starts now.
    pub scan: Option<ScanRequested>,
    /// The status as it is then.
    pub status: SubtitlePolicyStatus,
    /// When to plan again.
    pub requeue_at: Timestamp,
}

/// The status after the end of a scan, and what the ledger becomes; `None` for a scan that is not of this policy's last one.
pub fn scan_ended(
    policy: &SubtitlePolicy,
    finished: &ScanFinished,
    ledger: &Ledger,
    now: Timestamp,
) -> (ScanEnd, Option<SubtitlePolicyStatus>) {
    let mut status = policy.status.clone().unwrap_or_default();
    let Some(scan) = status.last_scan.as_ref().filter(|scan| scan.id == finished.scan_id) else {
        let is_partial = !finished.paths.is_empty();
        return (if is_partial { finish::partial(finished, ledger) } else { ScanEnd::default() }, None);
    };
    let mut scan = LastScan {
        completed: Some(Time(now)),
        videos: finished.videos,
        unreadable: finished.unreadable,
        is_complete: finished.is_complete,
        ..scan.clone()
    };
    let end = finish::whole(&scan, ledger, schedule::is_accepted(policy, &scan));
    scan.implausible.clone_from(&end.implausible);
    if let (Some(implausible), Some(message)) = (&mut scan.implausible, &finished.message) {
        *implausible = format!("{implausible}: {message}");
    }
    status.last_scan = Some(scan);
    (status.pairs, status.missing) = counts::count(policy, &changed(ledger.clone(), &end.changes), now);
    conditions::set(policy, &mut status, None, now);
    (end, Some(status))
}

/// The ledger after these changes.
fn changed(mut ledger: Ledger, changes: &BTreeMap<String, Option<LedgerVideo>>) -> Ledger {
    for (path, video) in changes {
        match video {
            Some(video) => drop(ledger.insert(path.clone(), video.clone())),
            None => drop(ledger.remove(path)),
        }
    }
    ledger
}

/// Makes the plan.
pub fn plan(facts: &PolicyFacts<'_>) -> PolicyPlan {
    let mut planner = Planner {
        facts,
        ledger: facts.ledger.clone(),
        status: facts.policy.status.clone().unwrap_or_default(),
        plan: PolicyPlan::default(),
    };
    planner.accept();
    let taken_back = settle::settle(facts, &mut planner.ledger);
    planner.plan.delete.extend(taken_back);
    (planner.status.pairs, planner.status.missing) = counts::count(facts.policy, &planner.ledger, facts.now);
    planner.create_jobs();
    planner.scan();
    planner.finish()
}

struct Planner<'a> {
    facts: &'a PolicyFacts<'a>,
    ledger: Ledger,
    status: SubtitlePolicyStatus,
    plan: PolicyPlan,
}

impl Planner<'_> {
    /// Applies the last scan if a person has accepted it since.
    fn accept(&mut self) {
        let Some(scan) = self.status.last_scan.clone().filter(|scan| scan.implausible.is_some() && scan.is_complete)
        else {
            return;
        };
        if !schedule::is_accepted(self.facts.policy, &scan) {
            return;
        }
        let ScanEnd { changes, obsolete, implausible } = finish::whole(&scan, &self.ledger, true);
        self.plan.delete.extend(unfinished(&obsolete, self.facts.jobs));
        self.ledger = changed(std::mem::take(&mut self.ledger), &changes);
        self.status.last_scan = Some(LastScan { implausible, ..scan });
        conditions::set(self.facts.policy, &mut self.status, None, self.facts.now);
    }

    /// Why no job may be created.
    fn stalled(&self) -> Option<Stalled> {
        let limit = self.facts.policy.spec.limits.videos as usize;
        let videos = self.ledger.len();
        match (&self.facts.denied, &self.facts.refused) {
            (Some(denied), _) => Some(Stalled { reason: "NotAllowed", message: denied.clone() }),
            (_, Some(refused)) => Some(Stalled { reason: "JobRefused", message: refused.clone() }),
            _ if videos > limit => {
                let message = format!("the library has {videos} videos, more than spec.limits.videos ({limit})");
                Some(Stalled { reason: "TooManyVideos", message })
            }
            _ => None,
        }
    }

    /// How many jobs may be created now.
    fn budget(&self) -> usize {
        let PolicyFacts { policy, jobs, now, .. } = *self.facts;
        let is_allowed = policy.spec.mode == PolicyMode::Enforce
            && policy.spec.stop == PolicyStop::None
            && conditions::is_plausible(&self.status) == Some(true)
            && self.stalled().is_none();
        if !is_allowed {
            return 0;
        }
        let pairs = || self.ledger.values().flat_map(|video| video.pairs.values());
        let live: Vec<&String> = pairs().filter_map(|pair| pair.job.as_ref()).collect();
        let recent = pairs().filter(|pair| pair.asked.is_some_and(|asked| asked > now - HOUR)).count();
        let waits_for_quota = |name: &&&String| {
            let status = jobs.get(**name).and_then(|job| job.status.as_ref());
            status.and_then(|status| status.reason.as_ref()?.known()) == Some(Reason::WaitingForQuota)
        };
        if live.len() >= 4 && live.iter().filter(waits_for_quota).count() * 2 > live.len() {
            return 0;
        }
        let limits = &policy.spec.limits;
        let active = (limits.active as usize).saturating_sub(live.len());
        active.min((limits.new_per_hour as usize).saturating_sub(recent)).min(MAX_CREATED)
    }

    /// Creates jobs: first for what was never searched for, first for the newest videos.
    fn create_jobs(&mut self) {
        let PolicyFacts { policy, jobs, now, .. } = *self.facts;
        let digest = jobs::template_digest(policy);
        let mut due: Vec<Missing<'_>> = Vec::new();
        for (path, video) in &self.ledger {
            for wanted in &policy.spec.languages {
                let Some(pair) = video.pairs.get(&pair_key(wanted)) else { continue };
                if counts::is_due(policy, pair, now) {
                    due.push(Missing { path, video, wanted, pair });
                }
            }
        }
        due.sort_by_key(|missing| (missing.pair.failures, std::cmp::Reverse(missing.video.since)));
        let mut asked = Vec::new();
        for missing in due.into_iter().take(self.budget()) {
            let job = jobs::job(policy, missing, now);
            let existing = jobs.get(&job.name_any());
            let at = existing.and_then(|job| job.metadata.creation_timestamp.as_ref()).map_or(now, |time| time.0);
            asked.push((missing.path.to_owned(), pair_key(missing.wanted), job.name_any(), at));
            if existing.is_none() {
                self.plan.create.push(job);
            }
        }
        for (path, key, name, at) in asked {
            let Some(pair) = self.ledger.get_mut(&path).and_then(|video| video.pairs.get_mut(&key)) else { continue };
            (pair.job, pair.asked) = (Some(name), Some(at));
            pair.template.clone_from(&digest);
            self.status.pairs.active += 1;
            let before = if pair.failures > 0 { &mut self.status.pairs.failed } else { &mut self.status.pairs.waiting };
            *before = before.saturating_sub(1);
        }
    }

    /// Starts a scan if one is due.
    fn scan(&mut self) {
        let PolicyFacts { policy, now, .. } = *self.facts;
        if self.facts.denied.is_some() {
            return;
        }
        let last = self.status.last_scan.as_ref();
        let is_lost = self.ledger.is_empty()
            && last.is_some_and(|scan| scan.completed.is_some() && scan.videos > 0 && scan.implausible.is_none());
        if !is_lost && schedule::next_scan(policy, &self.status, now) > now {
            return;
        }
        let uid = policy.uid().unwrap_or_default();
        let scan = schedule::new_scan(&uid, now);
        let spec = &policy.spec;
        self.plan.scan = Some(ScanRequested {
            scan_id: scan.id,
            policy: PolicyRef {
                namespace: policy.namespace().unwrap_or_default(),
                name: policy.name_any(),
                uid,
                generation: policy.metadata.generation.unwrap_or_default(),
            },
            library: spec.library.clone(),
            select: ScanSelection {
                include: spec.select.include.clone(),
                exclude: spec.select.exclude.clone(),
                settle_seconds: spec.select.settle.seconds(),
            },
            paths: Vec::new(),
        });
        self.status.last_scan = Some(scan);
        self.status.scan_observed = schedule::token(policy);
    }

    fn finish(mut self) -> PolicyPlan {
        let PolicyFacts { policy, ledger, installation, now, .. } = *self.facts;
        let stalled = self.stalled();
        self.status.observed_generation = policy.metadata.generation;
        self.status.owner = installation.map(str::to_owned).or(self.status.owner);
        let next_scan = schedule::next_scan(policy, &self.status, now);
        self.status.next_scan_time = self.facts.denied.is_none().then_some(Time(next_scan));
        conditions::set(policy, &mut self.status, stalled.as_ref(), now);
        let gone = ledger.keys().filter(|path| !self.ledger.contains_key(*path)).map(|path| (path.clone(), None));
        self.plan.changes.extend(gone);
        let next = self.next_pair(now);
        for (path, video) in self.ledger {
            if ledger.get(&path) != Some(&video) {
                self.plan.changes.insert(path, Some(video));
            }
        }
        self.plan.requeue_at = next.min(next_scan).min(now + IDLE).max(now + SignedDuration::from_secs(1));
        self.plan.status = self.status;
        self.plan
    }

    /// When something is due for a pair.
    fn next_pair(&self, now: Timestamp) -> Timestamp {
        let counts = self.status.pairs;
        if counts.active > 0 || !self.plan.delete.is_empty() {
            return now + POLL;
        }
        let pairs = self.ledger.values().flat_map(|video| video.pairs.values());
        let later = pairs.filter(|pair| pair.satisfied.is_none()).filter_map(|pair| pair.not_before);
        later.filter(|at| *at > now).min().unwrap_or(now + IDLE)
    }
}
