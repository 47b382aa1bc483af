//! Firefox's neural models inside this process: no key, no server, no network. Lines come in, their translations go out; the
//! models read nothing but sentences of words, and everything else of a line is put back around theirs.
//!
//! ```text
//!  lines ── text ──▶ sentences ── batches ──▶ a thread for each core ── loaded ──▶ answers ── text ──▶ lines
//! ```
//!
//! Does I/O.

mod batches;
mod kernel;
mod loaded;
pub mod models;
mod owner;
mod text;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use clap::Args;
use subtitle_contract::{job::VariantMatch, language::Language};
use subtitle_telemetry::chain;
use tokio::sync::Mutex;

pub use kernel::{KERNEL, has_kernel};

use self::{
    loaded::{Loaded, Model},
    models::{Folder, Installed, Mirror, ModelError},
    owner::Batch,
    text::{Aligned, Line, Sentence},
};
use super::port::{Engine, EngineFault, LanguagePairs, Shared};
use crate::{
    store::sha256,
    translate::{request::TranslationRequest, variants::serves},
};

/// How often an object store is asked for models.
const FETCH_INTERVAL: Duration = Duration::from_secs(300);
/// Sentences in one batch of those that are aligned, one after another.
const ALIGNED: usize = 8;

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
    mirror: Mirror,
    /// When the models were last fetched from an object store, where others may install more.
    fetched: Mutex<Option<Instant>>,
    loaded: Loaded,
    /// Threads that compute at once.
    cores: usize,
    turn: Mutex<()>,
}

impl Firefox {
    /// The engine with the models of a place, on so many cores.
    pub fn new(mirror: Mirror, memory: u64, cores: usize) -> Self {
        Self { mirror, fetched: Mutex::new(None), loaded: Loaded::new(memory), cores, turn: Mutex::new(()) }
    }

    /// What is installed, and why the rest cannot be used.
    async fn installed(&self) -> Result<(Vec<Installed>, Vec<(String, String)>), EngineFault> {
        runs_here()?;
        let failed = |error: ModelError| match error {
            ModelError::Store(_) => EngineFault::Unavailable(chain(&error).to_string()),
            _ => EngineFault::Forbidden(chain(&error).to_string()),
        };
        let mut fetched = self.fetched.lock().await;
        if fetched.is_none_or(|fetched| fetched.elapsed() >= FETCH_INTERVAL) {
            self.mirror.fetch().await.map_err(failed)?;
            *fetched = Some(Instant::now());
        }
        drop(fetched);
        let (mut installed, mut broken) = (Vec::new(), Vec::new());
        for (pair, folder) in self.mirror.folder.pairs().map_err(failed)? {
            match Folder::read(&pair, folder) {
                Ok(model) => installed.push(model),
                Err(error) => broken.push((pair, chain(&error).to_string())),
            }
        }
        Ok((installed, broken))
    }

    async fn find(
        &self,
        from: &Language,
        to: &Language,
        variants: VariantMatch,
    ) -> Result<Option<Installed>, EngineFault> {
        let (installed, broken) = self.installed().await?;
        let is_wanted =
            |source: &Language, target: &Language| source.primary() == from.primary() && serves(target, to, variants);
        if let Some(found) = installed.into_iter().find(|model| is_wanted(&model.from, &model.to)) {
            return Ok(Some(found));
        }
        let is_broken = |pair: &str| models::pair(pair).is_some_and(|(source, target)| is_wanted(&source, &target));
        match broken.into_iter().find(|(pair, _)| is_broken(pair)) {
            Some((_, why)) => Err(EngineFault::Forbidden(why)),
            None => Ok(None),
        }
    }

    /// The answers to the sentences of `lines`, computed where the model does not remember them.
    async fn answers(
        &self,
        model: &Model,
        lines: &[Line],
    ) -> Result<HashMap<(bool, String), Arc<Aligned>>, EngineFault> {
        // One call at a time, which takes all cores.
        let _turn = self.turn.lock().await;
        model.make_room();
        let sentences = |is_aligned: bool| {
            let wanted = lines.iter().flat_map(Line::sentences).filter(move |one| one.is_marked() == is_aligned);
            model.unknown(is_aligned, wanted.flat_map(Sentence::forms))
        };
        let aligned: Vec<Batch> = sentences(true).chunks(ALIGNED).map(|batch| (true, batch.to_vec())).collect();
        let plain = batches::batches(sentences(false)).into_iter().map(|batch| (false, batch));
        let batches: Vec<Batch> = aligned.into_iter().chain(plain).collect();
        if !batches.is_empty() {
            model.translate(batches, self.cores).await?;
        }
        let sentences = lines.iter().flat_map(Line::sentences);
        let all = sentences.flat_map(|one| one.forms().map(|form| (one.is_marked(), form.to_owned())));
        Ok(all.filter_map(|key| Some((key.clone(), model.answer(key.0, &key.1)?))).collect())
    }
}

fn runs_here() -> Result<(), EngineFault> {
    if has_kernel() {
        return Ok(());
    }
    let why = format!("this processor has no {KERNEL}, which the models need: use a newer one, or another engine");
    Err(EngineFault::Forbidden(why))
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
        let (installed, broken) = self.installed().await?;
        for (pair, why) in broken {
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
        let answer = |sentence: &Sentence| {
            let answer = |form: &str| answers.get(&(sentence.is_marked(), form.to_owned())).map(Arc::as_ref);
            sentence.translated(answer, to)
        };
        Ok(lines.iter().map(|line| line.assembled(answer)).collect())
    }

    fn edition(&self) -> String {
        let installed = self.mirror.folder.installed().unwrap_or_default();
        let files = installed.iter().flat_map(|model| &model.manifest.files);
        let hashes: String = files.map(|file| file.sha256.as_str()).collect();
        format!("{}-{}", Self::NAME, &sha256(hashes.as_bytes())[..16])
    }
}
