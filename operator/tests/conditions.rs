//! The reasons of conditions that are not true yet, and the reason of a task that the broker gave up on.

use jiff::Timestamp;
use subtitle_contract::{
    event::{Event, source},
    job::SubtitleJobStatus,
    payload::{DownloadRequested, Failed, Subject},
    phase::Phase,
    reason::Reason,
};
use subtitle_operator::decide::{conditions, dead_letter};

#[test]
fn a_condition_that_is_not_true_yet_has_a_reason() {
    let status = SubtitleJobStatus { phase: Phase::DownloadQueued.into(), ..SubtitleJobStatus::default() };
    let conditions = conditions::for_status(&status, Some(1), Timestamp::UNIX_EPOCH);
    let reason = |kind: &str| conditions.iter().find(|one| one.type_ == kind).map(|one| one.reason.as_str());
    assert_eq!(reason("Suspended"), Some(Reason::NotSuspended.as_str()));
    assert_eq!(reason("Finished"), Some(Reason::NotFinished.as_str()));
}

#[test]
fn a_task_that_the_broker_gave_up_on_fails_its_job_for_good() {
    let subject = Subject { job_id: "u".into(), namespace: "n".into(), name: "a".into(), attempt: 2 };
    let spec = serde_json::json!({"video": {"title": "A"}, "language": "es"});
    let task = DownloadRequested {
        video_url: String::new(),
        video_title: "A".into(),
        language: "es".into(),
        preferred_sources: vec![],
        spec: serde_json::from_value(spec).expect("a spec"),
        glossary: None,
    };
    let task = Event::new(&subject, source::MANAGER, Timestamp::UNIX_EPOCH, &task);
    let failed: Failed = dead_letter::failure(&task, Timestamp::UNIX_EPOCH).expect("a task").read().expect("a failure");
    assert_eq!((failed.reason, failed.retryable), (Reason::DeliveryLimitExceeded.into(), false));
}
