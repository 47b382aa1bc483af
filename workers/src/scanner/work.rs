//! The scanner as the work of a task. A scan that fails as a whole is answered as one that is not complete: there is no job to
//! fail. Does I/O.

use jiff::Timestamp;
use subtitle_broker::PublishWriter;
use subtitle_clock::Clock;
use subtitle_contract::{
    event::{Event, source},
    payload::Subject,
    policy::{
        pages::{PageBuilder, ScanCounts},
        scan::ScanRequested,
    },
    topology::SCAN_QUEUE,
};

use super::{Scanner, run::ScanRun};
use crate::{
    failure::Failure,
    task::{StopReason, TaskReporter, Work},
};

impl Work for Scanner {
    type Task = ScanRequested;
    const QUEUE: &'static str = SCAN_QUEUE;
    const SOURCE: &'static str = source::DOWNLOADER;

    fn claim(&self, subject: &Subject, task: &ScanRequested) -> String {
        // By scan: two scans of a library do not harm each other, and a short one need not wait for a long one.
        format!("{}/claims/scan-{}", subject.namespace, task.scan_id)
    }

    async fn perform(
        &self,
        _: &Event,
        task: ScanRequested,
        reporter: &TaskReporter<'_, impl PublishWriter, impl Clock>,
    ) -> Result<(), StopReason> {
        ScanRun::scan(self, &task, reporter).await
    }

    fn failure_event(&self, task: &Event, subject: &Subject, failure: Failure, now: Timestamp) -> Event {
        match task.read::<ScanRequested>() {
            Ok(task) => {
                let (_, finished) = PageBuilder::new(&task, ScanCounts::default()).finish(Some(failure.message));
                Event::new(subject, Self::SOURCE, now, &finished)
            }
            // It was read before it was performed.
            Err(_) => Event::new(subject, Self::SOURCE, now, &failure.into_payload()),
        }
    }
}
