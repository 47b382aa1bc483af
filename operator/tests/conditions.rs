//! The reasons that conditions carry while a job goes on, and the one that a broker's giving up becomes.

use jiff::Timestamp;
use subtitle_contract::{
    event::{Event, source},
    job::SubtitleJobStatus,
    payload::{DownloadRequested, Failed, Subject},
    phase::Phase,
    reason::Reason,
};
use subtitle_operator::{dead, decide::conditions};

#[test]
fn what_is_not_yet_so_says_why() {
    let status = SubtitleJobStatus { phase: Phase::DownloadQueued, ..SubtitleJobStatus::default() };
    let conditions = conditions::of(&status, Some(1), Timestamp::UNIX_EPOCH);
    let reason = |kind: &str| conditions.iter().find(|one| one.type_ == kind).map(|one| one.reason.as_str());
    assert_eq!(reason("Suspended"), Some(Reason::NotSuspended.as_str()));
    assert_eq!(reason("Finished"), Some(Reason::NotFinished.as_str()));
}

#[test]
fn a_task_that_the_broker_gave_up_is_a_failed_job_that_may_be_tried_again() {
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
    let failed: Failed = dead::failure(&task, Timestamp::UNIX_EPOCH).expect("a task").read().expect("a failure");
    assert_eq!((failed.reason, failed.retryable), (Reason::DeliveryLimitExceeded, true));
}
