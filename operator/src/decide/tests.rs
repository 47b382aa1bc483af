//! Whole plans, for the steps of a job's life.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use subtitle_core::{
    event::{Event, EventType, source},
    job::SubtitleJobStatus,
    payload::{DownloadStarted, Failed},
    phase::Phase,
    reason::Reason,
};

use super::{
    fold::fold,
    plan::{Effect, Plan},
    reconcile::{reconcile, task},
};
use crate::observe::ObservedJob;

fn now() -> Timestamp {
    "2026-01-31T20:15:00Z".parse().expect("a time")
}

fn job(spec: &Value, status: &Value) -> ObservedJob {
    let mut whole = json!({"video": {"path": "a.mkv"}, "language": "es"});
    whole.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
    let object = json!({
        "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob",
        "metadata": {"name": "a", "namespace": "films", "uid": "u", "generation": 1, "creationTimestamp": "2026-01-31T20:00:00Z"},
        "spec": whole, "status": status,
    });
    ObservedJob::of(&serde_json::from_value(object).expect("a job")).expect("observed")
}

/// The status a plan writes, and the names of its effects in order.
fn outline(plan: &Plan) -> (Vec<&'static str>, Option<SubtitleJobStatus>) {
    let mut status = None;
    let names = plan.effects.iter().map(|effect| match effect {
        Effect::Publish(_) => "publish",
        Effect::WriteStatus(written) => {
            status = Some((**written).clone());
            "status"
        }
        Effect::Project => "project",
        Effect::DeadLetter(..) => "dead-letter",
        Effect::Delete => "delete",
    });
    (names.collect(), status)
}

fn failed(retryable: bool, reason: Reason) -> Failed {
    Failed { error_message: "it broke".into(), reason, retryable, not_before: None, candidates: vec![] }
}

#[test]
fn asking_publishes_before_it_writes_and_always_the_same_task() {
    let job = job(&json!({}), &json!({}));
    let plan = reconcile(&job, true, now());
    let (names, status) = outline(&plan);
    assert_eq!(names, ["publish", "status", "project"]);
    assert_eq!(status.expect("a status").phase, Phase::DownloadQueued);
    let Effect::Publish(event) = &plan.effects[0] else { panic!("a task") };
    assert_eq!(event.identity(), task(&job, now() + SignedDuration::from_hours(1)).identity());
}

#[test]
fn a_job_whose_turn_it_is_not_says_so_once() {
    let waiting = job(&json!({}), &json!({}));
    let (names, status) = outline(&reconcile(&waiting, false, now()));
    assert_eq!((names, status.expect("a status").reason), (vec!["status", "project"], Some(Reason::WaitingForTurn)));
    let said = job(&json!({}), &json!({"revision": 1, "announced": 1, "reason": "WaitingForTurn"}));
    assert_eq!(reconcile(&said, false, now()), Plan::default());
}

#[test]
fn a_failure_is_retried_with_its_decision_written_before_it_is_announced() {
    let job = job(
        &json!({"retry": {"limit": 1}}),
        &json!({"phase": "TranslateInProgress", "step": "Translate", "attempt": 1, "revision": 4, "announced": 4}),
    );
    let event = Event::new(&job.subject(), source::TRANSLATOR, now(), &failed(true, Reason::EngineUnavailable));
    let (names, status) = outline(&fold(&job, &event, now()));
    let status = status.expect("a status");
    assert_eq!(names, ["status", "project"]);
    assert_eq!((status.phase, status.attempt, status.failures), (Phase::Pending, 2, 1));
    assert!(status.announced < status.revision && status.next_attempt_time.is_some());

    let again = ObservedJob { status, ..job };
    let plan = reconcile(&again, true, now());
    let Effect::Publish(announcement) = &plan.effects[0] else { panic!("an announcement") };
    assert_eq!(announcement.event_type, EventType::RetryScheduled);
    let (names, status) = outline(&plan);
    let announced = status.expect("a status");
    assert_eq!((names, announced.announced), (vec!["publish", "status", "project"], announced.revision));

    let stale = fold(&ObservedJob { status: announced.clone(), ..again.clone() }, &event, now());
    assert_eq!(stale, Plan::default(), "the failure of the old attempt changes nothing any more");

    let mut spent = announced;
    spent.phase = Phase::TranslateInProgress;
    let spent = ObservedJob { status: spent, ..again };
    let event = Event::new(&spent.subject(), source::TRANSLATOR, now(), &failed(true, Reason::EngineUnavailable));
    let (_, status) = outline(&fold(&spent, &event, now()));
    assert_eq!(status.expect("a status").phase, Phase::Failed, "the budget is used up");
}

#[test]
fn final_phases_never_change_and_impossible_events_are_dead_lettered() {
    let done = job(&json!({}), &json!({"phase": "Done", "attempt": 1, "revision": 4, "announced": 4}));
    let event = Event::new(&done.subject(), source::DOWNLOADER, now(), &failed(true, Reason::WorkerError));
    assert_eq!(fold(&done, &event, now()), Plan::default());
    let mut subject = done.subject();
    subject.attempt = 9;
    let event = Event::new(&subject, source::DOWNLOADER, now(), &DownloadStarted { worker: "w".into() });
    assert_eq!(outline(&fold(&done, &event, now())).0, ["dead-letter"]);
}

#[test]
fn suspending_starts_nothing_and_resuming_starts_the_next_attempt() {
    let job_at = |suspend, phase, reason| {
        job(
            &json!({"suspend": suspend}),
            &json!({"phase": phase, "attempt": 1, "revision": 2, "announced": 2, "reason": reason}),
        )
    };
    let (names, status) = outline(&reconcile(&job_at(true, "Pending", "WaitingForTurn"), true, now()));
    assert_eq!((names, status.expect("a status").reason), (vec!["status", "project"], Some(Reason::Suspended)));
    let (_, status) = outline(&reconcile(&job_at(false, "DownloadInProgress", "Suspended"), true, now()));
    let status = status.expect("a status");
    assert_eq!((status.phase, status.attempt), (Phase::Pending, 2));
}

#[test]
fn deadlines_and_times_to_live_end_when_they_are_due() {
    let late = job(
        &json!({"activeDeadlineSeconds": 60}),
        &json!({"phase": "DownloadInProgress", "attempt": 1, "revision": 2, "announced": 2, "startTime": "2026-01-31T20:00:00Z"}),
    );
    let (_, status) = outline(&reconcile(&late, true, now()));
    assert_eq!(status.expect("a status").reason, Some(Reason::DeadlineExceeded));
    let over = job(
        &json!({"ttlSecondsAfterFinished": 60}),
        &json!({"phase": "Done", "attempt": 1, "revision": 2, "announced": 2, "completionTime": "2026-01-31T20:00:00Z"}),
    );
    assert_eq!(outline(&reconcile(&over, true, now())).0, ["project", "delete"]);
}

#[test]
fn what_slips_through_the_schema_ends_with_a_sentence() {
    let ass = job(&json!({"output": {"format": "ASS"}}), &json!({}));
    let (_, status) = outline(&reconcile(&ass, true, now()));
    let status = status.expect("a status");
    assert_eq!((status.phase, status.reason), (Phase::Failed, Some(Reason::InvalidSpec)));
    assert!(status.message.expect("a message").contains("spec.output.format"));
}
