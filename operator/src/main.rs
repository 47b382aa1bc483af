//! The operator's command line.

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Turns SubtitleJobs into work on RabbitMQ and their events into status and history.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Reconcile SubtitleJobs until SIGTERM.
    Run(Box<subtitle_operator::run::Settings>),
    /// Print the CustomResourceDefinition as YAML.
    Crd,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Run(settings) => run(*settings),
        Command::Crd => {
            let yaml = serde_yaml_ng::to_string(&subtitle_operator::crd::definition())?;
            std::io::Write::write_all(&mut std::io::stdout(), yaml.as_bytes())?;
            Ok(())
        }
    }
}

#[tokio::main]
async fn run(settings: subtitle_operator::run::Settings) -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).json().init();
    let _ = rustls::crypto::ring::default_provider().install_default();
    Box::pin(subtitle_operator::run::run(settings)).await
}
