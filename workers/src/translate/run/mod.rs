//! One file's translation by one engine, batch by batch: its cues come in, their new texts go out, or the reason why they
//! must not be delivered. What an earlier worker stored, or what is known from another file, is not paid for again.
//!
//! ```text
//! pieces ── checkpoint? memory? ── budget ──▶ batch ─▶ engine ─▶ checkpoint ─▶ … ─▶ checks of the whole ─▶ memory
//! ```
//!
//! Does I/O.

pub(crate) mod batch;
pub(crate) mod bisection;
pub(crate) mod budget;
pub(crate) mod checkpoint;
pub(crate) mod memory;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod translated_cues;

use std::{collections::BTreeSet, time::Duration};

use subtitle_broker::PublishWriter;
use subtitle_clock::Clock;
use subtitle_contract::{
    job::{PartialTranslations, SoundDescriptions},
    payload::TranslateProgress,
    reason::Reason,
};
use subtitle_telemetry::chain;

use self::{
    batch::{Batch, BatchTranslator, characters},
    budget::Spending,
    checkpoint::Checkpoint,
    memory::TranslationMemory,
    plan::TranslationPlan,
    translated_cues::{TranslatedCues, rejected_if_empty},
};
use super::{
    check::{self, RejectedTranslation, Rule},
    engines::Translate,
    text::{
        lines::{self, Piece},
        names::Names,
        sentences,
    },
};
use crate::{
    failure::Failure,
    metrics::WorkerMetrics,
    subtitle::Subtitle,
    task::{StopReason, TaskReporter},
};

/// Cues in one call to an engine: small enough that one lost costs little, large enough for its context.
const BATCH: usize = 50;
/// For an engine whose calls cost nothing but their start: a third of a second's work.
const FREE_BATCH: usize = 500;
/// The shortest time between two progress events.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// One file's translation by one engine.
pub(crate) struct TranslationRun<'a, E, P, C> {
    pub(crate) source: &'a Subtitle,
    pub(crate) sounds: SoundDescriptions,
    pub(crate) plan: &'a TranslationPlan<'a>,
    pub(crate) engines: &'a E,
    pub(crate) metrics: &'a WorkerMetrics,
    pub(crate) reporter: &'a TaskReporter<'a, P, C>,
    pub(crate) checkpoint: &'a Checkpoint,
    /// `None` for an engine that is free or simulated.
    pub(crate) memory: Option<TranslationMemory>,
    /// What its attempt may send.
    pub(crate) spending: Spending,
    /// `spec.translation.maxCharacters`.
    pub(crate) most_characters: Option<u32>,
    /// How long the delivery is held before the run continues as a new task.
    pub(crate) continue_after: Duration,
}

/// The cues of one batch, and where their texts are.
struct BatchSource<'a> {
    cues: &'a [Vec<Piece>],
    /// Cues before it.
    cues_before: usize,
    /// The indices of its texts among all.
    texts: std::ops::Range<usize>,
    /// Its answers, if an earlier worker stored them.
    stored: Option<Vec<String>>,
}

/// Every text of the file, and what is known beside it.
struct Texts<'a> {
    all: &'a [String],
    /// The known translation of each.
    known: &'a [Option<String>],
    /// Names that the translation has kept so far.
    names: &'a Names,
}

