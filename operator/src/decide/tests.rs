//! Whole plans, for the steps of a job's life.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use subtitle_contract::{
    event::{Event, EventType, source},
    job::{Artefact, StoredGlossary, SubtitleJobStatus},
    payload::{DownloadRequested, DownloadStarted, Failed, TranslateProgress, TranslateRequested, TranslateStarted},
    phase::{Phase, Step},
    reason::Reason,
};

use super::{
    fold::fold,
    plan::{Effect, Folded, Plan},
    reconcile::{reconcile, task},
};
use crate::observe::{Facts, Glossary, ObservedJob};

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

/// Everything is there, and it is the job's turn.
const CALM: Facts = Facts {
    is_its_turn: true,
    has_broker: true,
    events_settled: true,
    task_may_be_lost: false,
    glossary: Glossary::NotNeeded,
};

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
        Effect::Delete { .. } => "delete",
    });
    (names.collect(), status)
}

fn failed(retryable: bool, reason: Reason) -> Failed {
    Failed { error_message: "it broke".into(), reason, retryable, not_before: None, candidates: vec![] }
}

#[test]
fn asking_publishes_before_it_writes_and_always_the_same_task() {
    let job = job(&json!({}), &json!({}));
    let plan = reconcile(&job, CALM, now());
    let (names, status) = outline(&plan);
    assert_eq!(names, ["publish", "status", "project"]);
    assert_eq!(status.expect("a status").phase, Phase::DownloadQueued);
    let Effect::Publish(event) = &plan.effects[0] else { panic!("a task") };
    assert_eq!(event.identity(), task(&job, now() + SignedDuration::from_hours(1)).identity());
}

#[test]
fn a_job_whose_turn_it_is_not_says_so_once() {
    let waiting = job(&json!({}), &json!({}));
    let at_once = reconcile(&waiting, Facts { is_its_turn: false, ..CALM }, waiting.created);
    assert!(at_once.effects.is_empty() && at_once.look_again > Some(waiting.created), "not before a moment has passed");
    let (names, status) = outline(&reconcile(&waiting, Facts { is_its_turn: false, ..CALM }, now()));
    assert_eq!((names, status.expect("a status").reason), (vec!["status", "project"], Some(Reason::WaitingForTurn)));
    let said = job(&json!({}), &json!({"revision": 1, "announced": 1, "reason": "WaitingForTurn"}));
    assert_eq!(reconcile(&said, Facts { is_its_turn: false, ..CALM }, now()), Plan::default());
}

#[test]
fn a_failure_is_retried_with_its_decision_written_before_it_is_announced() {
    let job = job(
        &json!({"retry": {"limit": 1}}),
        &json!({"phase": "TranslateInProgress", "step": "Translate", "attempt": 1, "revision": 4, "announced": 4}),
    );
    let event = Event::new(&job.subject(), source::TRANSLATOR, now(), &failed(true, Reason::EngineUnavailable));
    let (names, status) = outline(&fold(&job, std::slice::from_ref(&event), now()).plan);
    let status = status.expect("a status");
    assert_eq!(names, ["status", "project"]);
    assert_eq!((status.phase, status.attempt, status.failures), (Phase::Pending, 2, 1));
    assert!(status.announced < status.revision && status.next_attempt_time.is_some());

    let again = ObservedJob { status, ..job };
    let plan = reconcile(&again, CALM, now());
    let Effect::Publish(announcement) = &plan.effects[0] else { panic!("an announcement") };
    assert_eq!(announcement.event_type, EventType::RetryScheduled);
    let (names, status) = outline(&plan);
    let announced = status.expect("a status");
    assert_eq!((names, announced.announced), (vec!["publish", "status", "project"], announced.revision));

    let stale = fold(&ObservedJob { status: announced.clone(), ..again.clone() }, &[event], now());
    assert_eq!(stale, Folded::default(), "the failure of the old attempt changes nothing any more");

    let mut spent = announced;
    spent.phase = Phase::TranslateInProgress;
    let spent = ObservedJob { status: spent, ..again };
    let event = Event::new(&spent.subject(), source::TRANSLATOR, now(), &failed(true, Reason::EngineUnavailable));
    let (_, status) = outline(&fold(&spent, &[event], now()).plan);
    assert_eq!(status.expect("a status").phase, Phase::Failed, "the budget is used up");
}

