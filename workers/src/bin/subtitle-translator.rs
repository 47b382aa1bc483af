//! The translator's command line.

use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use subtitle_core::names::ENGINES;
use subtitle_workers::{
    config::{self, Common, EngineArguments},
    metrics::Metrics,
    named,
    translator::Translator,
};

/// Takes translation tasks from RabbitMQ and translates stored subtitles.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    servers: EngineArguments,
    /// Engines in the order they are tried when a job names none: apertium, apertium-apy, libretranslate, deepl, openai
    #[arg(long, env = "SUBTITLES_ENGINES", value_delimiter = ',', default_value = "apertium", value_parser = |name: &str| named::parse(&ENGINES, name))]
    engines: Vec<&'static str>,
    /// Seconds after which a translation goes on as a new task; RabbitMQ takes a delivery away after 1800
    #[arg(long, env = "SUBTITLES_CONTINUE_AFTER_SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=1500))]
    continue_after_seconds: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { common, servers, engines, continue_after_seconds } = Arguments::parse();
    config::init();
    let store = common.store()?;
    let (registry, metrics) = Metrics::of("subtitle-translator");
    let translator = Translator {
        store: store.clone(),
        sources: common.sources()?,
        engines: servers.engines(common.simulation())?,
        order: engines,
        public_url: common.public_url.clone(),
        metrics: metrics.clone(),
        continue_after: Duration::from_secs(continue_after_seconds),
    };
    common.run(translator, store, registry, metrics).await
}
