//! The engines of this process, as the translator uses them. A request comes in, answers or an error go out; an engine's
//! cooldown is remembered, so that no other job calls it before. Does I/O.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use subtitle_contract::{job::VariantMatch, language::Language};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    apertium::Apertium,
    port::{AnyEngine, Cooldown, Engine, EngineError, EngineFault, EngineId, LanguagePairs, Translate},
    registry::REGISTRY,
    simulated::Simulated,
};
use crate::translate::request::TranslationRequest;

/// The engines that are configured.
pub struct Engines {
    configured: BTreeMap<EngineId, Box<dyn AnyEngine>>,
    cooldowns: Mutex<BTreeMap<EngineId, Cooldown>>,
    /// Limits the calls of one engine at the same time.
    permits: BTreeMap<EngineId, Arc<Semaphore>>,
}

impl Default for Engines {
    /// Those that need no configuration.
    fn default() -> Self {
        Self::new([]).with(Apertium::default()).with(Simulated::default())
    }
}

impl Engines {
    /// These engines.
    pub(super) fn new(engines: impl IntoIterator<Item = Box<dyn AnyEngine>>) -> Self {
        let configured = engines.into_iter().map(|engine| (engine.id(), engine)).collect();
        Self { configured, cooldowns: Mutex::default(), permits: BTreeMap::new() }
    }

    /// Adds an engine.
    #[must_use]
    pub fn with<E: Engine>(mut self, engine: E) -> Self {
        self.configured.insert(EngineId::new::<E>(), Box::new(engine));
        self
    }

    /// Limits the calls of each engine at the same time, whatever the number of jobs.
    #[must_use]
    pub fn with_max_concurrent_calls(self, calls: u16) -> Self {
        let permits = |engine| (engine, Arc::new(Semaphore::new(usize::from(calls.max(1)))));
        Self { permits: REGISTRY.into_iter().map(permits).collect(), ..self }
    }

    /// The pairs of an engine; `None` for one without a list.
    pub(in crate::translate) async fn pairs(&self, engine: EngineId) -> Result<Option<LanguagePairs>, EngineFault> {
        self.get(engine)?.pairs().await
    }

    fn get(&self, engine: EngineId) -> Result<&dyn AnyEngine, EngineFault> {
        self.configured.get(&engine).map(Box::as_ref).ok_or_else(|| {
            let variable = engine.name().to_ascii_uppercase().replace('-', "_");
            EngineFault::Forbidden(format!("it is not configured: set the variables SUBTITLES_{variable}_*"))
        })
    }

    /// Translates, in halves where the engine takes less at once.
    async fn translate_in_parts(
        &self,
        engine: EngineId,
        request: TranslationRequest<'_>,
    ) -> Result<Vec<String>, EngineFault> {
        let engine = self.get(engine)?;
        let texts = request.texts;
        let all: Range<usize> = 0..texts.len();
        let mut open = vec![all];
        let mut answers = Vec::with_capacity(texts.len());
        while let Some(range) = open.pop() {
            match engine.translate(&request.part(range.clone())).await {
                Ok(some) if some.len() == range.len() => answers.extend(some),
                // Two wrong numbers of answers could add up to the right one.
                Ok(_) => return Ok(Vec::new()),
                Err(EngineFault::TooLong(_)) if range.len() > 1 => {
                    let middle = range.start + range.len() / 2;
                    open.extend([middle..range.end, range.start..middle]);
                }
                Err(EngineFault::TooLong(_)) => answers.push(String::new()),
                Err(fault) => return Err(fault),
            }
        }
        Ok(answers)
    }

    /// The error for a fault; remembers a cooldown.
    fn error(&self, engine: EngineId, fault: EngineFault) -> EngineError {
        if let EngineFault::CoolingDown(cooldown) = &fault {
            self.cooldowns.lock().unwrap_or_else(PoisonError::into_inner).insert(engine, cooldown.clone());
        }
        EngineError { engine, fault }
    }
}

impl Translate for Engines {
    async fn supports(
        &self,
        engine: EngineId,
        from: &Language,
        to: &Language,
        variants: VariantMatch,
    ) -> Result<bool, EngineError> {
        let supports = async { self.get(engine)?.supports(from, to, variants).await };
        supports.await.map_err(|fault| self.error(engine, fault))
    }

    async fn translate(&self, engine: EngineId, request: TranslationRequest<'_>) -> Result<Vec<String>, EngineError> {
        self.translate_in_parts(engine, request).await.map_err(|fault| self.error(engine, fault))
    }

    fn cooldown(&self, engine: EngineId) -> Option<Cooldown> {
        let mut cooldowns = self.cooldowns.lock().unwrap_or_else(PoisonError::into_inner);
        cooldowns.retain(|_, cooldown| cooldown.until > Timestamp::now());
        cooldowns.get(&engine).cloned()
    }

    async fn permit(&self, engine: EngineId) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        self.permits.get(&engine)?.clone().acquire_owned().await.ok()
    }

    fn edition(&self, engine: EngineId, languages: &[&Language]) -> String {
        self.configured.get(&engine).map_or_else(|| engine.name().to_owned(), |engine| engine.edition(languages))
    }
}
