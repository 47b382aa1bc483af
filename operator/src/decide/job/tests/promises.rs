//! What the descriptions of the CRD's fields promise, one test for each.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use subtitle_contract::{
    event::{Event, EventType, source},
    job::SubtitleJobStatus,
    payload::{DownloadStarted, Failed, Payload},
    phase::Phase,
    reason::Reason,
};

use super::{READY_FACTS, failed, job, now, outline, reconcile};
use crate::{
    decide::{
        job::fold::fold,
        plan::{Effect, Plan},
    },
    observe::{
        facts::{Facts, RecordAhead},
        job::JobSnapshot,
    },
};

fn at(phase: &str, more: &Value) -> JobSnapshot {
    with_spec(&json!({}), phase, more)
}

fn with_spec(spec: &Value, phase: &str, more: &Value) -> JobSnapshot {
    let mut status = json!({"phase": phase, "attempt": 2, "revision": 4, "announcedRevision": 4});
    status.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    job(spec, &status)
}

fn written(plan: &Plan) -> SubtitleJobStatus {
    outline(plan).1.expect("a status")
}

fn event_at(job: &JobSnapshot, time: Timestamp, payload: &impl Payload) -> Event {
    Event::new(&job.subject(), source::DOWNLOADER, time, payload)
}

fn started() -> DownloadStarted {
    DownloadStarted { worker: "w".into(), warnings: vec![] }
}

fn stops(plan: &Plan) -> Vec<(Option<u32>, String)> {
    let published = plan.effects.iter().filter_map(|effect| match effect {
        Effect::Publish(event) if event.event_type == EventType::Stopped => Some(event),
        _ => None,
    });
    published.map(|event| (event.attempt, event.text("reason").unwrap_or_default().to_owned())).collect()
}

#[test]
fn an_event_folded_after_suspend_and_before_its_reconcile_pauses_the_deadline() {
    let since = now() - SignedDuration::from_secs(30);
    let running =
        with_spec(&json!({"suspend": true}), "DownloadInProgress", &json!({"activeSince": since.to_string()}));
    let request = json!({"subtitle_file_path": "films/k", "source_language": "en", "target_language": "es"});
    let requested = Event {
        event_type: EventType::TranslateRequested,
        schema_version: None,
        payload: request.as_object().expect("an object").clone(),
        ..event_at(&running, now(), &started())
    };
    let status = written(&fold(&running, &[requested], now()).plan);
    assert_eq!((status.active_since, status.active_seconds), (None, 30));
}

#[test]
fn an_event_between_resume_and_its_reconcile_does_not_continue_the_stopped_attempt() {
    let resumed = at("DownloadQueued", &json!({"waitingFor": "Resume", "reason": "Suspended"}));
    let status = written(&fold(&resumed, &[event_at(&resumed, now(), &started())], now()).plan);
    let status = written(&reconcile(&JobSnapshot { status, ..resumed }, READY_FACTS, now()));
    assert_eq!((status.phase, status.attempt), (Phase::Pending.into(), 3));
}

#[test]
fn suspending_a_job_that_workers_have_tells_them_once_it_is_written() {
    let running = with_spec(&json!({"suspend": true}), "DownloadInProgress", &json!({}));
    let status = written(&reconcile(&running, READY_FACTS, now()));
    assert!(status.announced_revision < status.revision, "it is announced");
    let told = reconcile(&JobSnapshot { status, ..running }, READY_FACTS, now());
    assert_eq!(stops(&told), [(Some(2), "Suspended".to_owned())]);
    let waiting = with_spec(&json!({"suspend": true}), "Pending", &json!({}));
    let status = written(&reconcile(&waiting, READY_FACTS, now()));
    assert_eq!(status.announced_revision, status.revision, "no worker has it");
}

#[test]
fn a_worker_that_starts_a_stopped_attempt_is_told() {
    for (current, attempt, reason) in [
        (at("DownloadQueued", &json!({})), 1, Some("Superseded")),
        (
            with_spec(&json!({"suspend": true}), "DownloadQueued", &json!({"waitingFor": "Resume"})),
            2,
            Some("Suspended"),
        ),
        (at("Failed", &json!({"reason": "DeadlineExceeded"})), 2, Some("DeadlineExceeded")),
        (at("DownloadQueued", &json!({})), 2, None),
        (at("Failed", &json!({"reason": "DeadlineExceeded"})), 99, None),
        (at("Done", &json!({})), 2, None),
    ] {
        let start = Event { attempt: Some(attempt), ..event_at(&current, now(), &started()) };
        let told = stops(&fold(&current, &[start], now()).plan);
        let expected = reason.map(|reason| (Some(attempt), reason.to_owned()));
        assert_eq!(told, Vec::from_iter(expected), "{:?} {attempt}", current.status.phase);
    }
}

