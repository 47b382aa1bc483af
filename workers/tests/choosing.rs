//! What the downloader answers, on real files in a folder: the next candidate after a bad file, translation after
//! the last, and a reason that says what was in the way.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::{Value, json};
use subtitle_contract::{job::JobResult, language::Language, library::LibraryRules, reason::Reason};
use subtitle_workers::{
    artifact::StoreArtifact,
    downloader::{DownloadOutcome, Downloader},
    failure::Failure,
    find::{
        Finder, Libraries, SourceId,
        guard::{Guard, GuardedClient},
    },
    sidecar::{Author, write_sidecar},
    store::Store,
    subtitle::Format,
};

const SPANISH: &str = "1\n00:00:01,000 --> 00:00:02,000\nEl barco sale al mediodía y no vuelve.\n";
/// Long enough that nobody takes it for Spanish.
fn english() -> String {
    let line = "The boat leaves the harbour at noon and it does not return before the storm is over, they said.";
    let cue = |at: u32| format!("{at}\n00:00:{at:02},000 --> 00:00:{at:02},900\n{line}\n\n");
    (1..30).map(cue).collect()
}

/// A library of its own for each test, removed with it.
struct Library(PathBuf);

impl Library {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("subtitles-choosing-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("film.mkv"), "no Matroska").expect("written");
        for (file, text) in files {
            fs::write(folder.join(file), text).expect("written");
        }
        Self(folder)
    }

    async fn answer(&self, more: Value) -> Result<DownloadOutcome, Failure> {
        self.answer_with(more, |_| ()).await
    }

    fn sources(&self) -> Libraries {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Libraries::new(BTreeMap::from([("films".to_owned(), self.0.clone())]), None, reqwest::Client::new())
    }

    async fn answer_by(&self, rules: &str, more: Value) -> Result<DownloadOutcome, Failure> {
        let rules = LibraryRules::parse(rules).expect("rules");
        self.answer_with(more, |downloader| {
            downloader.finder.libraries = downloader.finder.libraries.clone().with_rules(rules);
        })
        .await
    }

