//! The engines' flags and variables on a program's command line: those of every engine in the registry. Keys come from
//! files only, because too many can read an environment. Does I/O: reads the files with keys.

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::{port::Shared, registry::REGISTRY, set::Engines};
use crate::simulation::Simulation;

/// The flags of every engine, to be flattened into a program's own.
#[derive(Clone, Debug)]
pub struct EngineArguments(ArgMatches);

impl EngineArguments {
    /// The engines that are configured.
    pub fn engines(&self, simulation: Simulation) -> Result<Engines> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            // A model takes minutes.
            .timeout(Duration::from_secs(300))
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
