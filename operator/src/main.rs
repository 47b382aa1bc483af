//! The operator's command line.

use anyhow::Result;
use clap::{Parser, Subcommand};
use subtitle_operator::{
    api::{
        description::description,
        serve::{self, ServingArguments},
    },
    commands::{dead_letters, rebuild},
};

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
    /// Serve the HTTP API alone, beside operators that run with --api false.
    Api(Box<ServingArguments>),
    /// Print the CustomResourceDefinition as YAML.
    Crd,
    /// Print the description of the HTTP API (OpenAPI 3.1) as YAML.
    Openapi,
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
        Command::Run(settings) => asynchronous(on_the_workers(subtitle_operator::run::run(*settings))),
        Command::Api(serving) => asynchronous(serve::run(*serving)),
        Command::Dead(command) => asynchronous(dead_letters::run(command, &mut std::io::stdout())),
        Command::History(HistoryCommand::Rebuild(which)) => asynchronous(rebuild::run(which, &mut std::io::stdout())),
        Command::Crd => print(&subtitle_operator::crd::definition()),
        Command::Openapi => print(&description()),
    }
}

fn print(document: &impl serde::Serialize) -> Result<()> {
    let yaml = serde_yaml_ng::to_string(document)?;
    std::io::Write::write_all(&mut std::io::stdout(), yaml.as_bytes())?;
    Ok(())
}

/// As a task like those it starts: on the main thread, each wake-up between it and them would be one of another thread.
async fn on_the_workers(command: impl Future<Output = Result<()>> + Send + 'static) -> Result<()> {
    tokio::spawn(command).await?
}

#[tokio::main]
async fn asynchronous(command: impl Future<Output = Result<()>>) -> Result<()> {
    subtitle_telemetry::logs::init();
    let _ = rustls::crypto::ring::default_provider().install_default();
    Box::pin(command).await
}