#[test]
fn sources_that_failed_cost_a_retry_and_a_named_time_costs_none() {
    let job = job(
        &json!({"retry": {"limit": 1}}),
        &json!({"phase": "DownloadInProgress", "attempt": 1, "revision": 4, "announced": 4}),
    );
    let after = |job: &ObservedJob, not_before: Option<Timestamp>| {
        let failure = Failed { not_before, ..failed(true, Reason::AllSourcesFailed) };
        let event = Event::new(&job.subject(), source::DOWNLOADER, now(), &failure);
        outline(&fold(job, &[event], now()).plan).1.expect("a status")
    };
    let renewal = now() + SignedDuration::from_hours(9);
    let waiting = after(&job, Some(renewal));
    assert_eq!((waiting.phase, waiting.failures, waiting.reason), (Phase::Pending, 0, Some(Reason::WaitingForQuota)));
    assert_eq!(waiting.next_attempt_time.map(|time| time.0), Some(renewal));
    let retried = after(&job, None);
    assert_eq!((retried.phase, retried.failures, retried.reason), (Phase::Pending, 1, Some(Reason::BackingOff)));
    let spent = ObservedJob { status: SubtitleJobStatus { phase: Phase::DownloadInProgress, ..retried }, ..job };
    let over = after(&spent, None);
    assert_eq!((over.phase, over.reason), (Phase::Failed, Some(Reason::AllSourcesFailed)));
    assert_eq!(over.message.as_deref(), Some("it broke"), "with the list of them");
}

#[test]
fn what_a_worker_leaves_out_of_a_wish_is_in_the_status_and_fits_it() {
    let wish = json!({"preferredSources": ["subdl", "library"]});
    let queued = job(&wish, &json!({"phase": "DownloadQueued", "attempt": 1, "revision": 1, "announced": 1}));
    let asked: DownloadRequested = task(&queued, now()).read().expect("a task");
    assert_eq!(asked.preferred_sources, ["subdl", "library"]);
    let exact = job(&json!({"preferredSources": ["subdl"], "sources": [{"name": "embedded"}]}), &json!({}));
    let asked: DownloadRequested = task(&exact, now()).read().expect("a task");
    assert_eq!(asked.preferred_sources, ["embedded"], "a wish is nothing beside what is asked for exactly");

    let started = DownloadStarted { worker: "w".into(), warnings: vec!["ä".repeat(300); 20] };
    let event = Event::new(&queued.subject(), source::DOWNLOADER, now(), &started);
    let status = outline(&fold(&queued, &[event], now()).plan).1.expect("a status");
    assert_eq!(status.warnings.len(), 16);
    assert!(status.warnings.iter().all(|warning| warning.chars().count() <= 256));

    let warned = ObservedJob { status: SubtitleJobStatus { phase: Phase::TranslateQueued, ..status }, ..queued };
    let started = TranslateStarted { worker: "t".into() };
    let event = Event::new(&warned.subject(), source::TRANSLATOR, now(), &started);
    let status = outline(&fold(&warned, &[event], now()).plan).1.expect("a status");
    assert_eq!((status.phase, status.warnings.len()), (Phase::TranslateInProgress, 16), "the translator has none");
}

