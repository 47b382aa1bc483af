//! What events mean for their job.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use subtitle_contract::{
    event::{Event, EventType, source},
    job::{Artifact, JobResult, StoredGlossary, SubtitleJobStatus},
    payload::{
        DownloadRequested, DownloadStarted, Failed, Ready, TranslateProgress, TranslateRequested, TranslateStarted,
    },
    phase::{Phase, Step},
    reason::Reason,
};

use super::{READY_FACTS, failed, job, now, outline, reconcile, task};
use crate::{
    decide::{
        job::fold::fold,
        plan::{Effect, Folded, Plan},
    },
    observe::job::JobSnapshot,
};

#[test]
fn a_failure_is_retried_with_its_decision_written_before_it_is_announced() {
    let job = job(
        &json!({"retry": {"limit": 1}}),
        &json!({"phase": "TranslateInProgress", "step": "Translate", "attempt": 1, "revision": 4, "announcedRevision": 4}),
    );
    let event = Event::new(&job.subject(), source::TRANSLATOR, now(), &failed(true, Reason::EngineUnavailable));
    let (names, status) = outline(&fold(&job, std::slice::from_ref(&event), now()).plan);
    let status = status.expect("a status");
    assert_eq!(names, ["status", "record"]);
    assert_eq!((&status.phase, status.attempt, status.failures), (&Phase::Pending.into(), 2, 1));
    assert!(status.announced_revision < status.revision && status.next_attempt_time.is_some());

    let again = JobSnapshot { status, ..job };
    let plan = reconcile(&again, READY_FACTS, now());
    let Effect::Publish(announcement) = &plan.effects[0] else { panic!("an announcement") };
    assert_eq!(announcement.event_type, EventType::RetryScheduled);
    let (names, status) = outline(&plan);
    let announced = status.expect("a status");
    assert_eq!((names, announced.announced_revision), (vec!["publish", "status", "record"], announced.revision));

    let stale = fold(&JobSnapshot { status: announced.clone(), ..again.clone() }, &[event], now());
    assert_eq!(stale, Folded::default(), "the failure of the old attempt changes nothing any more");

    let mut spent = announced;
    spent.phase = Phase::TranslateInProgress.into();
    let spent = JobSnapshot { status: spent, ..again };
    let event = Event::new(&spent.subject(), source::TRANSLATOR, now(), &failed(true, Reason::EngineUnavailable));
    let (_, status) = outline(&fold(&spent, &[event], now()).plan);
    assert_eq!(status.expect("a status").phase, Phase::Failed, "the budget is used up");
}

#[test]
fn sources_that_failed_cost_a_retry_and_a_named_time_costs_none() {
    let job = job(
        &json!({"retry": {"limit": 1}}),
        &json!({"phase": "DownloadInProgress", "attempt": 1, "revision": 4, "announcedRevision": 4}),
    );
    let after = |job: &JobSnapshot, not_before: Option<Timestamp>| {
        let failure = Failed { not_before, ..failed(true, Reason::AllSourcesFailed) };
        let event = Event::new(&job.subject(), source::DOWNLOADER, now(), &failure);
        outline(&fold(job, &[event], now()).plan).1.expect("a status")
    };
    let renewal = now() + SignedDuration::from_hours(9);
    let waiting = after(&job, Some(renewal));
    assert_eq!(
        (waiting.phase, waiting.failures, waiting.reason),
        (Phase::Pending.into(), 0, Some(Reason::WaitingForQuota.into()))
    );
    assert_eq!(waiting.next_attempt_time.map(|time| time.0), Some(renewal));
    let retried = after(&job, None);
    assert_eq!(
        (retried.phase.clone(), retried.failures, retried.reason.clone()),
        (Phase::Pending.into(), 1, Some(Reason::BackingOff.into()))
    );
    let spent = JobSnapshot { status: SubtitleJobStatus { phase: Phase::DownloadInProgress.into(), ..retried }, ..job };
    let over = after(&spent, None);
    assert_eq!((over.phase, over.reason), (Phase::Failed.into(), Some(Reason::AllSourcesFailed.into())));
    assert_eq!(over.message.as_deref(), Some("it broke"), "with the list of them");
}

