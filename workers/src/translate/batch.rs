//! One batch and the engine that translates it: pieces go out, an answer or the broken rule for each comes back. The
//! gate is asked before each call that costs something.

use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
};

use subtitle_contract::{
    job::{Partial, StoredGlossary, Variants},
    language::Language,
    names::SIMULATED,
    payload::Subject,
    reason::Reason,
};

use super::{
    EngineError,
    chain::Route,
    check::{Pair, Rejected, Rule},
    glossary::{self, Glossary, Masked, unmasked},
    sentences,
    sheet::Sheet,
};
use crate::{
    engine::{Context, Question, Translate},
    failure::Failure,
    metrics::Metrics,
    report::{Gate, Stopped},
};

/// Engines that start anew for every call, cost nothing else, and gain by whole sentences.
const FREE: [&str; 2] = ["apertium", "apertium-apy"];

/// Everything about one translation but its text.
pub(crate) struct Ordered<'a> {
    pub(crate) from: Language,
    pub(crate) to: Language,
    pub(crate) route: Route,
    pub(crate) partial: Partial,
    pub(crate) subject: &'a Subject,
    /// The glossary's terms, and where they are from.
    pub(crate) glossary: &'a Glossary,
    pub(crate) stored_glossary: Option<&'a StoredGlossary>,
}

impl Ordered<'_> {
    pub(crate) fn pair(&self) -> Pair<'_> {
        Pair { from: &self.from, to: &self.to, judges_language: self.is_real(), glossary: &glossary::NO_TERMS }
    }

    /// Whether a call costs nothing but its start.
    pub(crate) fn is_free(&self) -> bool {
        FREE.contains(&self.route.engine)
    }

    /// Nothing of the simulated engine is real, its language neither.
    pub(crate) fn is_real(&self) -> bool {
        self.route.engine != SIMULATED
    }

    pub(crate) fn rejected(&self, rejected: &Rejected) -> Failure {
        let message = format!("'{}' from {} to {}: {rejected}", self.route.identity(), self.from, self.to);
        Failure::new(Reason::TranslationIncomplete, message)
    }
}

/// Who asks, on whose account.
pub(crate) struct Asker<'a, E> {
    pub(crate) engines: &'a E,
    pub(crate) metrics: &'a Metrics,
    pub(crate) ordered: &'a Ordered<'a>,
    pub(crate) gate: &'a dyn Gate,
    /// Characters sent so far, those sent again counted again.
    pub(crate) sent: AtomicU64,
}

/// One batch: what is asked, and what stands around it.
#[derive(Clone, Copy)]
pub(crate) struct Batch<'a> {
    pub(crate) texts: &'a [String],
    /// Runs of texts that are one sentence.
    pub(crate) joins: &'a [Range<usize>],
    /// The film's texts before and after.
    pub(crate) before: &'a [String],
    pub(crate) after: &'a [String],
    /// Names that were kept so far.
    pub(crate) names: &'a [&'a str],
    /// Tells its calls from those of other batches.
    pub(crate) number: usize,
}

