//! Compares the wire formats with golden files: one event of each type, and the record in Redis. `UPDATE_GOLDEN=1` rewrites
//! them. Does I/O.
#![expect(clippy::disallowed_methods, reason = "a test may read its golden file")]

use jiff::Timestamp;
use serde_json::{Value, json};
use subtitle_contract::{
    event::{Event, EventType, source},
    job::{Artifact, Candidate, JobResult, Readability, StoredGlossary, SubtitleJob, Untranslated, VariantMatch},
    payload::{
        Cancelled, DownloadRequested, DownloadStarted, Failed, Payload, Ready, RetryScheduled, Stopped, Subject,
        TranslateProgress, TranslateRequested, TranslateStarted, Translated,
    },
    policy::{
        pages::{PageBuilder, ScanCounts},
        scan::{
            PolicyRef, ScanFinished, ScanPage, ScanRequested, ScanSelection, ScannedSidecar, ScannedTrack,
            ScannedVideo, SidecarAuthor, SubtitleFlag, TrackKind, UnreadableFile,
        },
    },
    reason::Reason,
    record::Record,
};

fn golden(name: &str, value: &Value) {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = serde_json::to_string_pretty(value).expect("writes") + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).expect("golden file is writable");
    }
    assert_eq!(text, std::fs::read_to_string(&path).expect("golden file"), "UPDATE_GOLDEN=1 rewrites {name}");
}

fn time() -> Timestamp {
    "2026-01-31T20:15:00Z".parse().expect("a time")
}

fn job() -> SubtitleJob {
    serde_json::from_value(json!({
        "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob",
        "metadata": {"name": "harbour-es", "namespace": "films", "uid": "0c1d", "creationTimestamp": "2026-01-31T20:14:00Z"},
        "spec": {"video": {"path": "films/harbour.mkv"}, "language": "es"},
        "status": {"phase": "Failed", "attempt": 2, "revision": 7, "updatedBy": "downloader",
            "reason": "NoSubtitleFound", "message": "no source has one", "completionTime": "2026-01-31T20:15:09Z"}
    }))
    .expect("a job")
}

fn round_trip<P: Payload + PartialEq + std::fmt::Debug>(source: &str, payload: &P) -> Value {
    let subject = Subject { job_id: "0c1d".into(), namespace: "films".into(), name: "harbour-es".into(), attempt: 2 };
    let event = Event::new(&subject, source, time(), payload);
    let wire = serde_json::to_vec(&event).expect("writes");
    let read = Event::decode(&wire).expect("reads what it wrote");
    assert_eq!(read, event);
    assert_eq!(&read.read::<P>().expect("payload"), payload);
    serde_json::from_slice(&wire).expect("JSON")
}

fn scan() -> ScanRequested {
    ScanRequested {
        scan_id: uuid::Uuid::from_u128(7),
        policy: PolicyRef { namespace: "films".into(), name: "house".into(), uid: "0c1d".into(), generation: 3 },
        library: "default".into(),
        select: ScanSelection {
            include: vec!["shows/**".into()],
            exclude: vec!["**/extras/**".into()],
            settle_seconds: 300,
        },
        paths: vec![],
    }
}

fn video(number: usize) -> ScannedVideo {
    let sidecar = ScannedSidecar {
        name: "harbour.es.srt".into(),
        language: Some("es".into()),
        flags: vec![SubtitleFlag::HearingImpaired],
        digest: "9f86".repeat(16),
        author: SidecarAuthor::Translated,
    };
    let (kind, flags) = (TrackKind::Text, vec![SubtitleFlag::Default, SubtitleFlag::Forced]);
    ScannedVideo {
        path: format!("shows/harbour/s01e{number:02}.mkv"),
        size_bytes: 734_003_200,
        modified: time(),
        hash: Some("8e245d9679d31e12".into()),
        duration_seconds: Some(1_320),
        sidecars: vec![sidecar],
        tracks: vec![ScannedTrack { language: Some("en".into()), kind, flags, name: "English".into() }],
    }
}

