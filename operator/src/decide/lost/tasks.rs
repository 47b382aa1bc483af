//! Detects tasks that may be lost, and returns the uids of the jobs whose task must be republished. Publishing a task twice is
//! harmless, because workers claim it. Called by the
//! repair loop and the session supervisor. Pure.

use std::{collections::HashMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use subtitle_contract::{
    job::SubtitleJob,
    phase::Step,
    topology::{CONSUMER_QUEUE, DEAD_EVENTS_QUEUE, DOWNLOAD_QUEUE, TRANSLATE_QUEUE},
};

use crate::observe::state::JobState;

/// How long a published task whose queue is empty may lack a worker's `started` event.
const START_TIMEOUT: SignedDuration = SignedDuration::from_secs(30);
/// How long a job may be in progress without any event: longer than a worker holds a task before it checkpoints. Its last
/// event may have been lost with its queue.
const PROGRESS_TIMEOUT: SignedDuration = SignedDuration::from_mins(20);
/// The timeout doubles after each republish without effect, at most this many times: the task of a job whose status the API
/// server keeps rejecting must not be repeated forever.
const MAX_DOUBLINGS: u32 = 7;

/// The queue of a step's tasks.
pub const fn task_queue(step: Step) -> &'static str {
    match step {
        Step::Download => DOWNLOAD_QUEUE,
        Step::Translate => TRANSLATE_QUEUE,
    }
}

/// The step whose task is published, and how long it may be without an event.
const fn published_step(state: JobState) -> Option<(Step, SignedDuration)> {
    match state {
        JobState::Queued(step) => Some((step, START_TIMEOUT)),
        JobState::InProgress(step) => Some((step, PROGRESS_TIMEOUT)),
        JobState::Waiting(_)
        | JobState::BackingOff(_)
        | JobState::Suspended
        | JobState::Over(_)
        | JobState::Unknown => None,
    }
}

/// The uids of jobs whose task may have been lost with these queues, which have just been created or recreated.
pub fn tasks_lost_with(jobs: &[Arc<SubtitleJob>], recreated: &[&'static str]) -> Vec<String> {
    // A lost task queue loses its tasks; the others may lose a worker's event about any task.
    let may_lack_events = recreated.iter().any(|queue| [CONSUMER_QUEUE, DEAD_EVENTS_QUEUE].contains(queue));
    let is_lost = |step| may_lack_events || recreated.contains(&task_queue(step));
    let lost =
        jobs.iter().filter(|job| published_step(JobState::from_object(job)).is_some_and(|(step, _)| is_lost(step)));
    lost.filter_map(|job| job.metadata.uid.clone()).collect()
}

/// A job whose task is published while its queue is empty.
#[derive(Clone, Copy, Debug)]
struct Silent {
    /// The status's revision: an event would have changed it.
    revision: i64,
    /// Since when, or when its task was last republished.
    since: Timestamp,
    /// How often its task was republished.
    published: u32,
}

/// Jobs whose task is published while its queue is empty, by uid.
#[derive(Debug, Default)]
pub struct SilentTasks(HashMap<String, Silent>);

impl SilentTasks {
    /// `jobs` are all jobs, `empty` the steps whose queue is currently empty; returns the uids of the jobs that have been
    /// silent for too long.
    pub fn observe(&mut self, jobs: &[Arc<SubtitleJob>], empty: &[Step], now: Timestamp) -> Vec<String> {
        let (mut seen, mut lost) = (HashMap::new(), Vec::new());
        for job in jobs {
            let out = published_step(JobState::from_object(job)).filter(|(step, _)| empty.contains(step));
            let (Some((_, timeout)), Some(uid)) = (out, job.metadata.uid.clone()) else { continue };
            let revision = job.status.as_ref().map_or(0, |status| status.revision);
            let before = self.0.get(&uid).filter(|before| before.revision == revision).copied();
            let mut silent = before.unwrap_or(Silent { revision, since: now, published: 0 });
            if now.duration_since(silent.since) >= timeout * (1 << silent.published.min(MAX_DOUBLINGS)) {
                lost.push(uid.clone());
                silent = Silent { since: now, published: silent.published + 1, ..silent };
            }
            seen.insert(uid, silent);
        }
        self.0 = seen;
        lost
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job(uid: &str, phase: &str, revision: i64) -> Arc<SubtitleJob> {
        let object = json!({
            "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob",
            "metadata": {"name": uid, "namespace": "films", "uid": uid},
            "spec": {"video": {"path": "a.mkv"}, "language": "es"},
            "status": {"phase": phase, "attempt": 1, "revision": revision},
        });
        Arc::new(serde_json::from_value(object).expect("a job"))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn a_task_that_no_worker_starts_is_republished_with_a_growing_timeout() {
        let (mut tasks, both) = (SilentTasks::default(), [Step::Download, Step::Translate]);
        let jobs = [job("a", "DownloadQueued", 1), job("b", "Pending", 1), job("c", "DownloadInProgress", 1)];
        assert!(tasks.observe(&jobs, &both, at(0)).is_empty());
        assert!(tasks.observe(&jobs, &both, at(29)).is_empty());
        assert_eq!(tasks.observe(&jobs, &both, at(30)), ["a"]);
        assert!(tasks.observe(&jobs, &both, at(89)).is_empty(), "the timeout did not double");
        assert_eq!(tasks.observe(&jobs, &both, at(90)), ["a"]);
        assert_eq!(tasks.observe(&jobs, &both, at(1200)), ["a", "c"], "only these are due");
        let started = [job("a", "DownloadInProgress", 2)];
        assert!(tasks.observe(&started, &both, at(1201)).is_empty(), "a new revision does not reset the timeout");
        let queued = [job("a", "DownloadQueued", 3)];
        assert!(tasks.observe(&queued, &both, at(2000)).is_empty());
        assert!(
            tasks.observe(&queued, &[Step::Translate], at(2030)).is_empty(),
            "republished although its queue is not empty"
        );
    }

    #[test]
    fn a_lost_task_queue_loses_its_tasks_and_a_lost_consumer_queue_any_event() {
        let jobs = [job("a", "DownloadQueued", 1), job("b", "TranslateInProgress", 1), job("c", "Done", 1)];
        assert_eq!(tasks_lost_with(&jobs, &[DOWNLOAD_QUEUE]), ["a"]);
        assert_eq!(tasks_lost_with(&jobs, &[CONSUMER_QUEUE]), ["a", "b"]);
        assert!(tasks_lost_with(&jobs, &[]).is_empty());
    }
}
