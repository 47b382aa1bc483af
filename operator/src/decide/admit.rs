//! Whose turn it is: all jobs and the number of places come in, the admitted ones go out. By priority, then one per
//! namespace in turn, then by age. Pure.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use subtitle_contract::{
    job::{Priority, SubtitleJob},
    phase::Phase,
    reason::Reason,
};

/// Whose turn it is when `max_in_flight` tasks may be out. Called often, so nothing of an object is copied but what
/// waiting needs.
pub fn turns(jobs: &[Arc<SubtitleJob>], max_in_flight: usize, now: Timestamp) -> HashSet<String> {
    let (mut out, mut waiting) = (0, Vec::new());
    for job in jobs {
        let (phase, reason, due) = job.status.as_ref().map_or((Phase::Pending, None, None), |status| {
            (status.phase, status.reason, status.next_attempt_time.as_ref().map(|due| due.0))
        });
        if phase == Phase::Pending {
            if !job.spec.suspend && reason != Some(Reason::WaitingForGlossary) && due.is_none_or(|due| due <= now) {
                waiting.extend(waiting_job(job));
            }
        } else if !phase.is_final() && reason != Some(Reason::Suspended) {
            out += 1;
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

/// A job without a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// When it was created.
    pub created: Timestamp,
    /// Its uid.
    pub uid: String,
    /// Its namespace.
    pub namespace: String,
    /// Its priority.
    pub priority: Priority,
}

/// The uids that may be asked now.
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
