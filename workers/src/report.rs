//! What a task's work may ask and say while it is at it: whether it may go on, and the events of its job.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use subtitle_broker::{BrokerError, Publish};
use subtitle_contract::{
    event::Event,
    payload::{Payload, Subject},
};

use crate::{clock::Clock, desk::Desk, failure::Failure, store::StoreError};

/// Why work stopped before its end.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The job cannot be done; its `job.failed` says why.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The broker did not take an event; the session is over.
    #[error(transparent)]
    Lost(#[from] BrokerError),
    /// The session is over; the task will be handed out again.
    #[error("the session with the broker is over")]
    SessionOver,
    /// Somebody else may be at it by now.
    #[error("the claim was lost")]
    ClaimLost,
    /// The job was deleted.
    #[error("the job was deleted")]
    Cancelled,
    /// It took long: what is done is kept, and a new task goes on with the rest.
    #[error("goes on as a new task after {done} cues")]
    Continues {
        /// Cues done, more than at the task's start.
        done: u32,
    },
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Asked before each call that costs something.
pub trait Gate: Sync {
    /// `Ok` if the call still makes sense.
    fn pass(&self) -> Result<(), Stopped>;
}

/// Publishes the events of one task.
pub struct Reporter<'a, P, C> {
    pub(crate) desk: &'a Desk<P, C>,
    pub(crate) subject: &'a Subject,
    pub(crate) source: &'static str,
    pub(crate) taken: Duration,
    pub(crate) lost: &'a AtomicBool,
}

impl<P: Publish, C: Clock> Reporter<'_, P, C> {
    /// Publishes with confirm; a deleted job has nothing to say.
    pub async fn publish<T: Payload>(&self, payload: &T) -> Result<(), Stopped> {
        self.unless_cancelled()?;
        Ok(self.say(payload).await?)
    }

    pub(crate) async fn say<T: Payload>(&self, payload: &T) -> Result<(), BrokerError> {
        let event = Event::new(self.subject, self.source, self.desk.clock.now(), payload);
        self.desk.publisher.publish(&event).await
    }

    /// Whose task it is.
    pub fn subject(&self) -> &Subject {
        self.subject
    }

    /// The worker's own name, for `started`.
    pub fn worker(&self) -> String {
        self.desk.worker.clone()
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.desk.clock.now()
    }

    /// How long the delivery has been in hand: the broker takes it away after half an hour.
    pub fn held(&self) -> Duration {
        self.desk.clock.elapsed().saturating_sub(self.taken)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.desk.cancelled.contains(&self.subject.job_id)
    }

    fn unless_cancelled(&self) -> Result<(), Stopped> {
        if self.is_cancelled() { Err(Stopped::Cancelled) } else { Ok(()) }
    }
}

impl<P: Publish, C: Clock> Gate for Reporter<'_, P, C> {
    fn pass(&self) -> Result<(), Stopped> {
        self.unless_cancelled()?;
        if self.desk.over.is_cancelled() {
            return Err(Stopped::SessionOver);
        }
        if self.lost.load(Ordering::Relaxed) { Err(Stopped::ClaimLost) } else { Ok(()) }
    }
}
