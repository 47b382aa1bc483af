//! Whose turn it is: all jobs and how many tasks may be out come in, the admitted jobs go out: by priority, then
//! round-robin by namespace, then by age. Called by the controller's loop. Pure.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use subtitle_contract::job::{Priority, SubtitleJob};

use crate::observe::state::{For, JobState};

/// The uids of the jobs that may be asked while at most `max_in_flight` tasks are out. Called often, so it copies
/// nothing of an object but what a waiting job is sorted by.
pub fn admitted(jobs: &[Arc<SubtitleJob>], max_in_flight: usize, now: Timestamp) -> HashSet<String> {
    let (mut out, mut waiting) = (0, Vec::new());
    for job in jobs {
        match JobState::from_object(job) {
            JobState::BackingOff(until) if until > now => {}
            JobState::Waiting(For::Turn | For::Broker) | JobState::BackingOff(_) => {
                waiting.extend(waiting_job(job).filter(|_| !job.spec.suspend));
            }
            JobState::Queued(_) | JobState::InProgress(_) | JobState::Unknown => out += 1,
            JobState::Waiting(For::Glossary) | JobState::Suspended | JobState::Over(_) => {}
        }
    }
    admit(waiting, max_in_flight.saturating_sub(out))
}

fn waiting_job(job: &SubtitleJob) -> Option<Waiting> {
    Some(Waiting {
        created: job.metadata.creation_timestamp.as_ref()?.0,
        uid: job.metadata.uid.clone()?,
        namespace: job.metadata.namespace.clone()?,
        priority: job.spec.priority,
    })
}

/// A job without a task, by what it is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// `metadata.creationTimestamp`.
    pub created: Timestamp,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `spec.priority`.
    pub priority: Priority,
}

/// The uids of the first `free` jobs.
pub fn admit(mut waiting: Vec<Waiting>, free: usize) -> HashSet<String> {
    waiting.sort();
    let mut turns: BTreeMap<(Priority, String), usize> = BTreeMap::new();
    let mut order: Vec<(std::cmp::Reverse<Priority>, usize, Waiting)> = waiting
        .into_iter()
        .map(|job| {
            let turn = turns.entry((job.priority, job.namespace.clone())).or_default();
            *turn += 1;
            (std::cmp::Reverse(job.priority), *turn, job)
        })
        .collect();
    order.sort();
    order.into_iter().take(free).map(|(_, _, job)| job.uid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(uid: &str, namespace: &str, priority: Priority, second: i64) -> Waiting {
        let created = Timestamp::from_second(second).expect("a time");
        Waiting { created, uid: uid.into(), namespace: namespace.into(), priority }
    }

    #[test]
    fn tonights_film_does_not_wait_behind_ten_thousand() {
        let mut all: Vec<Waiting> =
            (0..10_000).map(|at| waiting(&format!("bulk-{at}"), "bulk", Priority::Normal, at)).collect();
        all.push(waiting("tonight", "home", Priority::Normal, 20_000));
        all.push(waiting("urgent", "bulk", Priority::High, 30_000));
        let admitted = admit(all, 3);
        assert_eq!(admitted, ["urgent", "tonight", "bulk-0"].map(str::to_owned).into());
    }
}
