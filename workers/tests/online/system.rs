//! What people see of sources: a real API server, RabbitMQ and Redis, the operator and the workers as processes, and
//! providers that are away, have nothing, or have had enough.

use std::{fs, process::Command, time::Duration};

use serde_json::{Value, json};
use subtitle_broker::{Address, AmqpSession, PublishWriter as _, Session as _};
use subtitle_contract::{
    event::{Event, source},
    job::JobResult,
    payload::{Ready, Subject},
};
use subtitle_tests::{
    job_manifest as job,
    process::{eventually, output},
    stack::{Options, Stack},
    temporary_folder,
};
use tokio::runtime::Runtime;

use crate::{
    bench::Secrets,
    providers::{CLEAN, KEY, Provider},
};

const LIMIT: Duration = Duration::from_secs(90);

struct System {
    stack: Stack,
    /// For what is asked of the providers.
    runtime: Runtime,
    opensubtitles: Provider,
    subdl: Provider,
    _podnapisi: Provider,
    _secrets: Secrets,
}

impl System {
    fn start(folder: &std::path::Path) -> Self {
        let secrets = Secrets::new();
        let [opensubtitles, podnapisi, subdl] = ["opensubtitles", "podnapisi", "subdl"].map(Provider::start);
        let key = secrets.folder().join("key").display().to_string();
        let environment = [
            ("SUBTITLES_OPENSUBTITLES_URL", format!("{}/api/v1", opensubtitles.url)),
            ("SUBTITLES_OPENSUBTITLES_KEY_FILE", key.clone()),
            ("SUBTITLES_PODNAPISI_URL", podnapisi.url.clone()),
            ("SUBTITLES_SUBDL_URL", format!("{}/api/v1", subdl.url)),
            ("SUBTITLES_SUBDL_DOWNLOAD_URL", subdl.url.clone()),
            ("SUBTITLES_SUBDL_KEY_FILE", key),
        ];
        let progress = |step: &str| println!("{step}");
        let options = Options {
            environment: environment.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            ..Options::new(folder.join("library"), &progress)
        };
        let stack = Stack::start_with(folder, &options).expect("the stack starts");
        let runtime = Runtime::new().expect("a runtime");
        Self { stack, runtime, opensubtitles, subdl, _podnapisi: podnapisi, _secrets: secrets }
    }

    fn set(&self, provider: &Provider, what: Value) {
        self.runtime.block_on(provider.set(what));
    }

    fn calls(&self, provider: &Provider, kind: &str) -> u64 {
        self.runtime.block_on(provider.calls(kind))
    }

    /// Applies a job for the film that every provider has.
    fn ask(&self, name: &str, more: &str) {
        let spec = format!("{{video: {{title: The Harbour, year: 2024}}, translation: {{policy: Never}}, {more}}}");
        self.stack.apply(&job(name, &spec)).expect("applies");
    }

    fn finished(&self, name: &str) -> Value {
        self.stack.finished(name, LIMIT).expect("finished")
    }

    fn scenario_05_sources_that_failed_are_asked_again_and_in_the_end_all_are_listed(&self) {
        let away = |times: u32| json!({"faults": [{"on": "search", "status": 503, "body": "page", "times": times}]});
        self.set(&self.opensubtitles, away(9)); // three attempts of three calls
        let rest = json!({"on": "search", "status": 429, "body": {}, "headers": {"retry-after": "3600"}});
        self.set(&self.subdl, json!({"faults": [rest]}));
        let retry = "retry: {limit: 2, backoffSeconds: 1, maxBackoffSeconds: 2}";
        let all = "sources: [{name: opensubtitles}, {name: podnapisi}, {name: subdl}]";
        self.ask("away", &format!("language: fr, {all}, {retry}"));
        let away_job = self.finished("away");
        let status = &away_job["status"];
        assert_eq!((&status["phase"], &status["reason"]), (&json!("Failed"), &json!("AllSourcesFailed")), "{status:#}");
        assert_eq!((&status["attempt"], &status["failures"]), (&json!(3), &json!(2)), "{status:#}");
        let message = status["message"].as_str().expect("a message");
        for words in ["opensubtitles: 127.0.0.1 answered 503", "podnapisi: has nothing usable", "subdl: 127.0.0.1 asks"]
        {
            assert!(message.contains(words), "'{words}' is not in: {message}");
        }
        let id = away_job["metadata"]["uid"].as_str().expect("a uid");
        let (_, page) = self.stack.get(&format!("/subtitles/{id}/events?limit=500")).expect("REST");
        let failures =
            page["events"].as_array().into_iter().flatten().filter(|event| event["event_type"] == "job.failed");
        let reasons: Vec<&Value> = failures.map(|event| &event["payload"]["reason"]).collect();
        assert_eq!(reasons, ["AllSourcesFailed"; 3], "nobody said that there is none");
        let calls = (self.calls(&self.opensubtitles, "search"), self.calls(&self.subdl, "search"));
        assert_eq!(calls, (9, 1), "who asks for a rest has it");

        // A source that is alone is waited for.
        self.ask("resting", &format!("language: fr, sources: [{{name: subdl}}], {retry}"));
        let waits = ["wait", "--for=jsonpath={.status.reason}=WaitingForQuota", "subtitlejob/resting", "--timeout=60s"];
        output(self.stack.cluster.kubectl().args(waits)).expect("it waits for the named time");

        // One that is back gives what it has.
        self.set(&self.opensubtitles, away(3));
        self.ask("back", &format!("language: es, sources: [{{name: opensubtitles}}], {retry}"));
        let back = self.finished("back");
        assert_eq!((&back["status"]["phase"], &back["status"]["attempt"]), (&json!("Done"), &json!(2)), "{back:#}");
    }

