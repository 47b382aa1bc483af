//! The models of this process: each is verified and loaded on its first use, shared by all tasks, and dropped when others
//! need its memory. Does I/O.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError, mpsc},
};

use subtitle_telemetry::chain;
use tokio::sync::{OnceCell, oneshot};

use super::{
    models::Installed,
    owner::{self, Answer, Batch, Work},
    text::Aligned,
};
use crate::translate::engines::port::EngineFault;

/// A loaded model takes about so many times its files' size: they are mapped, and its weights are stored once more in the
/// order in which the processor reads them.
const BYTES_PER_FILE_BYTE: u64 = 2;
/// Translations that a model remembers: dialogue repeats itself, and rejected batches are sent again in halves.
const REMEMBERED: usize = 4096;

/// The models in use, the latest last.
pub(super) struct Loaded {
    limit: u64,
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
    /// Translations by sentence, and whether they are aligned.
    answers: Mutex<HashMap<(bool, String), Arc<Aligned>>>,
}

impl Loaded {
    /// Models of at most `limit` bytes together, but always the one in use.
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, slots: Mutex::default() }
    }

    /// The model of a pair, which is loaded if it is not.
    pub(super) async fn model(&self, installed: &Installed) -> Result<Arc<Model>, EngineFault> {
        let load = async || {
            let works = owner::start(installed.clone()).await;
            let works = works.map_err(|error| EngineFault::Forbidden(chain(&error).to_string()))?;
            Ok(Arc::new(Model { pair: installed.manifest.pair(), works, answers: Mutex::default() }))
        };
        self.slot(installed).model.get_or_try_init(load).await.cloned()
    }

    fn slot(&self, Installed { manifest, .. }: &Installed) -> Slot {
        let hashes: String = manifest.files.iter().map(|file| file.sha256.as_str()).collect();
        let id = format!("{}:{hashes}", manifest.pair());
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let found = slots.iter().position(|slot| slot.id == id).map(|at| slots.remove(at));
        let new = || Slot { id, bytes: manifest.size() * BYTES_PER_FILE_BYTE, model: Arc::default() };
        let slot = found.unwrap_or_else(new);
        slots.push(slot.clone());
        while slots.len() > 1 && slots.iter().map(|slot| slot.bytes).sum::<u64>() > self.limit {
            // Runs that still translate with it keep it alive until they end.
            slots.remove(0);
        }
        slot
    }
}

impl Model {
    /// Those of the sentences that are not remembered, each once.
    pub(super) fn unknown<'a>(&self, is_aligned: bool, sentences: impl Iterator<Item = &'a str>) -> Vec<String> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = HashSet::new();
        let new = sentences.filter(|one| seen.insert(*one) && !answers.contains_key(&(is_aligned, (*one).to_owned())));
        new.map(str::to_owned).collect()
    }

    /// The translations that are remembered; a call makes room before it begins, so that it finds all of its own.
    pub(super) fn answer(&self, is_aligned: bool, sentence: &str) -> Option<Arc<Aligned>> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(&(is_aligned, sentence.to_owned())).cloned()
    }

    /// Translates batches and remembers the answers.
    pub(super) async fn translate(&self, batches: Vec<Batch>, threads: usize) -> Result<(), EngineFault> {
        let failed = || EngineFault::Unavailable(format!("the model '{}' failed at a sentence", self.pair));
        let (reply, answers) = oneshot::channel();
        self.works.send(Work { batches, threads, reply }).map_err(|_| failed())?;
        let new: Vec<Answer> = answers.await.map_err(|_| failed())?;
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.extend(new.into_iter().map(|(sentence, answer)| (sentence, Arc::new(answer))));
        Ok(())
    }

    /// Forgets what it remembers if that is much.
    pub(super) fn make_room(&self) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() > REMEMBERED {
            answers.clear();
        }
    }
}
