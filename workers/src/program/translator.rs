//! The translator's command line. Does I/O.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use clap::Parser;

use super::common::{self, Common};
use crate::{
    metrics::WorkerMetrics,
    task::WorkerState,
    translate::{
        EngineId, Engines,
        announced::Announced,
        engines::{self, EngineArguments, firefox::models::Kernel},
    },
    translator::Translator,
};

/// Takes translation tasks from RabbitMQ and translates stored subtitles.
#[derive(Parser)]
#[command(name = "subtitle-translator", version)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    servers: EngineArguments,
    /// Engines in the order they are tried when a job names none: firefox, apertium, apertium-apy, libretranslate, deepl, openai
    #[arg(long, env = "SUBTITLES_ENGINES", value_delimiter = ',', default_value = "firefox,apertium", value_parser = engines::parse_name)]
    engines: Vec<EngineId>,
    /// Seconds after which the rest of a translation is published as a new task; RabbitMQ's consumer timeout is 1800
    #[arg(long, env = "SUBTITLES_CONTINUE_AFTER_SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=1500))]
    continue_after_seconds: u64,
    /// Maximum number of characters that a namespace may send per day (UTC) to paid engines; no limit if omitted
    #[arg(long, env = "SUBTITLES_CHARACTERS_PER_DAY", value_parser = clap::value_parser!(u64).range(1..))]
    characters_per_day: Option<u64>,
    /// Concurrent calls per engine, regardless of the number of tasks
    #[arg(long, env = "SUBTITLES_CALLS_PER_ENGINE", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    calls_per_engine: u16,
}

/// Runs the translator until SIGTERM.
pub fn main() -> Result<()> {
    common::block_on(run(Arguments::parse()))
}

async fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        common,
        servers,
        engines: engine_order,
        continue_after_seconds,
        characters_per_day,
        calls_per_engine,
    } = arguments;
    common::init();
    let store = common.store()?;
    let (registry, metrics) = WorkerMetrics::new("subtitle-translator");
    metrics.model_kernel.set([Kernel::detect().name()], 1);
    let engines = Arc::new(servers.engines(common.simulation())?.with_max_concurrent_calls(calls_per_engine));
    tokio::spawn(Announced::keep_current(engines.clone(), engine_order.clone(), store.clone()));
    let translator = Translator {
        store,
        libraries: common.libraries()?,
        engines,
        characters_per_day,
        order: engine_order,
        public_url: common.public_url.clone(),
        metrics: metrics.clone(),
        continue_after: Duration::from_secs(continue_after_seconds),
    };
    let identity = common.identity::<Translator<Arc<Engines>>>();
    Box::pin(common.run(translator, identity, registry, WorkerState::new(metrics))).await
}