fn page() -> ScanPage {
    let unreadable = vec![UnreadableFile { path: "shows/lost".into(), message: "permission denied".into() }];
    ScanPage { scan_id: scan().scan_id, policy_uid: "0c1d".into(), page: 0, videos: vec![video(1)], unreadable }
}

#[test]
fn every_page_of_a_scan_is_an_event_that_can_be_read_and_every_video_is_in_one() {
    let mut request = scan();
    request.paths = vec!["shows".into()];
    let mut builder = PageBuilder::new(&request, ScanCounts { pages: 2, videos: 10, unreadable: 1 });
    let mut pages = Vec::new();
    let few = |number| ScannedVideo { sidecars: vec![], tracks: vec![], ..video(number) };
    let many = |number: usize, count| ScannedVideo { tracks: vec![video(1).tracks.remove(0); count], ..video(number) };
    for number in 0..1_200 {
        pages.extend(builder.add_video(few(number)));
    }
    for number in 0..40 {
        pages.extend(builder.add_video(many(number, 200)));
    }
    pages.extend(builder.add_video(ScannedVideo { path: format!("shows/{}", "x,[{".repeat(20_000)), ..few(0) }));
    pages.extend(builder.add_video(many(0, 5_000)));
    pages.extend(builder.add_unreadable("shows/lost", &"far away ".repeat(1_000)));
    let (last, finished) = builder.finish(Some("a folder was lost".into()));
    pages.extend(last);
    let subject = Subject::for_policy(&request.policy);
    for (number, page) in (2..).zip(&pages) {
        assert!(page.page == number && page.videos.len() + page.unreadable.len() <= 500);
        let event = Event::new(&subject, source::DOWNLOADER, time(), page);
        let body = serde_json::to_vec(&event).expect("writes");
        assert_eq!(&Event::decode(&body).expect("fits an event").read::<ScanPage>().expect("a page"), page);
    }
    let videos: usize = pages.iter().map(|page| page.videos.len()).sum();
    let unreadable: usize = pages.iter().map(|page| page.unreadable.len()).sum();
    assert_eq!((videos, unreadable), (1_240, 3));
    assert_eq!((finished.pages as usize, finished.videos, finished.unreadable), (pages.len() + 2, 1_250, 4));
    assert!(!finished.is_complete && finished.paths == request.paths);
}

#[test]
fn what_a_newer_worker_says_of_a_subtitle_is_read_with_caution() {
    let newer = json!({"name": "a.es.srt", "flags": ["Karaoke"], "digest": "", "author": "Dubbed"});
    let sidecar: ScannedSidecar = serde_json::from_value(newer).expect("a sidecar");
    assert_eq!((sidecar.author, sidecar.flags), (SidecarAuthor::Person, vec![SubtitleFlag::Unknown]));
    let track: ScannedTrack = serde_json::from_value(json!({"kind": "Hologram"})).expect("a track");
    assert_eq!(track.kind, TrackKind::Picture);
}

