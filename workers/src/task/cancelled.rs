//! The attempts that must not be worked on, as this worker has heard since it started: events that end an attempt come in, and
//! attempts are checked against them before every call that costs something. A stop is forgotten after a while, because a status that was put back
//! may reach the attempt again, and the oldest job is forgotten when there are too many: the operator answers a worker that
//! starts a stopped attempt. Pure.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use subtitle_contract::event::Event;

/// Maximum number of jobs that are remembered, in less than 2 MB.
const CAPACITY: usize = 10_000;
/// How long a stopped attempt is remembered; a deleted job is for good.
const REMEMBERED_FOR: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, Default)]
struct Jobs {
    /// By id, the last attempt that is stopped, and when this was heard.
    stopped: HashMap<String, (u32, Duration)>,
    order: VecDeque<String>,
}

/// A bounded map of jobs and their stopped attempts.
#[derive(Debug, Default)]
pub struct CancelledJobs(Mutex<Jobs>);

impl CancelledJobs {
    /// Remembers which attempts an event stops, if any; `now` is the clock's `elapsed`.
    pub fn insert(&self, event: &Event, now: Duration) {
        let Some(attempt) = event.stops_up_to() else { return };
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stopped) = jobs.stopped.get_mut(&event.job_id) {
            *stopped = (attempt.max(stopped.0), now);
            return;
        }
        jobs.stopped.insert(event.job_id.clone(), (attempt, now));
        jobs.order.push_back(event.job_id.clone());
        if jobs.order.len() > CAPACITY
            && let Some(oldest) = jobs.order.pop_front()
        {
            jobs.stopped.remove(&oldest);
        }
    }

    /// Whether an attempt of a job must not be worked on.
    pub fn contains(&self, job_id: &str, attempt: u32, now: Duration) -> bool {
        let jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_stopped =
            |(last, heard): &(u32, Duration)| attempt <= *last && (*last == u32::MAX || now < *heard + REMEMBERED_FOR);
        jobs.stopped.get(job_id).is_some_and(is_stopped)
    }
}

#[cfg(test)]
mod tests {
    use subtitle_contract::{
        event::source,
        payload::{Stopped, Subject},
        reason::Reason,
    };

    use super::*;

    fn stopped(job: usize, attempt: u32) -> Event {
        let subject = Subject { job_id: job.to_string(), namespace: "n".into(), name: "a".into(), attempt };
        let payload = Stopped { reason: Reason::Suspended.into() };
        Event::new(&subject, source::MANAGER, jiff::Timestamp::UNIX_EPOCH, &payload)
    }

    #[test]
    fn an_attempt_is_stopped_with_all_before_it_and_the_next_is_not() {
        let cancelled = CancelledJobs::default();
        let later = REMEMBERED_FOR;
        cancelled.insert(&stopped(7, 2), Duration::ZERO);
        assert!(cancelled.contains("7", 1, Duration::ZERO) && cancelled.contains("7", 2, Duration::ZERO));
        assert!(!cancelled.contains("7", 3, Duration::ZERO) && !cancelled.contains("8", 1, Duration::ZERO));
        assert!(!cancelled.contains("7", 2, later), "a status that was put back reaches this attempt again");
        cancelled.insert(&stopped(7, 1), later);
        assert!(cancelled.contains("7", 2, later));
    }

    #[test]
    fn the_oldest_id_is_evicted_at_capacity() {
        let cancelled = CancelledJobs::default();
        for job in 0..=CAPACITY {
            cancelled.insert(&stopped(job, 1), Duration::ZERO);
            cancelled.insert(&stopped(job, 1), Duration::ZERO);
        }
        assert!(!cancelled.contains("0", 1, Duration::ZERO));
        assert!(cancelled.contains("1", 1, Duration::ZERO));
        assert!(cancelled.contains(&CAPACITY.to_string(), 1, Duration::ZERO));
        assert_eq!(cancelled.0.lock().expect("not poisoned").order.len(), CAPACITY);
    }
}
