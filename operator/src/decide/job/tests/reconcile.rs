//! Tests of `reconcile`: the plan for each state of a job.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use serde_json::{Value, json};
use subtitle_contract::{
    event::{Event, source},
    job::StoredGlossary,
    payload::{DownloadRequested, DownloadStarted},
    phase::Phase,
    reason::Reason,
    store_key::StoreKey,
};

use super::{READY_FACTS, job, now, outline, reconcile, task};
use crate::{
    decide::{
        admit::{AdmissionLimits, QueueWindow, admit},
        job::fold::fold,
        plan::{Effect, Plan},
    },
    observe::{
        facts::{Facts, Glossary, NamespaceLimit},
        job::JobSnapshot,
    },
};

#[test]
fn a_task_is_published_before_the_status_is_written_and_has_a_deterministic_id() {
    let job = job(&json!({}), &json!({}));
    let plan = reconcile(&job, READY_FACTS, now());
    let (names, status) = outline(&plan);
    assert_eq!(names, ["publish", "status", "record"]);
    assert_eq!(status.expect("a status").phase, Phase::DownloadQueued);
    let Effect::Publish(event) = &plan.effects[0] else { panic!("a task") };
    assert_eq!(event.identity(), task(&job, now() + SignedDuration::from_hours(1)).identity());
}

#[test]
fn a_job_that_waits_for_its_turn_reports_it_once() {
    let waiting = job(&json!({}), &json!({}));
    let at_once = reconcile(&waiting, Facts { is_admitted: false, ..READY_FACTS }, waiting.created);
    assert!(at_once.effects.is_empty() && at_once.requeue_at > Some(waiting.created), "not before a moment has passed");
    let (names, status) = outline(&reconcile(&waiting, Facts { is_admitted: false, ..READY_FACTS }, now()));
    assert_eq!(
        (names, status.expect("a status").reason),
        (vec!["status", "record"], Some(Reason::WaitingForTurn.into()))
    );
    let already_reported = job(&json!({}), &json!({"revision": 1, "announcedRevision": 1, "reason": "WaitingForTurn"}));
    assert_eq!(reconcile(&already_reported, Facts { is_admitted: false, ..READY_FACTS }, now()), Plan::default());
}

#[test]
fn a_suspended_job_publishes_nothing_and_resuming_starts_the_next_attempt() {
    let job_at = |suspend, phase, reason| {
        job(
            &json!({"suspend": suspend}),
            &json!({"phase": phase, "attempt": 1, "revision": 2, "announcedRevision": 2, "reason": reason}),
        )
    };
    let (names, status) = outline(&reconcile(&job_at(true, "Pending", "WaitingForTurn"), READY_FACTS, now()));
    assert_eq!((names, status.expect("a status").reason), (vec!["status", "record"], Some(Reason::Suspended.into())));
    let (_, status) = outline(&reconcile(&job_at(false, "DownloadInProgress", "Suspended"), READY_FACTS, now()));
    let status = status.expect("a status");
    assert_eq!((status.phase, status.attempt), (Phase::Pending.into(), 2));
}

#[test]
fn a_missed_deadline_fails_the_job_and_an_expired_ttl_deletes_it() {
    let late = job(
        &json!({"activeDeadlineSeconds": 60}),
        &json!({"phase": "DownloadInProgress", "attempt": 1, "revision": 2, "announcedRevision": 2, "startTime": "2026-01-31T20:00:00Z", "activeSince": "2026-01-31T20:00:00Z"}),
    );
    let unsettled = reconcile(&late, Facts { events_settled: false, ..READY_FACTS }, now());
    assert!(unsettled.effects.is_empty() && unsettled.requeue_at > Some(now()), "not failed while events wait");
    let (_, status) = outline(&reconcile(&late, READY_FACTS, now()));
    assert_eq!(status.expect("a status").reason, Some(Reason::DeadlineExceeded.into()));
    let finished = job(
        &json!({"ttlSecondsAfterFinished": 60}),
        &json!({"phase": "Done", "attempt": 1, "revision": 2, "announcedRevision": 2, "completionTime": "2026-01-31T20:00:00Z"}),
    );
    assert_eq!(outline(&reconcile(&finished, READY_FACTS, now())).0, ["record", "delete"]);
}

#[test]
fn a_spec_that_passes_the_schema_but_is_invalid_fails_with_a_message() {
    let absolute = job(&json!({"video": {"path": "/etc/passwd"}}), &json!({}));
    let (_, status) = outline(&reconcile(&absolute, READY_FACTS, now()));
    let status = status.expect("a status");
    assert_eq!((status.phase, status.reason), (Phase::Failed.into(), Some(Reason::InvalidSpec.into())));
    assert!(status.message.expect("a message").contains("spec.video.path"));
}

