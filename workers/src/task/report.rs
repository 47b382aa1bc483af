//! What a task's work may ask and publish while it runs: whether it may go on, and the events of its job.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use subtitle_broker::{BrokerError, PublishWriter};
use subtitle_clock::Clock;
use subtitle_contract::{
    event::Event,
    payload::{Payload, Subject},
};

use super::context::TaskContext;
use crate::{failure::Failure, store::StoreError};

/// Why work stopped before its end.
#[derive(Debug, thiserror::Error)]
pub enum StopReason {
    /// The job cannot be done; `job.failed` says why.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The broker did not take an event, which ends the session.
    #[error(transparent)]
    Publish(#[from] BrokerError),
    /// The session with the broker ended; the broker delivers the task again.
    #[error("the session with the broker ended")]
    SessionEnded,
    /// Another worker may hold the claim by now.
    #[error("the claim was lost")]
    ClaimLost,
    /// The job was deleted, or the attempt stopped.
    #[error("the job was deleted or its attempt stopped")]
    Cancelled,
    /// The delivery was held for long: what is done is kept, and a new task continues with the rest.
    #[error("continues as a new task after {done} cues")]
    Continue {
        /// Cues done, more than when the task began.
        done: u32,
    },
}

impl From<StoreError> for StopReason {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Asked before each call that costs something.
pub trait StopSignal: Sync {
    /// `Ok` if the work may go on.
    fn check(&self) -> Result<(), StopReason>;
}

/// Publishes the events of one task.
#[derive(Debug)]
pub struct TaskReporter<'a, P, C> {
    pub(super) context: &'a TaskContext<P, C>,
    pub(super) subject: &'a Subject,
    pub(super) source: &'static str,
    /// [`Clock::elapsed`] when the task was taken.
    pub(super) taken: Duration,
    pub(super) claim_lost: &'a AtomicBool,
}

impl<P: PublishWriter, C: Clock> TaskReporter<'_, P, C> {
    /// Publishes with confirm, unless the attempt is stopped: no step follows it.
    pub async fn publish<T: Payload>(&self, payload: &T) -> Result<(), StopReason> {
        self.check_cancelled()?;
        let event = Event::new(self.subject, self.source, self.context.clock.now(), payload);
        Ok(self.context.publisher.publish(&event).await?)
    }

    /// The job that the task belongs to.
    pub fn subject(&self) -> &Subject {
        self.subject
    }

    /// The worker's own name, for `started`.
    pub fn worker(&self) -> String {
        self.context.worker.clone()
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        self.context.clock.now()
    }

    /// How long this worker has held the delivery; the broker takes it away after half an hour.
    pub fn held(&self) -> Duration {
        self.context.clock.elapsed().saturating_sub(self.taken)
    }

    pub(super) fn is_cancelled(&self) -> bool {
        let now = self.context.clock.elapsed();
        self.context.cancelled.contains(&self.subject.job_id, self.subject.attempt, now)
    }

    fn check_cancelled(&self) -> Result<(), StopReason> {
        if self.is_cancelled() { Err(StopReason::Cancelled) } else { Ok(()) }
    }
}

impl<P: PublishWriter, C: Clock> StopSignal for TaskReporter<'_, P, C> {
    fn check(&self) -> Result<(), StopReason> {
        self.check_cancelled()?;
        if self.context.session_ended.is_cancelled() {
            return Err(StopReason::SessionEnded);
        }
        if self.claim_lost.load(Ordering::Relaxed) { Err(StopReason::ClaimLost) } else { Ok(()) }
    }
}
