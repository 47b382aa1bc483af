//! The thread that owns a model: it loads the model, takes sentences in batches, computes them on as many threads as it is
//! allowed, and drops the model when it is no longer used. Other threads may use the engine, but not load or drop it.
//! Does I/O.

use std::{
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

use fxtranslate::{
    engine::{self, Engine},
    model,
    spm::SpmVocab,
};
use tokio::sync::oneshot;

use super::{
    batches::Batch,
    models::{Installed, Kernel, ModelError},
    text::{Aligned, Unit},
};

/// Tokens of a sentence, without its end.
const TOKENS: usize = fxtranslate::segment::MAX_SOURCE_TOKENS;

/// A sentence's translation.
pub(super) struct Answer {
    pub(super) is_aligned: bool,
    pub(super) sentence: String,
    pub(super) translation: Aligned,
}

/// Batches to translate; the reply is missing if the engine panicked.
pub(super) struct Work {
    pub(super) batches: Vec<Batch>,
    pub(super) reply: oneshot::Sender<Vec<Answer>>,
}

/// Loads a model on a thread of its own, which works until the sender is dropped, on `threads` threads at once.
pub(super) async fn start(
    installed: Installed,
    kernel: Kernel,
    threads: usize,
) -> Result<mpsc::Sender<Work>, ModelError> {
    let (sender, works) = mpsc::channel();
    let (loaded, is_loaded) = oneshot::channel();
    let folder = installed.folder.clone();
    let pair = installed.manifest.pair();
    let own = move || match load(&installed, kernel) {
        Err(error) => drop(loaded.send(Err(error))),
        Ok(engine) => {
            let model = Model { engine, threads };
            if loaded.send(Ok(())).is_ok() {
                for work in works {
                    model.work(work);
                }
            }
        }
    };
    let started = thread::Builder::new().name(format!("model-{pair}")).spawn(own);
    started.map_err(|source| ModelError::File {
        action: "start a thread for",
        path: folder.display().to_string(),
        source,
    })?;
    // The engine panics over tensors that it does not expect.
    let broken = || ModelError::broken(&folder, &pair, "cannot be loaded: its tensors are not those of a model");
    is_loaded.await.map_err(|_| broken())?.map(|()| sender)
}

fn load(installed: &Installed, kernel: Kernel) -> Result<Engine, ModelError> {
    installed.verify()?;
    let (pair, [weights, source, target]) = (installed.manifest.pair(), installed.parts().unwrap_or_default());
    let vocabulary = |path: &Path| SpmVocab::load(path).map_err(|error| ModelError::file("read", path, error));
    let (source, target) = (vocabulary(&source)?, vocabulary(&target)?);
    let model = model::Model::load_mmapped(&weights).map_err(|problem| problem.to_string());
    let engine = model.and_then(|model| kernel.engine(model, source, target));
    let engine =
        engine.map_err(|problem| ModelError::broken(&weights, &pair, format!("cannot be loaded ({problem})")))?;
    tracing::info!(%pair, version = %installed.manifest.version, kernel = kernel.name(), "a model is loaded");
    Ok(engine)
}

struct Model {
    engine: Engine,
    threads: usize,
}

impl Model {
    fn work(&self, Work { batches, reply }: Work) {
        let threads = self.threads.min(batches.len()).max(1);
        let (open, done) = (Mutex::new(batches.into_iter()), Mutex::new(Vec::new()));
        let translate = || {
            // The task was stopped: its reply is no longer awaited.
            while !reply.is_closed() {
                let Some(batch) = open.lock().unwrap_or_else(PoisonError::into_inner).next() else { break };
                let answers = self.translate(batch);
                done.lock().unwrap_or_else(PoisonError::into_inner).extend(answers);
            }
        };
        let scope = || {
            thread::scope(|scope| {
                (1..threads).for_each(|_| drop(scope.spawn(translate)));
                translate();
            });
        };
        if panic::catch_unwind(AssertUnwindSafe(scope)).is_ok() {
            let _ = reply.send(done.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn translate(&self, Batch { is_aligned, sentences }: Batch) -> Vec<Answer> {
        let answers: Vec<Aligned> = if is_aligned {
            sentences.iter().map(|sentence| self.aligned(sentence)).collect()
        } else {
            let texts = self.plain(&sentences);
            texts.into_iter().map(|text| Aligned { text, ..Aligned::default() }).collect()
        };
        let answers = sentences.into_iter().zip(answers);
        answers.map(|(sentence, translation)| Answer { is_aligned, sentence, translation }).collect()
    }

    fn is_too_long(&self, sentence: &str) -> bool {
        // A token is at least a byte.
        sentence.len() > TOKENS && self.engine.src_ids(sentence).len() > TOKENS + 1
    }

    fn plain(&self, sentences: &[String]) -> Vec<String> {
        let (long, short): (Vec<&str>, Vec<&str>) =
            sentences.iter().map(String::as_str).partition(|sentence| self.is_too_long(sentence));
        let mut answers = self.engine.translate_batch(&short).into_iter();
        let mut long = long.into_iter().peekable();
        sentences
            .iter()
            .map(|sentence| match long.next_if_eq(&sentence.as_str()) {
                Some(sentence) => self.halves(sentence),
                None => answers.next().unwrap_or_default(),
            })
            .collect()
    }

    /// The model would drop the end of what it cannot read at once.
    fn halves(&self, sentence: &str) -> String {
        if !self.is_too_long(sentence) {
            return self.engine.translate(sentence);
        }
        let middle = sentence.len() / 2;
        let cut = sentence.char_indices().map(|(at, _)| at).find(|at| *at >= middle).unwrap_or(middle);
        let (first, second) = sentence.split_at(sentence[..cut].rfind(' ').filter(|at| *at > 0).unwrap_or(cut));
        format!("{} {}", self.halves(first), self.halves(second.trim_start())).trim().to_owned()
    }

    fn aligned(&self, sentence: &str) -> Aligned {
        if self.is_too_long(sentence) {
            return Aligned { text: self.halves(sentence), ..Aligned::default() };
        }
        let engine::Aligned { target_text, source_tokens, target_tokens, alignments, source_normalized } =
            self.engine.translate_aligned(sentence);
        let bytes = bytes_by_unit(&target_text);
        let mut units = Vec::new();
        for range in words(&target_text) {
            let inside = |token: &engine::Token| {
                let (begin, end) = (bytes.get(token.begin).copied(), bytes.get(token.end).copied());
                begin < end && begin < Some(range.end) && end > Some(range.start)
            };
            let rows: Vec<&Vec<f32>> =
                target_tokens.iter().zip(&alignments).filter(|(token, _)| inside(token)).map(|(_, row)| row).collect();
            let weight = |column: usize| rows.iter().filter_map(|row| row.get(column)).sum::<f32>();
            // The last is the sentence's end.
            let columns = 0..source_tokens.len().saturating_sub(1);
            let from = columns.max_by(|one, other| weight(*one).total_cmp(&weight(*other)));
            let from = from.map_or(0, |column| source_tokens[column].end.saturating_sub(1));
            units.push(Unit { range, from });
        }
        let mut words: Vec<usize> = source_normalized
            .encode_utf16()
            .enumerate()
            .filter(|(_, unit)| *unit == SPACE)
            .map(|(at, _)| at + 1)
            .collect();
        words.push(source_normalized.encode_utf16().count());
        Aligned { text: target_text, units, words }
    }
}

/// The character that represents a space, and precedes the first word, in a vocabulary.
const SPACE: u16 = 0x2581;

/// The byte of each UTF-16 unit, and the end.
fn bytes_by_unit(text: &str) -> Vec<usize> {
    let units = text.char_indices().flat_map(|(at, one)| std::iter::repeat_n(at, one.len_utf16()));
    units.chain([text.len()]).collect()
}

/// Words and punctuation marks.
fn words(text: &str) -> Vec<std::ops::Range<usize>> {
    let is_word = |one: char| one.is_alphanumeric() || matches!(one, '\'' | '’' | '-');
    let mut words: Vec<std::ops::Range<usize>> = Vec::new();
    let mut before = ' ';
    for (at, one) in text.char_indices() {
        let end = at + one.len_utf8();
        if !one.is_whitespace() {
            match words.last_mut().filter(|_| is_word(before) == is_word(one) && !before.is_whitespace()) {
                Some(word) => word.end = end,
                None => words.push(at..end),
            }
        }
        before = one;
    }
    words
}