#[test]
fn final_phases_never_change_and_impossible_events_are_dead_lettered() {
    let done = job(&json!({}), &json!({"phase": "Done", "attempt": 1, "revision": 4, "announced": 4}));
    let event = Event::new(&done.subject(), source::DOWNLOADER, now(), &failed(true, Reason::WorkerError));
    assert_eq!(fold(&done, &[event], now()), Folded::default());
    let mut subject = done.subject();
    subject.attempt = 9;
    let event =
        Event::new(&subject, source::DOWNLOADER, now(), &DownloadStarted { worker: "w".into(), warnings: vec![] });
    let folded = fold(&done, &[event], now());
    assert_eq!((folded.plan, folded.dead[0].reason), (Plan::default(), Reason::ImpossibleEvent));
}

#[test]
fn suspending_starts_nothing_and_resuming_starts_the_next_attempt() {
    let job_at = |suspend, phase, reason| {
        job(
            &json!({"suspend": suspend}),
            &json!({"phase": phase, "attempt": 1, "revision": 2, "announced": 2, "reason": reason}),
        )
    };
    let (names, status) = outline(&reconcile(&job_at(true, "Pending", "WaitingForTurn"), CALM, now()));
    assert_eq!((names, status.expect("a status").reason), (vec!["status", "project"], Some(Reason::Suspended)));
    let (_, status) = outline(&reconcile(&job_at(false, "DownloadInProgress", "Suspended"), CALM, now()));
    let status = status.expect("a status");
    assert_eq!((status.phase, status.attempt), (Phase::Pending, 2));
}

#[test]
fn deadlines_and_times_to_live_end_when_they_are_due() {
    let late = job(
        &json!({"activeDeadlineSeconds": 60}),
        &json!({"phase": "DownloadInProgress", "attempt": 1, "revision": 2, "announced": 2, "startTime": "2026-01-31T20:00:00Z", "activeSince": "2026-01-31T20:00:00Z"}),
    );
    let unsettled = reconcile(&late, Facts { events_settled: false, ..CALM }, now());
    assert!(unsettled.effects.is_empty() && unsettled.look_again > Some(now()), "not judged while events wait");
    let (_, status) = outline(&reconcile(&late, CALM, now()));
    assert_eq!(status.expect("a status").reason, Some(Reason::DeadlineExceeded));
    let over = job(
        &json!({"ttlSecondsAfterFinished": 60}),
        &json!({"phase": "Done", "attempt": 1, "revision": 2, "announced": 2, "completionTime": "2026-01-31T20:00:00Z"}),
    );
    assert_eq!(outline(&reconcile(&over, CALM, now())).0, ["project", "delete"]);
}

#[test]
fn what_slips_through_the_schema_ends_with_a_sentence() {
    let absolute = job(&json!({"video": {"path": "/etc/passwd"}}), &json!({}));
    let (_, status) = outline(&reconcile(&absolute, CALM, now()));
    let status = status.expect("a status");
    assert_eq!((status.phase, status.reason), (Phase::Failed, Some(Reason::InvalidSpec)));
    assert!(status.message.expect("a message").contains("spec.video.path"));
}

fn with_glossary(status: &Value) -> ObservedJob {
    job(&json!({"translation": {"glossaryRef": {"name": "names"}}}), status)
}

#[test]
fn a_glossary_is_asked_with_as_it_was_when_the_attempt_began() {
    let stored = StoredGlossary { key: "films/glossaries/5a.txt".into(), sha256: "5a".into() };
    let facts = Facts { glossary: Glossary::Stored(stored.clone()), ..CALM };
    let plan = reconcile(&with_glossary(&json!({})), facts, now());
    let [Effect::Publish(event), Effect::WriteStatus(status), Effect::Project] = plan.effects.as_slice() else {
        panic!("asks: {plan:?}")
    };
    assert_eq!(event.read::<DownloadRequested>().expect("a task").glossary, Some(stored.clone()));
    assert_eq!(status.glossary, Some(stored), "a lost task is published again with this one");
    let published_again = task(&ObservedJob { status: (**status).clone(), ..with_glossary(&json!({})) }, now());
    assert_eq!(published_again.payload, event.payload);

    // The consumer may be faster than that write, which is then left out.
    let worker = DownloadStarted { worker: "w".into(), warnings: vec![] };
    let started = Event::new(&with_glossary(&json!({})).subject(), source::DOWNLOADER, now(), &worker);
    let overtaken = outline(&fold(&with_glossary(&json!({})), &[(**event).clone(), started], now()).plan).1;
    let overtaken = overtaken.expect("a status");
    assert_eq!((overtaken.phase, &overtaken.glossary), (Phase::DownloadInProgress, &status.glossary));

    let mut again = (**status).clone();
    super::fold::next_attempt(&mut again, now());
    assert_eq!(again.glossary, None, "the next attempt takes it as it is then");
}

