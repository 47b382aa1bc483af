//! How the jobs of a policy have ended, and which of them nobody wants any more. Called by the plan. Pure.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use subtitle_contract::{
    job::SubtitleJob,
    phase::Step,
    policy::{
        PolicyStop, SubtitlePolicy, WantedLanguage,
        ledger::{Ledger, LedgerPair, Satisfaction, pair_key},
    },
};

use super::{
    facts::{PolicyFacts, unfinished},
    jobs, schedule,
};
use crate::observe::state::{JobState, Outcome};

/// A job that the ledger names and the cache lacks is created again after this time.
const CACHE_LAG: SignedDuration = SignedDuration::from_mins(1);

/// Whether no worker has begun the job.
fn is_waiting(job: &SubtitleJob) -> bool {
    let attempt = job.status.as_ref().map_or(1, |status| status.attempt);
    attempt <= 1 && matches!(JobState::from_object(job), JobState::Waiting(_) | JobState::Queued(Step::Download))
}

/// Notes how jobs have ended; returns those that nobody wants any more.
pub(super) fn settle(facts: &PolicyFacts<'_>, ledger: &mut Ledger) -> Vec<Arc<SubtitleJob>> {
    let PolicyFacts { policy, jobs, now, .. } = *facts;
    let mut unwanted_jobs = Vec::new();
    let digest = jobs::template_digest(policy);
    let wanted: BTreeMap<String, &WantedLanguage> =
        policy.spec.languages.iter().map(|wanted| (pair_key(wanted), wanted)).collect();
    for video in ledger.values_mut() {
        let unwanted = video.pairs.iter().filter(|(key, _)| !wanted.contains_key(*key));
        let names: Vec<String> = unwanted.filter_map(|(_, pair)| pair.job.clone()).collect();
        unwanted_jobs.extend(unfinished(&names, jobs));
        video.pairs.retain(|key, _| wanted.contains_key(key));
        for (key, pair) in &mut video.pairs {
            let Some(name) = pair.job.as_deref() else { continue };
            let Some(job) = jobs.get(name) else {
                if pair.asked.is_none_or(|asked| asked + CACHE_LAG < now) {
                    pair.job = None;
                }
                continue;
            };
            match JobState::from_object(job) {
                JobState::Over(Outcome::Done) => {
                    let at = completed(job).unwrap_or(now);
                    // Until a scan has seen the file, what came before still counts.
                    let before = std::mem::take(pair);
                    let LedgerPair { wish, stale, asked, satisfied, failures, missing_since, .. } = before;
                    let satisfied = satisfied.or(Some(Satisfaction::Job(at)));
                    *pair =
                        LedgerPair { satisfied, wish, stale, asked, failures, missing_since, ..LedgerPair::default() };
                }
                JobState::Over(Outcome::Failed) => {
                    pair.job = None;
                    pair.wish += 1;
                    if pair.satisfied.is_none() {
                        failed(policy, pair, wanted[key], job, now);
                    }
                }
                _ => {
                    let is_outdated = pair.template != digest
                        || pair.satisfied.is_some()
                        || policy.spec.stop == PolicyStop::HoldAndDrain;
                    if is_outdated && is_waiting(job) {
                        pair.job = None;
                        pair.wish += 1;
                        unwanted_jobs.push(job.clone());
                    }
                }
            }
        }
    }
    unwanted_jobs
}

fn completed(job: &SubtitleJob) -> Option<Timestamp> {
    job.status.as_ref()?.completion_time.as_ref().map(|time| time.0)
}

/// Notes that a job did not get the subtitle. When it may be translated is a reason to try again sooner.
fn failed(policy: &SubtitlePolicy, pair: &mut LedgerPair, wanted: &WantedLanguage, job: &SubtitleJob, now: Timestamp) {
    pair.failures += 1;
    let again = schedule::search_again(&policy.spec.search, pair.failures, now);
    let translate = jobs::translate_from(wanted, pair).filter(|from| *from > now);
    pair.not_before = Some(translate.map_or(again, |from| from.min(again)));
    let reason = job.status.as_ref().and_then(|status| status.reason.as_ref());
    pair.reason = reason.map_or_else(String::new, |reason| reason.as_str().to_owned());
}
