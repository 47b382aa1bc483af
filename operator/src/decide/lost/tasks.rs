//! Which tasks may be lost: the jobs, what is known of the queues and the time come in; the uids of the jobs whose task
//! is to be published again go out. Publishing a task twice costs nothing, because workers claim it. Called by the
//! repair loop and the session supervisor. Pure.

use std::{collections::HashMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use subtitle_contract::{
    job::SubtitleJob,
    phase::Step,
    topology::{CONSUMER_QUEUE, DEAD_EVENTS_QUEUE, DOWNLOAD_QUEUE, TRANSLATE_QUEUE},
};

use crate::observe::state::JobState;

/// How long a task may be out of its queue without a worker's `started` event.
const START_TIMEOUT: SignedDuration = SignedDuration::from_secs(30);
/// How long a job may be in progress without any event: longer than a worker holds a task before it checkpoints. Its
/// last event may be lost with its queue.
const PROGRESS_TIMEOUT: SignedDuration = SignedDuration::from_mins(20);
/// After each publish that did not help the timeout doubles, at most this many times: a job whose status is refused for
/// good must not have its task done over and over.
const MAX_DOUBLINGS: u32 = 7;

/// The queue of a step's tasks.
pub const fn task_queue(step: Step) -> &'static str {
    match step {
        Step::Download => DOWNLOAD_QUEUE,
        Step::Translate => TRANSLATE_QUEUE,
    }
}

/// The step whose task is out, and how long it may be without an event.
const fn step_out(state: JobState) -> Option<(Step, SignedDuration)> {
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

/// The uids of jobs whose task may be lost with these queues, which were created or recreated just now.
pub fn lost_with_queues(jobs: &[Arc<SubtitleJob>], recreated: &[&'static str]) -> Vec<String> {
    // With a task queue went the tasks in it; with these, perhaps what a worker published of any task.
    let may_lack_events = recreated.iter().any(|queue| [CONSUMER_QUEUE, DEAD_EVENTS_QUEUE].contains(queue));
    let is_lost = |step| may_lack_events || recreated.contains(&task_queue(step));
    let lost = jobs.iter().filter(|job| step_out(JobState::from_object(job)).is_some_and(|(step, _)| is_lost(step)));
    lost.filter_map(|job| job.metadata.uid.clone()).collect()
}

/// A job whose task is out while its queue is empty.
#[derive(Clone, Copy, Debug)]
struct Silent {
    /// The status's revision: an event would have changed it.
    revision: i64,
    /// Since when, or since when its task was last published again.
    since: Timestamp,
    /// How often its task was published again.
    published: u32,
}

/// Jobs whose task is out while its queue is empty, by uid.
#[derive(Debug, Default)]
pub struct SilentTasks(HashMap<String, Silent>);

impl SilentTasks {
    /// `jobs` are all jobs, `empty` the steps whose queue is empty now; returns the uids of those that are silent for
    /// too long.
    pub fn observe(&mut self, jobs: &[Arc<SubtitleJob>], empty: &[Step], now: Timestamp) -> Vec<String> {
        let (mut seen, mut lost) = (HashMap::new(), Vec::new());
        for job in jobs {
            let out = step_out(JobState::from_object(job)).filter(|(step, _)| empty.contains(step));
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
    fn a_task_that_nobody_starts_is_published_again_ever_more_rarely() {
        let (mut tasks, both) = (SilentTasks::default(), [Step::Download, Step::Translate]);
        let jobs = [job("a", "DownloadQueued", 1), job("b", "Pending", 1), job("c", "DownloadInProgress", 1)];
        assert!(tasks.observe(&jobs, &both, at(0)).is_empty());
        assert!(tasks.observe(&jobs, &both, at(29)).is_empty());
        assert_eq!(tasks.observe(&jobs, &both, at(30)), ["a"]);
        assert!(tasks.observe(&jobs, &both, at(89)).is_empty(), "twice as long after one that did not help");
        assert_eq!(tasks.observe(&jobs, &both, at(90)), ["a"]);
        assert_eq!(tasks.observe(&jobs, &both, at(1200)), ["a", "c"], "a worker's silence is endured for longer");
        let started = [job("a", "DownloadInProgress", 2)];
        assert!(tasks.observe(&started, &both, at(1201)).is_empty(), "a new revision starts over");
        let queued = [job("a", "DownloadQueued", 3)];
        assert!(tasks.observe(&queued, &both, at(2000)).is_empty());
        assert!(tasks.observe(&queued, &[Step::Translate], at(2030)).is_empty(), "it may still be in its queue");
    }

    #[test]
    fn a_queue_takes_its_tasks_with_it_and_the_consumer_queue_perhaps_any_event() {
        let jobs = [job("a", "DownloadQueued", 1), job("b", "TranslateInProgress", 1), job("c", "Done", 1)];
        assert_eq!(lost_with_queues(&jobs, &[DOWNLOAD_QUEUE]), ["a"]);
        assert_eq!(lost_with_queues(&jobs, &[CONSUMER_QUEUE]), ["a", "b"]);
        assert!(lost_with_queues(&jobs, &[]).is_empty());
    }
}
