//! Samples the gauges: jobs by phase, the longest wait, and the depth of the queues. Called by the session's loops. Does I/O.

use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};

use jiff::Timestamp;
use subtitle_broker::{BrokerError, Session as _};
use subtitle_contract::{
    job::SubtitleJob,
    phase::Phase,
    topology::{CONSUMER_QUEUE, QUEUES},
};

use super::{operator::Operator, timer::Timer};
use crate::{
    act::{Ports, ports::ClusterReader as _},
    metrics::Metrics,
    observe::state::JobState,
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
        let is_waiting = matches!(JobState::from_object(job), JobState::Waiting(_) | JobState::BackingOff(_));
        if let (true, false, Some(created)) = (is_waiting, job.spec.suspend, &job.metadata.creation_timestamp) {
            oldest = oldest.min(created.0);
        }
    }
    for phase in Phase::ALL {
        metrics.jobs.set([phase.as_str()], by_phase.get(&phase).copied().unwrap_or_default());
    }
    metrics.oldest_waiting.set([], now.duration_since(oldest).as_secs());
}

/// Samples until the first error of the broker.
pub async fn run<P: Ports>(operator: &Operator<P>, session: &P::Session) -> Result<Infallible, BrokerError> {
    let (metrics, mut timer) = (operator.metrics(), Timer::at_once(operator.runtime(), SAMPLE_INTERVAL));
    loop {
        timer.tick().await;
        sample_jobs(&operator.executor().cluster().all(), metrics, operator.now());
        metrics.broker_blocked.set([], i64::from(session.is_blocked()));
        let unacknowledged = i64::try_from(operator.unacknowledged_events()).unwrap_or(i64::MAX);
        metrics.queue_unacked.set([CONSUMER_QUEUE], unacknowledged);
        for queue in &QUEUES {
            let ready = session.queue_stats(queue.name).await?.map_or(0, |stats| stats.ready);
            metrics.queue_ready.set([queue.name], i64::from(ready));
        }
    }
}