#[test]
fn a_glossary_that_is_not_there_yet_is_waited_for_by_name_without_taking_a_turn() {
    let missing = || Facts { glossary: Glossary::Missing("ConfigMap 'films/names' does not exist".into()), ..CALM };
    let plan = reconcile(&with_glossary(&json!({})), missing(), now());
    let (names, status) = outline(&plan);
    let status = status.expect("a status");
    assert_eq!((names, status.reason), (vec!["status", "project"], Some(Reason::WaitingForGlossary)));
    assert!(status.message.as_deref().is_some_and(|message| message.contains("films/names")));
    assert!(plan.look_again.is_some_and(|time| time > now()));
    let waiting = ObservedJob { status, ..with_glossary(&json!({})) };
    assert_eq!(reconcile(&waiting, missing(), now()).effects, [], "said once");

    let object = json!({
        "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob", "spec": waiting.spec, "status": waiting.status,
        "metadata": {"name": "a", "namespace": "films", "uid": "u", "creationTimestamp": "2026-01-31T20:00:00Z"},
    });
    let object = Arc::new(serde_json::from_value(object).expect("a job"));
    assert!(super::admit::turns(&[object], 1, now()).is_empty(), "others have its turn");

    let stored = StoredGlossary { key: "k".into(), sha256: "5a".into() };
    let there = Facts { is_its_turn: false, glossary: Glossary::Stored(stored), ..CALM };
    let (_, status) = outline(&reconcile(&waiting, there, now()));
    assert_eq!(status.expect("a status").reason, Some(Reason::WaitingForTurn));
}

#[test]
fn what_is_no_glossary_ends_the_job_with_its_line() {
    let facts = Facts { glossary: Glossary::Unusable("ConfigMap 'films/names': line 2 is 'Anna'".into()), ..CALM };
    let (_, status) = outline(&reconcile(&with_glossary(&json!({})), facts, now()));
    let status = status.expect("a status");
    assert_eq!((status.phase, status.reason), (Phase::Failed, Some(Reason::InvalidSpec)));
    assert!(status.message.expect("a message").contains("line 2"));
}

#[test]
fn without_a_broker_a_job_says_that_it_waits_for_it_and_goes_on_when_it_is_back() {
    let away = Facts { has_broker: false, ..CALM };
    let (names, status) = outline(&reconcile(&job(&json!({}), &json!({})), away.clone(), now()));
    let status = status.expect("a status");
    assert_eq!((names, status.reason), (vec!["status", "project"], Some(Reason::WaitingForBroker)));
    let waiting = ObservedJob { status, ..job(&json!({}), &json!({})) };
    assert_eq!(reconcile(&waiting, away, now()), Plan::default(), "said once");
    assert_eq!(outline(&reconcile(&waiting, CALM, now())).0, ["publish", "status", "project"]);
}

#[test]
fn a_task_that_may_be_lost_is_published_again_and_nothing_else_changes() {
    let queued = job(&json!({}), &json!({"phase": "DownloadQueued", "attempt": 2, "revision": 3, "announced": 3}));
    assert_eq!(reconcile(&queued, CALM, now()).effects, []);
    let doubtful = reconcile(&queued, Facts { task_may_be_lost: true, ..CALM }, now());
    let [Effect::Publish(event)] = doubtful.effects.as_slice() else { panic!("one task: {doubtful:?}") };
    assert_eq!(event.identity(), task(&queued, now()).identity());
}

