//! Opens one session after another, makes it available to the other loops, and runs the session's own loops. Does I/O.

use std::sync::Arc;

use subtitle_broker::{Connector, ReconnectBackoff, Session as _};
use subtitle_clock::Clock as _;
use subtitle_contract::job::SubtitleJob;
use subtitle_telemetry::chain;
use tokio::sync::{mpsc, watch};

use super::{
    loops::run_until_one_ends,
    open::{Opened, open},
    shutdown::Shutdown,
};
use crate::{
    act::Ports,
    decide::lost::queues::UnresponsiveQueues,
    loops::{operator::Operator, repair::republish_tasks_of},
};

/// Runs until `shutdown.stop`. `sessions` is what the operator's [`crate::loops::operator::CurrentSession`] receives;
/// `deletions` are the objects that the watch reports as deleted.
pub async fn supervise<P: Ports, C: Connector<Session = P::Session>>(
    operator: &Operator<P>,
    connector: &C,
    sessions: watch::Sender<Option<Arc<P::Session>>>,
    mut deletions: mpsc::UnboundedReceiver<SubtitleJob>,
    shutdown: &Shutdown,
) {
    let (runtime, metrics) = (operator.runtime(), operator.metrics());
    let (mut backoff, mut unresponsive_queues) = (ReconnectBackoff::default(), UnresponsiveQueues::default());
    loop {
        let started = runtime.elapsed();
        let opened = tokio::select! {
            biased;
            () = shutdown.stop.cancelled() => return,
            opened = open(operator, connector, &mut unresponsive_queues) => opened,
        };
        match opened {
            Ok(Opened { session, recreated }) => {
                let session = Arc::new(session);
                sessions.send_replace(Some(session.clone()));
                metrics.broker_connected.set([], 1);
                let tasks = republish_tasks_of(operator, &recreated);
                tracing::info!(?recreated, tasks, "opened a session with the broker");
                operator.wake_for_republish();
                Box::pin(run_until_one_ends(operator, &session, &mut deletions, shutdown)).await;
                metrics.broker_connected.set([], 0);
                sessions.send_replace(None);
                session.close().await;
            }
            Err(error) => tracing::warn!(error = %chain(&error), "failed to open a session with the broker"),
        }
        let pause = backoff.pause(runtime.elapsed().saturating_sub(started), runtime.jitter());
        tokio::select! {
            biased;
            () = shutdown.stop.cancelled() => return,
            () = runtime.sleep(pause) => {}
        }
    }
}