fn found(stored: &StoredGlossary) -> Glossary {
    let key = StoreKey::for_namespace("films", &stored.key).expect("a key");
    Glossary::Found { key, sha256: stored.sha256.clone(), text: "Anna = Ana".to_owned() }
}

fn with_glossary(status: &Value) -> JobSnapshot {
    job(&json!({"translation": {"glossaryRef": {"name": "names"}}}), status)
}

#[test]
fn an_attempt_keeps_the_glossary_that_it_began_with() {
    let stored = StoredGlossary { key: "films/glossaries/5a.txt".into(), sha256: "5a".into() };
    let facts = Facts { glossary: found(&stored), ..READY_FACTS };
    let plan = reconcile(&with_glossary(&json!({})), facts, now());
    let [Effect::StoreGlossary { key, text }, Effect::Publish(event), Effect::WriteStatus(status), Effect::WriteRecord] =
        plan.effects.as_slice()
    else {
        panic!("unexpected plan: {plan:?}")
    };
    assert_eq!(
        (key.as_str(), text.as_str()),
        (stored.key.as_str(), "Anna = Ana"),
        "stored before a worker can look for it"
    );
    assert_eq!(event.read::<DownloadRequested>().expect("a task").glossary, Some(stored.clone()));
    assert_eq!(status.glossary, Some(stored), "a lost task is published again with this one");
    let published_again = task(&JobSnapshot { status: (**status).clone(), ..with_glossary(&json!({})) }, now());
    assert_eq!(published_again.payload, event.payload);

    // If the consumer folds the worker's event first, the reconciler's status write is dropped; the folded status must still
    // carry the glossary.
    let worker = DownloadStarted { worker: "w".into(), warnings: vec![] };
    let started = Event::new(&with_glossary(&json!({})).subject(), source::DOWNLOADER, now(), &worker);
    let overtaken = outline(&fold(&with_glossary(&json!({})), &[(**event).clone(), started], now()).plan).1;
    let overtaken = overtaken.expect("a status");
    assert_eq!((overtaken.phase, &overtaken.glossary), (Phase::DownloadInProgress.into(), &status.glossary));

    let mut again = (**status).clone();
    crate::decide::job::next_status::next_attempt(&mut again, now());
    assert_eq!(again.glossary, None, "the next attempt reads the ConfigMap again");
}

#[test]
fn a_job_waits_for_a_missing_glossary_without_using_a_slot() {
    let missing =
        || Facts { glossary: Glossary::Missing("ConfigMap 'films/names' does not exist".into()), ..READY_FACTS };
    let plan = reconcile(&with_glossary(&json!({})), missing(), now());
    let (names, status) = outline(&plan);
    let status = status.expect("a status");
    assert_eq!((names, &status.reason), (vec!["status", "record"], &Some(Reason::WaitingForGlossary.into())));
    assert!(status.message.as_deref().is_some_and(|message| message.contains("films/names")));
    assert!(plan.requeue_at.is_some_and(|time| time > now()));
    let waiting = JobSnapshot { status, ..with_glossary(&json!({})) };
    assert_eq!(reconcile(&waiting, missing(), now()).effects, [], "not written again");

    let object = json!({
        "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob", "spec": waiting.spec, "status": waiting.status,
        "metadata": {"name": "a", "namespace": "films", "uid": "u", "creationTimestamp": "2026-01-31T20:00:00Z"},
    });
    let object = Arc::new(serde_json::from_value(object).expect("a job"));
    let limits = AdmissionLimits::new(1, None, None);
    let admission = admit(&[object], limits, &mut QueueWindow::default(), now(), Duration::ZERO);
    assert!(admission.admitted.is_empty(), "its slot is free for others");

    let stored = StoredGlossary { key: "films/k".into(), sha256: "5a".into() };
    let with_glossary_found = Facts { is_admitted: false, glossary: found(&stored), ..READY_FACTS };
    let (_, status) = outline(&reconcile(&waiting, with_glossary_found, now()));
    assert_eq!(status.expect("a status").reason, Some(Reason::WaitingForTurn.into()));
}

#[test]
fn an_invalid_glossary_fails_the_job_with_its_line() {
    let facts =
        Facts { glossary: Glossary::Invalid("ConfigMap 'films/names': line 2 is 'Anna'".into()), ..READY_FACTS };
    let (_, status) = outline(&reconcile(&with_glossary(&json!({})), facts, now()));
    let status = status.expect("a status");
    assert_eq!((status.phase, status.reason), (Phase::Failed.into(), Some(Reason::InvalidSpec.into())));
    assert!(status.message.expect("a message").contains("line 2"));
}

