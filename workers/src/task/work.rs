//! What a worker does with a task: the port between the life of a task and the downloader or the translator.

use jiff::Timestamp;
use subtitle_broker::PublishWriter;
use subtitle_clock::Clock;
use subtitle_contract::{
    event::Event,
    payload::{Payload, Subject},
};

use super::report::{StopReason, TaskReporter};
use crate::failure::Failure;

/// One kind of task and how it is done.
pub trait Work: Send + Sync + 'static {
    /// The task's payload.
    type Task: Payload + Send + Sync;
    /// The queue that its tasks come from.
    const QUEUE: &'static str;
    /// The worker's name as an event source.
    const SOURCE: &'static str;

    /// The store folder of the claim under which at most one worker does this task at a time.
    fn claim(&self, subject: &Subject, task: &Self::Task) -> String;

    /// Publishes `started`, does the work and publishes its result.
    fn perform(
        &self,
        event: &Event,
        task: Self::Task,
        reporter: &TaskReporter<'_, impl PublishWriter, impl Clock>,
    ) -> impl Future<Output = Result<(), StopReason>> + Send;

    /// What is published when the task has failed.
    fn failure_event(&self, _task: &Event, subject: &Subject, failure: Failure, now: Timestamp) -> Event {
        Event::new(subject, Self::SOURCE, now, &failure.into_payload())
    }
}
