//! The operator's command line. Does I/O.

use anyhow::Result;
use clap::{Parser, Subcommand};
use subtitle_operator::{
    commands::{dead_letters, rebuild},
    crd,
    http::{arguments::ServingArguments, openapi, serve as api},
    serve,
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
    Run(Box<serve::Settings>),
    /// Serve the HTTP API alone, beside operators that run with --api false.
    Api(Box<ServingArguments>),
    /// Print a CustomResourceDefinition as YAML.
    Crd {
        /// Of which resource.
        #[arg(value_enum, default_value = "jobs")]
        kind: crd::ResourceKind,
    },
    /// Print the description of the HTTP API (OpenAPI 3.1) as YAML.
    Openapi,
    /// Inspect the dead letters, publish them again, or drop them.
    #[command(subcommand)]
    Dead(dead_letters::Command),
    /// Repair the event histories in Redis from the stream.
    #[command(subcommand)]
    History(HistoryCommand),
}

#[derive(Subcommand)]
enum HistoryCommand {
    /// Restore to Redis the events that the stream still has; without --apply only show what is missing.
    Rebuild(rebuild::RebuildArguments),
}

fn main() -> Result<()> {
    let stdout = &mut std::io::stdout();
    match Arguments::parse().command {
        Command::Run(settings) => block_on(on_worker_threads(serve::run(*settings))),
        Command::Api(arguments) => block_on(async { Ok(api::run(*arguments).await?) }),
        Command::Dead(command) => block_on(async { Ok(dead_letters::run(command, stdout).await?) }),
        Command::History(HistoryCommand::Rebuild(arguments)) => {
            block_on(async { Ok(rebuild::run(arguments, stdout).await?) })
        }
        Command::Crd { kind } => print(&crd::definition(kind)),
        Command::Openapi => print(&openapi::description()),
    }
}

fn print(document: &impl serde::Serialize) -> Result<()> {
    let yaml = serde_yaml_ng::to_string(document)?;
    std::io::Write::write_all(&mut std::io::stdout(), yaml.as_bytes())?;
    Ok(())
}

/// Runs the command as a task on the runtime's worker threads: on the main thread, every wake-up between it and the tasks it
/// spawns would cross threads.
async fn on_worker_threads(command: impl Future<Output = Result<()>> + Send + 'static) -> Result<()> {
    tokio::spawn(command).await?
}

#[tokio::main]
async fn block_on(command: impl Future<Output = Result<()>>) -> Result<()> {
    subtitle_telemetry::logs::init();
    let _ = rustls::crypto::ring::default_provider().install_default();
    Box::pin(command).await
}
