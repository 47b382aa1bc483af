//! A simulated engine: it prefixes each line with the target language. Used only when a job or a
//! setting names it.

use anyhow::Result;
use subtitle_contract::{job::VariantMatch, language::Language, names::SIMULATED};

use super::port::{Engine, EngineFault, LanguagePairs, NoArguments, Shared};
use crate::{simulation::Simulation, translate::request::TranslationRequest};

/// The simulated engine.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Simulated(Simulation);

impl Engine for Simulated {
    const NAME: &'static str = SIMULATED;
    const IS_SIMULATED: bool = true;
    type Arguments = NoArguments;

    fn from_arguments(_: NoArguments, shared: &Shared) -> Result<Option<Self>> {
        Ok(Some(Self(shared.simulation)))
    }

    async fn pairs(&self) -> Result<Option<LanguagePairs>, EngineFault> {
        Ok(None)
    }

    async fn supports(&self, _: &Language, _: &Language, _: VariantMatch) -> Result<bool, EngineFault> {
        Ok(true)
    }

    async fn translate(&self, request: &TranslationRequest<'_>) -> Result<Vec<String>, EngineFault> {
        if self.0.fails(request.seed).await {
            return Err(EngineFault::Unavailable("a simulated failure, as configured".to_owned()));
        }
        Ok(request.texts.iter().map(|text| format!("[{}] {text}", request.to)).collect())
    }
}