#[test]
fn a_deleted_job_that_a_finalizer_keeps_ends_and_its_worker_is_told() {
    let deleting = JobSnapshot { is_deleting: true, ..at("TranslateInProgress", &json!({})) };
    let status = written(&reconcile(&deleting, READY_FACTS, now()));
    assert_eq!((&status.phase, &status.reason), (&Phase::Failed.into(), &Some(Reason::Deleted.into())));
    let plan = reconcile(&JobSnapshot { status, ..deleting }, READY_FACTS, now());
    let Effect::Publish(event) = &plan.effects[0] else { panic!("an announcement: {plan:?}") };
    assert_eq!(event.stops_up_to(), Some(2));
}

#[test]
fn a_finished_job_follows_its_generation_and_gets_lost_conditions_back() {
    for phase in ["Done", "Failed"] {
        let done = at(phase, &json!({}));
        assert_eq!(reconcile(&done, READY_FACTS, now()), Plan::default(), "nothing has changed");
        let changed = JobSnapshot { generation: Some(3), ..done.clone() };
        let status = written(&reconcile(&changed, READY_FACTS, now()));
        assert_eq!((status.observed_generation, status.revision), (Some(3), 5));
        assert_eq!(reconcile(&JobSnapshot { status, ..changed }, READY_FACTS, now()), Plan::default());
        let mut bare = done;
        bare.status.conditions.clear();
        assert_eq!(written(&reconcile(&bare, READY_FACTS, now())).conditions.len(), 7);
    }
}

#[test]
fn the_operators_clock_decides_whatever_a_workers_shows() {
    for hours in [-1, 0, 1] {
        let theirs = now() + SignedDuration::from_hours(hours);
        let queued = at("DownloadQueued", &json!({}));
        let status = written(&fold(&queued, &[event_at(&queued, theirs, &started())], now()).plan);
        assert_eq!(status.start_time.map(|time| time.0), Some(now()), "{hours}");
        assert_eq!(status.active_since.map(|time| time.0), Some(now()), "{hours}");
        let running = at("DownloadInProgress", &json!({}));
        let fails = event_at(&running, theirs, &failed(false, Reason::NoSubtitleFound));
        let status = written(&fold(&running, &[fails], now()).plan);
        assert_eq!(status.completion_time.map(|time| time.0), Some(now()), "{hours}");
        let wait = SignedDuration::from_mins(20);
        let quota = Failed { not_before: Some(theirs + wait), ..failed(true, Reason::SourceQuotaExhausted) };
        let status = written(&fold(&running, &[event_at(&running, theirs, &quota)], now()).plan);
        assert_eq!((status.next_attempt_time.map(|time| time.0), status.failures), (Some(now() + wait), 0), "{hours}");
    }
}

#[test]
fn times_that_decisions_use_keep_fractions_of_a_second() {
    let half = now() + SignedDuration::from_millis(500);
    let running = with_spec(&json!({"retry": {"backoffSeconds": 1}}), "DownloadInProgress", &json!({}));
    let fails = event_at(&running, half, &failed(true, Reason::SourceUnavailable));
    let status = written(&fold(&running, &[fails], half).plan);
    let next = status.next_attempt_time.clone().expect("a time").0;
    let read: SubtitleJobStatus =
        serde_json::from_value(serde_json::to_value(&status).expect("JSON")).expect("a status");
    let precision = SignedDuration::from_micros(1);
    assert!((read.next_attempt_time.expect("a time").0.duration_since(next)).abs() < precision);
    assert_eq!(read.attempt_time.expect("a time").0, half);
}

