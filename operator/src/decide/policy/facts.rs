//! What a policy's plan is made from. Gathered by the policy loop. Pure.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use subtitle_contract::{
    job::SubtitleJob,
    policy::{SubtitlePolicy, ledger::Ledger},
};

use crate::observe::state::JobState;

/// What a plan is made from.
pub struct PolicyFacts<'a> {
    /// The policy.
    pub policy: &'a SubtitlePolicy,
    /// Its ledger.
    pub ledger: &'a Ledger,
    /// The jobs of its namespace by name.
    pub jobs: &'a BTreeMap<String, Arc<SubtitleJob>>,
    /// Why its namespace may not read the library, if so.
    pub denied: Option<String>,
    /// Why the API server refuses the policy's jobs, if it does.
    pub refused: Option<String>,
    /// The name of this installation.
    pub installation: Option<&'a str>,
    /// The time.
    pub now: Timestamp,
}

/// The jobs among `names` that are not finished.
pub fn unfinished(names: &[String], jobs: &BTreeMap<String, Arc<SubtitleJob>>) -> Vec<Arc<SubtitleJob>> {
    let found = names.iter().filter_map(|name| jobs.get(name));
    found.filter(|job| !JobState::from_object(job).is_over()).cloned().collect()
}
