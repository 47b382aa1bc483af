//! One batch and the engine that translates it: pieces go out, an answer or the broken rule for each comes back. The
//! stop signal is checked before each call that costs something.

use std::ops::Range;

use subtitle_contract::job::VariantMatch;
use subtitle_telemetry::chain;

use super::{
    super::{
        check::{self, Pair, Rule},
        engines::{EngineError, Translate},
        request::{TranslationContext, TranslationRequest},
        route::Route,
        text::{
            glossary::{self, Masked, unmasked},
            sentences,
        },
    },
    bisection::Bisection,
    budget::Spending,
    plan::TranslationPlan,
};
use crate::{
    failure::Failure,
    metrics::WorkerMetrics,
    task::{StopReason, StopSignal},
};

/// Sends batches to an engine by a plan.
pub(crate) struct BatchTranslator<'a, E> {
    pub(crate) engines: &'a E,
    pub(crate) metrics: &'a WorkerMetrics,
    pub(crate) plan: &'a TranslationPlan<'a>,
    pub(crate) stop_signal: &'a dyn StopSignal,
    /// What may be sent.
    pub(crate) spending: &'a Spending,
}

/// One batch: the texts to translate, and what surrounds them.
#[derive(Clone, Copy)]
pub(crate) struct Batch<'a> {
    pub(crate) texts: &'a [String],
    /// Runs of texts that are one sentence.
    pub(crate) joins: &'a [Range<usize>],
    /// The texts before and after those of the batch.
    pub(crate) before: &'a [String],
    pub(crate) after: &'a [String],
    /// Names that the translation has kept so far.
    pub(crate) names: &'a [&'a str],
    /// The number of its first cue, which differs from that of other batches.
    pub(crate) number: usize,
}

