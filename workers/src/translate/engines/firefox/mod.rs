//! Firefox's neural models inside this process: no key and no server; a network only where the models are in an object store.
//! Lines come in, their translations go out; the models read nothing but sentences of words, and everything else of a line is
//! put back around theirs.
//!
//! ```text
//!  lines ── text ──▶ sentences ── batches ──▶ a thread for each core ── loaded ──▶ answers ── text ──▶ lines
//! ```
//!
//! A processor without the instructions of the engine's kernel (AVX2, i8mm) is served too, see [`Kernel`]. Does I/O.

mod batches;
mod inventory;
mod loaded;
pub mod models;
mod owner;
mod text;

use std::{collections::HashSet, path::PathBuf, thread};

use anyhow::{Context as _, Result};
use clap::Args;
use subtitle_contract::{job::VariantMatch, language::Language};
use tokio::sync::Mutex;

use self::{
    inventory::{Inventory, Models, Unusable},
    loaded::{Answers, Loaded, Model},
    models::{Folder, Installed, Kernel, Mirror, ModelError},
    text::{Line, Sentence},
};
use super::port::{Engine, EngineFault, LanguagePairs, Shared};
use crate::{
    store::sha256,
    translate::{request::TranslationRequest, variants::serves},
};

/// Batches for each core in one turn: about two seconds' work, after which another call has its turn.
const BATCHES_IN_A_TURN: usize = 8;

/// The flags of the models.
#[derive(Args, Clone, Debug)]
pub struct FirefoxArguments {
    /// The folder of Firefox's models, or the URL of an object store that has them, such as s3://bucket/models;
    /// `subtitles models` installs them; left out, subtitles/models in the user's data folder
    #[arg(long = "models", id = "models", env = "SUBTITLES_MODELS", value_name = "PLACE")]
    place: Option<String>,
    /// The folder to which the models of an object store are fetched; left out, one in the temporary folder
    #[arg(long, env = "SUBTITLES_MODELS_CACHE", value_name = "FOLDER")]
    models_cache: Option<PathBuf>,
    /// The folder where a Secret is mounted with the access-key-id and secret-access-key of the models' object store
    #[arg(long, env = "SUBTITLES_MODELS_SECRET", value_name = "FOLDER")]
    models_secret: Option<PathBuf>,
    /// Mebibytes of models that are kept in memory; those that are not used are dropped first
    #[arg(long, env = "SUBTITLES_MODELS_MEMORY", value_name = "MIB", default_value_t = 512)]
    models_memory: u64,
}

impl FirefoxArguments {
    /// Where the models are.
    pub fn mirror(&self) -> Result<Mirror, ModelError> {
        let place = self.place.clone().unwrap_or_else(|| models::default_folder().display().to_string());
        Mirror::open(&place, self.models_cache.as_deref(), self.models_secret.as_deref())
    }
}

/// The engine.
pub struct Firefox {
    inventory: Inventory,
    loaded: Loaded,
    /// Threads that compute at once.
    cores: usize,
    turn: Mutex<()>,
}

impl Firefox {
    /// The engine with the models at `mirror`; keeps up to `memory` bytes of models, computes on `cores` threads.
    pub fn new(mirror: Mirror, memory: u64, cores: usize) -> Self {
        Self::with_kernel(mirror, memory, cores, Kernel::detect())
    }

    /// The same with a kernel that the processor must have.
    pub fn with_kernel(mirror: Mirror, memory: u64, cores: usize, kernel: Kernel) -> Self {
        let loaded = Loaded::new(memory, cores, kernel);
        Self { inventory: Inventory::new(mirror), loaded, cores, turn: Mutex::new(()) }
    }

