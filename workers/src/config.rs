//! The workers' command line and environment, parsed once into validated values.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result};
use clap::Args;
use subtitle_telemetry::{Registry, http, logs, stop};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    find::{
        Finder, Sources,
        guard::{Guard, GuardedClient, Network},
        simulated::Simulation,
    },
    metrics::Metrics,
    run::{self, Settings, Vitals},
    store::Store,
    task::Work,
    translate::{
        Engines,
        online::{secret::Secret, server::Server},
    },
};

/// What both workers need.
#[derive(Args, Clone)]
pub struct Common {
    /// Where the broker is.
    #[command(flatten)]
    pub broker: subtitle_broker::BrokerArguments,
    /// Where files and claims are kept: file:///folder or s3://bucket/prefix (with the usual AWS_* variables)
    #[arg(long, env = "SUBTITLES_STORE_URL")]
    pub store_url: Url,
    /// The folder where a Secret is mounted with the S3 store's access-key-id and secret-access-key; read for each request
    #[arg(long, env = "SUBTITLES_STORE_SECRET", value_name = "FOLDER")]
    pub store_secret: Option<PathBuf>,
    /// Where people reach the API; results link to it
    #[arg(long, env = "SUBTITLES_PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
    pub public_url: String,
    /// Mounted video libraries as name=folder, separated by commas; spec.video.library names one
    #[arg(long, env = "SUBTITLES_LIBRARIES", value_delimiter = ',', value_parser = library)]
    pub libraries: Vec<(String, PathBuf)>,
    /// Tasks at once
    #[arg(long, env = "SUBTITLES_CONCURRENCY", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,
    /// Seconds to finish what is in hand after SIGTERM; below the pod's terminationGracePeriodSeconds
    #[arg(long, env = "SUBTITLES_GRACE_SECONDS", default_value_t = 25)]
    pub grace_seconds: u64,
    /// Where /metrics, /healthz and /readyz are served, or none
    #[arg(long, env = "SUBTITLES_METRICS_LISTEN", default_value = "0.0.0.0:8081")]
    pub metrics_listen: http::Listen,
    /// A library behind HTTP, asked after the mounted one: a URL with {stem} and {language}
    #[arg(long, env = "SUBTITLES_LIBRARY_URL", value_parser = template)]
    pub library_url: Option<String>,
    /// Blocks of private addresses that a spec's URLs may lead to, such as 10.0.0.0/8, separated by commas; none
    /// unless they are listed
    #[arg(long, env = "SUBTITLES_ALLOW_PRIVATE_ADDRESSES", value_delimiter = ',')]
    pub allow_private_addresses: Vec<Network>,
    /// Milliseconds each answer of the simulated source and engine takes
    #[arg(long, env = "SUBTITLES_SIMULATED_DELAY_MILLISECONDS", default_value_t = 0)]
    pub simulated_delay_milliseconds: u64,
    /// How many of 100 calls of the simulated source and engine fail
    #[arg(long, env = "SUBTITLES_SIMULATED_FAILURE_PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub simulated_failure_percent: u8,
}

fn library(text: &str) -> Result<(String, PathBuf), String> {
    let (name, folder) = text.split_once('=').ok_or("expected name=folder, such as default=/videos")?;
    let valid =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !valid {
        return Err(format!("'{name}' is no library name: lower-case letters, digits and '-'"));
    }
    Ok((name.to_owned(), PathBuf::from(folder)))
}

fn template(text: &str) -> Result<String, String> {
    if !text.contains("{stem}") || !text.contains("{language}") {
        return Err("expected {stem} and {language} in it, such as https://host/{stem}.{language}.srt".to_owned());
    }
    Ok(text.to_owned())
}

impl Common {
    /// How the simulated source and engine behave.
    pub fn simulation(&self) -> Simulation {
        Simulation {
            delay: Duration::from_millis(self.simulated_delay_milliseconds),
            failure_percent: self.simulated_failure_percent,
        }
    }

