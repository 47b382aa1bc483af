//! How many download tasks may be published beyond those that workers have: what the queue, its consumers and the recent
//! `started` events were comes in, the number goes out. A task in the queue goes before every later one, however urgent that
//! is, so that no more wait there than workers take soon. Called by admission. Pure.
//!
//! ```text
//!   size    = the most of: consumers · tasks in progress · the tasks started in the last second · 1
//!   waiting = jobs that are Queued, but of those published before the last sample at most as many as the queue had
//!   free    = size - waiting
//! ```
//!
//! With slow tasks the next task is thus taken within the time of one task; with fast ones, within two seconds. An idle
//! system's window doubles with every round trip.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

/// For how long a `started` event counts.
const RECENT: Duration = Duration::from_secs(1);
/// The most `started` events that count: more than an operator handles in a second.
const MAX_STARTS: usize = 10_000;

/// What a task queue had at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueSample {
    /// The uids of the jobs that were Queued just before.
    pub queued: HashSet<String>,
    /// Tasks that no worker had.
    pub ready: usize,
    /// Workers.
    pub consumers: usize,
}

/// What is known of a task queue and its workers.
#[derive(Clone, Debug, Default)]
pub struct QueueWindow {
    sample: Option<QueueSample>,
    starts: VecDeque<Duration>,
}

impl QueueWindow {
    /// A worker started a task at this monotonic time.
    pub fn task_started(&mut self, at: Duration) {
        self.forget_before(at);
        if self.starts.len() < MAX_STARTS {
            self.starts.push_back(at);
        }
    }

    /// Replaces the sample.
    pub fn sampled(&mut self, sample: QueueSample) {
        self.sample = Some(sample);
    }

    /// How many more tasks may be published, while these jobs are Queued and so many are in progress.
    pub fn free(&mut self, queued: &HashSet<&str>, in_progress: usize, at: Duration) -> usize {
        self.forget_before(at);
        let consumers = self.sample.as_ref().map_or(0, |sample| sample.consumers);
        let size = self.starts.len().max(in_progress).max(consumers).max(1);
        let waiting = self.sample.as_ref().map_or(queued.len(), |sample| {
            let before = queued.iter().filter(|uid| sample.queued.contains(**uid)).count();
            // A task that is neither ready nor started is with a worker, or lost.
            before.min(sample.ready) + queued.len() - before
        });
        size.saturating_sub(waiting)
    }

    fn forget_before(&mut self, at: Duration) {
        while self.starts.front().is_some_and(|start| at.saturating_sub(*start) > RECENT) {
            self.starts.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(queued: &[&str], ready: usize, consumers: usize) -> QueueSample {
        QueueSample { queued: queued.iter().map(|uid| (*uid).to_owned()).collect(), ready, consumers }
    }

    #[test]
    fn as_many_tasks_wait_as_workers_have_at_work() {
        let (mut window, second) = (QueueWindow::default(), Duration::from_secs);
        assert_eq!(
            window.free(&HashSet::new(), 0, second(0)),
            1,
            "the first task of all shows whether there are workers"
        );
        assert_eq!(window.free(&HashSet::from(["a"]), 0, second(0)), 0);
        window.sampled(sample(&["a"], 1, 3));
        assert_eq!(window.free(&HashSet::from(["a"]), 0, second(0)), 2, "each consumer can take one");
        assert_eq!(window.free(&HashSet::from(["a", "b"]), 8, second(0)), 6);
        window.sampled(sample(&["a", "b"], 0, 3));
        assert_eq!(window.free(&HashSet::from(["a", "b"]), 0, second(0)), 3, "lost tasks closed the window");
        assert_eq!(window.free(&HashSet::from(["a", "b", "c"]), 0, second(0)), 2);
    }

    #[test]
    fn fast_tasks_widen_the_window_for_a_second() {
        let (mut window, none) = (QueueWindow::default(), HashSet::new());
        let at = Duration::from_millis;
        (0..50).for_each(|start| window.task_started(at(start * 10)));
        assert_eq!(window.free(&none, 0, at(500)), 50);
        assert_eq!(window.free(&none, 0, at(1400)), 10);
        assert_eq!(window.free(&none, 0, at(9000)), 1);
    }
}
