//! The models of this process: each is verified and loaded on its first use, shared by all tasks, and dropped when others
//! need its memory. Does I/O.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError, mpsc},
};

use tokio::sync::{OnceCell, oneshot};

use super::{
    batches::Batch,
    models::{Installed, Kernel},
    owner::{self, Answer, Work},
    text::Aligned,
};
use crate::translate::engines::port::EngineFault;

/// Translations that a model remembers: dialogue repeats itself, and rejected batches are sent again in halves.
const REMEMBERED: usize = 4096;

/// The models in use, the latest last.
pub(super) struct Loaded {
    /// Bytes of all models.
    limit: u64,
    cores: usize,
    kernel: Kernel,
    slots: Mutex<Vec<Slot>>,
}

#[derive(Clone)]
struct Slot {
    /// The pair, and the files' SHA-256: a model that is installed again is another one.
    id: String,
    bytes: u64,
    model: Arc<OnceCell<Arc<Model>>>,
}

/// One model.
pub(super) struct Model {
    pair: String,
    works: mpsc::Sender<Work>,
    /// Translations that it made before.
    answers: Mutex<Answers>,
}

/// Translations by sentence: those without alignment, and those with it.
#[derive(Default)]
pub(super) struct Answers([HashMap<String, Arc<Aligned>>; 2]);

impl Answers {
    pub(super) fn get(&self, is_aligned: bool, sentence: &str) -> Option<&Aligned> {
        self.0[usize::from(is_aligned)].get(sentence).map(Arc::as_ref)
    }

    fn len(&self) -> usize {
        self.0.iter().map(HashMap::len).sum()
    }
}

impl Loaded {
    /// Models of at most `limit` bytes together, but always the one in use; each computes on `cores` threads.
    pub(super) fn new(limit: u64, cores: usize, kernel: Kernel) -> Self {
        Self { limit, cores, kernel, slots: Mutex::default() }
    }

    /// The model of a pair, which is loaded if it is not. One that cannot be loaded takes no other's place.
    pub(super) async fn model(&self, installed: &Installed) -> Result<Arc<Model>, EngineFault> {
        let load = async || {
            let works = owner::start(installed.clone(), self.kernel, self.cores).await?;
            Ok(Arc::new(Model { pair: installed.manifest.pair(), works, answers: Mutex::default() }))
        };
        let Slot { id, model, .. } = self.slot(installed);
        let loaded = model.get_or_try_init(load).await.cloned();
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if loaded.is_err() {
            slots.retain(|slot| slot.id != id || slot.model.initialized());
        }
        while slots.len() > 1 && slots.iter().map(|slot| slot.bytes).sum::<u64>() > self.limit {
            // Runs that still translate with it keep it alive until they end.
            slots.remove(0);
        }
        loaded
    }

    fn slot(&self, Installed { manifest, .. }: &Installed) -> Slot {
        let hashes: String = manifest.files.iter().map(|file| file.sha256.as_str()).collect();
        let id = format!("{}:{hashes}", manifest.pair());
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let found = slots.iter().position(|slot| slot.id == id).map(|at| slots.remove(at));
        let bytes = manifest.size().saturating_mul(self.kernel.bytes_per_file_byte());
        let slot = found.unwrap_or_else(|| Slot { id, bytes, model: Arc::default() });
        slots.push(slot.clone());
        slot
    }
}

impl Model {
    /// Adds the remembered translations of `sentences` to `answers`; returns the other sentences.
    pub(super) fn remembered(&self, is_aligned: bool, sentences: HashSet<&str>, answers: &mut Answers) -> Vec<String> {
        let remembered = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, into) = (&remembered.0[usize::from(is_aligned)], &mut answers.0[usize::from(is_aligned)]);
        let mut unknown = Vec::new();
        for sentence in sentences {
            match known.get(sentence) {
                Some(answer) => drop(into.insert(sentence.to_owned(), answer.clone())),
                None => unknown.push(sentence.to_owned()),
            }
        }
        unknown
    }

    /// Translates batches, adds the translations to `answers` and remembers them.
    pub(super) async fn translate(&self, batches: Vec<Batch>, answers: &mut Answers) -> Result<(), EngineFault> {
        let failed = || EngineFault::Unavailable(format!("the model '{}' failed at a sentence", self.pair));
        let (reply, translated) = oneshot::channel();
        self.works.send(Work { batches, reply }).map_err(|_| failed())?;
        let new: Vec<Answer> = translated.await.map_err(|_| failed())?;
        let mut remembered = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() + new.len() > REMEMBERED {
            *remembered = Answers::default();
        }
        for Answer { is_aligned, sentence, translation } in new {
            let translation = Arc::new(translation);
            remembered.0[usize::from(is_aligned)].insert(sentence.clone(), translation.clone());
            answers.0[usize::from(is_aligned)].insert(sentence, translation);
        }
        Ok(())
    }
}
