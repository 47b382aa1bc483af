//! A downloader with some providers and a store in memory.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::{Value, json};
use subtitle_contract::{
    job::Video,
    language::Language,
    payload::{DownloadRequested, Subject},
};
use subtitle_workers::{
    clock::SystemClock,
    download::{Answer, Downloader},
    failure::Failure,
    find::{
        Content, Finder, Found, SourceError, Sources,
        guard::{Guard, GuardedClient},
        online::{
            settings::ProviderArguments,
            turns::{Turns, pace::Limits},
        },
        simulated::Simulation,
    },
    metrics::Metrics,
    report::{Gate, Stopped},
    search::Search as _,
    store::Store,
};

use crate::providers::{KEY, PASSWORD, Provider, USERNAME};

/// A folder with credentials, removed with it.
pub(crate) struct Secrets(pub(crate) PathBuf);

impl Secrets {
    pub(crate) fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("subtitles-online-{}", uuid::Uuid::now_v7().simple()));
        fs::create_dir_all(&folder).expect("a folder");
        let secrets = Self(folder);
        for (name, secret) in [("key", KEY), ("username", USERNAME), ("password", PASSWORD)] {
            secrets.write(name, secret);
        }
        secrets
    }

    pub(crate) fn write(&self, name: &str, secret: &str) {
        fs::write(self.0.join(name), format!("{secret}\n")).expect("written");
    }

    /// Settings that name these providers.
    pub(crate) fn arguments(&self, providers: &[(&str, &Provider)]) -> ProviderArguments {
        let mut arguments = ProviderArguments::default();
        for (name, provider) in providers {
            let url = |path: &str| Some(format!("{}{path}", provider.url).parse().expect("a URL"));
            match *name {
                "opensubtitles" => {
                    arguments.opensubtitles_url = url("/api/v1");
                    arguments.opensubtitles_key_file = Some(self.0.join("key"));
                    arguments.opensubtitles_username_file = Some(self.0.join("username"));
                    arguments.opensubtitles_password_file = Some(self.0.join("password"));
                }
                "subdl" => {
                    arguments.subdl_url = url("/api/v1");
                    arguments.subdl_download_url = url("");
                    arguments.subdl_key_file = Some(self.0.join("key"));
                }
                "podnapisi" => arguments.podnapisi_url = url(""),
                "gestdown" => arguments.gestdown_url = url(""),
                other => panic!("no such provider: {other}"),
            }
        }
        arguments
    }
}

impl Drop for Secrets {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Lets every call pass.
pub(crate) struct Open;

impl Gate for Open {
    fn pass(&self) -> Result<(), Stopped> {
        Ok(())
    }
}

/// A process that has these providers for itself.
pub(crate) struct Bench {
    pub(crate) secrets: Secrets,
    pub(crate) downloader: Downloader,
}

impl Bench {
    pub(crate) fn new(providers: &[(&str, &Provider)]) -> Self {
        let secrets = Secrets::new();
        let arguments = secrets.arguments(providers);
        let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
        Self::with(secrets, &arguments, store, &|_, limits| Turns::alone(limits))
    }

    pub(crate) fn with(
        secrets: Secrets,
        arguments: &ProviderArguments,
        store: Store,
        turns: &dyn Fn(String, Limits) -> Turns,
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sources = Sources {
            libraries: BTreeMap::new(),
            library_url: None,
            http: reqwest::Client::new(),
            simulation: Simulation::default(),
        };
        let guard = Guard::default();
        let online = arguments.online(&guard, turns).expect("configured");
        let finder = Finder { online, ..Finder::new(sources, GuardedClient::new(guard).expect("a client")) };
        let downloader = Downloader {
            store,
            order: finder.usual_order(),
            finder,
            public_url: "http://example".to_owned(),
            metrics: Metrics::of("test").1,
            clock: SystemClock::default(),
        };
        Self { secrets, downloader }
    }

    pub(crate) async fn list(
        &self,
        source: &'static str,
        video: Value,
        tags: &[&str],
    ) -> Result<Vec<Found>, SourceError> {
        let video: Video = serde_json::from_value(video).expect("a video");
        let languages: Vec<Language> = tags.iter().map(|tag| Language::parse(tag).expect("a tag")).collect();
        self.downloader.finder.list(source, &video, &languages, "").await
    }

    pub(crate) async fn fetch(&self, found: &Found) -> Result<Vec<u8>, SourceError> {
        self.downloader.finder.fetch(found).await.map(|content| match content {
            Content::Bytes(bytes) => bytes,
            Content::Cues(_) => panic!("a provider has files"),
        })
    }

    /// What the downloader makes of a job.
    pub(crate) async fn answer(&self, job: &str, spec: Value) -> Result<Answer, Failure> {
        let spec: subtitle_contract::job::SubtitleJobSpec = serde_json::from_value(spec).expect("a spec");
        let task = DownloadRequested {
            video_url: String::new(),
            video_title: String::new(),
            language: spec.language.clone(),
            preferred_sources: spec.source_names(),
            spec,
            glossary: None,
        };
        let subject = Subject { job_id: job.to_owned(), namespace: "n".to_owned(), name: job.to_owned(), attempt: 1 };
        match self.downloader.answer(&task, &subject, &Open).await {
            Ok(answer) => Ok(answer),
            Err(Stopped::Failed(failure)) => Err(failure),
            Err(other) => panic!("{other}"),
        }
    }
}

/// The film that every provider has, in Spanish and nothing else.
pub(crate) fn film() -> Value {
    json!({"video": {"title": "The Harbour", "year": 2024, "releaseName": "The.Harbour.2024.1080p.WEB-DL.x264-TIDE"},
        "language": "es", "translation": {"policy": "Never"}})
}

/// The text of a subtitle that is ready.
pub(crate) fn ready(answer: Result<Answer, Failure>) -> String {
    match answer {
        Ok(Answer::Ready { artefact, .. }) => artefact.text,
        Ok(Answer::Translate { from, .. }) => panic!("only '{}' was found", from.language),
        Err(failure) => panic!("{failure}"),
    }
}

pub(crate) fn failed(answer: Result<Answer, Failure>) -> Failure {
    match answer {
        Ok(Answer::Ready { artefact, .. }) => panic!("found in {}", artefact.result.source),
        Ok(Answer::Translate { from, .. }) => panic!("'{}' was found", from.language),
        Err(failure) => failure,
    }
}
