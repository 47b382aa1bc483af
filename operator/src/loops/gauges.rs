//! Samples the gauges: jobs by phase, the longest waits, the queues, and whether Redis responds. Called by the session's loops.
//! Does I/O.

use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};

use jiff::Timestamp;
use subtitle_broker::{BrokerError, Session as _};
use subtitle_contract::{
    job::SubtitleJob,
    lenient::Lenient,
    phase::{Phase, Step},
    reason::Reason,
    topology::{CONSUMER_QUEUE, DOWNLOAD_QUEUE, QUEUES, TRANSLATE_QUEUE},
};

use super::{operator::Operator, timer::Timer};
use crate::{
    act::{Ports, ports::RecordReader as _},
    metrics::Metrics,
    observe::state::{JobState, Prerequisite},
};

const SAMPLE_INTERVAL: Duration = Duration::from_secs(10);

fn sample_jobs(jobs: &[Arc<SubtitleJob>], metrics: &Metrics, now: Timestamp) {
    let mut by_phase: HashMap<Phase, i64> = HashMap::new();
    let mut oldest = now;
    for job in jobs {
        let phase = job.status.as_ref().map_or(Some(Phase::Pending), |status| status.phase.known());
        if let Some(phase) = phase {
            *by_phase.entry(phase).or_default() += 1;
        }
        let reason = job.status.as_ref().and_then(|status| status.reason.as_ref()).and_then(Lenient::known);
        let is_waiting = match JobState::from_object(job) {
            // One that waits for the next day's limit needs no operator.
            JobState::Waiting(Prerequisite::Turn) => reason != Some(Reason::WaitingForQuota),
            JobState::Waiting(prerequisite) => prerequisite == Prerequisite::Broker,
            JobState::BackingOff(until) => until <= now,
            _ => false,
        };
        if let (true, false, Some(created)) = (is_waiting, job.spec.suspend, &job.metadata.creation_timestamp) {
            oldest = oldest.min(created.0);
        }
    }
    for phase in Phase::ALL {
        metrics.jobs.set([phase.as_str()], by_phase.get(&phase).copied().unwrap_or_default());
    }
    metrics.oldest_waiting.set([], now.duration_since(oldest).as_secs());
}

/// Since when each published task has been waiting for a worker, as this process saw it.
#[derive(Default)]
struct WaitingTasks(HashMap<Task, Timestamp>);

/// A task: the job's uid, the step and the attempt.
type Task = (String, Step, u32);

impl WaitingTasks {
    fn sample(&mut self, jobs: &[Arc<SubtitleJob>], metrics: &Metrics, now: Timestamp) {
        let before = std::mem::take(&mut self.0);
        for job in jobs {
            if let (JobState::Queued(step), Some(uid)) = (JobState::from_object(job), &job.metadata.uid) {
                let task = (uid.clone(), step, job.status.as_ref().map_or(0, |status| status.attempt));
                let since = before.get(&task).copied().unwrap_or(now);
                self.0.insert(task, since);
            }
        }
        for (step, queue) in [(Step::Download, DOWNLOAD_QUEUE), (Step::Translate, TRANSLATE_QUEUE)] {
            let waiting = self.0.iter().filter(|((_, of, _), _)| *of == step).map(|(_, since)| *since);
            metrics.oldest_task.set([queue], now.duration_since(waiting.fold(now, Timestamp::min)).as_secs());
        }
    }
}

/// Samples until the first error of the broker.
pub async fn run<P: Ports>(operator: &Operator<P>, session: &P::Session) -> Result<Infallible, BrokerError> {
    let (metrics, mut timer) = (operator.metrics(), Timer::at_once(operator.runtime(), SAMPLE_INTERVAL));
    let mut waiting = WaitingTasks::default();
    loop {
        timer.tick().await;
        let (jobs, now) = (operator.own_jobs(), operator.now());
        sample_jobs(&jobs, metrics, now);
        waiting.sample(&jobs, metrics, now);
        let is_redis_there = operator.executor().records().load_checkpoint().await.is_ok();
        metrics.redis_connected.set([], i64::from(is_redis_there));
        metrics.broker_blocked.set([], i64::from(session.is_blocked()));
        let unacknowledged = i64::try_from(operator.unacknowledged_events()).unwrap_or(i64::MAX);
        metrics.queue_unacked.set([CONSUMER_QUEUE], unacknowledged);
        for queue in &QUEUES {
            let stats = session.queue_stats(queue.name).await?;
            metrics.queue_ready.set([queue.name], stats.map_or(0, |stats| i64::from(stats.ready)));
            metrics.queue_consumers.set([queue.name], stats.map_or(0, |stats| i64::from(stats.consumers)));
        }
    }
}
