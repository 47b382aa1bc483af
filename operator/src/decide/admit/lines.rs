//! The waiting jobs of one namespace, in the order in which they get a task. Called by admission. Pure.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use jiff::{SignedDuration, Timestamp};
use subtitle_contract::job::Priority;

/// After this long the oldest waiting job of a priority goes before higher ones, if no task of its priority and namespace is
/// out: each priority always gets its share.
const OVERDUE_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// A job without a task, by what it is sorted by within its namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Waiting {
    pub(super) is_overdue: Reverse<bool>,
    pub(super) priority: Reverse<Priority>,
    pub(super) created: Timestamp,
    pub(super) uid: String,
    /// Whether its next step is the download.
    pub(super) is_download: bool,
    /// Whether it was started before, and so counts for that day.
    pub(super) was_started: bool,
}

/// The jobs of a namespace.
#[derive(Debug, Default)]
pub(super) struct Namespace {
    /// Tasks out, by priority.
    pub(super) out: BTreeMap<Priority, usize>,
    pub(super) started_today: usize,
    pub(super) waiting: Vec<Waiting>,
}

impl Namespace {
    pub(super) fn into_lines(self, now: Timestamp) -> Lines {
        let mut oldest: BTreeMap<Priority, (Timestamp, String)> = BTreeMap::new();
        for job in self.waiting.iter().filter(|job| !self.out.contains_key(&job.priority.0)) {
            let job_age = (job.created, &job.uid);
            if oldest.get(&job.priority.0).is_none_or(|(created, uid)| job_age < (*created, uid)) {
                oldest.insert(job.priority.0, (job.created, job.uid.clone()));
            }
        }
        oldest.retain(|_, (created, _)| now.duration_since(*created) >= OVERDUE_AFTER);
        let tasks = self.out.values().sum();
        let mut lines = Lines { tasks, started_today: self.started_today, ..Lines::default() };
        for mut job in self.waiting {
            job.is_overdue = Reverse(oldest.get(&job.priority.0).is_some_and(|(_, uid)| *uid == job.uid));
            let line = if job.is_download { &mut lines.downloads } else { &mut lines.translations };
            line.push(Reverse(job));
        }
        lines
    }
}

/// The waiting jobs of a namespace, in their order. The window is for downloads: most translations are requested by
/// downloaders, and in their queue a retried one must not wait for all of these.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) tasks: usize,
    pub(super) started_today: usize,
    pub(super) downloads: BinaryHeap<Reverse<Waiting>>,
    pub(super) translations: BinaryHeap<Reverse<Waiting>>,
}

impl Lines {
    /// The next job, if the window of downloads has room for it; the first task of a namespace needs none.
    pub(super) fn next(&self, window: usize) -> Option<&Waiting> {
        let download = self.downloads.peek().filter(|_| window > 0 || self.tasks == 0);
        download.into_iter().chain(self.translations.peek()).map(|Reverse(job)| job).min()
    }

    pub(super) fn pop(&mut self, window: usize) -> Option<Waiting> {
        let line = if self.next(window)?.is_download { &mut self.downloads } else { &mut self.translations };
        line.pop().map(|Reverse(job)| job)
    }

    pub(super) fn has_new_jobs(&self) -> bool {
        self.downloads.iter().chain(&self.translations).any(|Reverse(job)| !job.was_started)
    }
}