#[test]
fn a_batch_of_events_is_one_write_that_keeps_what_later_steps_need() {
    let queued = job(&json!({}), &json!({"phase": "DownloadQueued", "attempt": 1, "revision": 1, "announced": 1}));
    let subject = queued.subject();
    let from = Artefact { key: "k".into(), language: "en".into(), sha256: "5e".into() };
    let requested = TranslateRequested {
        subtitle_file_path: "k".into(),
        source_language: "en".into(),
        target_language: "es".into(),
        from: from.clone(),
        spec: queued.spec.clone(),
        glossary: None,
        candidates: vec![],
    };
    let events = [
        Event::new(&subject, source::DOWNLOADER, now(), &DownloadStarted { worker: "w".into(), warnings: vec![] }),
        Event::new(&subject, source::DOWNLOADER, now(), &requested),
        Event::new(&subject, source::TRANSLATOR, now(), &TranslateStarted { worker: "w".into() }),
        Event::new(&subject, source::TRANSLATOR, now(), &TranslateProgress { done: 50, total: 60 }),
    ];
    let (names, status) = outline(&fold(&queued, &events, now()).plan);
    let status = status.expect("a status");
    assert_eq!((names, status.revision, status.phase), (vec!["status", "project"], 2, Phase::TranslateInProgress));
    assert_eq!((status.step, status.from, status.progress.as_deref()), (Step::Translate, Some(from), Some("50/60")));
    assert_eq!(status.announced, 2, "a worker's word needs no announcement");

    let one_by_one = events.iter().fold(queued.clone(), |job, event| {
        let (_, status) = outline(&fold(&job, std::slice::from_ref(event), now()).plan);
        ObservedJob { status: status.expect("a status"), ..job }
    });
    let revisionless = |mut status: SubtitleJobStatus| {
        (status.revision, status.announced) = (0, 0);
        status
    };
    let (_, whole) = outline(&fold(&queued, &events, now()).plan);
    assert_eq!(revisionless(whole.expect("a status")), revisionless(one_by_one.status));
}

#[test]
fn old_publishers_drive_a_job_to_its_end() {
    let old: Vec<Event> =
        serde_json::from_str(include_str!("../../../core/contract/tests/golden/old_events.json")).expect("events");
    let [requested, translate, translated, ready, failure] = old.as_slice() else { panic!("five events") };
    let job_at = |phase: &str| job(&json!({}), &json!({"phase": phase, "attempt": 1, "revision": 2, "announced": 2}));
    let after = |phase: &str, event: &Event| outline(&fold(&job_at(phase), std::slice::from_ref(event), now()).plan).1;

    assert_eq!(after("DownloadQueued", requested), None, "the request is there already");
    let status = after("DownloadInProgress", translate).expect("a status");
    assert_eq!((status.phase, status.step), (Phase::TranslateQueued, Step::Translate));
    assert_eq!(status.from.expect("a file").key, "/subtitles/7.en.srt");
    let status = after("TranslateInProgress", translated).expect("a status");
    assert_eq!((status.phase, status.result.expect("a result").language.as_str()), (Phase::Done, "es"));
    let status = after("DownloadInProgress", ready).expect("a status");
    let result = status.result.expect("a result");
    assert_eq!((result.key.as_str(), result.url.as_str()), ("/subtitles/7.es.srt", "https://files.example/7.es.srt"));
    let status = after("DownloadInProgress", failure).expect("a status");
    assert_eq!((status.phase, status.reason), (Phase::Pending, Some(Reason::BackingOff)), "its failure is retryable");

    let second = job(
        &json!({}),
        &json!({"phase": "DownloadInProgress", "attempt": 2, "revision": 2, "announced": 2, "attemptTime": "2026-01-31T20:16:00Z"}),
    );
    assert_eq!(fold(&second, std::slice::from_ref(ready), now()), Folded::default(), "older than the current attempt");
}
