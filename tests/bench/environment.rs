//! The measured system: compiled with optimizations, with the operator and the workers running only while they are measured;
//! and a second virtual host and a second Redis database for the bare servers. Does I/O.

use std::{path::Path, process::Command, time::Duration};

use anyhow::{Context as _, Result, ensure};
use kube::{
    Api, Client, Config,
    api::{DeleteParams, ListParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use subtitle_contract::{job::SubtitleJob, payload::Subject};
use subtitle_tests::{
    process::{eventually, output},
    stack::{Options, Profile, Stack},
};

/// The virtual host of the bare broker.
const BARE: &str = "bare";
const TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) struct Environment {
    pub(crate) stack: Stack,
    pub(crate) client: Client,
    http: reqwest::Client,
}

impl Environment {
    pub(crate) async fn start(folder: &Path) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let progress = subtitle_tests::progress::print;
        let environment =
            [("SUBTITLES_MAX_IN_FLIGHT", "100000"), ("SUBTITLES_CONCURRENCY", "16"), ("RUST_LOG", "warn")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let options =
            Options { environment, profile: Profile::Bench, ..Options::new(folder.join("library"), &progress) };
        let mut stack = tokio::task::block_in_place(|| Stack::start_with(folder, &options))?;
        stack.operator.kill();
        stack.downloader.kill();
        stack.translator.kill();
        stack.broker.rabbitmqctl(&["add_vhost", BARE])?;
        stack.broker.rabbitmqctl(&["set_permissions", "-p", BARE, "guest", ".*", ".*", ".*"])?;
        let kubeconfig = Kubeconfig::read_from(&stack.cluster.kubeconfig)?;
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        Ok(Self { stack, client: Client::try_from(config)?, http: reqwest::Client::new() })
    }

    pub(crate) fn jobs(&self) -> Api<SubtitleJob> {
        Api::namespaced(self.client.clone(), "default")
    }

    pub(crate) fn broker_url(&self) -> String {
        self.stack.broker.url.clone()
    }

    pub(crate) fn bare_broker_url(&self) -> String {
        self.stack.broker.url.replace("%2f", BARE)
    }

    pub(crate) fn bare_redis_url(&self) -> String {
        format!("{}1", self.stack.redis.url)
    }

    /// Starts the operator and waits for its session with the broker.
    pub(crate) async fn start_operator(&mut self) -> Result<()> {
        self.stack.operator.restart()?;
        for _ in 0..600 {
            if self.metric("subtitle_broker_connected").await > 0.0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::bail!("the operator has no session with the broker within 12 s")
    }

    /// The sum of a metric of the operator over its labels; 0 if it does not respond.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        self.metrics().await.lines().filter_map(|line| value(line, name)).sum()
    }

    /// The `/metrics` page of the operator; empty if it does not respond.
    pub(crate) async fn metrics(&self) -> String {
        let answer = async { self.http.get(format!("{}/metrics", self.stack.api_url)).send().await?.text().await };
        answer.await.unwrap_or_default()
    }

    /// Waits until a metric of the operator is at least `least`.
    pub(crate) async fn until(&self, name: &str, least: f64) -> Result<()> {
        let begun = std::time::Instant::now();
        while self.metric(name).await < least {
            ensure!(begun.elapsed() < 3 * TIMEOUT, "{name} is not {least} within {} s", 3 * TIMEOUT.as_secs());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    pub(crate) fn redis(&self, arguments: &[&str]) -> Result<String> {
        self.stack.redis_command(arguments)
    }

    /// A counter of Redis' `INFO stats`.
    pub(crate) fn redis_count(&self, name: &str) -> Result<f64> {
        let text = self.redis(&["INFO", "stats"])?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        Ok(value.with_context(|| format!("Redis reports no {name}"))?.trim().parse()?)
    }

    /// Stops the programs and removes every object, task and event.
    pub(crate) async fn clear(&mut self) -> Result<()> {
        self.stack.operator.kill();
        self.stack.downloader.kill();
        self.stack.translator.kill();
        self.delete_jobs().await?;
        for queue in ["subtitle.tasks.download", "subtitle.tasks.translate", "subtitle.events.consumer"] {
            let purge = || self.stack.broker.rabbitmqctl(&["purge_queue", queue]).ok();
            eventually(queue, TIMEOUT, purge)?;
        }
        Ok(())
    }

    pub(crate) async fn delete_jobs(&self) -> Result<()> {
        self.jobs().delete_collection(&DeleteParams::default(), &ListParams::default()).await?;
        let begun = std::time::Instant::now();
        while !self.jobs().list_metadata(&ListParams::default().limit(1)).await?.items.is_empty() {
            ensure!(begun.elapsed() < TIMEOUT, "the jobs are not deleted within {} s", TIMEOUT.as_secs());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Stops the operator, deletes every other job, and purges the queues.
    pub(crate) async fn keep_only(&mut self, known: &[Subject]) -> Result<()> {
        self.stack.operator.kill();
        let kept: std::collections::HashSet<&str> = known.iter().map(|subject| subject.name.as_str()).collect();
        for job in self.jobs().list_metadata(&ListParams::default()).await?.items {
            let name = job.metadata.name.unwrap_or_default();
            if !kept.contains(name.as_str()) {
                self.jobs().delete(&name, &DeleteParams::default()).await?;
            }
        }
        self.stack.broker.rabbitmqctl(&["purge_queue", "subtitle.tasks.download"])?;
        self.stack.broker.rabbitmqctl(&["purge_queue", "subtitle.events.consumer"])?;
        Ok(())
    }

    /// The peak memory of the operator, in MiB.
    pub(crate) fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.stack.operator.pid())).unwrap_or_default();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        most.and_then(|kibibytes| kibibytes.trim().parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
    }

    /// The version that a program prints.
    pub(crate) fn version(program: &str, arguments: &[&str]) -> String {
        output(Command::new(program).args(arguments)).unwrap_or_default().trim().to_owned()
    }
}

/// The value in a line of metrics, if the line is of this metric.
pub(crate) fn value(line: &str, name: &str) -> Option<f64> {
    let rest = line.strip_prefix(name)?;
    let is_whole = rest.starts_with('{') || rest.starts_with(' ');
    is_whole.then(|| rest.rsplit(' ').next()?.parse().ok()).flatten()
}
