//! Whose turn it is: all jobs, the limits and the download queue's window come in; the admitted jobs, and the limits that hold
//! others of their namespace, go out. The namespace with the fewest tasks out goes first; within it priority and then age
//! decide. Called by the controller's loop. Pure.

mod choose;
mod limits;
mod lines;
mod window;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use subtitle_contract::{job::SubtitleJob, phase::Step};

use self::{
    choose::choose,
    limits::day_of,
    lines::{Namespace, Waiting},
};
use crate::observe::state::{JobState, Prerequisite};

pub use limits::{Admission, AdmissionLimits};
pub use window::{QueueSample, QueueWindow};

/// Decides for all jobs. Called often, so it copies nothing of an object but what a waiting job is sorted by. `elapsed` is
/// `now` on the window's clock.
pub fn admit(
    jobs: &[Arc<SubtitleJob>],
    limits: AdmissionLimits,
    window: &mut QueueWindow,
    now: Timestamp,
    elapsed: Duration,
) -> Admission {
    let (today, mut namespaces) = (day_of(now), BTreeMap::<&str, Namespace>::new());
    let (mut queued, mut downloading) = (HashSet::new(), 0);
    for job in jobs {
        let namespace = namespaces.entry(job.metadata.namespace.as_deref().unwrap_or_default()).or_default();
        let state = JobState::from_object(job);
        let started = job.status.as_ref().and_then(|status| status.start_time.as_ref());
        let is_out = matches!(state, JobState::Queued(_) | JobState::InProgress(_) | JobState::Unknown);
        namespace.started_today += usize::from(started.map_or(is_out, |start| day_of(start.0) == today));
        match state {
            JobState::Queued(Step::Download) => queued.extend(job.metadata.uid.as_deref()),
            JobState::InProgress(Step::Download) => downloading += 1,
            _ => {}
        }
        let waits = match state {
            JobState::Waiting(Prerequisite::Turn | Prerequisite::Broker) => true,
            JobState::BackingOff(until) => until <= now,
            _ => false,
        };
        if is_out {
            *namespace.out.entry(job.spec.priority).or_default() += 1;
        } else if waits && !job.spec.suspend {
            namespace.waiting.extend(waiting_job(job));
        }
    }
    let lines = namespaces.into_iter().map(|(name, namespace)| (name, namespace.into_lines(now))).collect();
    choose(lines, limits, window.free(&queued, downloading, elapsed), now)
}

fn waiting_job(job: &SubtitleJob) -> Option<Waiting> {
    let status = job.status.as_ref();
    Some(Waiting {
        is_overdue: Reverse(false),
        priority: Reverse(job.spec.priority),
        created: job.metadata.creation_timestamp.as_ref()?.0,
        uid: job.metadata.uid.clone()?,
        is_download: status.and_then(|status| status.step.known()).unwrap_or_default() == Step::Download,
        was_started: status.is_some_and(|status| status.start_time.is_some()),
    })
}
