//! The reconcile loop: each object as it changes and as it falls due, many at once, one of each at a time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::StreamExt as _;
use jiff::Timestamp;
use kube::runtime::{
    controller::{Action, Config, Controller},
    reflector::{self, ObjectRef},
    watcher,
};
use subtitle_contract::{job::SubtitleJob, phase::Phase};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    act::{
        ActError,
        cluster::{Cluster as _, ClusterError, KubeCluster},
        ledger::RedisLedger,
        queues::Publisher,
    },
    reconciler::Reconciler,
};

/// Reconciles at once.
pub const CONCURRENCY: u16 = 32;
/// An object nothing happens to is looked at again after this.
const RESYNC: Duration = Duration::from_secs(300);
/// Changes are gathered this long before turns are given anew: it looks at every object.
const GATHER: Duration = Duration::from_millis(20);

/// The reconciler on real servers.
pub type Production = Reconciler<KubeCluster, RedisLedger, Publisher>;

struct Context {
    reconciler: Arc<Production>,
    /// Something waits or a place became free.
    changed: Notify,
}

async fn step(job: Arc<SubtitleJob>, context: Arc<Context>) -> Result<Action, ActError> {
    let begun = Instant::now();
    let outcome = context.reconciler.reconcile(&job, Timestamp::now()).await;
    let result = match &outcome {
        Ok(None) => "success",
        Ok(Some(_)) => "requeue_after",
        Err(_) => "error",
    };
    context.reconciler.hands.metrics.reconciled(result, begun.elapsed());
    context.changed.notify_one();
    let due = outcome?;
    let wait = due.and_then(|due| Duration::try_from(due.duration_since(Timestamp::now())).ok());
    Ok(Action::requeue(wait.map_or(RESYNC, |wait| wait.clamp(Duration::from_millis(10), RESYNC))))
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is the controller's")]
fn again(job: Arc<SubtitleJob>, error: &ActError, _: Arc<Context>) -> Action {
    let name = job.metadata.name.as_deref().unwrap_or_default();
    match error {
        ActError::Cluster(ClusterError::Conflict | ClusterError::Gone) => {}
        ActError::Cluster(ClusterError::Rejected(_)) => {
            tracing::error!(%error, job = name, "the status does not fit the CRD: is it of this version?");
            return Action::await_change();
        }
        _ => tracing::warn!(%error, job = name, "reconciling again"),
    }
    Action::requeue(Duration::from_secs(1))
}

/// Whether a session with the broker that begins has something to do for it.
pub fn waits_for_broker(job: &SubtitleJob) -> bool {
    job.status.as_ref().is_none_or(|status| status.phase == Phase::Pending || status.announced < status.revision)
}

/// Gives turns as they become free, and wakes what a new session or a doubt is about.
async fn wake(
    context: Arc<Context>,
    doubts: Arc<Notify>,
    wakes: futures::channel::mpsc::UnboundedSender<ObjectRef<SubtitleJob>>,
) {
    let reconciler = &context.reconciler;
    let mut broker = reconciler.broker.clone();
    let send = |job: &SubtitleJob| {
        let _ = wakes.unbounded_send(ObjectRef::from_obj(job));
    };
    loop {
        tokio::select! {
            () = context.changed.notified() => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            () = doubts.notified() => {
                for job in reconciler.hands.cluster.all().iter().filter(|job| reconciler.is_doubtful(job)) {
                    send(job);
                }
            }
            Ok(()) = broker.changed() => {
                for job in reconciler.hands.cluster.all().iter().filter(|job| waits_for_broker(job)) {
                    send(job);
                }
            }
        }
        tokio::time::sleep(GATHER).await;
        reconciler.admit(Timestamp::now()).iter().for_each(|job| send(job));
    }
}

/// Runs until `stop`, and then until what is being reconciled is done. Everything the store holds already is reconciled
/// first.
pub async fn run(
    reconciler: Arc<Production>,
    store: reflector::Store<SubtitleJob>,
    stream: impl futures::Stream<Item = Result<SubtitleJob, watcher::Error>> + Send + 'static,
    doubts: Arc<Notify>,
    stop: CancellationToken,
) {
    let (wakes, woken) = futures::channel::mpsc::unbounded();
    for job in store.state() {
        let _ = wakes.unbounded_send(ObjectRef::from_obj(job.as_ref()));
    }
    let context = Arc::new(Context { reconciler, changed: Notify::new() });
    let controller = Controller::for_stream(stream, store)
        .reconcile_on(woken)
        .graceful_shutdown_on(stop.cancelled_owned())
        .with_config(Config::default().concurrency(CONCURRENCY))
        .run(step, again, context.clone())
        .for_each(|_| async {});
    tokio::select! {
        () = controller => {}
        () = wake(context, doubts, wakes) => {}
    }
}
