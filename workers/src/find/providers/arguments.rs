//! The providers' flags and variables on a program's command line: those of every provider in the registry. Keys come from
//! files only, because too many can read an environment. A provider that is not configured is not called. Does I/O: reads
//! the files with keys.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context as _, Result};
use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::{
    access::client,
    provider::{LimiterFactory, Setup},
    registry::REGISTRY,
    set::Providers,
};
use crate::find::guard::Guard;

/// The flags of every provider, to be flattened into a program's own.
#[derive(Clone, Debug)]
pub struct ProviderArguments(ArgMatches);

impl ProviderArguments {
    /// The providers that are configured. `guard` says where their links may lead, `limiters` makes the rate limiter of
    /// the account behind a queue of this name.
    pub fn providers(&self, guard: &Guard, limiters: &LimiterFactory<'_>) -> Result<Providers> {
        let http = client().context("failed to set up the HTTP client for providers")?;
        let setup = Setup { http, guard, limiters };
        let mut providers = BTreeMap::new();
        for registration in &REGISTRY {
            if let Some(provider) = (registration.build)(&self.0, &setup)? {
                providers.insert(registration.id, Arc::from(provider));
            }
        }
        Ok(Providers::new(providers))
    }
}

impl Args for ProviderArguments {
    fn augment_args(command: Command) -> Command {
        REGISTRY.iter().fold(command, |command, registration| (registration.augment)(command))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ProviderArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(matches.clone()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0 = matches.clone();
        Ok(())
    }
}
