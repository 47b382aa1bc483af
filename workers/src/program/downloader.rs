//! The downloader's command line.

use anyhow::Result;
use clap::Parser;
use subtitle_core::names::SOURCES;

use crate::{
    config::{self, Common},
    download::Downloader,
    metrics::Metrics,
    named,
};

/// Takes download tasks from RabbitMQ and finds subtitles: inside the video, beside it, or behind HTTP.
#[derive(Parser)]
#[command(name = "subtitle-downloader", version)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Sources in the order they are asked when a job names none: embedded, library
    #[arg(long, env = "SUBTITLES_SOURCES", value_delimiter = ',', default_value = "embedded,library", value_parser = |name: &str| named::parse(&SOURCES, name))]
    sources: Vec<&'static str>,
}

/// Runs it until SIGTERM.
#[tokio::main]
pub async fn main() -> Result<()> {
    let Arguments { common, sources } = Arguments::parse();
    config::init();
    let store = common.store()?;
    let (registry, metrics) = Metrics::of("subtitle-downloader");
    let downloader = Downloader {
        store: store.clone(),
        finder: common.finder()?,
        order: sources,
        public_url: common.public_url.clone(),
        metrics: metrics.clone(),
    };
    common.run(downloader, store, registry, metrics).await
}
