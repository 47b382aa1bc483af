//! Turns a dead-lettered task into the `job.failed` event of its job, or the end of the scan that it was. Called by the dead-letter loop. Pure.

use jiff::Timestamp;
use subtitle_contract::{
    event::{Event, EventType, source},
    payload::{Failed, Subject},
    policy::{
        pages::{PageBuilder, ScanCounts},
        scan::ScanRequested,
    },
    reason::Reason,
};

/// The failure of the job or scan whose task this is; `None` for any other event, which is only kept in `subtitle.dead`.
pub fn failure(event: &Event, now: Timestamp) -> Option<Event> {
    if event.event_type == EventType::ScanRequested {
        let request: ScanRequested = event.read().ok()?;
        let reason = "the broker gave up on the scan: its workers broke too often".to_owned();
        let (_, finished) = PageBuilder::new(&request, ScanCounts::default()).finish(Some(reason));
        return Some(Event::new(&Subject::for_policy(&request.policy), source::CONSUMER, now, &finished));
    }
    if !matches!(event.event_type, EventType::DownloadRequested | EventType::TranslateRequested) {
        return None;
    }
    let payload = Failed {
        error_message: format!(
            "the broker gave up on '{}' because no delivery was acknowledged: its workers died, probably of this task, which is \
             therefore not retried",
            event.event_type.as_str()
        ),
        reason: Reason::DeliveryLimitExceeded.into(),
        retryable: false,
        not_before: None,
        candidates: vec![],
    };
    Some(Event::new(&event.subject()?, source::CONSUMER, now, &payload))
}

#[cfg(test)]
mod tests {
    use subtitle_contract::payload::{DownloadStarted, Subject};

    use super::*;

    #[test]
    fn only_a_task_becomes_a_failure_and_always_the_same_one() {
        let subject = Subject { job_id: "u".into(), namespace: "n".into(), name: "a".into(), attempt: 2 };
        let mut task = Event::new(
            &subject,
            source::MANAGER,
            Timestamp::UNIX_EPOCH,
            &DownloadStarted { worker: "w".into(), warnings: vec![] },
        );
        assert_eq!(failure(&task, Timestamp::UNIX_EPOCH), None);
        task.event_type = EventType::DownloadRequested;
        let failed = failure(&task, Timestamp::UNIX_EPOCH).expect("a failure");
        assert_eq!((failed.attempt, failed.event_type.clone()), (Some(2), EventType::Failed));
        let later = Timestamp::from_second(9).expect("a time");
        assert_eq!(failure(&task, later).expect("a failure").identity(), failed.identity());
    }
}