    /// Where to look for subtitles.
    pub fn sources(&self) -> Result<Sources> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(30))
            .build()
            .context("failed to set up the HTTP client")?;
        Ok(Sources {
            libraries: self.libraries.iter().cloned().collect::<BTreeMap<_, _>>(),
            library_url: self.library_url.clone(),
            http,
            simulation: self.simulation(),
        })
    }

    /// Which addresses specs' URLs and providers' links may lead to.
    pub fn guard(&self) -> Guard {
        Guard::new(self.allow_private_addresses.iter().copied())
    }

    /// Everything that can be asked for subtitles, without providers.
    pub fn finder(&self) -> Result<Finder> {
        let guarded = GuardedClient::new(self.guard()).context("failed to set up the HTTP client for specs' URLs")?;
        Ok(Finder::new(self.sources()?, guarded))
    }

    /// Opens the store.
    pub fn store(&self) -> Result<Store> {
        Ok(Store::open_with(&self.store_url, self.store_secret.as_deref())?)
    }

    /// Runs a worker until SIGTERM or SIGINT; `registry` holds its `metrics` and is served meanwhile.
    pub async fn run<W: Work>(self, work: W, store: Store, registry: Registry, metrics: Metrics) -> Result<()> {
        self.run_with(work, store, registry, Vitals::new(metrics)).await
    }

    /// The same with `vitals` that somebody else watches, too.
    pub async fn run_with<W: Work>(self, work: W, store: Store, registry: Registry, vitals: Vitals) -> Result<()> {
        let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "local".to_owned());
        let settings = Settings {
            broker: self.broker.address()?,
            concurrency: self.concurrency,
            worker: format!("{}-{host}-{}", W::SOURCE, std::process::id()),
            grace: Duration::from_secs(self.grace_seconds),
        };
        let asked_to_stop = stop::asked().context("failed to listen for signals")?;
        let stop = CancellationToken::new();
        let seen = vitals.clone();
        let answers = http::router(Arc::new(registry), move || seen.readiness());
        tokio::spawn(http::serve(self.metrics_listen, answers));
        let worker = tokio::spawn(run::run(Arc::new(work), store, settings, vitals, stop.clone()));
        asked_to_stop.await;
        stop.cancel();
        worker.await.context("the worker broke")
    }
}

/// Engines behind HTTP. Keys come from files only: an environment is seen by too many.
#[derive(Args, Clone, Debug, Default)]
pub struct EngineArguments {
    /// Apertium's web service, such as http://apertium-apy:2737
    #[arg(long, env = "SUBTITLES_APERTIUM_APY_URL")]
    pub apertium_apy_url: Option<Url>,
    /// A LibreTranslate server, such as http://libretranslate:5000
    #[arg(long, env = "SUBTITLES_LIBRETRANSLATE_URL")]
    pub libretranslate_url: Option<Url>,
    /// The file with LibreTranslate's key, where it wants one
    #[arg(long, env = "SUBTITLES_LIBRETRANSLATE_KEY_FILE")]
    pub libretranslate_key_file: Option<PathBuf>,
    /// The file with DeepL's key
    #[arg(long, env = "SUBTITLES_DEEPL_KEY_FILE")]
    pub deepl_key_file: Option<PathBuf>,
    /// DeepL's address; left out, that of the key's plan
    #[arg(long, env = "SUBTITLES_DEEPL_URL")]
    pub deepl_url: Option<Url>,
    /// An OpenAI-compatible server, up to its version, such as http://ollama:11434/v1
    #[arg(long, env = "SUBTITLES_OPENAI_URL", requires = "openai_model")]
    pub openai_url: Option<Url>,
    /// The model's name there
    #[arg(long, env = "SUBTITLES_OPENAI_MODEL")]
    pub openai_model: Option<String>,
    /// The file with that server's key, where it wants one
    #[arg(long, env = "SUBTITLES_OPENAI_KEY_FILE")]
    pub openai_key_file: Option<PathBuf>,
}

/// The first pause before a server is called again.
const PAUSE: Duration = Duration::from_secs(1);

impl EngineArguments {
    /// The engines that are configured, beside the installed command.
    pub fn engines(self, simulation: Simulation) -> Result<Engines> {
        let Self {
            apertium_apy_url,
            libretranslate_url,
            libretranslate_key_file,
            deepl_key_file,
            deepl_url,
            openai_url,
            openai_model,
            openai_key_file,
        } = self;
        // A model thinks for minutes.
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(300))
            .build()
            .context("failed to set up the HTTP client")?;
        let server = |url: &Url, key: Option<Secret>| Server::new(http.clone(), url.as_str(), key, PAUSE);
        let mut engines = Engines::new(simulation);
        if let Some(url) = apertium_apy_url {
            engines = engines.with_apy(server(&url, None));
        }
        if let Some(url) = libretranslate_url {
            engines = engines.with_libretranslate(server(&url, key(libretranslate_key_file.as_deref())?));
        }
        if let Some(key) = key(deepl_key_file.as_deref())? {
            let usual = if key.is_of_free_plan() { "https://api-free.deepl.com" } else { "https://api.deepl.com" };
            let url = deepl_url.map_or_else(|| usual.to_owned(), String::from);
            engines = engines.with_deepl(Server::new(http.clone(), &url, Some(key), PAUSE));
        }
        if let (Some(url), Some(model)) = (openai_url, openai_model) {
            engines = engines.with_openai(server(&url, key(openai_key_file.as_deref())?), model);
        }
        Ok(engines)
    }
}

fn key(file: Option<&Path>) -> Result<Option<Secret>> {
    let read =
        |file: &Path| Secret::read(file).with_context(|| format!("failed to read a key from '{}'", file.display()));
    file.map(read).transpose()
}

/// Logs, and the one TLS provider.
pub fn init() {
    logs::init();
    init_tls();
}

/// The one TLS provider.
pub fn init_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