#[test]
fn what_a_worker_leaves_out_of_a_wish_is_in_the_status_and_fits_it() {
    let wish = json!({"preferredSources": ["subdl", "library"]});
    let queued = job(&wish, &json!({"phase": "DownloadQueued", "attempt": 1, "revision": 1, "announcedRevision": 1}));
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

    let few = SubtitleJobStatus { warnings: vec!["a wish".into()], ..status.clone() };
    let warned = JobSnapshot { status: few, ..queued.clone() };
    let ready = json!({"subtitle_path": "films/k.srt", "language": "es", "download_url": "u",
        "warnings": ["the sidecar was left as it is"]});
    let mut ready: Ready = serde_json::from_value(ready).expect("a payload");
    ready.result.key = "films/k.srt".into();
    let event = Event::new(&warned.subject(), source::DOWNLOADER, now(), &ready);
    let folded = outline(&fold(&warned, &[event], now()).plan).1.expect("a status");
    assert_eq!(folded.warnings, ["a wish", "the sidecar was left as it is"]);

    let warned = JobSnapshot { status: SubtitleJobStatus { phase: Phase::TranslateQueued.into(), ..status }, ..queued };
    let started = TranslateStarted { worker: "t".into() };
    let event = Event::new(&warned.subject(), source::TRANSLATOR, now(), &started);
    let status = outline(&fold(&warned, &[event], now()).plan).1.expect("a status");
    assert_eq!(
        (status.phase, status.warnings.len()),
        (Phase::TranslateInProgress.into(), 16),
        "the translator has none"
    );
}

#[test]
fn final_phases_never_change_and_impossible_events_are_dead_lettered() {
    let done = job(&json!({}), &json!({"phase": "Done", "attempt": 1, "revision": 4, "announcedRevision": 4}));
    let event = Event::new(&done.subject(), source::DOWNLOADER, now(), &failed(true, Reason::WorkerError));
    assert_eq!(fold(&done, &[event], now()), Folded::default());
    let mut subject = done.subject();
    subject.attempt = 9;
    let event =
        Event::new(&subject, source::DOWNLOADER, now(), &DownloadStarted { worker: "w".into(), warnings: vec![] });
    let folded = fold(&done, &[event], now());
    assert_eq!((folded.plan, folded.rejected[0].reason), (Plan::default(), Reason::ImpossibleEvent));
}