    fn scenario_15_a_result_is_given_without_credentials_in_utf_8_under_its_type(&self) {
        for (name, format, kind) in [
            ("as-srt", "SRT", "application/x-subrip; charset=utf-8"),
            ("as-webvtt", "WebVTT", "text/vtt; charset=utf-8"),
            ("as-ass", "ASS", "text/x-ssa; charset=utf-8"),
        ] {
            self.ask(name, &format!("language: es, sources: [{{name: opensubtitles}}], output: {{format: {format}}}"));
            let job = self.finished(name);
            let result = &job["status"]["result"];
            let url = result["url"].as_str().unwrap_or_else(|| panic!("no result: {job:#}"));
            assert!(url.starts_with(&self.stack.api_url), "this system's own address: {url}");
            let answer =
                Command::new("curl").args(["-sf", "-w", "%{stderr}%{content_type}", url]).output().expect("curl");
            assert_eq!(String::from_utf8_lossy(&answer.stderr), kind);
            let text = String::from_utf8(answer.stdout).expect("UTF-8");
            assert!(text.contains(CLEAN) && text.contains("¿Por qué") && !text.contains('\r'), "{text}");
        }
        assert_eq!(self.calls(&self.opensubtitles, "download"), 1, "one file in three formats");
    }

    /// The job that waits gets an answer that the API server will never take.
    fn a_status_that_is_refused_for_good_is_kept_with_its_reason_and_the_job_goes_on(&self) {
        let get = ["get", "subtitlejob/resting", "-o", "json"];
        let resting = || -> Value {
            serde_json::from_str(&output(self.stack.cluster.kubectl().args(get)).expect("kubectl")).expect("JSON")
        };
        let before = resting();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let subject = Subject {
            job_id: text(&before["metadata"]["uid"]),
            namespace: text(&before["metadata"]["namespace"]),
            name: "resting".to_owned(),
            attempt: before["status"]["attempt"]
                .as_u64()
                .and_then(|attempt| attempt.try_into().ok())
                .expect("a number"),
        };
        let result = JobResult {
            key: "default/a.srt".to_owned(),
            url: format!("http://subtitles.example/{}", "a".repeat(3000)),
            ..JobResult::default()
        };
        let ready = Ready {
            subtitle_path: "default/a.srt".to_owned(),
            language: "fr".to_owned(),
            download_url: String::new(),
            result,
            candidates: vec![],
            simulated: false,
            warnings: Vec::new(),
        };
        let event = Event::new(&subject, source::DOWNLOADER, jiff::Timestamp::now(), &ready);
        self.runtime.block_on(async {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let session = AmqpSession::open(&Address::url(&self.stack.broker.url), "test").await.expect("connects");
            session.publish(&event).await.expect("confirmed");
            session.close().await;
        });
        let listed = || {
            let list = self.stack.operator_command(&["dead", "list"]).ok()?;
            list.contains("StatusRejected").then_some(list)
        };
        let list = eventually("the dead letter", LIMIT, listed).expect("it is kept");
        assert!(list.contains("default/resting"), "{list}");
        let after = resting();
        assert_eq!(after["status"]["reason"], "WaitingForQuota", "{after:#}");
    }

    fn a_wish_for_a_source_that_is_not_set_up_is_answered_without_it_and_says_so(&self) {
        let body = json!({"video_url": "https://film.invalid/The.Harbour.2024.mkv", "video_title": "The Harbour", "language": "es",
            "preferred_sources": ["gestdown", "Nobody", "podnapisi"]});
        let (code, created) = self.stack.post("/subtitles/download", &body.to_string()).expect("REST");
        assert_eq!((code, &created["preferred_sources"]), (201, &body["preferred_sources"]), "{created}");
        let job = self.finished(created["name"].as_str().expect("a name"));
        let status = &job["status"];
        assert_eq!(
            (&status["phase"], &status["result"]["source"]),
            (&json!("Done"), &json!("podnapisi")),
            "{status:#}"
        );
        let warnings = [
            "preferred source 'gestdown' is left out: it is not set up here; set gestdown.url in the chart or SUBTITLES_GESTDOWN_URL",
            "preferred source 'Nobody' is left out: this downloader knows embedded, library, opensubtitles, subdl, podnapisi, gestdown, simulated",
        ];
        assert_eq!(status["warnings"], json!(warnings));
        let id = job["metadata"]["uid"].as_str().expect("a uid");
        self.stack.events_until(id, "subtitle.ready").expect("history");
        let (_, page) = self.stack.get(&format!("/subtitles/{id}/events")).expect("REST");
        let events = page["events"].as_array().expect("events");
        let started = events.iter().find(|event| event["event_type"] == "subtitle.download.started");
        assert_eq!(started.expect("it started")["payload"]["warnings"], json!(warnings));
        assert!(!job.to_string().contains(KEY) && !page.to_string().contains(KEY));
    }
}

#[test]
fn scenarios_05_and_15_and_a_wish_on_the_whole_system() {
    let folder = temporary_folder("sources").expect("a temporary folder");
    let system = System::start(&folder);
    system.scenario_05_sources_that_failed_are_asked_again_and_in_the_end_all_are_listed();
    system.a_status_that_is_refused_for_good_is_kept_with_its_reason_and_the_job_goes_on();
    system.scenario_15_a_result_is_given_without_credentials_in_utf_8_under_its_type();
    system.a_wish_for_a_source_that_is_not_set_up_is_answered_without_it_and_says_so();
    drop(system);
    let _ = fs::remove_dir_all(&folder);
}
