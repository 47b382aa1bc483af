//! The limits of admission, and what it decides. Pure.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::observe::facts::NamespaceLimit;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// How many tasks may be out. A namespace without one may get its first even when `total` are out: others' long tasks do not
/// delay it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmissionLimits {
    /// In all.
    pub total: usize,
    /// Of one namespace.
    pub per_namespace: usize,
    /// How many jobs of one namespace may be started on one day (UTC). Deleted ones do not count.
    pub jobs_per_day: usize,
}

impl AdmissionLimits {
    /// Of which one namespace may take `per_namespace`; by default half of them, so that some are left for others. By default
    /// without a limit for a day.
    pub fn new(total: usize, per_namespace: Option<usize>, jobs_per_day: Option<usize>) -> Self {
        let per_namespace = per_namespace.unwrap_or(total.div_ceil(2)).max(1);
        Self { total, per_namespace, jobs_per_day: jobs_per_day.unwrap_or(usize::MAX) }
    }
}

/// Whose turn it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// The uids of the jobs whose task may be published.
    pub admitted: HashSet<String>,
    /// By namespace, the limit that holds its other jobs.
    pub held: HashMap<String, NamespaceLimit>,
}

/// The number of a day (UTC).
pub(super) fn day_of(time: Timestamp) -> i64 {
    time.as_second().div_euclid(DAY_SECONDS)
}

/// When the day (UTC) of this time ends.
pub(super) fn end_of_day(now: Timestamp) -> Timestamp {
    Timestamp::from_second((day_of(now) + 1) * DAY_SECONDS).unwrap_or(Timestamp::MAX)
}
