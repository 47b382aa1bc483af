//! Whose turn it is: all jobs and how many tasks may be out come in, the admitted jobs go out: the namespace with the fewest
//! tasks out goes first, and within a namespace priority and then age decide. Called by the controller's loop. Pure.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use subtitle_contract::job::{Priority, SubtitleJob};

use crate::observe::state::{JobState, Prerequisite};

/// How many tasks may be out at once. A namespace without a task always gets its first one, even when all places are
/// taken: others' long tasks do not delay it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmissionLimits {
    /// In all.
    pub total: usize,
    /// Of one namespace.
    pub per_namespace: usize,
}

impl AdmissionLimits {
    /// Of which one namespace may take `per_namespace`; by default half of them, so that some are left for others.
    pub fn new(total: usize, per_namespace: Option<usize>) -> Self {
        Self { total, per_namespace: per_namespace.unwrap_or(total.div_ceil(2)).max(1) }
    }
}

/// The uids of the jobs that may be asked while at most `places` are taken. Called often, so it copies nothing of an
/// object but what a waiting job is sorted by.
pub fn admitted(jobs: &[Arc<SubtitleJob>], places: AdmissionLimits, now: Timestamp) -> HashSet<String> {
    let (mut out, mut waiting) = (HashMap::<&str, usize>::new(), Vec::new());
    for job in jobs {
        match JobState::from_object(job) {
            JobState::BackingOff(until) if until > now => {}
            JobState::Waiting(Prerequisite::Turn | Prerequisite::Broker) | JobState::BackingOff(_) => {
                waiting.extend(waiting_job(job).filter(|_| !job.spec.suspend));
            }
            JobState::Queued(_) | JobState::InProgress(_) | JobState::Unknown => {
                *out.entry(job.metadata.namespace.as_deref().unwrap_or_default()).or_default() += 1;
            }
            JobState::Waiting(Prerequisite::Glossary) | JobState::Suspended | JobState::Over(_) => {}
        }
    }
    admit(waiting, &out, places)
}

fn waiting_job(job: &SubtitleJob) -> Option<Waiting> {
    Some(Waiting {
        priority: Reverse(job.spec.priority),
        created: job.metadata.creation_timestamp.as_ref()?.0,
        uid: job.metadata.uid.clone()?,
        namespace: job.metadata.namespace.clone()?,
    })
}

/// A job without a task, by what it is sorted by within its namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    priority: Reverse<Priority>,
    created: Timestamp,
    uid: String,
    namespace: String,
}

/// The uids of the waiting jobs that get a place, where `out` tasks of each namespace have one.
fn admit(waiting: Vec<Waiting>, out: &HashMap<&str, usize>, places: AdmissionLimits) -> HashSet<String> {
    let mut lines: BTreeMap<String, BinaryHeap<Reverse<Waiting>>> = BTreeMap::new();
    for job in waiting {
        lines.entry(job.namespace.clone()).or_default().push(Reverse(job));
    }
    let mut free = places.total.saturating_sub(out.values().sum());
    // The next job of each namespace; the first is that of the namespace with the fewest tasks out.
    let mut next: BinaryHeap<Reverse<(usize, Waiting)>> = BinaryHeap::new();
    for (namespace, line) in &mut lines {
        let out = out.get(namespace.as_str()).copied().unwrap_or_default();
        next.extend(line.pop().map(|Reverse(job)| Reverse((out, job))));
    }
    let mut admitted = HashSet::new();
    while let Some(Reverse((out, job))) = next.pop() {
        if out > 0 && free == 0 {
            break; // every other namespace has as many out
        }
        if out >= places.per_namespace {
            continue;
        }
        free = free.saturating_sub(1);
        let follower = lines.get_mut(&job.namespace).and_then(BinaryHeap::pop);
        next.extend(follower.map(|Reverse(follower)| Reverse((out + 1, follower))));
        admitted.insert(job.uid);
    }
    admitted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(uid: &str, namespace: &str, priority: Priority, second: i64) -> Waiting {
        let created = Timestamp::from_second(second).expect("a time");
        Waiting { priority: Reverse(priority), created, uid: uid.into(), namespace: namespace.into() }
    }

    fn bulk(priority: Priority) -> Vec<Waiting> {
        (0..10_000).map(|at| waiting(&format!("bulk-{at}"), "bulk", priority, at)).collect()
    }

    #[test]
    fn tonights_film_does_not_wait_behind_ten_thousand() {
        let mut all = bulk(Priority::Normal);
        all.push(waiting("tonight", "home", Priority::Normal, 20_000));
        all.push(waiting("urgent", "bulk", Priority::High, 30_000));
        let admitted = admit(all, &HashMap::new(), AdmissionLimits { total: 3, per_namespace: 2 });
        assert_eq!(admitted, ["urgent", "tonight", "bulk-0"].map(str::to_owned).into());
    }

    #[test]
    fn ten_thousand_urgent_jobs_of_one_namespace_do_not_delay_anothers_one() {
        let mut all = bulk(Priority::High);
        all.push(waiting("tonight", "home", Priority::Low, 20_000));
        let places = AdmissionLimits::new(4, None);
        for (out, expected) in [(0, vec!["tonight", "bulk-0", "bulk-1"]), (2, vec!["tonight"]), (4, vec!["tonight"])] {
            let admitted = admit(all.clone(), &HashMap::from([("bulk", out)]), places);
            assert_eq!(admitted, expected.into_iter().map(str::to_owned).collect(), "{out} of bulk are out");
        }
        let others = HashMap::from([("home", 1), ("bulk", 4)]);
        assert!(admit(all, &others, places).is_empty(), "only the first task of a namespace may exceed the places");
    }

    #[test]
    fn a_namespace_that_waits_alone_takes_its_places_and_leaves_the_rest() {
        let admitted = admit(bulk(Priority::Normal), &HashMap::new(), AdmissionLimits { total: 10, per_namespace: 7 });
        assert_eq!(admitted.len(), 7);
        assert_eq!(AdmissionLimits::new(1, None).per_namespace, 1);
    }
}