    async fn answer_with(&self, more: Value, change: impl FnOnce(&mut Downloader)) -> Result<DownloadOutcome, Failure> {
        let mut spec = json!({"video": {"library": "films", "path": "film.mkv"}, "language": "es"});
        spec.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let finder = Finder::new(self.sources(), GuardedClient::new(Guard::default()).expect("a client"));
        let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
        let mut downloader = Downloader::standalone(finder, vec![SourceId::Embedded, SourceId::Library], store);
        change(&mut downloader);
        downloader.answer("a", serde_json::from_value(spec).expect("a spec")).await
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_job_uses_a_library_only_as_its_namespace_may_whatever_the_operator_let_through() {
    let library = Library::new("rules", &[("film.es.srt", SPANISH)]);
    let overwrite = json!({"output": {"sidecar": "Overwrite"}});
    for (rules, spec, words) in [
        (r#"[{"name": "films", "read": ["other"]}]"#, json!({}), "may not read the library 'films'"),
        (
            r#"[{"name": "films", "read": ["standalone"], "subPaths": {"*": "{namespace}"}}]"#,
            json!({}),
            "only read below 'standalone'",
        ),
        (r#"[{"name": "films", "read": ["standalone"]}]"#, overwrite.clone(), "may not write sidecars"),
    ] {
        let failure = library.answer_by(rules, spec).await.expect_err(words);
        assert_eq!(failure.reason, Reason::NotAllowed);
        assert!(failure.message.contains(words), "{}", failure.message);
    }
    let rules = r#"[{"name": "films", "read": ["*"], "write": ["standalone"]}]"#;
    assert!(matches!(library.answer_by(rules, overwrite).await, Ok(DownloadOutcome::Ready { .. })));
}

#[tokio::test]
async fn a_sidecar_lies_only_beside_a_regular_file_that_is_a_video() {
    let library = Library::new("no-video", &[("poster.jpg", "no video")]);
    fs::create_dir_all(library.0.join("folder.mkv")).expect("a folder");
    for path in ["poster.jpg", "gone.mkv", "folder.mkv"] {
        let spec = json!({"video": {"library": "films", "path": path}, "sources": [{"name": "simulated"}],
            "output": {"sidecar": "Overwrite"}});
        let failure = library.answer(spec).await.expect_err(path);
        assert_eq!(failure.reason, Reason::SidecarNotWritten, "{}", failure.message);
    }
    assert!(
        fs::read_dir(&library.0)
            .expect("a folder")
            .flatten()
            .all(|entry| { !entry.file_name().to_string_lossy().ends_with(".srt") })
    );
}

#[tokio::test]
async fn a_planted_link_leads_no_write_out_of_the_library() {
    let library = Library::new("planted", &[]);
    let outside = std::env::temp_dir().join(format!("subtitles-outside-{}", std::process::id()));
    fs::write(&outside, "precious").expect("written");
    let planted = library.0.join(".film.es.srt.machine-translated");
    std::os::unix::fs::symlink(&outside, &planted).expect("planted");
    let result = JobResult { format: "SRT".to_owned(), ..JobResult::default() };
    let artifact = StoreArtifact { text: SPANISH.to_owned(), format: Format::Srt, result };
    let spec = json!({"video": {"library": "films", "path": "film.mkv"}, "language": "es",
        "output": {"sidecar": "Overwrite"}});
    let spec = serde_json::from_value(spec).expect("a spec");
    let spanish = Language::parse("es").expect("a tag");
    write_sidecar(&library.sources(), &spec, &artifact, &spanish, Author::Machine).await.expect("written");
    assert_eq!(fs::read_to_string(&outside).expect("there"), "precious");
    assert!(fs::symlink_metadata(&planted).expect("there").is_file());
    let _ = fs::remove_file(outside);
}

#[tokio::test]
async fn a_bad_file_makes_room_for_the_next_candidate_and_keeps_its_reason() {
    let library = Library::new("next", &[("film.es.srt", "<html>quota</html>"), ("film.es.sdh.srt", SPANISH)]);
    let DownloadOutcome::Ready { artifact, candidates, .. } = library.answer(json!({})).await.expect("found") else {
        panic!("ready")
    };
    assert_eq!(artifact.result.cues, 1);
    assert_eq!(
        (candidates[0].from.as_str(), candidates[0].rejection_reason.as_deref()),
        ("library: film.es.sdh.srt", None)
    );
    let lost = candidates[1].rejection_reason.as_deref().expect("a reason");
    assert!(lost.contains("a web page"), "{lost}");
}

#[tokio::test]
async fn with_nothing_usable_in_the_language_another_one_is_translated() {
    let library = Library::new("fall", &[("film.es.srt", &english()), ("film.en.srt", &english())]);
    let DownloadOutcome::Translate { from, .. } = library.answer(json!({})).await.expect("found") else {
        panic!("translate")
    };
    assert_eq!(from.language, "en");
    let failure = library.answer(json!({"translation": {"policy": "Never"}})).await.expect_err("nothing");
    assert_eq!(failure.reason, Reason::UnusableSubtitle);
    assert!(failure.message.contains("not in 'es' as it says"), "{}", failure.message);
}

#[tokio::test]
async fn not_found_is_only_said_when_every_source_answered() {
    let library = Library::new("silent", &[]);
    let failure = library.answer(json!({})).await.expect_err("nothing");
    assert_eq!(failure.reason, Reason::NoSubtitleFound);
    let video = json!({"video": {"url": "http://film.invalid/film.mkv"}});
    let failure = library.answer(video).await.expect_err("nobody answers");
    assert_eq!(failure.reason, Reason::AllSourcesFailed);
    for words in [
        "embedded: failed to look into the video: failed to get video.url from film.invalid",
        "library: has nothing usable",
    ] {
        assert!(failure.message.contains(words), "{}", failure.message);
    }
    assert!(failure.reason.is_retryable());
    let video = json!({"video": {"url": "http://169.254.169.254/film.mkv"}});
    let failure = library.answer(video).await.expect_err("refused");
    assert_eq!(failure.reason, Reason::InvalidSpec);
}

#[tokio::test]
async fn each_trouble_has_its_own_reason() {
    let reason = |answer: Result<DownloadOutcome, Failure>| answer.expect_err("nothing").reason;
    let library = Library::new("reasons", &[]);
    let missing = json!({"video": {"library": "films", "path": "gone.mkv"}});
    assert_eq!(reason(library.answer(missing).await), Reason::VideoUnavailable);

    fs::write(library.0.join("film.es.srt"), [0, 1, 2, 3, 0xFE, 0, 0, 7].repeat(100)).expect("written");
    assert_eq!(reason(library.answer(json!({})).await), Reason::UndecodableText);

    fs::write(library.0.join("film.es.srt"), SPANISH).expect("written");
    let store = library.0.join("store");
    fs::create_dir(&store).expect("a folder");
    let url = format!("file://{}", store.display()).parse().expect("a URL");
    let broken = |downloader: &mut Downloader| {
        downloader.store = Store::open(&url).expect("opens");
        fs::remove_dir(&store).expect("removed");
        fs::write(&store, "no folder any more").expect("written");
    };
    assert_eq!(reason(library.answer_with(json!({}), broken).await), Reason::StoreUnavailable);

    let simulated = json!({"sources": [{"name": "simulated"}], "output": {"sidecar": "Overwrite"}});
    let fails = |downloader: &mut Downloader| downloader.finder.simulation.failure_percent = 100;
    assert_eq!(reason(library.answer_with(simulated.clone(), fails).await), Reason::SimulatedFailure);
    fs::remove_file(library.0.join("film.es.srt")).expect("removed");
    fs::create_dir_all(library.0.join("film.es.srt/in the way")).expect("a folder");
    assert_eq!(reason(library.answer(simulated).await), Reason::SidecarNotWritten);
}

#[tokio::test]
async fn a_sidecar_that_this_system_translated_is_found_only_where_machines_are_allowed() {
    let library = Library::new("machine", &[]);
    let spec =
        json!({"video": {"library": "films", "path": "film.mkv"}, "language": "es", "output": {"sidecar": "IfAbsent"}});
    let spec = serde_json::from_value(spec).expect("a spec");
    let result = JobResult { format: "SRT".to_owned(), ..JobResult::default() };
    let artifact = StoreArtifact { text: SPANISH.to_owned(), format: Format::Srt, result };
    let spanish = Language::parse("es").expect("a tag");
    write_sidecar(&library.sources(), &spec, &artifact, &spanish, Author::Machine).await.expect("written");

    let failure = library.answer(json!({"translation": {"policy": "Never"}})).await.expect_err("nothing");
    assert_eq!(failure.reason, Reason::NoSubtitleFound);
    assert!(failure.message.contains("nearest: library film.es.srt is machine-translated"), "{}", failure.message);
    let allowed = json!({"selection": {"machineTranslated": "Allow"}});
    assert!(matches!(library.answer(allowed).await, Ok(DownloadOutcome::Ready { .. })));

    // Somebody corrects it.
    fs::write(library.0.join("film.es.srt"), SPANISH.replace("vuelve", "regresa")).expect("written");
    assert!(matches!(library.answer(json!({})).await, Ok(DownloadOutcome::Ready { .. })));
}

/// One cue of three cannot be read.
fn damaged() -> String {
    english().replacen("00:00:02,000 --> 00:00:02,900", "00:00:0Z,000 --> 00:00:02,900", 1)
}

#[tokio::test]
async fn a_file_with_cues_missing_is_not_translated_unless_that_is_allowed() {
    let library = Library::new("missing", &[("film.en.srt", &damaged())]);
    for format in ["Original", "SRT"] {
        let output = json!({"output": {"format": format}});
        let failure = library.answer(output).await.expect_err("incomplete");
        assert_eq!(failure.reason, Reason::UnusableSubtitle);
        assert!(failure.message.contains("1 of the file's cues cannot be read"), "{}", failure.message);
    }
    let allowed = library.answer(json!({"translation": {"partial": "Allow"}, "output": {"format": "SRT"}})).await;
    assert!(matches!(allowed, Ok(DownloadOutcome::Translate { .. })), "{allowed:?}");
    // A whole one is taken instead.
    fs::write(library.0.join("film.en.sdh.srt"), english()).expect("written");
    assert!(matches!(library.answer(json!({})).await, Ok(DownloadOutcome::Translate { .. })));
}

#[tokio::test]
async fn a_file_with_cues_missing_is_delivered_with_a_warning_and_never_found_as_a_whole_one() {
    let library = Library::new("in-part", &[("film.en.srt", &damaged())]);
    let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
    let with_store = |downloader: &mut Downloader| downloader.store = store.clone();
    for _ in 0..2 {
        let wanted = json!({"language": "en", "output": {"format": "SRT"}});
        let answer = library.answer_with(wanted, with_store).await.expect("found");
        let DownloadOutcome::Ready { artifact, warnings, .. } = answer else { panic!("ready") };
        assert_eq!(artifact.result.cues, 28);
        assert!(warnings.iter().any(|warning| warning.contains("1 of the file's cues")), "{warnings:?}");
        let translated = json!({"output": {"format": "SRT"}});
        assert!(library.answer_with(translated, with_store).await.is_err(), "what is stored has no damage any more");
    }
}
