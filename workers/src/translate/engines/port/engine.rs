//! What an engine is: the trait that each engine implements in a file of its own, and the id under which everything else
//! knows it. A new engine is a file that implements [`Engine`] and a line in [`super::super::registry`].

use std::{cmp::Ordering, fmt};

use anyhow::Result;
use clap::{ArgMatches, Args, Command, FromArgMatches as _};
use futures::future::BoxFuture;
use subtitle_contract::{job::VariantMatch, language::Language};

use super::fault::EngineFault;
use crate::{simulation::Simulation, translate::request::TranslationRequest};

/// Source and target languages.
pub type LanguagePairs = Vec<(Language, Language)>;

/// An engine, as its file implements it.
pub trait Engine: Send + Sync + Sized + 'static {
    /// Its name in specs, settings, events and metrics.
    const NAME: &'static str;
    /// Whether a call costs nothing but its start: it gets large batches and whole sentences, and is not budgeted.
    const IS_FREE: bool = false;
    /// Whether its quality through English is known to be worth it.
    const PIVOTS: bool = false;
    /// Whether it can be given a glossary; the lines of other engines have placeholders instead.
    const TAKES_GLOSSARY: bool = false;
    /// Whether nothing of it is real, its language neither.
    const IS_SIMULATED: bool = false;

    /// Its flags and variables; [`NoArguments`] for an engine that has none.
    type Arguments: Args;

    /// The engine, if it is configured.
    fn from_arguments(arguments: Self::Arguments, shared: &Shared) -> Result<Option<Self>>;

    /// The pairs that it translates; `None` for an engine without a list, whose answers show what it can do.
    fn pairs(&self) -> impl Future<Output = Result<Option<LanguagePairs>, EngineFault>> + Send;

    /// Whether it translates between the two languages.
    fn supports(
        &self,
        from: &Language,
        to: &Language,
        variants: VariantMatch,
    ) -> impl Future<Output = Result<bool, EngineFault>> + Send;

    /// One answer for each of the request's texts; any other number of answers is rejected by the caller.
    fn translate(
        &self,
        request: &TranslationRequest<'_>,
    ) -> impl Future<Output = Result<Vec<String>, EngineFault>> + Send;

    /// What distinguishes its translations between these languages from those that it would make with another model.
    fn edition(&self, _languages: &[&Language]) -> String {
        Self::NAME.to_owned()
    }
}

/// An engine without flags.
#[derive(Args)]
#[group(skip)]
pub struct NoArguments {}

/// What engines may share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// For servers that may take minutes to answer.
    pub http: reqwest::Client,
    /// How the simulated engine behaves.
    pub simulation: Simulation,
}

/// Makes an engine, if a command line configures it.
type Build = fn(&ArgMatches, &Shared) -> Result<Option<Box<dyn AnyEngine>>>;

/// The constants of an [`Engine`], and how it is configured.
#[expect(clippy::struct_excessive_bools, reason = "each is a trait of its own that an engine has or not")]
struct Description {
    name: &'static str,
    is_free: bool,
    pivots: bool,
    takes_glossary: bool,
    is_simulated: bool,
    augment: fn(Command) -> Command,
    build: Build,
}

struct Describe<E>(std::marker::PhantomData<E>);

impl<E: Engine> Describe<E> {
    const DESCRIPTION: &'static Description = &Description {
        name: E::NAME,
        is_free: E::IS_FREE,
        pivots: E::PIVOTS,
        takes_glossary: E::TAKES_GLOSSARY,
        is_simulated: E::IS_SIMULATED,
        augment: E::Arguments::augment_args,
        build: |matches, shared| {
            let engine = E::from_arguments(E::Arguments::from_arg_matches(matches)?, shared)?;
            Ok(engine.map(|engine| Box::new(engine) as Box<dyn AnyEngine>))
        },
    };
}

/// Which engine; equal and ordered by name.
#[derive(Clone, Copy)]
pub struct EngineId(&'static Description);

impl EngineId {
    /// The id of an engine.
    pub const fn new<E: Engine>() -> Self {
        Self(Describe::<E>::DESCRIPTION)
    }

    /// See [`Engine::NAME`].
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// See [`Engine::IS_FREE`].
    pub const fn is_free(self) -> bool {
        self.0.is_free
    }

    /// See [`Engine::PIVOTS`].
    pub const fn pivots(self) -> bool {
        self.0.pivots
    }

    /// See [`Engine::TAKES_GLOSSARY`].
    pub const fn takes_glossary(self) -> bool {
        self.0.takes_glossary
    }

    /// See [`Engine::IS_SIMULATED`].
    pub const fn is_simulated(self) -> bool {
        self.0.is_simulated
    }

    /// Adds the engine's flags to a command line.
    pub(in crate::translate::engines) fn augment(self, command: Command) -> Command {
        (self.0.augment)(command)
    }

    /// The engine, if a command line configures it.
    pub(in crate::translate::engines) fn build(
        self,
        matches: &ArgMatches,
        shared: &Shared,
    ) -> Result<Option<Box<dyn AnyEngine>>> {
        (self.0.build)(matches, shared)
    }
}

impl PartialEq for EngineId {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for EngineId {}

impl PartialOrd for EngineId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EngineId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(other.name())
    }
}

impl fmt::Display for EngineId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl fmt::Debug for EngineId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// [`Engine`] without its constants, for a collection of engines.
pub(in crate::translate::engines) trait AnyEngine: Send + Sync + 'static {
    /// The engine's id.
    fn id(&self) -> EngineId;
    /// See [`Engine::pairs`].
    fn pairs(&self) -> BoxFuture<'_, Result<Option<LanguagePairs>, EngineFault>>;
    /// See [`Engine::supports`].
    fn supports<'a>(
        &'a self,
        from: &'a Language,
        to: &'a Language,
        variants: VariantMatch,
    ) -> BoxFuture<'a, Result<bool, EngineFault>>;
    /// See [`Engine::translate`].
    fn translate<'a>(&'a self, request: &'a TranslationRequest<'_>) -> BoxFuture<'a, Result<Vec<String>, EngineFault>>;
    /// See [`Engine::edition`].
    fn edition(&self, languages: &[&Language]) -> String;
}

impl<E: Engine> AnyEngine for E {
    fn id(&self) -> EngineId {
        EngineId::new::<E>()
    }

    fn pairs(&self) -> BoxFuture<'_, Result<Option<LanguagePairs>, EngineFault>> {
        Box::pin(Engine::pairs(self))
    }

    fn supports<'a>(
        &'a self,
        from: &'a Language,
        to: &'a Language,
        variants: VariantMatch,
    ) -> BoxFuture<'a, Result<bool, EngineFault>> {
        Box::pin(Engine::supports(self, from, to, variants))
    }

    fn translate<'a>(&'a self, request: &'a TranslationRequest<'_>) -> BoxFuture<'a, Result<Vec<String>, EngineFault>> {
        Box::pin(Engine::translate(self, request))
    }

    fn edition(&self, languages: &[&Language]) -> String {
        Engine::edition(self, languages)
    }
}
