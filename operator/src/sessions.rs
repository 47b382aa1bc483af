//! The sessions with the broker: while one lives, the consumer, history, dead-letter and repair loops run on it, and
//! deletions are published. The first that ends takes the others with it.

use std::{collections::HashSet, convert::Infallible, sync::Arc, time::Duration};

use jiff::Timestamp;
use kube::ResourceExt as _;
use subtitle_broker::{Backoff, BrokerError, Measured, Publish as _, Session};
use subtitle_core::{event::Event, job::SubtitleJob, phase::Phase};
use tokio::sync::{Notify, mpsc, watch};

use crate::{
    act::{cluster::Cluster as _, queues::Publisher},
    consumer,
    controller::Production,
    dead,
    decide::reconcile::task,
    gauges, history,
    observe::ObservedJob,
    repair,
};

/// One session after the other, for ever. Without a `url` nothing is published, only logged.
pub async fn run(
    url: Option<&str>,
    sessions: watch::Sender<Option<Arc<Publisher>>>,
    reconciler: &Production,
    mut deletions: mpsc::UnboundedReceiver<SubtitleJob>,
    doubts: Arc<Notify>,
) -> Infallible {
    let Some(url) = url else {
        drop(deletions); // nobody reads them: kept, they would add up for ever
        return only_log(reconciler).await;
    };
    let mut backoff = Backoff::default();
    loop {
        let begun = std::time::Instant::now();
        match Session::open_and_declare(url, "subtitle-operator").await {
            Ok((session, made_anew)) => {
                let session = Arc::new(session);
                let metrics = &reconciler.hands.metrics;
                let publisher = Arc::new(Measured::new(session.clone(), metrics.publishing.clone()));
                sessions.send_replace(Some(publisher.clone()));
                metrics.broker_connected.set([], 1);
                Box::pin(hold(&publisher, &made_anew, reconciler, &mut deletions, &doubts)).await;
                metrics.broker_connected.set([], 0);
                sessions.send_replace(None);
                session.close().await;
            }
            Err(error) => tracing::warn!(%error, "no session with the broker"),
        }
        tokio::time::sleep(backoff.pause(begun.elapsed(), fastrand::f64())).await;
    }
}

/// Runs every loop on one session, until the first of them ends.
async fn hold(
    publisher: &Publisher,
    made_anew: &[&'static str],
    reconciler: &Production,
    deletions: &mut mpsc::UnboundedReceiver<SubtitleJob>,
    doubts: &Arc<Notify>,
) {
    let tasks = repair::doubt_tasks_in(reconciler, made_anew);
    tracing::info!(?made_anew, tasks, "a session with the broker began");
    doubts.notify_one();
    let hands = &reconciler.hands;
    tokio::select! {
        error = consumer::run(publisher, hands) => tracing::warn!(%error, "the consumer loop ended"),
        error = dead::run(publisher) => tracing::warn!(%error, "the dead-letter loop ended"),
        error = history::run(publisher.inner(), hands) => tracing::warn!(%error, "the history loop ended"),
        error = repair::run(reconciler, publisher, doubts) => tracing::warn!(%error, "the repair loop ended"),
        error = gauges::run(publisher, hands) => tracing::warn!(%error, "looking at the queues ended"),
        error = announce_deletions(publisher, deletions) => tracing::warn!(%error, "publishing deletions ended"),
        error = publisher.inner().ended() => tracing::warn!(%error, "the connection with the broker ended"),
    }
}

/// What is said of a deleted object; nothing of a job that was over.
pub fn announcement(job: &SubtitleJob, now: Timestamp) -> Option<Event> {
    let status = job.status.clone().unwrap_or_default();
    let (id, namespace) = (job.uid()?, job.namespace()?);
    (!status.phase.is_final()).then(|| repair::cancelled(&id, &namespace, &job.name_any(), status.attempt.max(1), now))
}

/// Workers stop working on a job that is deleted. One that is missed is found by the repair loop.
async fn announce_deletions(
    publisher: &Publisher,
    deletions: &mut mpsc::UnboundedReceiver<SubtitleJob>,
) -> BrokerError {
    loop {
        let Some(job) = deletions.recv().await else { return std::future::pending().await };
        let Some(event) = announcement(&job, Timestamp::now()) else { continue };
        if let Err(error) = publisher.publish(&event).await {
            return error;
        }
    }
}

/// The old mock mode: what would be asked is logged, once a job, and nothing pretends that it was.
async fn only_log(reconciler: &Production) -> Infallible {
    tracing::warn!("--broker=none: jobs are accepted and wait; what would be published is only logged");
    let mut logged = HashSet::new();
    loop {
        for job in reconciler.hands.cluster.all().iter().filter_map(|job| ObservedJob::of(job)) {
            if job.status.phase == Phase::Pending && logged.insert(job.uid.clone()) {
                let event = serde_json::to_string(&task(&job, Timestamp::now())).unwrap_or_default();
                tracing::info!(event, mock = true, "NOT published, because of --broker=none");
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