#[test]
fn what_only_a_newer_version_knows_is_kept_and_acted_on() {
    let running = at("DownloadInProgress", &json!({}));
    let newer = |reason: &str, retryable| {
        let payload = json!({"error_message": "the moon", "reason": reason, "retryable": retryable});
        let event = event_at(&running, now(), &failed(true, Reason::WorkerError));
        Event { payload: payload.as_object().expect("an object").clone(), ..event }
    };
    let status = written(&fold(&running, &[newer("Moonlight", false)], now()).plan);
    assert_eq!((&status.phase, status.message.as_deref()), (&Phase::Failed.into(), Some("the moon")));
    assert_eq!(status.reason.as_ref().map(|reason| reason.as_str().to_owned()).as_deref(), Some("Moonlight"));
    let over = reconcile(
        &JobSnapshot {
            status: SubtitleJobStatus { announced_revision: 0, announced: None, ..status },
            ..running.clone()
        },
        READY_FACTS,
        now(),
    );
    let Effect::Publish(event) = &over.effects[0] else { panic!("an announcement") };
    assert_eq!(event.text("reason"), Some("Moonlight"));
    let status = written(&fold(&running, &[newer("no reason at all", false)], now()).plan);
    assert_eq!(status.reason, Some(Reason::WorkerError.into()), "it would not fit a condition");
    assert_eq!(written(&fold(&running, &[newer("Moonlight", true)], now()).plan).attempt, 3);

    let unknown = at("TranscribeInProgress", &json!({"step": "Transcribe"}));
    assert_eq!(reconcile(&unknown, READY_FACTS, now()), Plan::default());
    let fails = event_at(&unknown, now(), &failed(true, Reason::WorkerError));
    let status = written(&fold(&unknown, &[fails], now()).plan);
    assert_eq!((status.phase, status.attempt), (Phase::Pending.into(), 3));
    assert!(status.step.known().is_some(), "the next attempt has a step");
}

#[test]
fn a_status_that_was_put_back_continues_after_its_record() {
    let record = Some(RecordAhead { revision: 9, attempt: 3 });
    let wiped = job(&json!({}), &json!({}));
    let status = written(&reconcile(&wiped, Facts { record, ..READY_FACTS }, now()));
    assert_eq!((status.revision, status.attempt, &status.phase), (10, 4, &Phase::Pending.into()));
    assert!(status.announced_revision < status.revision, "the new attempt is announced");
    let done = written(&reconcile(&at("Done", &json!({})), Facts { record, ..READY_FACTS }, now()));
    assert_eq!((done.revision, done.attempt, done.phase), (10, 4, Phase::Done.into()));
}

#[test]
fn of_two_installations_the_first_keeps_a_job_until_the_annotation_gives_it_away() {
    let us = || Facts { installation: Some("films/subtitle-operator".into()), ..READY_FACTS };
    let new = job(&json!({}), &json!({}));
    let claimed = written(&reconcile(&new, us(), now()));
    assert_eq!((claimed.owner.as_deref(), &claimed.phase), (Some("films/subtitle-operator"), &Phase::Pending.into()));
    assert_eq!(
        outline(&reconcile(&JobSnapshot { status: claimed, ..new }, us(), now())).0,
        ["publish", "status", "record"]
    );

    let theirs = at("DownloadInProgress", &json!({"owner": "other/subtitle-operator"}));
    let lost = Facts { task_may_be_lost: true, ..us() };
    assert_eq!(reconcile(&theirs, lost.clone(), now()), Plan::default());
    let given = JobSnapshot { chosen_owner: Some("films/subtitle-operator".into()), ..theirs };
    let status = written(&reconcile(&given, lost.clone(), now()));
    assert_eq!((status.owner.as_deref(), status.attempt), (Some("films/subtitle-operator"), 3));
    let ours = at("DownloadInProgress", &json!({"owner": "films/subtitle-operator"}));
    let given_away = JobSnapshot { chosen_owner: Some("other/subtitle-operator".into()), ..ours };
    assert_eq!(reconcile(&given_away, lost, now()), Plan::default());
}

#[test]
fn a_retry_annotation_that_means_nothing_is_answered_and_one_from_the_start_is_no_retry() {
    let asked = |phase: &str| JobSnapshot { retry_requested: Some("x".repeat(200)), ..at(phase, &json!({})) };
    for phase in ["Done", "DownloadInProgress"] {
        let plan = reconcile(&asked(phase), READY_FACTS, now());
        let [Effect::WriteStatus(status), Effect::WriteRecord, Effect::Note { note, .. }] = plan.effects.as_slice()
        else {
            panic!("an answer: {plan:?}")
        };
        assert!(status.retry_observed.is_some() && note.contains("nothing to retry"), "{note}");
        let answered = JobSnapshot { status: (**status).clone(), ..asked(phase) };
        assert_eq!(reconcile(&answered, READY_FACTS, now()).effects, [], "once");
    }
    assert_eq!(written(&reconcile(&asked("Failed"), READY_FACTS, now())).attempt, 3);
    let created = JobSnapshot { retry_requested: Some("x".into()), ..job(&json!({}), &json!({})) };
    assert_eq!(written(&reconcile(&created, READY_FACTS, now())).retry_observed.as_deref(), Some("x"));
}