#[test]
fn a_batch_of_events_is_one_write_that_keeps_what_later_steps_need() {
    let queued =
        job(&json!({}), &json!({"phase": "DownloadQueued", "attempt": 1, "revision": 1, "announcedRevision": 1}));
    let subject = queued.subject();
    let from = Artifact { key: "films/text/k.srt".into(), language: "en".into(), sha256: "5e".into() };
    let requested = TranslateRequested {
        subtitle_file_path: from.key.clone(),
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
    assert_eq!(
        (names, status.revision, status.phase),
        (vec!["status", "record"], 2, Phase::TranslateInProgress.into())
    );
    assert_eq!(
        (status.step, status.from, status.progress.as_deref()),
        (Step::Translate.into(), Some(from), Some("50/60"))
    );
    assert_eq!(status.announced_revision, 2, "a worker's word needs no announcement");

    let one_by_one = events.iter().fold(queued.clone(), |job, event| {
        let (_, status) = outline(&fold(&job, std::slice::from_ref(event), now()).plan);
        JobSnapshot { status: status.expect("a status"), ..job }
    });
    let revisionless = |mut status: SubtitleJobStatus| {
        status.revision = 0;
        status.set_announced(0);
        status
    };
    let (_, whole) = outline(&fold(&queued, &events, now()).plan);
    assert_eq!(revisionless(whole.expect("a status")), revisionless(one_by_one.status));
}

#[test]
fn old_publishers_drive_a_job_to_its_end() {
    let old: Vec<Event> =
        serde_json::from_str(include_str!("../../../../../core/contract/tests/golden/old_events.json"))
            .expect("events");
    let [requested, translate, translated, ready, failure] = old.as_slice() else { panic!("five events") };
    let job_at =
        |phase: &str| job(&json!({}), &json!({"phase": phase, "attempt": 1, "revision": 2, "announcedRevision": 2}));
    let after = |phase: &str, event: &Event| outline(&fold(&job_at(phase), std::slice::from_ref(event), now()).plan).1;

    assert_eq!(after("DownloadQueued", requested), None, "the request is there already");
    let status = after("DownloadInProgress", translate).expect("a status");
    assert_eq!((status.phase, status.step), (Phase::TranslateQueued.into(), Step::Translate.into()));
    assert_eq!(status.from.expect("a file").key, "/subtitles/7.en.srt");
    let status = after("TranslateInProgress", translated).expect("a status");
    assert_eq!((status.phase, status.result.expect("a result").language.as_str()), (Phase::Done.into(), "es"));
    let status = after("DownloadInProgress", ready).expect("a status");
    let result = status.result.expect("a result");
    assert_eq!((result.key.as_str(), result.url.as_str()), ("/subtitles/7.es.srt", "https://files.example/7.es.srt"));
    let status = after("DownloadInProgress", failure).expect("a status");
    assert_eq!(
        (status.phase, status.reason),
        (Phase::Pending.into(), Some(Reason::BackingOff.into())),
        "its failure is retryable"
    );

    let second = job(
        &json!({}),
        &json!({"phase": "DownloadInProgress", "attempt": 2, "revision": 2, "announcedRevision": 2, "attemptTime": "2026-01-31T20:16:00Z"}),
    );
    assert_eq!(fold(&second, std::slice::from_ref(ready), now()), Folded::default(), "older than the current attempt");
}

#[test]
fn an_event_that_names_a_key_of_another_namespace_is_a_dead_letter_from_any_source() {
    let foreign = "team-b/text/3f2a.srt";
    let subject = job(&json!({}), &json!({"attempt": 1})).subject();
    let from = Artifact { key: foreign.into(), language: "en".into(), sha256: "5e".into() };
    let stored = StoredGlossary { key: "team-b/glossaries/5a.txt".into(), sha256: "5a".into() };
    let result = JobResult { key: foreign.into(), language: "es".into(), ..JobResult::default() };
    let payload = |value: serde_json::Value| value.as_object().expect("an object").clone();
    let whole = |event_type: EventType, value: serde_json::Value| {
        let event =
            Event::new(&subject, source::DOWNLOADER, now(), &DownloadStarted { worker: "w".into(), warnings: vec![] });
        Event { event_type, payload: payload(value), ..event }
    };
    let spec = &job(&json!({}), &json!({})).spec;
    let events = [
        whole(
            EventType::Ready,
            json!({"subtitle_path": "films/a", "language": "es", "download_url": "", "result": result}),
        ),
        whole(
            EventType::Translated,
            json!({"translated_path": "films/a", "source_language": "en", "target_language": "es", "download_url": "", "result": result}),
        ),
        whole(
            EventType::TranslateRequested,
            json!({"subtitle_file_path": "films/a", "source_language": "en", "target_language": "es", "from": from, "spec": spec}),
        ),
        whole(EventType::DownloadStarted, json!({"worker": "w", "glossary": stored})),
    ];
    let old = [
        whole(EventType::Ready, json!({"subtitle_path": foreign, "language": "es"})),
        whole(
            EventType::Translated,
            json!({"translated_path": foreign, "source_language": "en", "target_language": "es"}),
        ),
        whole(EventType::TranslateRequested, json!({"subtitle_file_path": foreign, "source_language": "en"})),
    ];
    let old = old.map(|event| Event { schema_version: None, id: None, attempt: None, ..event });
    let queued =
        job(&json!({}), &json!({"phase": "DownloadQueued", "attempt": 1, "revision": 1, "announcedRevision": 1}));
    for event in events.into_iter().chain(old) {
        let folded = fold(&queued, std::slice::from_ref(&event), now());
        assert_eq!(folded.plan, Plan::default(), "{:?}", event.event_type);
        assert_eq!(folded.rejected[0].reason, Reason::ImpossibleEvent);
        assert!(folded.rejected[0].message.contains("'films'"), "{}", folded.rejected[0].message);
    }
}

#[test]
fn sources_that_are_left_out_are_named_while_it_works_and_where_it_fails() {
    let warnings = vec!["preferred source 'subdl' is left out".to_owned(), "another".to_owned()];
    let queued =
        job(&json!({}), &json!({"phase": "DownloadQueued", "attempt": 1, "revision": 2, "announcedRevision": 2}));
    let started = DownloadStarted { worker: "w".into(), warnings: warnings.clone() };
    let event = |job: &JobSnapshot, failure: Failed| Event::new(&job.subject(), source::DOWNLOADER, now(), &failure);
    let started = Event::new(&queued.subject(), source::DOWNLOADER, now(), &started);
    let working = outline(&fold(&queued, &[started], now()).plan).1.expect("a status");
    let shown = "preferred source 'subdl' is left out; another";
    assert_eq!((working.message.as_deref(), &working.warnings), (Some(shown), &warnings));
    let working = JobSnapshot { status: working, ..queued };
    let failed = fold(&working, &[event(&working, failed(false, Reason::NoSubtitleFound))], now());
    let failed = outline(&failed.plan).1.expect("a status");
    assert_eq!(failed.message.as_deref(), Some(format!("it broke; {shown}").as_str()));
}
