//! What is looked at rather than counted: jobs by phase, the longest wait, and what the queues hold.

use std::{collections::HashMap, sync::atomic::Ordering, time::Duration};

use jiff::Timestamp;
use subtitle_broker::BrokerError;
use subtitle_contract::{
    job::SubtitleJob,
    phase::Phase,
    topology::{CONSUMER_QUEUE, QUEUES},
};

use crate::{
    act::{
        Hands,
        cluster::Cluster,
        ledger::Ledger,
        queues::{Publisher, Queues as _},
    },
    metrics::Metrics,
};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(10);

fn look_at_jobs(jobs: &[std::sync::Arc<SubtitleJob>], metrics: &Metrics, now: Timestamp) {
    let mut by_phase: HashMap<Phase, i64> = HashMap::new();
    let mut oldest = now;
    for job in jobs {
        let phase = job.status.as_ref().map_or(Phase::Pending, |status| status.phase);
        *by_phase.entry(phase).or_default() += 1;
        if let (Phase::Pending, false, Some(created)) = (phase, job.spec.suspend, &job.metadata.creation_timestamp) {
            oldest = oldest.min(created.0);
        }
    }
    for phase in Phase::ALL {
        metrics.jobs.set([phase.as_str()], by_phase.get(&phase).copied().unwrap_or_default());
    }
    metrics.oldest_waiting.set([], now.duration_since(oldest).as_secs());
}

/// Looks until the first error of the broker.
pub async fn run<C: Cluster, L: Ledger>(publisher: &Publisher, hands: &Hands<C, L>) -> BrokerError {
    let mut interval = tokio::time::interval(EVERY);
    loop {
        interval.tick().await;
        look_at_jobs(&hands.cluster.all(), &hands.metrics, Timestamp::now());
        hands.metrics.broker_blocked.set([], i64::from(publisher.inner().is_blocked()));
        let in_hand = i64::try_from(hands.events_in_hand.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        hands.metrics.queue_unacked.set([CONSUMER_QUEUE], in_hand);
        for queue in &QUEUES {
            match publisher.ready(queue.name).await {
                Ok(ready) => hands.metrics.queue_ready.set([queue.name], i64::from(ready.unwrap_or_default())),
                Err(error) => return error,
            }
        }
    }
}
