//! Command-line flags and environment variables of every registered engine. API keys are only read from files, because
//! environment variables are too easily exposed. Does I/O: reads the files with keys.

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::{port::Shared, registry::REGISTRY, set::Engines};
use crate::simulation::Simulation;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A language model may take minutes to respond.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(300);

/// The flags of every engine, to be flattened into a program's own.
#[derive(Clone, Debug)]
pub struct EngineArguments(ArgMatches);

impl EngineArguments {
    /// Builds the configured engines; reads their key files.
    pub fn engines(&self, simulation: Simulation) -> Result<Engines> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .build()
            .context("failed to set up the HTTP client")?;
        let shared = Shared { http, simulation };
        let mut engines = Vec::new();
        for engine in REGISTRY {
            engines.extend(engine.build(&self.0, &shared)?);
        }
        Ok(Engines::new(engines))
    }
}

impl Args for EngineArguments {
    fn augment_args(command: Command) -> Command {
        REGISTRY.into_iter().fold(command, |command, engine| engine.augment(command))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for EngineArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(matches.clone()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0 = matches.clone();
        Ok(())
    }
}
