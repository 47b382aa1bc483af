//! The sessions with the broker: while one lives, the consumer, history, dead-letter and repair loops run on it, and
//! deletions are published. The first that ends takes the others with it.

use std::{collections::HashSet, convert::Infallible, sync::Arc, time::Duration};

use jiff::Timestamp;
use kube::ResourceExt as _;
use subtitle_broker::{Address, Backoff, BrokerError, Measured, Publish as _, Session};
use subtitle_contract::{event::Event, job::SubtitleJob, phase::Phase};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    act::{ActError, cluster::Cluster as _, queues::Publisher},
    consumer,
    controller::Production,
    dead,
    decide::{reconcile::task, unusable::Unusable},
    gauges, history,
    metrics::Metrics,
    observe::ObservedJob,
    repair,
};

/// How the sessions are told to end.
#[derive(Clone, Debug, Default)]
pub struct Ending {
    /// Nothing new is to be begun.
    pub stop: CancellationToken,
    /// After `stop`: nobody publishes any more.
    pub quiet: CancellationToken,
}

/// One session after the other, until it is told to end. Without an `address` nothing is published, only logged.
pub async fn run(
    address: Option<&Address>,
    sessions: watch::Sender<Option<Arc<Publisher>>>,
    reconciler: &Production,
    mut deletions: mpsc::UnboundedReceiver<SubtitleJob>,
    doubts: &Arc<Notify>,
    ending: &Ending,
) {
    let Some(address) = address else {
        drop(deletions); // nobody reads them: kept, they would add up for ever
        tokio::select! {
            never = only_log(reconciler) => match never {},
            () = ending.stop.cancelled() => return,
        }
    };
    let (mut backoff, mut unusable) = (Backoff::default(), Unusable::default());
    loop {
        let begun = std::time::Instant::now();
        let opened = tokio::select! {
            opened = open(address, &mut unusable, &reconciler.hands.metrics) => opened,
            () = ending.stop.cancelled() => return,
        };
        match opened {
            Ok((session, made_anew)) => {
                let session = Arc::new(session);
                let metrics = &reconciler.hands.metrics;
                let publisher = Arc::new(Measured::new(session.clone(), metrics.publishing.clone()));
                sessions.send_replace(Some(publisher.clone()));
                metrics.broker_connected.set([], 1);
                let held = hold(&publisher, &made_anew, reconciler, &mut deletions, doubts, ending);
                Box::pin(held).await;
                metrics.broker_connected.set([], 0);
                sessions.send_replace(None);
                session.close().await;
            }
            Err(error) => tracing::warn!(%error, "no session with the broker"),
        }
        tokio::select! {
            () = ending.stop.cancelled() => return,
            () = tokio::time::sleep(backoff.pause(begun.elapsed(), fastrand::f64())) => {}
        }
    }
}

/// A session on which every queue answers; with the names of the queues that were made anew. One that does not answer for
/// long is made anew, too: its tasks are published again like those of any queue that was not there.
async fn open(
    address: &Address,
    unusable: &mut Unusable,
    metrics: &Metrics,
) -> Result<(Session, Vec<&'static str>), BrokerError> {
    let (mut session, mut made_anew) = Session::open_and_declare(address, "subtitle-operator").await?;
    let silent = session.unanswering().await?;
    let lost = unusable.look(&silent, Timestamp::now());
    if let Some(queue) = silent.iter().find(|queue| !lost.contains(queue)) {
        return Err(BrokerError::Unanswering { queue });
    }
    for queue in lost {
        tracing::warn!(queue, "the queue has not answered for a minute: it is deleted and made anew");
        metrics.repairs.increment(["queue_redeclared"]);
        // Asking for the queue may have cost the connection. A broker that answers the deletion with an error may have
        // deleted it all the same: then the next session declares it.
        session = Session::open(address, "subtitle-operator").await?;
        session.make_anew(queue).await?;
        made_anew.push(queue);
    }
    Ok((session, made_anew))
}

/// Runs every loop on one session, until the first of them ends, or until it is to be closed.
async fn hold(
    publisher: &Publisher,
    made_anew: &[&'static str],
    reconciler: &Production,
    deletions: &mut mpsc::UnboundedReceiver<SubtitleJob>,
    doubts: &Arc<Notify>,
    ending: &Ending,
) {
    let tasks = repair::doubt_tasks_in(reconciler, made_anew);
    tracing::info!(?made_anew, tasks, "a session with the broker began");
    doubts.notify_one();
    let hands = &reconciler.hands;
    tokio::select! {
        ended = consume(publisher, reconciler, ending) => match ended {
            Ok(()) => tracing::info!("this session with the broker is closed: what was in hand is done"),
            Err(error) => tracing::warn!(%error, "the consumer loop ended"),
        },
        error = dead::run(publisher) => tracing::warn!(%error, "the dead-letter loop ended"),
        error = history::run(publisher.inner(), hands) => tracing::warn!(%error, "the history loop ended"),
        error = repair::run(reconciler, publisher, doubts) => tracing::warn!(%error, "the repair loop ended"),
        error = gauges::run(publisher, hands) => tracing::warn!(%error, "looking at the queues ended"),
        error = announce_deletions(publisher, deletions) => tracing::warn!(%error, "publishing deletions ended"),
        error = publisher.inner().ended() => tracing::warn!(%error, "the connection with the broker ended"),
    }
}

/// Consumes until it is to stop or there is another login; what is in hand then is finished, and other loops and the
/// reconciles that still run keep the session until then.
async fn consume(publisher: &Publisher, reconciler: &Production, ending: &Ending) -> Result<(), ActError> {
    let leave = async {
        tokio::select! {
            () = ending.stop.cancelled() => {}
            () = publisher.inner().outdated() => {}
        }
    };
    consumer::run(publisher, &reconciler.hands, leave).await?;
    if ending.stop.is_cancelled() {
        ending.quiet.cancelled().await;
    }
    Ok(())
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
