//! The downloader's command line.

use anyhow::Result;
use clap::Parser;
use subtitle_contract::names::SOURCES;

use crate::{
    clock::SystemClock,
    config::{self, Common},
    download::Downloader,
    find::{
        Finder,
        online::{
            settings::ProviderArguments,
            turns::{Shared, Turns},
        },
    },
    metrics::Metrics,
    named,
    run::Vitals,
};

/// Takes download tasks from RabbitMQ and finds subtitles: inside the video, beside it, behind HTTP, or at providers.
#[derive(Parser)]
#[command(name = "subtitle-downloader", version)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Sources in the order they are asked when a job names none [default: embedded, library, then the providers that
    /// are configured]
    #[arg(long, env = "SUBTITLES_SOURCES", value_delimiter = ',', value_parser = |name: &str| named::parse(&SOURCES, name))]
    sources: Vec<&'static str>,
    #[command(flatten)]
    providers: ProviderArguments,
}

/// Runs it until SIGTERM.
pub fn main() -> Result<()> {
    super::to_its_end(run(Arguments::parse()))
}

async fn run(arguments: Arguments) -> Result<()> {
    let Arguments { common, sources, providers } = arguments;
    config::init();
    let store = common.store()?;
    let (registry, metrics) = Metrics::of("subtitle-downloader");
    let vitals = Vitals::new(metrics.clone());
    // Every worker of an account takes part in one ledger, on the session with the broker that it has anyway.
    let turns = |queue, limits| Turns::Shared(Shared::start(queue, limits, vitals.session.subscribe()));
    let finder = Finder { online: providers.online(&common.guard(), &turns)?, ..common.finder()? };
    let downloader = Downloader {
        store: store.clone(),
        order: if sources.is_empty() { finder.usual_order() } else { sources },
        finder,
        public_url: common.public_url.clone(),
        metrics,
        clock: SystemClock::default(),
    };
    common.run_with(downloader, store, registry, vitals).await
}
