//! What the workers' command lines have in common, parsed once into validated values. Does I/O.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use clap::Args;
use subtitle_broker::{AmqpConnector, AmqpSession, BrokerKind};
use subtitle_clock::SystemRuntime;
use subtitle_contract::library::LibraryRules;
use subtitle_telemetry::{Registry, http, logs, stop};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::mock;
use crate::{
    find::{
        Finder, Libraries,
        guard::{Guard, GuardedClient, Network},
        parser::Parser,
    },
    metrics::WorkerMetrics,
    simulation::Simulation,
    store::Store,
    task::{Work, Worker, WorkerIdentity, WorkerSettings, WorkerState},
};

/// The flags and variables of every worker.
#[derive(Args, Clone)]
pub struct Common {
    /// Where the broker is.
    #[command(flatten)]
    pub broker: subtitle_broker::BrokerArguments,
    /// none: the task in --task is done once, and what would be published is only logged
    #[arg(long = "broker", env = "SUBTITLES_BROKER", default_value = "rabbitmq")]
    pub broker_kind: BrokerKind,
    /// With --broker=none: the file with the task, an event as JSON [default: standard input]
    #[arg(long, value_name = "FILE")]
    pub task: Option<PathBuf>,
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
    /// Which namespaces may use which library, as a JSON list of {name, read, write, subPaths}; the operator has the same
    /// [default: every namespace]
    #[arg(long, env = "SUBTITLES_LIBRARY_RULES", value_parser = LibraryRules::parse)]
    pub library_rules: Option<LibraryRules>,
    /// Tasks at once
    #[arg(long, env = "SUBTITLES_CONCURRENCY", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,
    /// Seconds to finish running tasks after SIGTERM; below the pod's terminationGracePeriodSeconds
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
    /// Blocks of addresses that a spec's URLs never lead to, such as those of services and pods, whatever is allowed
    #[arg(long, env = "SUBTITLES_DENY_ADDRESSES", value_delimiter = ',')]
    pub deny_addresses: Vec<Network>,
    /// Ports besides 80 and 443 that a spec's URLs may name; an address in SUBTITLES_ALLOW_PRIVATE_ADDRESSES may have any
    #[arg(long, env = "SUBTITLES_ALLOW_PORTS", value_delimiter = ',')]
    pub allow_ports: Vec<u16>,
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

    /// The libraries.
    pub fn libraries(&self) -> Result<Libraries> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(30))
            .build()
            .context("failed to set up the HTTP client")?;
        let mounted: BTreeMap<_, _> = self.libraries.iter().cloned().collect();
        let rules = self.library_rules.clone().unwrap_or_default();
        Ok(Libraries::new(mounted, self.library_url.clone(), http).with_rules(rules))
    }

    /// Which addresses specs' URLs and providers' links may lead to.
    pub fn guard(&self) -> Guard {
        Guard::new(self.allow_private_addresses.iter().copied())
            .denying(self.deny_addresses.iter().copied())
            .with_ports(self.allow_ports.iter().copied())
    }

    /// Every source, without providers.
    pub fn finder(&self) -> Result<Finder> {
        let guarded = GuardedClient::new(self.guard()).context("failed to set up the HTTP client for specs' URLs")?;
        let parser = Parser::in_processes(self.concurrency.into());
        Ok(Finder { simulation: self.simulation(), parser, ..Finder::new(self.libraries()?, guarded) })
    }

    /// Opens the store.
    pub fn store(&self) -> Result<Store> {
        Ok(Store::open_with(&self.store_url, self.store_secret.as_deref())?)
    }

    /// The name of this process among the workers; no two runs have the same incarnation.
    pub fn identity<W: Work>(&self) -> WorkerIdentity {
        let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "local".to_owned());
        let name = format!("{}-{host}-{}", W::SOURCE, std::process::id());
        let incarnation = format!("{name}/{}", uuid::Uuid::now_v7().simple());
        WorkerIdentity { name, incarnation }
    }

    /// Runs a worker until SIGTERM or SIGINT, or one task without a broker; serves `registry` meanwhile, which holds the metrics in `state`.
    pub async fn run<W: Work>(
        self,
        work: W,
        identity: WorkerIdentity,
        registry: Registry,
        state: WorkerState<AmqpSession>,
    ) -> Result<()> {
        if self.broker_kind == BrokerKind::None {
            return self.perform_one(&work, identity, state.metrics).await;
        }
        let worker = self.worker(work, identity, state.clone())?;
        self.serve(registry, vec![state], |stop| vec![tokio::spawn(worker.run(stop))]).await
    }

    /// Does one task without a broker.
    pub async fn perform_one<W: Work>(&self, work: &W, identity: WorkerIdentity, metrics: WorkerMetrics) -> Result<()> {
        mock::perform(work, self.task.as_deref(), (self.store()?, identity, metrics)).await
    }

    /// A worker with as many tasks at once as are asked for.
    pub fn worker<W: Work>(
        &self,
        work: W,
        identity: WorkerIdentity,
        state: WorkerState<AmqpSession>,
    ) -> Result<Worker<W, AmqpConnector, SystemRuntime>> {
        let connector = AmqpConnector {
            address: self.broker.address()?,
            name: identity.name.clone(),
            metrics: state.metrics.publishing.clone(),
        };
        Ok(Worker {
            work: Arc::new(work),
            store: self.store()?,
            connector,
            runtime: SystemRuntime::default(),
            settings: WorkerSettings {
                concurrency: self.concurrency,
                identity,
                grace: Duration::from_secs(self.grace_seconds),
            },
            state,
        })
    }

    /// Starts workers and runs them until SIGTERM or SIGINT; ready while all of `states` are.
    pub async fn serve(
        self,
        registry: Registry,
        states: Vec<WorkerState<AmqpSession>>,
        start: impl FnOnce(CancellationToken) -> Vec<JoinHandle<()>>,
    ) -> Result<()> {
        let asked_to_stop = stop::asked().context("failed to listen for signals")?;
        let stop = CancellationToken::new();
        let readiness = move || states.iter().try_for_each(WorkerState::readiness);
        tokio::spawn(http::serve(self.metrics_listen, http::router(Arc::new(registry), readiness)));
        let workers = start(stop.clone());
        asked_to_stop.await;
        stop.cancel();
        for worker in workers {
            worker.await.context("the worker panicked")?;
        }
        Ok(())
    }
}

/// Initializes the logs and the TLS provider of this process.
pub fn init() {
    logs::init();
    init_tls();
}

/// Initializes the TLS provider of this process.
pub fn init_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Runs a program on a runtime of its own.
pub(super) fn block_on(program: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("failed to start the runtime's threads")?.block_on(program)
}
