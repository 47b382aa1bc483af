//! The translator's command line.

use anyhow::Result;
use clap::Parser;
use subtitle_workers::{
    config::{self, Common},
    translate::{ENGINES, Engines, apertium::Apertium},
    translator::{Translator, known},
};

/// Takes translation tasks from RabbitMQ and translates stored subtitles.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Engines in the order they are tried when a job names none: apertium
    #[arg(long, env = "SUBTITLES_ENGINES", value_delimiter = ',', default_value = "apertium", value_parser = engine)]
    engines: Vec<&'static str>,
}

fn engine(name: &str) -> Result<&'static str, String> {
    known(name).ok_or_else(|| format!("this version knows: {}", ENGINES.join(", ")))
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { common, engines } = Arguments::parse();
    config::init();
    let store = common.store()?;
    let translator = Translator {
        store: store.clone(),
        sources: common.sources()?,
        engines: Engines { apertium: Apertium::default(), simulation: common.simulation() },
        order: engines,
        public_url: common.public_url.clone(),
    };
    common.run(translator, store).await
}