impl<E: Translate, P: PublishWriter, C: Clock> TranslationRun<'_, E, P, C> {
    /// Translates the file.
    pub(crate) async fn translate(&self) -> Result<TranslatedCues, StopReason> {
        let split = lines::split_all(self.source.format, &self.source.cues, self.sounds, self.plan.glossary);
        let texts: Vec<String> = sent(&split).cloned().collect();
        let sung = lines::sung(&split);
        self.is_whole(&sung, texts.len())?;
        self.within_limit(&texts)?;
        let size = if self.plan.route.engine.is_free() { FREE_BATCH } else { BATCH };
        let (mut parts, mut at) = (Vec::new(), 0);
        for (number, cues) in split.chunks(size).enumerate() {
            let range = at..at + sent(cues).count();
            at = range.end;
            let stored = self.checkpoint.read(number, &texts[range.clone()]).await?;
            parts.push(BatchSource { cues, cues_before: number * size, texts: range, stored });
        }
        let known = self.lookup(&texts).await?;
        self.reserve(&parts, &texts, &known).await?;
        let translated = self.translate_batches(&parts, &texts, &known).await;
        if translated.is_err()
            && let Err(error) = self.spending.end().await
        {
            tracing::warn!(error = %chain(&error), "failed to give back characters that were not sent: they count as sent");
        }
        let mut translated = translated?;
        translated.leave(sung.into_iter().map(|(cue, _)| cue));
        if let Err(rejected) = check::whole(&translated.lines(), self.plan.pair()) {
            // Another attempt must not resume from what was rejected as a whole.
            self.checkpoint.remove().await?;
            return Err(self.plan.rejected(&rejected).into());
        }
        self.remember(&translated, &texts, &known).await;
        Ok(translated)
    }

    /// Checks, before anything is sent, that the translation would be of the whole file.
    fn is_whole(&self, sung: &[(usize, &str)], sent: usize) -> Result<(), Failure> {
        if self.plan.partial == PartialTranslations::Allow {
            return Ok(());
        }
        if let Some(incomplete) = self.source.incomplete() {
            return Err(Failure::new(Reason::TranslationIncomplete, incomplete));
        }
        check::unsent(sung, sent, self.plan.pair()).map_err(|rejected| self.plan.rejected(&rejected))
    }

    /// Checks the number of characters before any is sent.
    fn within_limit(&self, texts: &[String]) -> Result<(), Failure> {
        let characters = characters(texts);
        match self.most_characters {
            Some(limit) if characters > u64::from(limit) => {
                let message =
                    format!("{characters} characters would be sent; spec.translation.maxCharacters is {limit}");
                Err(Failure::new(Reason::CostLimitExceeded, message))
            }
            _ => Ok(()),
        }
    }

    /// What the memory has, unless today's checks reject it.
    async fn lookup(&self, texts: &[String]) -> Result<Vec<Option<String>>, Failure> {
        let Some(memory) = &self.memory else { return Ok(vec![None; texts.len()]) };
        let known = memory.lookup(texts).await?;
        let passes = |source: &String, answer: &String| check::piece(source, answer, self.plan.pair()).is_none();
        Ok(known
            .into_iter()
            .zip(texts)
            .map(|(answer, source)| answer.filter(|answer| passes(source, answer)))
            .collect())
    }

    /// Reserves the characters to be sent in the namespace's budget of the day.
    async fn reserve(
        &self,
        parts: &[BatchSource<'_>],
        texts: &[String],
        known: &[Option<String>],
    ) -> Result<(), Failure> {
        let open = parts.iter().filter(|part| part.stored.is_none()).flat_map(|part| part.texts.clone());
        let characters = characters(open.filter(|at| known[*at].is_none()).map(|at| &texts[at]));
        self.spending.begin(self.plan.route.calls() * characters).await
    }

    async fn translate_batches(
        &self,
        parts: &[BatchSource<'_>],
        texts: &[String],
        known: &[Option<String>],
    ) -> Result<TranslatedCues, StopReason> {
        let Self { engines, metrics, plan, reporter, ref spending, .. } = *self;
        let translator = BatchTranslator { engines, metrics, plan, stop_signal: reporter, spending };
        let total = u32::try_from(self.source.cues.len()).unwrap_or(u32::MAX);
        let mut progress = TranslateProgress { done: 0, total };
        let (mut translated, mut names) = (TranslatedCues::default(), Names::default());
        let (mut has_paid, mut reported_at) = (false, None::<Duration>);
        for (number, part) in parts.iter().enumerate() {
            if has_paid && reporter.held() >= self.continue_after {
                return Err(StopReason::Continue { done: progress.done });
            }
            let (answers, is_new) =
                self.answers(&translator, part, &Texts { all: texts, known, names: &names }).await?;
            let answered = translated.answered();
            let violations = translated.add(part.cues, &answers, part.cues_before);
            if !violations.is_empty() && plan.partial == PartialTranslations::Forbid {
                let rejected = RejectedTranslation::Cues { violations, all: part.texts.len() };
                return Err(plan.rejected(&rejected).into());
            }
            translated.lines()[answered..].iter().for_each(|line| names.learn(line.source, line.translation));
            if is_new {
                // Stored before anything else can go wrong; a text is empty where the engine has none.
                let new: Vec<String> = answers.into_iter().map(Result::unwrap_or_default).collect();
                self.checkpoint.write(number, &texts[part.texts.clone()], &new).await?;
            }
            has_paid |= is_new;
            progress.done = u32::try_from(part.cues_before + part.cues.len()).unwrap_or(u32::MAX);
            let is_due =
                reported_at.is_none_or(|reported| reporter.held().saturating_sub(reported) >= PROGRESS_INTERVAL);
            // An earlier worker has reported what it translated.
            if progress.done == total || (is_new && is_due) {
                reporter.publish(&progress).await?;
                reported_at = Some(reporter.held());
            }
        }
        if !translated.rejected.is_empty() {
            tracing::warn!(cues = ?translated.rejected, "the engine has no usable translation of these cues: they stay untranslated, as spec.translation.partial allows");
        }
        Ok(translated)
    }

    /// The answers of one batch, and whether they are new.
    async fn answers(
        &self,
        translator: &BatchTranslator<'_, E>,
        part: &BatchSource<'_>,
        Texts { all: texts, known, names }: &Texts<'_>,
    ) -> Result<(Vec<Result<String, Rule>>, bool), StopReason> {
        if let Some(stored) = &part.stored {
            self.metrics.cache_hits.increment(["batch"]);
            return Ok((stored.iter().cloned().map(rejected_if_empty).collect(), false));
        }
        let open: Vec<usize> = part.texts.clone().filter(|at| known[*at].is_none()).collect();
        let found = part.texts.len() - open.len();
        if found > 0 {
            self.metrics.cache_hits.add(["text"], found as u64);
        }
        let mut new = Vec::new().into_iter();
        if !open.is_empty() {
            let cues = self
                .source
                .cues
                .get(part.cues_before..)
                .filter(|_| self.plan.route.engine.is_free())
                .unwrap_or_default();
            let (joins, names) = (sentences::found(cues, part.cues), names.list());
            let open_texts: Vec<String> = open.iter().map(|at| texts[*at].clone()).collect();
            let batch = Batch {
                texts: &open_texts,
                joins: &joins,
                before: &texts[..part.texts.start],
                after: &texts[part.texts.end..],
                names: &names,
                number: part.cues_before,
            };
            new = translator.batch(batch).await?.into_iter();
        }
        let answer = |at: usize| match &known[at] {
            Some(known) => Ok(known.clone()),
            None => new.next().unwrap_or(Err(Rule::GivenUp)),
        };
        Ok((part.texts.clone().map(answer).collect(), !open.is_empty()))
    }

    async fn remember(&self, translated: &TranslatedCues, texts: &[String], known: &[Option<String>]) {
        let Some(memory) = &self.memory else { return };
        let old: BTreeSet<&str> =
            texts.iter().zip(known).filter(|(_, known)| known.is_some()).map(|(text, _)| text.as_str()).collect();
        let lines = translated.lines();
        let new: Vec<(&str, &str)> = lines
            .iter()
            .map(|line| (line.source, line.translation))
            .filter(|(source, _)| !old.contains(source))
            .collect();
        if let Err(error) = memory.remember(&new).await {
            tracing::warn!(error = %chain(&error), "failed to remember the translation: another file pays for it again");
        }
    }
}

/// The texts that go to the engine.
fn sent(cues: &[Vec<Piece>]) -> impl Iterator<Item = &String> {
    cues.iter().flatten().filter(|piece| piece.is_translatable).map(|piece| &piece.text)
}
