//! The tasks that a session has taken and not settled yet. Tasks are started on the [`Runtime`] and report their end
//! here; they outlive this value, unless they are aborted.

use std::{any::Any, collections::BTreeMap, panic::AssertUnwindSafe};

use futures::{
    FutureExt as _,
    future::{AbortHandle, abortable},
};
use subtitle_broker::BrokerError;
use subtitle_clock::Runtime;
use tokio::sync::mpsc;

/// How a task ended.
pub(super) enum TaskEnd {
    /// Its delivery is settled, or is left to the broker.
    Settled,
    /// The broker did not take its event or its settlement.
    SessionFailed(BrokerError),
    /// The code around the work panicked; work that panics is a failed job.
    Panicked(Box<dyn Any + Send>),
    /// It was aborted.
    Aborted,
}

/// The tasks in flight.
pub(super) struct InFlight {
    sender: mpsc::UnboundedSender<(u64, TaskEnd)>,
    ends: mpsc::UnboundedReceiver<(u64, TaskEnd)>,
    running: BTreeMap<u64, AbortHandle>,
    next_id: u64,
}

impl InFlight {
    pub(super) fn new() -> Self {
        let (sender, ends) = mpsc::unbounded_channel();
        Self { sender, ends, running: BTreeMap::new(), next_id: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    /// Starts a task.
    pub(super) fn spawn<R: Runtime>(
        &mut self,
        runtime: &R,
        task: impl Future<Output = Result<(), BrokerError>> + Send + 'static,
    ) {
        let (id, sender) = (self.next_id, self.sender.clone());
        self.next_id += 1;
        let (task, handle) = abortable(AssertUnwindSafe(task).catch_unwind());
        self.running.insert(id, handle);
        runtime.spawn(async move {
            let end = match task.await {
                Ok(Ok(Ok(()))) => TaskEnd::Settled,
                Ok(Ok(Err(error))) => TaskEnd::SessionFailed(error),
                Ok(Err(panic)) => TaskEnd::Panicked(panic),
                Err(_) => TaskEnd::Aborted,
            };
            // Nobody listens after the session.
            let _ = sender.send((id, end));
        });
    }

    /// Waits for the next task to end; without a task it never returns. May be dropped at any time without losing an end.
    pub(super) async fn next_end(&mut self) -> TaskEnd {
        match self.ends.recv().await {
            Some((id, end)) => {
                self.running.remove(&id);
                end
            }
            None => std::future::pending().await, // not reached: `sender` lives as long as this
        }
    }

    /// Waits until every task has ended.
    pub(super) async fn all_ended(&mut self) {
        while !self.running.is_empty() {
            self.next_end().await;
        }
    }

    /// Stops every task at its next await, and waits until they have ended.
    pub(super) async fn abort_all(&mut self) {
        self.running.values().for_each(AbortHandle::abort);
        self.all_ended().await;
    }
}

#[cfg(test)]
mod tests {
    use subtitle_clock::SystemRuntime;

    use super::*;

    #[tokio::test]
    async fn every_task_reports_how_it_ended_and_abort_all_ends_the_rest() {
        let (runtime, mut in_flight) = (SystemRuntime::default(), InFlight::new());
        in_flight.spawn(&runtime, async { Ok(()) });
        assert!(matches!(in_flight.next_end().await, TaskEnd::Settled));
        in_flight.spawn(&runtime, async { Err(BrokerError::ConsumerCancelled) });
        assert!(matches!(in_flight.next_end().await, TaskEnd::SessionFailed(BrokerError::ConsumerCancelled)));
        in_flight.spawn(&runtime, async { panic!("around the work") });
        assert!(matches!(in_flight.next_end().await, TaskEnd::Panicked(_)));
        in_flight.spawn(&runtime, std::future::pending());
        assert_eq!(in_flight.len(), 1);
        in_flight.abort_all().await;
        assert_eq!(in_flight.len(), 0);
    }
}