    async fn find(
        &self,
        from: &Language,
        to: &Language,
        variants: VariantMatch,
    ) -> Result<Option<Installed>, EngineFault> {
        let Models { installed, unusable } = self.inventory.models().await?;
        let is_wanted =
            |source: &Language, target: &Language| source.primary() == from.primary() && serves(target, to, variants);
        if let Some(found) = installed.into_iter().find(|model| is_wanted(&model.from, &model.to)) {
            return Ok(Some(found));
        }
        let is_wanted =
            |one: &Unusable| models::pair(&one.pair).is_some_and(|(source, target)| is_wanted(&source, &target));
        unusable.into_iter().find(is_wanted).map_or(Ok(None), |one| Err(one.into()))
    }

    /// The answers to the sentences of `lines`, computed where the model does not remember them.
    async fn answers(&self, model: &Model, lines: &[Line]) -> Result<Answers, EngineFault> {
        let mut answers = Answers::default();
        let mut unknown = |is_aligned: bool| {
            let sentences = lines.iter().flat_map(Line::sentences).filter(|one| one.is_marked() == is_aligned);
            let forms: HashSet<&str> = sentences.flat_map(Sentence::forms).collect();
            model.remembered(is_aligned, forms, &mut answers)
        };
        let (aligned, plain) = (unknown(true), unknown(false));
        let batches: Vec<_> = batches::aligned(aligned).into_iter().chain(batches::plain(plain)).collect();
        for batches in batches.chunks(self.cores.max(1) * BATCHES_IN_A_TURN) {
            // One call at a time, which takes all cores; the lock is fair.
            let _turn = self.turn.lock().await;
            model.translate(batches.to_vec(), &mut answers).await?;
        }
        Ok(answers)
    }
}

impl Engine for Firefox {
    const NAME: &'static str = "firefox";
    const IS_FREE: bool = true;
    const PIVOTS: bool = true;
    const TAKES_GLOSSARY: bool = true;
    type Arguments = FirefoxArguments;

    fn from_arguments(arguments: FirefoxArguments, _: &Shared) -> Result<Option<Self>> {
        let mirror = arguments.mirror().context("failed to open SUBTITLES_MODELS")?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Ok(Some(Self::new(mirror, arguments.models_memory.saturating_mul(1024 * 1024), cores)))
    }

    async fn pairs(&self) -> Result<Option<LanguagePairs>, EngineFault> {
        let Models { installed, unusable } = self.inventory.models().await?;
        for Unusable { pair, why, .. } in unusable {
            tracing::warn!(%pair, %why, "a model cannot be used");
        }
        Ok(Some(installed.into_iter().map(|model| (model.from, model.to)).collect()))
    }

    async fn supports(&self, from: &Language, to: &Language, variants: VariantMatch) -> Result<bool, EngineFault> {
        Ok(self.find(from, to, variants).await?.is_some())
    }

    async fn translate(&self, request: &TranslationRequest<'_>) -> Result<Vec<String>, EngineFault> {
        let TranslationRequest { from, to, variants, texts, .. } = *request;
        let missing = || EngineFault::Unavailable(format!("no model from {from} to {to} is installed"));
        let installed = self.find(from, to, variants).await?.ok_or_else(missing)?;
        let model = self.loaded.model(&installed).await?;
        let lines: Vec<Line> = texts.iter().map(|text| Line::new(text, request.context.glossary)).collect();
        let answers = self.answers(&model, &lines).await?;
        let answer = |sentence: &Sentence| sentence.translated(|form| answers.get(sentence.is_marked(), form), to);
        Ok(lines.iter().map(|line| line.assembled(answer)).collect())
    }

    fn edition(&self, languages: &[&Language]) -> String {
        let is_used = |one: &Language| languages.iter().any(|language| language.primary() == one.primary());
        let pairs = self.inventory.mirror.folder.pairs().unwrap_or_default();
        let installed = pairs.into_iter().filter_map(|(pair, folder)| Folder::read(&pair, folder).ok());
        let files =
            installed.filter(|model| is_used(&model.from) && is_used(&model.to)).flat_map(|model| model.manifest.files);
        let hashes: String = files.map(|file| file.sha256).collect();
        format!("{}-{}", Self::NAME, &sha256(hashes.as_bytes())[..16])
    }
}