impl<E: Translate> BatchTranslator<'_, E> {
    /// Translates one batch; for an engine that takes no glossary, placeholders stand for the glossary's terms.
    pub(crate) async fn batch(&self, batch: Batch<'_>) -> Result<Vec<Result<String, Rule>>, StopReason> {
        let glossary = self.plan.glossary;
        if glossary.is_empty() || self.plan.route.engine.takes_glossary() {
            return self.pieces(batch).await;
        }
        let masked: Vec<Masked> = batch.texts.iter().map(|text| glossary.masked(text)).collect();
        let texts: Vec<String> = masked.iter().map(|masked| masked.text.clone()).collect();
        // Cues of one sentence have the same placeholders: once they are joined, whose is whose is unknown.
        let is_unambiguous = |join: &&Range<usize>| {
            masked[join.start..join.end].iter().filter(|masked| !masked.targets.is_empty()).count() < 2
        };
        let joins: Vec<Range<usize>> = batch.joins.iter().filter(is_unambiguous).cloned().collect();
        let answers = self.pieces(Batch { texts: &texts, joins: &joins, ..batch }).await?;
        let cased = |masked: &Masked, answer: String| {
            if self.plan.route.engine.is_free() { glossary::with_sentence_case(&masked.text, &answer) } else { answer }
        };
        let back = |(masked, answer): (&Masked, Result<String, Rule>)| {
            answer.map(|answer| unmasked(&cased(masked, answer), &masked.targets))
        };
        let mut answers: Vec<Result<String, Rule>> = masked.iter().zip(answers).map(back).collect();
        // An engine that loses placeholders may leave the names themselves alone.
        let is_lost = |at: &usize| answers[*at].is_err() && !masked[*at].targets.is_empty();
        let lost: Vec<usize> = (0..answers.len()).filter(is_lost).collect();
        let texts: Vec<String> = lost.iter().map(|at| batch.texts[*at].clone()).collect();
        let again = self.pieces(Batch { texts: &texts, joins: &[], ..batch }).await?;
        for ((at, text), answer) in lost.into_iter().zip(&texts).zip(again) {
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
        let takes_glossary = self.plan.route.engine.takes_glossary();
        Pair { glossary: if takes_glossary { self.plan.glossary } else { &glossary::NO_TERMS }, ..self.plan.pair() }
    }

    /// Whole sentences beside single cues, then cue by cue what was rejected.
    async fn pieces(&self, batch: Batch<'_>) -> Result<Vec<Result<String, Rule>>, StopReason> {
        let Batch { texts, joins, .. } = batch;
        let mut answers: Vec<Option<Result<String, Rule>>> = vec![None; texts.len()];
        let is_joined = |at: &usize| joins.iter().any(|join| join.contains(at));
        let (parts, single): (Vec<usize>, Vec<usize>) = (0..texts.len()).partition(is_joined);
        let texts_at = |indices: &[usize]| indices.iter().map(|at| texts[*at].clone()).collect::<Vec<_>>();
        let (single_texts, mut first) = (texts_at(&single), None);
        if !joins.is_empty() {
            let sentences = joins.iter().map(|join| sentences::joined(&texts[join.clone()]));
            let joined: Vec<String> = sentences.chain(single_texts.iter().cloned()).collect();
            let mut whole = self.call(Batch { texts: &joined, ..batch }, 0..joined.len(), 0).await?;
            if whole.len() != joined.len() {
                // Which answer is whose is unknown.
                whole.clear();
            }
            first = Some(whole.split_off(joins.len().min(whole.len())));
            // Apertium's answers carry their paragraph's number: each stands for itself.
            self.split(texts, joins, &whole, &mut answers);
            // Where in doubt, a smaller group, down to single cues.
            let is_open = |join: &&Range<usize>| join.len() > 2 && answers[join.start].is_none();
            let pairs: Vec<Range<usize>> =
                joins.iter().filter(is_open).map(|join| join.start..join.start + 2).collect();
            let joined: Vec<String> = pairs.iter().map(|pair| sentences::joined(&texts[pair.clone()])).collect();
            if !joined.is_empty() {
                let whole = self.call(Batch { texts: &joined, ..batch }, 0..joined.len(), 1).await?;
                if whole.len() == joined.len() {
                    self.split(texts, &pairs, &whole, &mut answers);
                }
            }
        }
        let singles = Batch { texts: &single_texts, ..batch };
        for (at, answer) in single.iter().zip(self.bisect(singles, first).await?) {
            answers[*at] = Some(answer);
        }
        let unsplit: Vec<usize> = parts.into_iter().filter(|at| answers[*at].is_none()).collect();
        let unsplit_texts = texts_at(&unsplit);
        let unsplit_batch = Batch { texts: &unsplit_texts, ..batch };
        for (at, answer) in unsplit.iter().zip(self.bisect(unsplit_batch, None).await?) {
            answers[*at] = Some(answer);
        }
        Ok(answers.into_iter().map(|answer| answer.unwrap_or(Err(Rule::GivenUp))).collect())
    }

    /// Splits the answers to joined sentences into their cues, where that is beyond doubt.
    fn split(
        &self,
        texts: &[String],
        joins: &[Range<usize>],
        whole: &[String],
        answers: &mut [Option<Result<String, Rule>>],
    ) {
        for (join, answer) in joins.iter().zip(whole) {
            let is_valid = |source: &str, part: &str| {
                check::piece(source, part, self.pair()).is_none() && !check::is_doubtful(source, part)
            };
            let split = sentences::split_translation(&texts[join.clone()], answer, is_valid);
            for (at, part) in join.clone().zip(split.into_iter().flatten()) {
                answers[at] = Some(Ok(part));
            }
        }
    }

    /// Cue by cue: what is rejected is sent again in smaller groups; `first` is the answer to a call already made.
    async fn bisect(
        &self,
        batch: Batch<'_>,
        mut first: Option<Vec<String>>,
    ) -> Result<Vec<Result<String, Rule>>, StopReason> {
        let mut bisection = Bisection::new(batch.texts, self.pair());
        let mut calls = 0;
        while let Some(group) = bisection.next_group() {
            let answers = match first.take() {
                Some(answers) => answers,
                None => self.call(batch, group, calls).await?,
            };
            calls += 1;
            let outcome = if bisection.answer(answers) { "translated" } else { "rejected" };
            self.metrics.engine_calls.increment([self.plan.route.engine.name(), outcome]);
        }
        Ok(bisection.finish())
    }

    /// One call that costs something, unless the work is to stop; `calls` are those already made for the batch.
    async fn call(&self, batch: Batch<'_>, range: Range<usize>, calls: usize) -> Result<Vec<String>, StopReason> {
        let _permit = self.engines.permit(self.plan.route.engine).await;
        self.stop_signal.check()?; // it may have waited long
        let seed = format!("{}:{}:{}", self.plan.subject.job_id, self.plan.subject.attempt, batch.number + calls);
        let context = TranslationContext {
            before: batch.before.iter().map(String::as_str).collect(),
            after: batch.after.iter().map(String::as_str).collect(),
            names: batch.names.to_vec(),
            glossary: self.pair().glossary,
        };
        let TranslationPlan { from, to, route, .. } = self.plan;
        let whole = TranslationRequest { from, to, variants: route.tier, texts: batch.texts, seed: &seed, context };
        let request = whole.part(range);
        self.spending.send(self.plan.route.calls() * characters(request.texts)).await?;
        let answers = self.send(request).await;
        answers.map_err(|error| {
            self.metrics.engine_calls.increment([self.plan.route.engine.name(), "error"]);
            self.unavailable(&error).into()
        })
    }

    async fn send(&self, request: TranslationRequest<'_>) -> Result<Vec<String>, EngineError> {
        let Route { engine, via, .. } = &self.plan.route;
        match via {
            None => self.engines.translate(*engine, request).await,
            Some(via) => {
                let first = TranslationRequest { to: via, variants: VariantMatch::Base, ..request.clone() };
                let between = self.engines.translate(*engine, first).await?;
                self.engines.translate(*engine, TranslationRequest { from: via, texts: &between, ..request }).await
            }
        }
    }

    fn unavailable(&self, error: &EngineError) -> Failure {
        let not_before = self.engines.cooldown(self.plan.route.engine).map(|cooldown| cooldown.until);
        Failure { not_before, ..Failure::new(error.reason(), chain(error)) }
    }
}

/// Characters, which engines charge for.
pub(crate) fn characters<'a>(texts: impl IntoIterator<Item = &'a String>) -> u64 {
    texts.into_iter().map(|text| text.chars().count() as u64).sum()
}
