//! The reconcile loop: each object as it changes and as it falls due: observe, decide, act.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::StreamExt as _;
use jiff::Timestamp;
use kube::{
    Api, Client,
    runtime::{WatchStreamExt as _, controller::Action, controller::Controller, reflector, watcher},
};
use subtitle_broker::{BrokerError, Publish as _, Session};
use subtitle_core::{job::SubtitleJob, phase::Phase, reason::Reason};
use tokio::sync::{Notify, watch};

use crate::{
    act::{
        redis::Ledger,
        status::{ClusterError, Jobs},
    },
    decide::{
        admit::{Waiting, admit},
        plan::Effect,
        reconcile::reconcile,
    },
    observe::ObservedJob,
};

/// Why a reconcile is made again.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The API server.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// No session with the broker at all.
    #[error("failed to publish: no session with the broker")]
    NoBroker,
}

/// The session others opened, while there is one.
pub type Broker = watch::Receiver<Option<Arc<Session>>>;

/// What every reconcile needs.
pub struct Context {
    /// Objects.
    pub jobs: Arc<Jobs>,
    /// Redis.
    pub ledger: Ledger,
    /// RabbitMQ.
    pub broker: Broker,
    /// At most this many tasks out.
    pub max_in_flight: usize,
    /// Whose turn it is.
    pub admitted: Mutex<HashSet<String>>,
    /// Something waits or a place became free.
    pub changed: Notify,
}

async fn step(job: Arc<SubtitleJob>, context: Arc<Context>) -> Result<Action, ReconcileError> {
    let mut current = context.jobs.newest(&job).await;
    let Some(observed) = ObservedJob::of(&current) else { return Ok(Action::await_change()) };
    let is_its_turn = context.admitted.lock().is_ok_and(|admitted| admitted.contains(&observed.uid));
    let plan = reconcile(&observed, is_its_turn, Timestamp::now());
    for effect in plan.effects {
        match effect {
            Effect::Publish(event) => {
                let session = context.broker.borrow().clone().ok_or(ReconcileError::NoBroker)?;
                session.publish(&event).await?;
            }
            Effect::WriteStatus(status) => current = context.jobs.write(&current, &status).await?,
            Effect::Project => {
                if let Err(error) = context.ledger.project(&current).await {
                    tracing::warn!(%error, job = observed.name, "the record in Redis lags behind");
                }
            }
            Effect::Delete => context.jobs.delete(&current).await?,
            Effect::DeadLetter(..) => {}
        }
    }
    context.changed.notify_one();
    let resync = Duration::from_secs(300);
    let wait = plan.look_again.and_then(|due| Duration::try_from(due.duration_since(Timestamp::now())).ok());
    Ok(Action::requeue(wait.map_or(resync, |wait| wait.clamp(Duration::from_millis(10), resync))))
}

fn again(_: Arc<SubtitleJob>, error: &ReconcileError, _: Arc<Context>) -> Action {
    if !matches!(error, ReconcileError::Cluster(ClusterError::Conflict)) {
        tracing::warn!(%error, "reconciling again");
    }
    Action::requeue(Duration::from_secs(1))
}

/// Who waits and who is out, from the watch's copy; called often, so nothing of an object is copied but what
/// waiting needs.
fn turns(jobs: &Jobs, max_in_flight: usize, now: Timestamp) -> HashSet<String> {
    let (mut out, mut waiting) = (0, Vec::new());
    for job in jobs.all() {
        let (phase, reason, due) = job.status.as_ref().map_or((Phase::Pending, None, None), |status| {
            (status.phase, status.reason, status.next_attempt_time.as_ref().map(|due| due.0))
        });
        if phase == Phase::Pending {
            if !job.spec.suspend && due.is_none_or(|due| due <= now) {
                waiting.extend(waiting_job(&job));
            }
        } else if !phase.is_final() && reason != Some(Reason::Suspended) {
            out += 1;
        }
    }
    admit(waiting, max_in_flight.saturating_sub(out))
}

fn waiting_job(job: &SubtitleJob) -> Option<Waiting> {
    Some(Waiting {
        created: job.metadata.creation_timestamp.as_ref()?.0,
        uid: job.metadata.uid.clone()?,
        namespace: job.metadata.namespace.clone()?,
        priority: job.spec.priority,
    })
}

/// The watch and the store it fills.
pub fn watch_jobs(
    client: Client,
) -> (reflector::Store<SubtitleJob>, impl futures::Stream<Item = Result<SubtitleJob, watcher::Error>>) {
    let (store, writer) = reflector::store();
    let api: Api<SubtitleJob> = Api::all(client);
    let stream = watcher(api, watcher::Config::default())
        .default_backoff()
        .modify(|job: &mut SubtitleJob| job.metadata.managed_fields = None)
        .reflect(writer)
        .touched_objects()
        .filter_map(|change| async move {
            // An error only pauses this stream: passed on, it would pause every trigger of the controller.
            change.map_err(|error| tracing::warn!(%error, "the watch will be resumed")).ok().map(Ok)
        });
    (store, stream)
}

/// Runs until it is dropped.
pub async fn run(
    context: Arc<Context>,
    store: reflector::Store<SubtitleJob>,
    stream: impl futures::Stream<Item = Result<SubtitleJob, watcher::Error>> + Send + 'static,
) {
    let (poke, pokes) = futures::channel::mpsc::unbounded();
    let pacing = context.clone();
    let pace = async move {
        loop {
            tokio::select! {
                () = pacing.changed.notified() => {}
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            let next = turns(&pacing.jobs, pacing.max_in_flight, Timestamp::now());
            let fresh: Vec<String> = match pacing.admitted.lock() {
                Ok(mut admitted) => {
                    let fresh = next.difference(&admitted).cloned().collect();
                    *admitted = next;
                    fresh
                }
                Err(_) => Vec::new(),
            };
            let objects = if fresh.is_empty() { Vec::new() } else { pacing.jobs.all() };
            for job in objects {
                if job.metadata.uid.as_ref().is_some_and(|uid| fresh.contains(uid)) {
                    let _ = poke.unbounded_send(reflector::ObjectRef::from_obj(job.as_ref()));
                }
            }
        }
    };
    let controller = Controller::for_stream(stream, store)
        .reconcile_on(pokes)
        .with_config(kube::runtime::controller::Config::default().concurrency(32))
        .run(step, again, context)
        .for_each(|_| async {});
    tokio::select! {
        () = controller => {}
        () = pace => {}
    }
}
