//! How a stack is started. Pure.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;

use crate::{Progress, kubernetes::cluster::StartHttpProxy};

/// Shows something with a program.
pub type Preview<'a> = &'a (dyn Fn(&Path) -> Result<()> + Sync);

/// Returns an archive of models, or none where there are none; called more than once, from several threads.
pub type FindModels<'a> = &'a (dyn Fn() -> Option<PathBuf> + Sync);

/// What can differ between stacks.
pub struct Options<'a> {
    /// The video library; the sample films are written to it.
    pub library: PathBuf,
    /// An object store other than the default directory.
    pub store: Option<StoreOptions>,
    /// The time that each answer of the simulated source and engine takes.
    pub simulated_delay: Duration,
    /// More environment variables of the operator and the workers.
    pub environment: Vec<(String, String)>,
    /// The profile in which operator and workers are compiled.
    pub profile: Profile,
    /// Whether every server may be killed, and reached through a proxy that can cut connections.
    pub faulty: bool,
    /// What a faulty stack puts between the operator and the API server.
    pub start_api_proxy: Option<StartHttpProxy<'a>>,
    /// Called with the command line of the workers as soon as that is compiled, while the rest compiles.
    pub preview: Option<Preview<'a>>,
    /// Finds the models that the translator gets, while the rest starts.
    pub models: Option<FindModels<'a>>,
    /// Told what is being done.
    pub progress: Progress<'a>,
}

/// An object store.
#[derive(Clone)]
pub struct StoreOptions {
    /// Its URL.
    pub url: String,
    /// The environment variables of its client.
    pub environment: Vec<(String, String)>,
}

/// A compilation profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Compiles quickly.
    Dev,
    /// Runs fast, as a release does.
    Bench,
}

impl<'a> Options<'a> {
    /// The options of most tests.
    pub fn new(library: PathBuf, progress: Progress<'a>) -> Self {
        Self {
            library,
            store: None,
            simulated_delay: Duration::ZERO,
            environment: Vec::new(),
            profile: Profile::Dev,
            faulty: false,
            start_api_proxy: None,
            preview: None,
            models: None,
            progress,
        }
    }
}