#[test]
fn a_job_reports_a_missing_broker_and_continues_once_it_is_back() {
    let without_broker = Facts { has_broker: false, ..READY_FACTS };
    let (names, status) = outline(&reconcile(&job(&json!({}), &json!({})), without_broker.clone(), now()));
    let status = status.expect("a status");
    assert_eq!((names, &status.reason), (vec!["status", "record"], &Some(Reason::WaitingForBroker.into())));
    let waiting = JobSnapshot { status, ..job(&json!({}), &json!({})) };
    assert_eq!(reconcile(&waiting, without_broker, now()), Plan::default(), "not written again");
    assert_eq!(outline(&reconcile(&waiting, READY_FACTS, now())).0, ["publish", "status", "record"]);
}

#[test]
fn a_task_that_may_be_lost_is_published_again_and_nothing_else_changes() {
    let queued =
        job(&json!({}), &json!({"phase": "DownloadQueued", "attempt": 2, "revision": 3, "announcedRevision": 3}));
    assert_eq!(reconcile(&queued, READY_FACTS, now()).effects, []);
    let lost = reconcile(&queued, Facts { task_may_be_lost: true, ..READY_FACTS }, now());
    let [Effect::Publish(event)] = lost.effects.as_slice() else { panic!("one task: {lost:?}") };
    assert_eq!(event.identity(), task(&queued, now()).identity());
}

#[test]
fn a_job_that_is_resumed_while_it_backs_off_still_waits_for_that_time() {
    let resumed = job(
        &json!({}),
        &json!({
            "attempt": 2, "revision": 3, "announcedRevision": 3, "reason": "Suspended", "waitingFor": "Resume",
            "nextAttemptTime": "2026-01-31T20:20:00Z",
        }),
    );
    let (_, status) = outline(&reconcile(&resumed, READY_FACTS, now()));
    let resumed = JobSnapshot { status: status.expect("a status"), ..resumed };
    let plan = reconcile(&resumed, READY_FACTS, now());
    assert_eq!((plan.effects, plan.requeue_at), (vec![], Some("2026-01-31T20:20:00Z".parse().expect("a time"))));
    let later = now() + SignedDuration::from_mins(6);
    assert_eq!(outline(&reconcile(&resumed, READY_FACTS, later)).0, ["publish", "status", "record"]);
}

#[test]
fn what_the_installation_does_not_allow_is_never_published_and_the_conditions_say_why() {
    let denial = Some("jobs of the namespace 'films' may not read the library 'team-b'".to_owned());
    let plan = reconcile(&job(&json!({}), &json!({})), Facts { denial: denial.clone(), ..READY_FACTS }, now());
    let (names, status) = outline(&plan);
    let status = status.expect("a status");
    assert_eq!((names, &status.phase), (vec!["status", "record"], &Phase::Failed.into()));
    assert_eq!((status.reason, &status.message), (Some(Reason::NotAllowed.into()), &denial));
    let failed = status.conditions.iter().find(|condition| condition.type_ == "Failed").expect("a condition");
    assert_eq!((failed.reason.as_str(), Some(&failed.message)), ("NotAllowed", denial.as_ref()));
}

#[test]
fn a_limit_of_the_namespace_that_holds_a_job_is_shown_with_its_setting() {
    let until = "2026-02-01T00:00:00Z".parse().expect("a time");
    let held = |limit| Facts { is_admitted: false, held_by: Some(limit), ..READY_FACTS };
    let limit = NamespaceLimit::JobsPerDay { limit: 5, until };
    let plan = reconcile(&job(&json!({}), &json!({})), held(limit), now());
    let status = outline(&plan).1.expect("a status");
    assert_eq!((status.reason.clone(), plan.requeue_at), (Some(Reason::WaitingForQuota.into()), Some(until)));
    let message = status.message.clone().unwrap_or_default();
    assert!(message.starts_with("5 jobs") && message.contains("maxJobsPerDayPerNamespace"), "{message}");
    let progressing = status.conditions.iter().find(|condition| condition.type_ == "Progressing").expect("a condition");
    assert_eq!(progressing.message, message);
    let waiting = JobSnapshot { status, ..job(&json!({}), &json!({})) };
    assert_eq!(reconcile(&waiting, held(limit), now()).effects, [], "not written again");
    let (_, status) = outline(&reconcile(&waiting, held(NamespaceLimit::Tasks(7)), now()));
    let message = status.and_then(|status| status.message).unwrap_or_default();
    assert!(message.starts_with("7 jobs") && message.contains("maxInFlightPerNamespace"), "{message}");
    assert_eq!(outline(&reconcile(&waiting, READY_FACTS, now())).0, ["publish", "status", "record"]);
    let retried = job(&json!({}), &json!({"startTime": "2026-01-30T20:00:00Z", "revision": 3, "announcedRevision": 3}));
    let status = outline(&reconcile(&retried, held(limit), now())).1.expect("a status");
    assert_eq!(status.reason, Some(Reason::WaitingForTurn.into()), "it was counted when it was started");
}
