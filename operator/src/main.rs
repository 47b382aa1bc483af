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
    /// Print the CustomResourceDefinition as YAML.
    Crd,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Crd => {
            let yaml = serde_yaml_ng::to_string(&subtitle_operator::crd::definition())?;
            std::io::Write::write_all(&mut std::io::stdout(), yaml.as_bytes())?;
            Ok(())
        }
    }
}