impl<E: Translate> Asker<'_, E> {
    /// Pays for one batch, with the glossary's terms out of the reach of an engine that cannot be told of them.
    pub(crate) async fn batch(&self, batch: Batch<'_>) -> Result<Vec<Result<String, Rule>>, Stopped> {
        let glossary = self.ordered.glossary;
        if glossary.is_empty() || self.engines.takes_glossary(self.ordered.route.engine) {
            return self.pieces(batch).await;
        }
        let masked: Vec<Masked> = batch.texts.iter().map(|text| glossary.masked(text)).collect();
        let texts: Vec<String> = masked.iter().map(|masked| masked.text.clone()).collect();
        // Two cues of one sentence have the same placeholders: which is whose cannot be told once they are joined.
        let is_telling = |join: &&Range<usize>| {
            masked[join.start..join.end].iter().filter(|masked| !masked.targets.is_empty()).count() < 2
        };
        let joins: Vec<Range<usize>> = batch.joins.iter().filter(is_telling).cloned().collect();
        let answers = self.pieces(Batch { texts: &texts, joins: &joins, ..batch }).await?;
        let lower = |masked: &Masked, answer: String| {
            if self.ordered.is_free() { glossary::lowered(&masked.text, &answer) } else { answer }
        };
        let back = |(masked, answer): (&Masked, Result<String, Rule>)| {
            answer.map(|answer| unmasked(&lower(masked, answer), &masked.targets))
        };
        let mut answers: Vec<Result<String, Rule>> = masked.iter().zip(answers).map(back).collect();
        // An engine that eats placeholders may leave the names themselves alone.
        let is_eaten = |at: &usize| answers[*at].is_err() && !masked[*at].targets.is_empty();
        let eaten: Vec<usize> = (0..answers.len()).filter(is_eaten).collect();
        let texts: Vec<String> = eaten.iter().map(|at| batch.texts[*at].clone()).collect();
        let again = self.pieces(Batch { texts: &texts, joins: &[], ..batch }).await?;
        for ((at, text), answer) in eaten.into_iter().zip(&texts).zip(again) {
            if let Ok(answer) = answer {
                let answer = glossary.rendered(&answer);
                if glossary.broken(text, &answer).is_none() {
                    answers[at] = Ok(answer);
                }
            }
        }
        Ok(answers)
    }

    fn pair(&self) -> Pair<'_> {
        let is_told = self.engines.takes_glossary(self.ordered.route.engine);
        Pair { glossary: if is_told { self.ordered.glossary } else { &glossary::NO_TERMS }, ..self.ordered.pair() }
    }

    /// Sentences as a whole beside single cues, then cue by cue what was refused.
    async fn pieces(&self, batch: Batch<'_>) -> Result<Vec<Result<String, Rule>>, Stopped> {
        let Batch { texts, joins, .. } = batch;
        let mut answers: Vec<Option<Result<String, Rule>>> = vec![None; texts.len()];
        let is_joined = |at: &usize| joins.iter().any(|join| join.contains(at));
        let (parts, single): (Vec<usize>, Vec<usize>) = (0..texts.len()).partition(is_joined);
        let of = |places: &[usize]| places.iter().map(|at| texts[*at].clone()).collect::<Vec<_>>();
        let (single_texts, mut first) = (of(&single), None);
        if !joins.is_empty() {
            let sentences = joins.iter().map(|join| sentences::joined(&texts[join.clone()]));
            let questions: Vec<String> = sentences.chain(single_texts.iter().cloned()).collect();
            let mut whole = self.call(Batch { texts: &questions, ..batch }, 0..questions.len(), 0).await?;
            if whole.len() != questions.len() {
                // Whose answer is whose cannot be told any more.
                whole.clear();
            }
            first = Some(whole.split_off(joins.len().min(whole.len())));
            // Apertium's answers carry their paragraph's number: each stands for itself.
            self.part(texts, joins, &whole, &mut answers);
            // On any doubt a smaller group, down to single cues.
            let is_open = |join: &&Range<usize>| join.len() > 2 && answers[join.start].is_none();
            let pairs: Vec<Range<usize>> =
                joins.iter().filter(is_open).map(|join| join.start..join.start + 2).collect();
            let questions: Vec<String> = pairs.iter().map(|pair| sentences::joined(&texts[pair.clone()])).collect();
            if !questions.is_empty() {
                let whole = self.call(Batch { texts: &questions, ..batch }, 0..questions.len(), 1).await?;
                if whole.len() == questions.len() {
                    self.part(texts, &pairs, &whole, &mut answers);
                }
            }
        }
        let singles = Batch { texts: &single_texts, ..batch };
        for (at, answer) in single.iter().zip(self.filled(singles, first).await?) {
            answers[*at] = Some(answer);
        }
        let unparted: Vec<usize> = parts.into_iter().filter(|at| answers[*at].is_none()).collect();
        let unparted_texts = of(&unparted);
        let unparted_batch = Batch { texts: &unparted_texts, ..batch };
        for (at, answer) in unparted.iter().zip(self.filled(unparted_batch, None).await?) {
            answers[*at] = Some(answer);
        }
        Ok(answers.into_iter().map(|answer| answer.unwrap_or(Err(Rule::GivenUp))).collect())
    }

    /// Parts each answer to a sentence where that is beyond doubt.
    fn part(
        &self,
        texts: &[String],
        joins: &[Range<usize>],
        whole: &[String],
        answers: &mut [Option<Result<String, Rule>>],
    ) {
        for (join, answer) in joins.iter().zip(whole) {
            let parted = sentences::parted(&texts[join.clone()], answer, self.pair());
            for (at, part) in join.clone().zip(parted.into_iter().flatten()) {
                answers[at] = Some(Ok(part));
            }
        }
    }

    /// Cue by cue: what is refused is asked again in smaller groups; `first` is paid for already.
    async fn filled(
        &self,
        batch: Batch<'_>,
        mut first: Option<Vec<String>>,
    ) -> Result<Vec<Result<String, Rule>>, Stopped> {
        let mut sheet = Sheet::new(batch.texts, self.pair());
        let mut asked = 0;
        while let Some(question) = sheet.question() {
            let answers = match first.take() {
                Some(answers) => answers,
                None => self.call(batch, question, asked).await?,
            };
            asked += 1;
            let outcome = if sheet.answer(answers) { "translated" } else { "rejected" };
            self.metrics.engine_calls.increment([self.ordered.route.engine, outcome]);
        }
        Ok(sheet.finish())
    }

    /// One call that costs something, if it still makes sense; `asked` tells it from the others of its batch.
    async fn call(&self, batch: Batch<'_>, range: Range<usize>, asked: usize) -> Result<Vec<String>, Stopped> {
        let _place = self.engines.place(self.ordered.route.engine).await;
        self.gate.pass()?; // it may have waited long
        let seed = format!("{}:{}:{}", self.ordered.subject.job_id, self.ordered.subject.attempt, batch.number + asked);
        let context = Context {
            before: batch.before.iter().map(String::as_str).collect(),
            after: batch.after.iter().map(String::as_str).collect(),
            names: batch.names.to_vec(),
            glossary: self.pair().glossary,
        };
        let Ordered { from, to, route, .. } = self.ordered;
        let whole = Question { from, to, variants: route.tier, texts: batch.texts, seed: &seed, context };
        let question = whole.part(range);
        self.sent.fetch_add(characters(question.texts), Ordering::Relaxed);
        let answers = self.ask(question).await;
        answers.map_err(|error| {
            self.metrics.engine_calls.increment([self.ordered.route.engine, "error"]);
            self.unavailable(&error).into()
        })
    }

    async fn ask(&self, question: Question<'_>) -> Result<Vec<String>, EngineError> {
        let Route { engine, via, .. } = &self.ordered.route;
        match via {
            None => self.engines.translate(engine, question).await,
            Some(via) => {
                let first = Question { to: via, variants: Variants::Base, ..question.clone() };
                let between = self.engines.translate(engine, first).await?;
                self.engines.translate(engine, Question { from: via, texts: &between, ..question }).await
            }
        }
    }

    fn unavailable(&self, error: &EngineError) -> Failure {
        let reason = if self.ordered.is_real() { error.reason() } else { Reason::SimulatedFailure };
        let not_before = self.engines.rest(self.ordered.route.engine).map(|rest| rest.until);
        Failure { not_before, ..Failure::new(reason, error) }
    }
}

/// What engines are paid for.
pub(crate) fn characters<'a>(texts: impl IntoIterator<Item = &'a String>) -> u64 {
    texts.into_iter().map(|text| text.chars().count() as u64).sum()
}
