//! The port between the translator and the engines, at which a test counts what is paid for.

use std::sync::Arc;

use subtitle_contract::{job::VariantMatch, language::Language};
use tokio::sync::OwnedSemaphorePermit;

use super::{engine::EngineId, error::EngineError, fault::Cooldown};
use crate::translate::request::TranslationRequest;

/// The engines of this process.
pub trait Translate: Send + Sync + 'static {
    /// Whether `engine` translates between the two languages.
    fn supports(
        &self,
        engine: EngineId,
        from: &Language,
        to: &Language,
        variants: VariantMatch,
    ) -> impl Future<Output = Result<bool, EngineError>> + Send;

    /// Translates one batch, piece by piece. May cost money.
    fn translate(
        &self,
        engine: EngineId,
        request: TranslationRequest<'_>,
    ) -> impl Future<Output = Result<Vec<String>, EngineError>> + Send;

    /// Until when `engine` must not be called by any job, such as when its quota is used up.
    fn cooldown(&self, _engine: EngineId) -> Option<Cooldown> {
        None
    }

    /// Waits until `engine` may be called once more at the same time.
    fn permit(&self, _engine: EngineId) -> impl Future<Output = Option<OwnedSemaphorePermit>> + Send {
        std::future::ready(None)
    }

    /// What distinguishes translations of `engine` between these languages from those that it would make with another model.
    fn edition(&self, engine: EngineId, _languages: &[&Language]) -> String {
        engine.name().to_owned()
    }
}

impl<T: Translate> Translate for Arc<T> {
    async fn supports(
        &self,
        engine: EngineId,
        from: &Language,
        to: &Language,
        variants: VariantMatch,
    ) -> Result<bool, EngineError> {
        T::supports(self, engine, from, to, variants).await
    }

    async fn translate(&self, engine: EngineId, request: TranslationRequest<'_>) -> Result<Vec<String>, EngineError> {
        T::translate(self, engine, request).await
    }

    fn cooldown(&self, engine: EngineId) -> Option<Cooldown> {
        T::cooldown(self, engine)
    }

    async fn permit(&self, engine: EngineId) -> Option<OwnedSemaphorePermit> {
        T::permit(self, engine).await
    }

    fn edition(&self, engine: EngineId, languages: &[&Language]) -> String {
        T::edition(self, engine, languages)
    }
}