#[test]
fn every_event_type_matches_the_golden_file() {
    let spec = job().spec;
    let result = JobResult {
        url: "http://127.0.0.1:8080/subtitles/0c1d/file".into(),
        key: "films/found/3f2a.srt".into(),
        language: "es".into(),
        format: "SRT".into(),
        cues: 62,
        sha256: "9f86".into(),
        source: "embedded".into(),
        ..JobResult::default()
    };
    let from = Artifact { key: "films/found/77aa.srt".into(), language: "en".into(), sha256: "1b4f".into() };
    let candidates = vec![Candidate {
        from: "library: harbour.en.srt".into(),
        score: 40,
        rejection_reason: Some("another language: en".into()),
    }];
    let events = [
        round_trip(
            source::MANAGER,
            &DownloadRequested {
                video_url: "films/harbour.mkv".into(),
                video_title: "harbour.mkv".into(),
                language: "es".into(),
                preferred_sources: vec![],
                spec: spec.clone(),
                glossary: None,
            },
        ),
        round_trip(
            source::DOWNLOADER,
            &DownloadStarted { worker: "downloader-1".into(), warnings: vec!["no preferred source is left".into()] },
        ),
        round_trip(
            source::DOWNLOADER,
            &Ready {
                subtitle_path: result.key.clone(),
                language: "es".into(),
                download_url: result.url.clone(),
                result: result.clone(),
                candidates: candidates.clone(),
                simulated: false,
                warnings: vec![],
            },
        ),
        round_trip(
            source::DOWNLOADER,
            &TranslateRequested {
                subtitle_file_path: from.key.clone(),
                source_language: "en".into(),
                target_language: "es".into(),
                from,
                spec,
                glossary: Some(StoredGlossary { key: "films/glossaries/5a.txt".into(), sha256: "5a".into() }),
                candidates: candidates.clone(),
            },
        ),
        round_trip(source::TRANSLATOR, &TranslateStarted { worker: "translator-1".into() }),
        round_trip(source::TRANSLATOR, &TranslateProgress { done: 40, total: 62 }),
        round_trip(
            source::TRANSLATOR,
            &Translated {
                translated_path: "films/translated/5c.srt".into(),
                source_language: "en".into(),
                target_language: "es".into(),
                download_url: result.url.clone(),
                result: JobResult {
                    translated_from: Some("en".into()),
                    engine: Some("apertium".into()),
                    variant: Some(VariantMatch::Script.into()),
                    glossary: Some("5a".into()),
                    untranslated: Some(Untranslated { count: 1, cues: vec![17] }),
                    readability: Some(Readability { fast: 12, ..Readability::default() }),
                    ..result
                },
                simulated: false,
            },
        ),
        round_trip(
            source::DOWNLOADER,
            &Failed {
                error_message: "no source has one".into(),
                reason: Reason::NoSubtitleFound.into(),
                retryable: false,
                not_before: None,
                candidates,
            },
        ),
        round_trip(
            source::MANAGER,
            &RetryScheduled {
                reason: Reason::SourceUnavailable.into(),
                error_message: "the library did not answer".into(),
                not_before: Some(time()),
                failures: 1,
            },
        ),
        round_trip(source::MANAGER, &Cancelled { reason: Reason::Deleted.into() }),
        round_trip(source::MANAGER, &Stopped { reason: Reason::Suspended.into() }),
        round_trip(source::MANAGER, &scan()),
        round_trip(source::DOWNLOADER, &page()),
        round_trip(
            source::DOWNLOADER,
            &ScanFinished {
                scan_id: scan().scan_id,
                policy_uid: "0c1d".into(),
                pages: 1,
                videos: 1,
                unreadable: 1,
                is_complete: false,
                paths: vec![],
                settled_at: None,
                message: Some("the folder shows/lost could not be read".into()),
            },
        ),
    ];
    let types: Vec<&str> = events.iter().filter_map(|event| event["event_type"].as_str()).collect();
    assert_eq!(types, EventType::KNOWN.each_ref().map(EventType::as_str), "the events do not cover every type once");
    golden("events.json", &Value::from(events.to_vec()));
}

#[test]
fn the_record_in_redis_matches_the_golden_file() {
    let record = Record::project(&job());
    golden("record.json", &serde_json::to_value(&record).expect("writes"));
    let read: Record = serde_json::from_value(serde_json::to_value(&record).expect("writes")).expect("reads");
    assert_eq!(read, record);
}

#[test]
fn a_failure_of_a_legacy_publisher_is_retryable() {
    let old = r#"{"event_type":"job.failed","job_id":"7","timestamp":"2025-01-02T03:04:05Z","source":"downloader",
        "payload":{"error_message":"boom"},"metadata":null}"#;
    let failed: Failed = Event::decode(old.as_bytes()).expect("old shape").read().expect("payload");
    assert!(failed.retryable);
    assert_eq!(failed.reason, Reason::WorkerError);
}
