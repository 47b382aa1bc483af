//! The operator's command line.

use anyhow::Result;
use clap::{Parser, Subcommand};
use subtitle_operator::commands::{dead_letters, rebuild};

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
    /// Look through the dead letters, publish them again, or drop them.
    #[command(subcommand)]
    Dead(dead_letters::Command),
    /// Repair histories in Redis from the stream.
    #[command(subcommand)]
    History(HistoryCommand),
}

#[derive(Subcommand)]
enum HistoryCommand {
    /// Put what the stream has into Redis again; shows first what is missing.
    Rebuild(rebuild::Which),
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Run(settings) => asynchronous(subtitle_operator::run::run(*settings)),
        Command::Dead(command) => asynchronous(dead_letters::run(command, &mut std::io::stdout())),
        Command::History(HistoryCommand::Rebuild(which)) => asynchronous(rebuild::run(which, &mut std::io::stdout())),
        Command::Crd => {
            let yaml = serde_yaml_ng::to_string(&subtitle_operator::crd::definition())?;
            std::io::Write::write_all(&mut std::io::stdout(), yaml.as_bytes())?;
            Ok(())
        }
    }
}

#[tokio::main]
async fn asynchronous(command: impl Future<Output = Result<()>>) -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).json().init();
    let _ = rustls::crypto::ring::default_provider().install_default();
    Box::pin(command).await
}
