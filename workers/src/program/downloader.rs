//! The downloader's command line: it finds subtitles, and scans the libraries that it has mounted. Does I/O.

use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use subtitle_clock::SystemRuntime;
use tokio_util::sync::CancellationToken;

use super::common::{self, Common};
use crate::{
    downloader::Downloader,
    find::{
        Finder, SourceId,
        providers::{
            ProviderArguments,
            rate_limit::{RateLimiter, SharedLimiter},
        },
    },
    metrics::WorkerMetrics,
    scanner::Scanner,
    task::{ClaimOwners, WorkerState},
};

/// How long one delivery of a scan is held; RabbitMQ takes it away after 30 minutes.
const CONTINUE_SCAN_AFTER: Duration = Duration::from_secs(15 * 60);

/// Takes download tasks from RabbitMQ and finds subtitles: inside the video, beside it, behind HTTP, or at providers. Scans its
/// libraries for policies besides.
#[derive(Parser)]
#[command(name = "subtitle-downloader", version)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Sources in the order they are asked when a job names none [default: embedded, library, then the providers that
    /// are configured]
    #[arg(long, env = "SUBTITLES_SOURCES", value_delimiter = ',', value_parser = SourceId::parse_name)]
    sources: Vec<SourceId>,
    #[command(flatten)]
    providers: ProviderArguments,
}

/// Runs the downloader until SIGTERM.
pub fn main() -> Result<()> {
    common::block_on(run(Arguments::parse()))
}

async fn run(arguments: Arguments) -> Result<()> {
    let Arguments { common, sources, providers } = arguments;
    common::init();
    let store = common.store()?;
    let (registry, metrics) = WorkerMetrics::new("subtitle-downloader");
    let state = WorkerState::new(metrics.clone());
    // All workers of an account share one rate limiter, on the session with the broker that they have anyway.
    let limiters = |queue, limits| RateLimiter::Shared(SharedLimiter::start(queue, limits, state.session.subscribe()));
    let finder = Finder { providers: providers.providers(&common.guard(), &limiters)?, ..common.finder()? };
    let identity = common.identity::<Downloader>();
    let downloader = Downloader {
        store,
        order: if sources.is_empty() { finder.default_order() } else { sources },
        finder,
        public_url: common.public_url.clone(),
        metrics,
        clock: SystemRuntime::default(),
        claim_owners: ClaimOwners::new(&identity.incarnation),
    };
    let scanner = Scanner {
        store: common.store()?,
        libraries: common.libraries()?,
        parser: downloader.finder.parser.clone(),
        continue_after: CONTINUE_SCAN_AFTER,
        metrics: state.metrics.clone(),
    };
    let scans = state.for_another_worker();
    let mut scans_worker = common.worker(scanner, identity.clone(), scans.clone())?;
    // A scan is bounded by the disk.
    scans_worker.settings.concurrency = 1;
    let downloads = common.worker(downloader, identity, state.clone())?;
    let start =
        |stop: CancellationToken| vec![tokio::spawn(downloads.run(stop.clone())), tokio::spawn(scans_worker.run(stop))];
    common.serve(registry, vec![state, scans], start).await
}
