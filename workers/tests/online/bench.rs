//! A downloader with some providers and a store in memory.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::{Args as _, FromArgMatches as _};
use serde_json::{Value, json};
use subtitle_contract::{job::Video, language::Language};
use subtitle_workers::{
    downloader::{DownloadOutcome, Downloader},
    failure::Failure,
    find::{
        FetchedContent, Finder, FoundSubtitle, Libraries, ListRequest, Search as _, SourceError, SourceId, TaskBudget,
        guard::{Guard, GuardedClient},
        providers::{LimiterFactory, ProviderArguments, rate_limit::RateLimiter},
    },
    store::Store,
};

use crate::providers::{KEY, PASSWORD, Provider, USERNAME};

/// A folder with credentials, removed with it.
pub(crate) struct Secrets(PathBuf);

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

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, secret: &str) {
        fs::write(self.0.join(name), format!("{secret}\n")).expect("written");
    }

    /// Settings that name these providers.
    pub(crate) fn arguments(&self, providers: &[(&str, &Provider)]) -> ProviderArguments {
        let urls: Vec<(&str, &str)> = providers.iter().map(|(name, provider)| (*name, provider.url.as_str())).collect();
        self.arguments_for(&urls)
    }

    /// Settings that name providers at these addresses.
    pub(crate) fn arguments_for(&self, providers: &[(&str, &str)]) -> ProviderArguments {
        let mut flags = vec!["test".to_owned()];
        let mut flag = |name: &str, value: String| flags.push(format!("--{name}={value}"));
        let file = |name: &str| self.0.join(name).display().to_string();
        for (name, address) in providers {
            let url = |path: &str| format!("{address}{path}");
            match *name {
                "opensubtitles" => {
                    flag("opensubtitles-url", url("/api/v1"));
                    flag("opensubtitles-key-file", file("key"));
                    flag("opensubtitles-username-file", file("username"));
                    flag("opensubtitles-password-file", file("password"));
                }
                "subdl" => {
                    flag("subdl-url", url("/api/v1"));
                    flag("subdl-download-url", url(""));
                    flag("subdl-key-file", file("key"));
                }
                "podnapisi" => flag("podnapisi-url", url("")),
                "gestdown" => flag("gestdown-url", url("")),
                other => panic!("no such provider: {other}"),
            }
        }
        let command = ProviderArguments::augment_args(clap::Command::new("test"));
        let matches = command.try_get_matches_from(flags).expect("valid flags");
        ProviderArguments::from_arg_matches(&matches).expect("valid flags")
    }
}

impl Drop for Secrets {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
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
        Self::with(secrets, &arguments, store, &|_, limits| RateLimiter::local(limits))
    }

    pub(crate) fn with(
        secrets: Secrets,
        arguments: &ProviderArguments,
        store: Store,
        limiters: &LimiterFactory<'_>,
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let libraries = Libraries::new(BTreeMap::new(), None, reqwest::Client::new());
        let guard = Guard::default();
        let providers = arguments.providers(&guard, limiters).expect("configured");
        let finder = Finder { providers, ..Finder::new(libraries, GuardedClient::new(guard).expect("a client")) };
        let order = finder.default_order();
        let downloader = Downloader::standalone(finder, order, store);
        Self { secrets, downloader }
    }

    pub(crate) async fn list(
        &self,
        source: &'static str,
        video: Value,
        tags: &[&str],
    ) -> Result<Vec<FoundSubtitle>, SourceError> {
        let video: Video = serde_json::from_value(video).expect("a video");
        let languages: Vec<Language> = tags.iter().map(|tag| Language::parse(tag).expect("a tag")).collect();
        let finder = &self.downloader.finder;
        let budget = TaskBudget::default();
        let facts = finder.inspect(&video, &budget).await;
        let request = ListRequest { facts: &facts, ..ListRequest::new(&video, &languages, &budget) };
        finder.list(SourceId::from_name(source).expect("a source"), &request).await
    }

    pub(crate) async fn fetch(&self, found: &FoundSubtitle) -> Result<Vec<u8>, SourceError> {
        self.downloader.finder.fetch(found).await.map(|content| match content {
            FetchedContent::Bytes(bytes) => bytes,
            FetchedContent::Track(_) => panic!("a provider has files"),
        })
    }

    /// What the downloader makes of a job.
    pub(crate) async fn answer(&self, job: &str, spec: Value) -> Result<DownloadOutcome, Failure> {
        self.downloader.answer(job, serde_json::from_value(spec).expect("a spec")).await
    }
}

/// The film that every provider has, in Spanish and nothing else.
pub(crate) fn film() -> Value {
    json!({"video": {"title": "The Harbour", "year": 2024, "releaseName": "The.Harbour.2024.1080p.WEB-DL.x264-TIDE"},
        "language": "es", "translation": {"policy": "Never"}})
}

/// The text of a subtitle that is ready.
pub(crate) fn ready(answer: Result<DownloadOutcome, Failure>) -> String {
    match answer {
        Ok(DownloadOutcome::Ready { artifact, .. }) => artifact.text,
        Ok(DownloadOutcome::Translate { from, .. }) => panic!("only '{}' was found", from.language),
        Err(failure) => panic!("{failure}"),
    }
}

pub(crate) fn failed(answer: Result<DownloadOutcome, Failure>) -> Failure {
    match answer {
        Ok(DownloadOutcome::Ready { artifact, .. }) => panic!("found in {}", artifact.result.source),
        Ok(DownloadOutcome::Translate { from, .. }) => panic!("'{}' was found", from.language),
        Err(failure) => failure,
    }
}
