//! Runs the reconcile function in kube's `Controller`: many reconciles concurrently, and one per object at a time. Called by
//! `serve`; the simulation has its own work queue instead. Does I/O.

use std::sync::Arc;

use futures::StreamExt as _;
use kube::runtime::{
    controller::{Action, Config, Controller},
    reflector::{self, ObjectRef},
    watcher,
};
use subtitle_contract::job::SubtitleJob;
use tokio_util::sync::CancellationToken;

use super::{
    reconcile::{Requeue, error_policy as requeue_after_error, reconcile_one},
    trigger::trigger,
};
use crate::{
    act::{ActError, Production},
    loops::operator::Operator,
};

/// Maximum number of concurrent reconciles.
pub const MAX_CONCURRENT_RECONCILES: u16 = 32;

fn action(requeue: Requeue) -> Action {
    match requeue {
        Requeue::After(wait) => Action::requeue(wait),
        Requeue::AwaitChange => Action::await_change(),
    }
}

async fn reconcile(job: Arc<SubtitleJob>, operator: Arc<Operator<Production>>) -> Result<Action, ActError> {
    Box::pin(reconcile_one(&operator, job)).await.map(action)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is the controller's")]
fn error_policy(job: Arc<SubtitleJob>, error: &ActError, _: Arc<Operator<Production>>) -> Action {
    action(requeue_after_error(&job, error))
}

/// Runs until `stop`, and then until the running reconciles have finished. First reconciles every object in the store.
pub async fn run(
    operator: Arc<Operator<Production>>,
    store: reflector::Store<SubtitleJob>,
    stream: impl futures::Stream<Item = Result<SubtitleJob, watcher::Error>> + Send + 'static,
    stop: CancellationToken,
) {
    let (trigger_tx, trigger_rx) = futures::channel::mpsc::unbounded();
    let send = |job: &SubtitleJob| drop(trigger_tx.unbounded_send(ObjectRef::from_obj(job)));
    store.state().iter().for_each(|job| send(job));
    let controller = Controller::for_stream(stream, store)
        .reconcile_on(trigger_rx)
        .graceful_shutdown_on(stop.cancelled_owned())
        .with_config(Config::default().concurrency(MAX_CONCURRENT_RECONCILES))
        .run(reconcile, error_policy, operator.clone())
        // `error_policy` logs the errors of reconciles, and the watch logs its own; an object that is not found was deleted.
        .for_each(|_| async {});
    tokio::select! {
        biased;
        () = controller => {}
        () = trigger(&operator, send) => {}
    }
}
