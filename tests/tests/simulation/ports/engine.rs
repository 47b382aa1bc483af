//! The translation engine of the simulated translators: each batch is billed.

use std::time::Duration;

use subtitle_contract::{job::VariantMatch, language::Language};
use subtitle_store::{Store, sha256};
use subtitle_workers::{
    metrics::WorkerMetrics,
    translate::{EngineError, EngineId, Translate, TranslationRequest, engines},
    translator::Translator,
};

use super::search::{TRANSLATED, libraries, pay, text};
use crate::world::Sim;

/// An engine that bills each batch.
pub(crate) struct PaidEngine {
    sim: Sim,
    process: usize,
}

impl Translate for PaidEngine {
    async fn supports(&self, _: EngineId, _: &Language, _: &Language, _: VariantMatch) -> Result<bool, EngineError> {
        Ok(true)
    }

    async fn translate(&self, engine: EngineId, request: TranslationRequest<'_>) -> Result<Vec<String>, EngineError> {
        let TranslationRequest { to, texts, .. } = request;
        // Named like the batch in the translator's checkpoints, so that the store recognizes it.
        let what = sha256(&serde_json::to_vec(texts).expect("texts are JSON"));
        let title = texts.first().and_then(|text| text.strip_prefix(TRANSLATED)?.split(',').next()).unwrap_or_default();
        let claim = format!("translate-{}", sha256(text(title).as_bytes()));
        if !pay(&self.sim, self.process, [title, &what, &claim], 20_000).await {
            return Err(EngineError::unavailable(engine, "the engine is away"));
        }
        Ok(texts.iter().map(|text| format!("[{to}] {text}")).collect())
    }
}

/// The translator of a process.
pub(crate) fn translator(sim: &Sim, process: usize, store: &Store) -> Translator<PaidEngine> {
    Translator {
        store: store.clone(),
        libraries: libraries(),
        engines: PaidEngine { sim: sim.clone(), process },
        order: engines::from_name("simulated").into_iter().collect(),
        public_url: "http://example".to_owned(),
        continue_after: Duration::from_secs(15),
        characters_per_day: None,
        metrics: WorkerMetrics::new("simulation").1,
    }
}
